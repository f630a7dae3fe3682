import { describe, expect, it } from '@jest/globals';
import type { JobDefinition } from '../../lib/core/index.js';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { at as date, cron, every } from '../../lib/triggers/index.js';
import { controlledStore } from './support/stores.js';
import { at, deferred, job, settle, START, World } from './support/world.js';

const NOBODY = { by: null, reason: null, until: null };
const runtime = (id: string, trigger = every({ minutes: 1 }), rest: Partial<JobDefinition> = {}) =>
  job(id, trigger, {}, { origin: 'runtime', task: 'work', ...rest });

function twoStores() {
  return new World({ stores: [createMemoryStore({ alias: 'default' }), createMemoryStore({ alias: 'second' })] })
    .handle('work')
    .start();
}

describe('add', () => {
  it('answers the jobs in order, with their first fire time', async () => {
    const world = new World().handle('work').start();
    const jobs = await world.scheduler.add([runtime('b'), runtime('a')], { replaceExisting: false });
    expect(jobs.map((row) => [row.id, row.fireTime, row.generation, row.origin])).toEqual([
      ['b', START + 60_000, 1, 'runtime'],
      ['a', START + 60_000, 2, 'runtime'],
    ]);
    expect(world.typesOf('job.added').map((fact) => fact.job!.id)).toEqual(['b', 'a']);
  });

  it('answers the existing job for an identical definition, so that every node may do it', async () => {
    const world = new World().handle('work').start();
    const [first] = await world.scheduler.add([runtime('a')], { replaceExisting: false });
    world.clock.advance(30_000);
    const [second] = await world.scheduler.add([runtime('a')], { replaceExisting: false });
    expect(second).toEqual(first);
  });

  it('refuses another definition under the same id, naming both places, and stores nothing of the call', async () => {
    const world = new World().handle('work').start();
    await world.scheduler.add([runtime('a')], { replaceExisting: false });
    const call = async () =>
      world.scheduler.add([runtime('new'), runtime('a', every({ minutes: 2 }), { definedAt: 'Signup.remind' })], {
        replaceExisting: false,
      });
    await expect(call()).rejects.toMatchObject({ code: 'DUPLICATE_JOB', jobId: 'a' });
    await expect(call()).rejects.toThrow(/registry put into the store "default".*Signup\.remind.*replaceExisting/s);
    expect((await world.scheduler.list()).map((found) => found.job.id)).toEqual(['a']);
  });

  it('replaces all of it with replaceExisting: a new generation, nothing of the old one is left', async () => {
    const world = new World().handle('work').start();
    const [before] = await world.scheduler.add([runtime('a')], { replaceExisting: false });
    await world.scheduler.pause('a', NOBODY);
    const [after] = await world.scheduler.add([runtime('a', every({ minutes: 2 }))], { replaceExisting: true });
    expect(after).toMatchObject({ fireTime: START + 120_000, pause: null });
    expect(after.generation).toBeGreaterThan(before.generation);
  });

  it('refuses an id that another store has, one given twice, a code job and an unknown store', async () => {
    const world = twoStores();
    await world.scheduler.putCode([job('code', every({ minutes: 1 }))]);
    await world.scheduler.add([runtime('a')], { replaceExisting: false });
    const add = async (...definitions: JobDefinition[]) => world.scheduler.add(definitions, { replaceExisting: true });
    await expect(add(runtime('a', undefined, { store: 'second' }))).rejects.toMatchObject({ code: 'DUPLICATE_JOB' });
    await expect(add(runtime('b'), runtime('b'))).rejects.toMatchObject({ code: 'DUPLICATE_JOB' });
    await expect(add(runtime('code'))).rejects.toMatchObject({ code: 'CODE_JOB' });
    await expect(add(runtime('c', undefined, { store: 'redis' }))).rejects.toMatchObject({
      code: 'UNKNOWN_STORE',
      known: ['default', 'second'],
    });
  });

  it('puts each definition into its own store', async () => {
    const world = twoStores();
    await world.scheduler.add([runtime('b', undefined, { store: 'second' }), runtime('a')], { replaceExisting: false });
    expect((await world.scheduler.list()).map((found) => [found.job.id, found.store])).toEqual([
      ['a', 'default'],
      ['b', 'second'],
    ]);
    expect(await world.scheduler.get('b')).toMatchObject({ store: 'second' });
    expect(await world.scheduler.get('c')).toBeNull();
  });
});

describe('pause and resume', () => {
  it('stop and go on; what was missed is recorded once and not made up for', async () => {
    const world = new World().handle('work').start(job('work', every({ minutes: 1 })));
    await world.scheduler.pause('work', { by: 'ann', reason: 'deploy', until: null });
    world.clock.advance(330_000);
    expect(world.calls).toHaveLength(0);
    const row = await world.scheduler.resume('work', { catchUp: false });
    expect(row).toMatchObject({ pause: null, fireTime: START + 360_000 });
    world.clock.advance(30_000);
    expect(await world.runsOf('work')).toMatchObject([
      {
        state: 'skipped',
        reason: 'paused',
        count: 5,
        firstFireTime: START + 60_000,
        fireTime: START + 300_000,
        detail: 'paused by ann: deploy',
      },
      { state: 'succeeded', fireTime: START + 360_000 },
    ]);
    expect(world.typesOf('job.paused', 'job.resumed').map((fact) => fact.type)).toEqual(['job.paused', 'job.resumed']);
  });

  it('makes up for what was missed when asked to', async () => {
    const world = new World().handle('work').start(job('work', every({ minutes: 1 })));
    await world.scheduler.pause('work', NOBODY);
    world.clock.advance(330_000);
    await world.scheduler.resume('work', { catchUp: true });
    world.clock.advance(0);
    expect(await world.runsOf('work')).toMatchObject([{ state: 'succeeded', count: 5 }]);
  });

  it('goes on by itself at `until`', async () => {
    const world = new World().handle('work').start(job('work', every({ minutes: 1 })));
    await world.scheduler.pause('work', { by: null, reason: null, until: START + 150_000 });
    world.clock.advance(200_000);
    expect(world.calls.map((call) => call.at - START)).toEqual([180_000]);
    expect((await world.scheduler.get('work'))!.job.pause).toBeNull();
    expect(world.typesOf('job.resumed')).toHaveLength(1);
  });

  it('lets open and retrying runs go on', async () => {
    let tries = 0;
    const world = new World().handle('work', () => {
      if (++tries < 2) throw new Error('again');
    });
    const retry = { attempts: 2, backoff: 'fixed', delay: 30_000, maxDelay: 30_000, jitter: 0 } as const;
    world.start(job('work', every({ minutes: 1 }), { retry }));
    world.clock.advance(60_000);
    await world.scheduler.pause('work', NOBODY);
    world.clock.advance(300_000);
    expect(await world.runsOf('work')).toMatchObject([{ state: 'succeeded', attempt: 2 }]);
  });

  it('pauseAll stops all jobs of a store in memory too, until it ends', async () => {
    const world = new World().handle('work').start(job('work', every({ minutes: 1 })));
    await world.scheduler.pauseAll({ by: 'ann', reason: null, until: START + 200_000 });
    expect(await world.scheduler.isPaused()).toMatchObject({ by: 'ann' });
    world.clock.advance(199_000);
    expect(world.calls).toHaveLength(0);
    world.clock.advance(41_000);
    expect(world.calls.length).toBeGreaterThan(0);
    expect(await world.scheduler.isPaused()).toBeNull();
    expect(world.typesOf('scheduler.paused')).toHaveLength(1);
  });
});

describe('reschedule and modify', () => {
  it('go on with next(now) and leave a pause as it is', async () => {
    const world = new World().handle('work').start(job('work', every({ hours: 1 })));
    await world.scheduler.pause('work', NOBODY);
    world.clock.advance(10_000);
    const row = await world.scheduler.reschedule('work', every({ minutes: 5 }));
    expect(row).toMatchObject({ fireTime: START + 310_000, pause: { by: null } });
  });

  it('leave a fire time that is due already due', async () => {
    const world = new World({ options: { enabled: false } }).handle('work').start(job('work', every({ minutes: 1 })));
    world.clock.advance(90_000);
    const row = await world.scheduler.reschedule('work', every({ hours: 1 }));
    expect(row.fireTime).toBe(START + 60_000);
  });

  it('revive a finished job', async () => {
    const world = new World().handle('work').start(job('work', date('2026-03-01T00:00:05Z')));
    world.clock.advance(10_000);
    expect((await world.scheduler.get('work'))!.job.status).toBe('finished');
    await world.scheduler.reschedule('work', date('2026-03-01T00:01:00Z'));
    world.clock.advance(60_000);
    expect(world.calls).toHaveLength(2);
  });

  it('change the zone of a cron', async () => {
    const world = new World().handle('work').start(job('work', cron('0 9 * * *')));
    const row = await world.scheduler.modify('work', { timezone: 'Europe/Berlin' });
    expect(row).toMatchObject({ timezone: 'Europe/Berlin', fireTime: at('08:00') });
  });

  it('set options without moving anything', async () => {
    const world = new World().handle('work').start(job('work', every({ minutes: 1 })));
    world.clock.advance(30_000);
    const row = await world.scheduler.modify('work', { args: [1], tags: ['x'], policy: { maxInstances: 4 } });
    expect(row).toMatchObject({
      args: [1],
      tags: ['x'],
      fireTime: START + 60_000,
      policy: { maxInstances: 4, coalesce: true },
    });
    world.clock.advance(30_000);
    expect(world.calls[0].context.args).toEqual([1]);
  });

  it.each(['pause', 'resume', 'reschedule', 'remove', 'runNow'] as const)(
    '%s refuses an unknown job',
    async (method) => {
      const world = new World().start();
      const argument: any =
        method === 'reschedule' ? every({ minutes: 1 }) : { ...NOBODY, catchUp: false, args: null, force: false };
      await expect((async () => (world.scheduler[method] as any)('nobody', argument))()).rejects.toMatchObject({
        code: 'UNKNOWN_JOB',
        jobId: 'nobody',
      });
    },
  );
});

describe('remove', () => {
  it('takes a job away with what has not started; a running run ends', async () => {
    const world = new World();
    const gate = deferred();
    world.handle('work', () => gate.promise).start();
    await world.scheduler.add([runtime('a', every({ seconds: 1 }))], { replaceExisting: false });
    world.clock.advance(1_000);
    await world.scheduler.remove('a');
    gate.resolve();
    await settle();
    world.clock.advance(10_000);
    expect(world.calls).toHaveLength(1);
    expect(await world.scheduler.get('a')).toBeNull();
  });

  it('takes back a run that waits for a slot', async () => {
    const world = new World({ concurrency: 1 });
    const gates = [deferred(), deferred()];
    world.handle('work', () => gates[world.calls.length - 1].promise).start();
    await world.scheduler.add([runtime('a', every({ seconds: 1 })), runtime('b', every({ seconds: 1 }))], {
      replaceExisting: false,
    });
    world.clock.advance(1_000);
    const [{ jobId: running }] = world.scheduler.openAttempts();
    await world.scheduler.remove(running === 'a' ? 'b' : 'a');
    await settle();
    gates[0].resolve();
    await settle();
    expect(world.calls.map((call) => call.context.jobId)).toEqual([running]);
  });

  it('refuses a job of the code, with the advice to pause it', async () => {
    const world = new World().handle('work').start(job('work', every({ minutes: 1 })));
    const call = async () => world.scheduler.remove('work');
    await expect(call()).rejects.toMatchObject({ code: 'CODE_JOB' });
    await expect(call()).rejects.toThrow(/pause\('work'\)/);
  });
});

describe('runs by hand', () => {
  it('runNow makes a run beside the schedule, with arguments of its own', async () => {
    const world = new World().handle('work').start(job('work', every({ hours: 1 }), {}, { args: [1] }));
    world.clock.advance(5_000);
    const run = await world.scheduler.runNow('work', { args: [2], force: false });
    world.clock.advance(0);
    expect(run).toMatchObject({ kind: 'manual', fireTime: START + 5_000 });
    expect(world.calls[0].context.args).toEqual([2]);
    expect((await world.scheduler.get('work'))!.job).toMatchObject({ fireTime: START + 3_600_000, runCount: 0 });
  });

  it('works on paused and finished jobs, and ignores grace and limit', async () => {
    const world = new World()
      .handle('work')
      .start(job('work', date('2026-03-01T00:00:05Z'), { misfireGraceTime: 1_000 }));
    world.clock.advance(10_000);
    await world.scheduler.pause('work', NOBODY);
    await world.scheduler.runNow('work', { args: null, force: false });
    world.clock.advance(0);
    expect(world.calls).toHaveLength(2);
  });

  it('obeys maxInstances unless forced', async () => {
    const world = new World().handle('work', () => deferred().promise).start(job('work', every({ minutes: 1 })));
    world.clock.advance(60_000);
    expect(await world.scheduler.runNow('work', { args: null, force: false })).toMatchObject({
      state: 'skipped',
      reason: 'overlap',
    });
    await world.scheduler.runNow('work', { args: null, force: true });
    world.clock.advance(0);
    expect(world.calls).toHaveLength(2);
  });

  it('retries a run that has ended, and no other', async () => {
    let calls = 0;
    const world = new World().handle('work', () => {
      if (++calls === 1) throw new Error('once');
      return deferred().promise;
    });
    world.start(job('work', date('2026-03-01T00:00:05Z')));
    world.clock.advance(5_000);
    const [failed] = await world.runsOf('work');
    const again = await world.scheduler.retry(failed.id);
    world.clock.advance(0);
    expect(calls).toBe(2);
    await expect((async () => world.scheduler.retry(again.id))()).rejects.toMatchObject({ code: 'RUN_NOT_SETTLED' });
    await expect((async () => world.scheduler.retry('none'))()).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
    await expect((async () => world.scheduler.cancel('none'))()).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
  });

  it('backfills a past window, one run after another, leaving out fire times that have a run', async () => {
    const world = new World().handle('work').start(job('work', every({ minutes: 10 })));
    world.clock.advance(1_200_000);
    await world.scheduler.reschedule('work', cron('*/10 * * * *'));
    const runs = await world.scheduler.backfill('work', { from: START - 1_200_000, to: START + 1_200_000 });
    expect(runs.map((run) => run.fireTime - START)).toEqual([-1_200_000, -600_000, 0]);
    world.clock.advance(0);
    expect(world.calls.slice(2).map((call) => call.context.fireTime.getTime() - START)).toEqual([
      -1_200_000, -600_000, 0,
    ]);
    expect((await world.runsOf('work')).every((run) => run.state === 'succeeded')).toBe(true);
  });

  it('refuses to backfill more than a call may hold', async () => {
    const world = new World().handle('work').start(job('work', cron('* * * * *')));
    const call = async () => world.scheduler.backfill('work', { from: START - 86_400_000, to: START });
    await expect(call()).rejects.toMatchObject({ code: 'BACKFILL_TOO_LARGE' });
    expect(await world.runsOf('work')).toEqual([]);
  });
});

describe('reading', () => {
  it('pages through the runs of all stores, newest first', async () => {
    const world = twoStores();
    await world.scheduler.add(
      [runtime('a', every({ seconds: 2 })), runtime('b', every({ seconds: 3 }), { store: 'second' })],
      { replaceExisting: false },
    );
    world.clock.advance(12_000);
    const fireTimes: number[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await world.scheduler.runs({ limit: 3, cursor: cursor ?? undefined });
      fireTimes.push(...page.runs.map((run) => (run.fireTime - START) / 1_000));
      cursor = page.cursor;
    } while (cursor !== null);
    expect(fireTimes).toEqual([12, 12, 10, 9, 8, 6, 6, 4, 3, 2]);
  });

  it('previews the fire times to come, in order', async () => {
    const world = new World()
      .handle('work')
      .start(
        job('a', every({ minutes: 20 })),
        job('b', every({ minutes: 30 }, { limit: 1 })),
        job('c', every({ minutes: 25 }, { fixedDelay: true })),
        job('d', every({ minutes: 1 })),
      );
    await world.scheduler.pause('d', NOBODY);
    const fires = await world.scheduler.preview(START, START + 3_600_000);
    expect(fires.map((fire) => `${fire.jobId} ${(fire.fireTime - START) / 60_000}`)).toEqual([
      'a 20',
      'c 25',
      'b 30',
      'a 40',
      'a 60',
    ]);
    expect(await world.scheduler.preview(START, START + 3_600_000, { ids: ['b'] })).toHaveLength(1);
  });

  it('lists this process as the one node of a store in memory', async () => {
    const world = new World().handle('work').start(job('work', every({ minutes: 1 })));
    world.clock.advance(600_000);
    expect(await world.scheduler.nodes()).toMatchObject([{ id: 'node-1', jobIds: ['work'] }]);
  });
});

describe('why', () => {
  const why = async (world: World, instant: string, id = 'work') => {
    const { verdict, text } = await world.scheduler.why(id, at(instant));
    return `${verdict}: ${text}`;
  };

  it('tells of each fire time what became of it (M7)', async () => {
    const world = new World();
    const gates: ReturnType<typeof deferred<void>>[] = [];
    world.handle('work', () => {
      gates.push(deferred());
      return gates[gates.length - 1].promise;
    });
    world.start(job('work', every({ minutes: 10 })));
    world.clock.advance(620_000);
    expect(await why(world, '00:10')).toMatch(/^running: Run .* is running on node node-1, attempt 1/);
    world.clock.advance(600_000);
    gates[0].reject(new Error('no mail server'));
    await settle();
    expect(await why(world, '00:10')).toMatch(/^ran: Run .* failed: no mail server/);
    expect(await why(world, '00:20')).toMatch(/^skipped: It was skipped \(overlap\): run .* is running on node node-1/);
    expect(await why(world, '00:25')).toBe(
      'notAFireTime: 2026-03-01T00:25:00.000Z is no fire time of "work" (every 10m from 2026-03-01T00:10:00.000Z (UTC)).',
    );
    expect(await why(world, '00:40')).toMatch(/^notYet: /);
    await world.scheduler.pause('work', { by: 'ann', reason: 'deploy', until: null });
    expect(await why(world, '00:40')).toBe('paused: "work" is paused since 2026-03-01T00:20:20.000Z by ann: deploy.');
    expect(await why(world, '00:40', 'nobody')).toBe('unknownJob: There is no job "nobody".');
  });

  it('says of a job of the code that it is switched off there', async () => {
    const off = { ...job('work', every({ minutes: 10 })), enabled: false, definedAt: 'Reports.send (@Interval)' };
    const away = { ...off, id: 'away', isOffByEnvironment: true };
    const world = new World().handle('work').start(off, away);
    expect(await why(world, '00:10')).toBe(
      'notEnabled: "work" is switched off in the code (enabled: false, Reports.send (@Interval)), so it does not fire.',
    );
    expect(await why(world, '00:10', 'away')).toMatch(/^notEnabled: .*\(environments, /);
  });

  it('says so of one that a shared store keeps for other versions', async () => {
    const { store } = controlledStore();
    const on = await new World({ stores: [store] }).handle('work').startAsync(job('work', every({ minutes: 10 })));
    await on.scheduler.stop();
    const world = new World({ stores: [store], clock: on.clock, node: 'node-2' });
    await world.startAsync({ ...job('work', every({ minutes: 10 })), enabled: false });
    expect(await why(world, '00:10')).toBe(
      'notEnabled: "work" does not fire: it is not enabled in the code of version 1.0.0.',
    );
  });

  it('knows what is due and not claimed, and what came to an end', async () => {
    const world = new World({ options: { enabled: false } }).start(
      job('work', every({ minutes: 10 }, { end: '2026-03-01T00:20Z' })),
    );
    world.clock.advance(660_000);
    expect(await why(world, '00:10')).toMatch(/^waiting: "work" is due since/);
    const ended = new World().handle('work').start(job('work', date('2026-03-01T00:10Z'), { keepHistory: false }));
    ended.clock.advance(660_000);
    expect(await why(ended, '00:10')).toMatch(/^finished: /);
  });
});

describe('facts of a shared store', () => {
  it('are the same through promises', async () => {
    const control = controlledStore({ turns: 2 });
    const world = new World({ stores: [control.store] }).handle('work');
    await world.startAsync(job('work', every({ seconds: 1 })));
    await world.clock.advanceAsync(3_500);
    expect(world.calls).toHaveLength(3);
    expect(world.typesOf('run.succeeded')).toHaveLength(3);
    const stopped = world.scheduler.stop();
    await world.clock.advanceAsync(100);
    await stopped;
    expect(world.clock.timerCount()).toBe(0);
  });
});
