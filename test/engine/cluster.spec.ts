import { describe, expect, it } from '@jest/globals';
import type { ClaimRequest } from '../../lib/core/index.js';
import { at as date, every } from '../../lib/triggers/index.js';
import { controlledStore, sharedViews } from './support/stores.js';
import { at, deferred, job, settle, START, World } from './support/world.js';

const LEASE = 10_000;

/** Nodes on one store and one clock. */
async function cluster(
  count: number,
  jobs: ReturnType<typeof job>[],
  given: { tasks?: string[]; watches?: boolean } = {},
) {
  const views = sharedViews(count, { watches: given.watches ?? false });
  const first = new World({ stores: [views[0].store], node: 'node-1' });
  const worlds = [
    first,
    ...views
      .slice(1)
      .map((view, index) => new World({ stores: [view.store], clock: first.clock, node: `node-${index + 2}` })),
  ];
  for (const world of worlds) {
    for (const task of given.tasks ?? ['work']) world.handle(task);
    await world.startAsync(...jobs);
  }
  return { worlds, views, clock: first.clock };
}

/** Takes a node off the map without a word: no renewal, no settle, no claim. */
function kill(view: { failing: unknown }): void {
  Object.assign(view, { failing: () => new Error('this process is gone') });
}

describe('nodes on one store', () => {
  it('run each fire time once (K2)', async () => {
    const { worlds, clock } = await cluster(3, [job('work', every({ seconds: 1 }))]);
    await clock.advanceAsync(30_000);
    const fireTimes = worlds.flatMap((world) => world.calls.map((call) => call.context.fireTime.getTime() - START));
    expect(fireTimes.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => (index + 1) * 1_000));
  });

  it('claim ahead, and start exactly at the due time, never early (P15)', async () => {
    const { worlds, clock } = await cluster(1, [job('work', every({ seconds: 10 }))]);
    await clock.advanceAsync(9_900);
    expect(worlds[0].typesOf('run.claimed')).toHaveLength(1);
    expect(worlds[0].calls).toHaveLength(0);
    await clock.advanceAsync(100);
    expect(worlds[0].calls.map((call) => call.at - START)).toEqual([10_000]);
  });

  it('ask an idle store rarely: no more than 30 statements a minute', async () => {
    const { views, clock } = await cluster(1, [job('work', every({ days: 1 }))], { watches: true });
    await clock.advanceAsync(60_000);
    views[0].calls.length = 0;
    await clock.advanceAsync(600_000);
    expect(views[0].calls.length / 10).toBeLessThan(45);
    expect(views[0].calls.filter((name) => name === 'jobs.claimDue').length / 10).toBeLessThan(16);
  });

  it('beat in each second round only, while messages come through and beats are answered', async () => {
    const { views, clock } = await cluster(1, [job('work', every({ days: 1 }))], { watches: true });
    const [view] = views;
    const beatsOfAMinute = async (): Promise<number> => {
      view.calls.length = 0;
      await clock.advanceAsync(60_000);
      return view.calls.filter((name) => name === 'nodes.beat').length;
    };
    view.isDeaf = true;
    expect(await beatsOfAMinute()).toBeGreaterThanOrEqual(17);
    view.isDeaf = false;
    expect(await beatsOfAMinute()).toBeLessThanOrEqual(10);
    view.failing = (method) => (method === 'nodes.beat' ? new Error('the store is away') : undefined);
    expect(await beatsOfAMinute()).toBeGreaterThanOrEqual(17);
    view.failing = null;
    await clock.advanceAsync(LEASE);
    view.calls.length = 0;
    await clock.advanceAsync(1_000);
    view.wake();
    await clock.advanceAsync(1_000);
    expect(view.calls).toContain('nodes.beat');
  });

  it('make up at once for a beat that is lost: none is unseen for a lease that lives', async () => {
    const { worlds, views, clock } = await cluster(1, [job('work', every({ days: 1 }))], { watches: true });
    const [view] = views;
    view.isDeaf = false;
    await clock.advanceAsync(60_000);
    const [before] = await worlds[0].scheduler.nodes();
    view.failing = (method) => (method === 'nodes.beat' ? new Error('the connection was cut') : undefined);
    while (view.calls.at(-1) !== 'nodes.beat') await clock.advanceAsync(1);
    view.failing = null;
    await clock.advanceAsync(250);

    const [after] = await worlds[0].scheduler.nodes();
    expect(after.seenAt).toBeGreaterThan(clock.now() - 250);
    expect(after.seenAt - before.seenAt).toBeLessThan(LEASE);
  });

  it('ask at times of their own, though they were started together (P21)', async () => {
    const { views, clock } = await cluster(2, [job('work', every({ days: 1 }))]);
    const asked: number[][] = [[], []];
    views.forEach((view, index) => {
      view.failing = (method) => method === 'jobs.claimDue' && void asked[index].push(clock.now());
    });
    await clock.advanceAsync(60_000);
    expect(asked[0].length).toBeGreaterThan(50);
    expect(asked[0].filter((instant) => asked[1].includes(instant)).length).toBeLessThan(asked[0].length / 2);
  });

  it('renew while a run goes on, so a long one is not taken over (U26)', async () => {
    const { worlds, clock } = await cluster(2, [job('work', date('2026-03-01T00:00:05Z'))]);
    const gate = deferred();
    for (const world of worlds) world.handle('work', () => gate.promise);
    await clock.advanceAsync(300_000);
    expect(worlds[0].calls.length + worlds[1].calls.length).toBe(1);
    gate.resolve();
    await settle();
    expect(await worlds[0].runsOf('work')).toMatchObject([{ state: 'succeeded', attempt: 1, token: 1 }]);
  });

  it('take the run of a dead node over within lease + 1 s, under a higher token', async () => {
    const { worlds, views, clock } = await cluster(2, [job('work', date('2026-03-01T00:00:05Z'))]);
    for (const world of worlds) world.handle('work', () => deferred().promise);
    await clock.advanceAsync(6_000);
    const dead = worlds.findIndex((world) => world.calls.length === 1);
    const other = 1 - dead;
    kill(views[dead]);
    worlds[other].handle('work', () => 'recovered');
    await clock.advanceAsync(LEASE + 1_000);
    expect(worlds[other].calls).toHaveLength(1);
    expect(await worlds[other].runsOf('work')).toMatchObject([
      { state: 'succeeded', attempt: 2, token: 2, result: 'recovered' },
    ]);
    expect(worlds[other].typesOf('run.lost')).toMatchObject([{ run: { attempt: 2 } }]);
  });

  it('abort the handler of a node that lost its lease, and drop its outcome (P7)', async () => {
    const { worlds, views, clock } = await cluster(2, [job('work', date('2026-03-01T00:00:05Z'))]);
    const gate = deferred<string>();
    for (const world of worlds) world.handle('work', () => gate.promise);
    await clock.advanceAsync(6_000);
    const zombie = worlds.findIndex((world) => world.calls.length === 1);
    kill(views[zombie]);
    worlds[1 - zombie].handle('work', () => 'mine');
    await clock.advanceAsync(LEASE + 1_000);
    const { signal } = worlds[zombie].calls[0].context;
    expect(signal.aborted).toBe(true);
    views[zombie].failing = null;
    gate.resolve('stale');
    await clock.advanceAsync(30_000);
    expect(await worlds[0].runsOf('work')).toMatchObject([{ result: 'mine' }]);
    expect(worlds[zombie].typesOf('lease.lost').length).toBeGreaterThan(0);
    expect(worlds[zombie].typesOf('run.succeeded')).toHaveLength(0);
  });

  it('abort a zombie’s handler on its first tick after waking', async () => {
    const { worlds, clock } = await cluster(1, [job('work', date('2026-03-01T00:00:05Z'))]);
    worlds[0].handle('work', () => deferred().promise);
    await clock.advanceAsync(6_000);
    await clock.jumpAsync(20_000);
    expect(worlds[0].calls[0].context.signal.aborted).toBe(true);
  });

  it('still settle after the lease ended when nobody took the run over: it is tried again, uncounted (P25)', async () => {
    const { worlds, views, clock } = await cluster(1, [job('work', date('2026-03-01T00:00:05Z'))]);
    let calls = 0;
    worlds[0].handle('work', (_args, { signal }) => {
      if (++calls > 1) return 'second';
      return new Promise((_yes, no) => signal.addEventListener('abort', () => no(new Error('aborted'))));
    });
    await clock.advanceAsync(6_000);
    views[0].failing = () => new Error('no connection');
    await clock.advanceAsync(20_000);
    views[0].failing = null;
    await clock.advanceAsync(30_000);
    expect(await worlds[0].runsOf('work')).toMatchObject([{ state: 'succeeded', result: 'second', attempt: 1 }]);
    expect((await worlds[0].scheduler.get('work'))!.job).toMatchObject({ losses: 0, pause: null });
  });
});

describe('losses', () => {
  /** Each time a node has taken the run, it dies; the next one is started. */
  async function dieInTurn(recovery: 'retry' | 'fail' | 'skip', deaths: number) {
    const views = sharedViews(deaths + 1);
    const first = new World({ stores: [views[0].store], node: 'node-1' });
    const { clock } = first;
    const worlds = [first];
    const work = job('work', every({ seconds: 30 }), { recovery });
    for (let death = 0; ; death++) {
      const world = worlds[death];
      world.handle('work', () => (death < deaths ? deferred().promise : 'alive'));
      await world.startAsync(work);
      for (let second = 0; second < 300 && world.calls.length === 0; second++) await clock.advanceAsync(1_000);
      if (death === deaths) break;
      kill(views[death]);
      worlds.push(new World({ stores: [views[death + 1].store], clock, node: `node-${death + 2}` }));
    }
    return { worlds, clock, last: worlds[deaths] };
  }

  it('are retried: the first at once', async () => {
    const { last, worlds } = await dieInTurn('retry', 1);
    expect(last.calls[0].context.runId).toBe(worlds[0].calls[0].context.runId);
    expect(last.calls[0].at - worlds[0].calls[0].at).toBeLessThanOrEqual(LEASE + 1_000);
    await settle();
    expect((await last.scheduler.get('work'))!.job.losses).toBe(0);
  });

  it('quarantine the job at the third in a row, so that it cannot kill every node (P22)', async () => {
    const { last } = await dieInTurn('retry', 3);
    expect(last.calls).toHaveLength(0);
    const { job: row } = (await last.scheduler.get('work'))!;
    expect(row.pause).toMatchObject({ by: 'quarantine' });
    expect(last.typesOf('job.quarantined')).toHaveLength(1);
    const runs = await last.runsOf('work');
    expect(runs.filter((run) => run.state === 'lost')).toMatchObject([{ error: { code: 'RUN_LOST' } }]);
    await last.scheduler.resume('work', { catchUp: false });
    expect((await last.scheduler.get('work'))!.job).toMatchObject({ pause: null, losses: 0 });
  });

  it.each(['fail', 'skip'] as const)('end the run as lost when recovery is %s', async (recovery) => {
    const { last, worlds } = await dieInTurn(recovery, 1);
    const lost = (await last.runsOf('work')).filter((run) => run.state === 'lost');
    expect(lost.map((run) => run.id)).toEqual([worlds[0].calls[0].context.runId]);
    expect(last.calls[0].context.runId).not.toBe(lost[0].id);
  });

  it('give a fixedDelay job its next fire time', async () => {
    const views = sharedViews(2);
    const first = new World({ stores: [views[0].store] }).handle('work', () => deferred().promise);
    const work = job('work', every({ seconds: 30 }, { fixedDelay: true }), { recovery: 'skip' });
    await first.startAsync(work);
    await first.clock.advanceAsync(31_000);
    kill(views[0]);
    const second = new World({ stores: [views[1].store], clock: first.clock, node: 'node-2' }).handle('work');
    await second.startAsync(work);
    await first.clock.advanceAsync(60_000);
    expect(second.calls).toHaveLength(1);
  });
});

describe('changes reach other nodes', () => {
  async function ahead(change: (world: World) => unknown) {
    const { worlds, views, clock } = await cluster(2, [job('work', every({ seconds: 10 }))], { watches: true });
    await clock.advanceAsync(9_500);
    const holder = worlds.findIndex((world) => world.typesOf('run.claimed').length === 1);
    expect(holder).toBeGreaterThanOrEqual(0);
    await change(worlds[1 - holder]);
    views[holder].wake();
    await clock.advanceAsync(600);
    return { worlds, clock };
  }

  it.each<[string, (world: World) => unknown]>([
    ['pause', (world) => world.scheduler.pause('work', { by: null, reason: null, until: null })],
    ['reschedule', (world) => world.scheduler.reschedule('work', every({ hours: 1 }))],
  ])('%s withdraws a claim that has not started, and wakes its owner', async (_name, change) => {
    const { worlds } = await ahead(change);
    expect(worlds.flatMap((world) => world.calls)).toHaveLength(0);
  });

  it('cancel reaches the node that runs it at its next renewal', async () => {
    const { worlds, clock } = await cluster(2, [job('work', date('2026-03-01T00:00:05Z'))]);
    for (const world of worlds) {
      world.handle(
        'work',
        (_args, { signal }) =>
          new Promise((_yes, no) => signal.addEventListener('abort', () => no(signal.reason as Error))),
      );
    }
    await clock.advanceAsync(5_000);
    const holder = worlds.findIndex((world) => world.calls.length === 1);
    const [run] = await worlds[0].runsOf('work');
    await worlds[1 - holder].scheduler.cancel(run.id, 'no longer needed');
    await clock.advanceAsync(LEASE / 2);
    const reason = expect.stringMatching(/was cancelled: no longer needed\.$/);
    expect(worlds[holder].calls[0].context.signal.reason).toMatchObject({ code: 'RUN_CANCELLED', message: reason });
    expect(await worlds[0].runsOf('work')).toMatchObject([{ state: 'cancelled', detail: reason }]);
  });

  it('pauseAll is seen by all nodes; jobs for maintenance go on', async () => {
    const { worlds, clock } = await cluster(
      2,
      [job('work', every({ seconds: 1 })), job('backup', every({ seconds: 1 }), { evenInMaintenanceMode: true })],
      { tasks: ['work', 'backup'] },
    );
    await worlds[0].scheduler.pauseAll({ by: 'ann', reason: 'deploy', until: null });
    await clock.advanceAsync(LEASE);
    const before = worlds.flatMap((world) => world.calls).filter((call) => call.task === 'work').length;
    await clock.advanceAsync(10_000);
    const calls = worlds.flatMap((world) => world.calls);
    expect(calls.filter((call) => call.task === 'work')).toHaveLength(before);
    expect(calls.filter((call) => call.task === 'backup').length).toBeGreaterThan(10);
    expect(await worlds[1].scheduler.isPaused()).toMatchObject({ by: 'ann' });
    await worlds[1].scheduler.resumeAll();
    await clock.advanceAsync(10_000);
    expect(worlds.flatMap((world) => world.calls).filter((call) => call.task === 'work').length).toBeGreaterThan(
      before + 5,
    );
  });
});

describe('tasks and executors a node does not have', () => {
  it('are left to the nodes that have them, uncounted (P11)', async () => {
    const { worlds, clock } = await cluster(2, [
      job('work', every({ seconds: 1 })),
      job('other', every({ seconds: 1 })),
    ]);
    worlds[1].handle('other');
    await clock.advanceAsync(20_000);
    expect(worlds[1].calls.filter((call) => call.task === 'other').length).toBeGreaterThan(10);
    expect(worlds[0].calls.filter((call) => call.task === 'other')).toHaveLength(0);
    const runs = await worlds[0].runsOf('other');
    expect(runs.every((run) => run.attempt === 1)).toBe(true);
  });

  it('are taken up when the task is known later', async () => {
    const { worlds, clock } = await cluster(1, [job('late', date('2026-03-01T00:00:05Z'))], { tasks: [] });
    await clock.advanceAsync(20_000);
    worlds[0].handle('late');
    await clock.advanceAsync(20_000);
    expect(worlds[0].calls).toHaveLength(1);
  });

  it('end a run of a store in memory as unresolved: nobody else will have the task', async () => {
    const world = new World().start(job('work', date('2026-03-01T00:00:05Z')));
    world.clock.advance(5_000);
    expect(await world.runsOf('work')).toMatchObject([{ state: 'skipped', reason: 'unresolved' }]);
  });
});

describe('a claim ahead', () => {
  async function ahead(dueAt: string) {
    const control = controlledStore({ watches: true });
    control.isDeaf = false;
    const world = new World({ stores: [control.store] }).handle('work');
    await world.startAsync(job('work', date(dueAt)));
    await world.clock.advanceAsync(29_500);
    expect(world.typesOf('run.claimed')).toHaveLength(1);
    const { length } = control.calls;
    return { world, control, stepsSince: () => control.calls.slice(length).filter((name) => name === 'jobs.renew') };
  }

  it('is asked for before its run starts, when somebody is about to take claims back', async () => {
    const { world, control, stepsSince } = await ahead('2026-03-01T00:00:30Z');
    control.doubt();
    expect(stepsSince()).toEqual([]);
    await world.clock.advanceAsync(500);

    expect(stepsSince()).toEqual(['jobs.renew']);
    expect(world.calls).toHaveLength(1);
  });

  it.each([
    ['from a timer', 1],
    ['from an answer: what else has arrived is read a round later', 2],
  ])(
    'is asked for, when that is said while this process is busy and its turn comes late, %s',
    async (_from, rounds) => {
      const { world, control } = await ahead('2026-03-01T00:00:30Z');
      const steps: string[] = [];
      world.handle('work', () => void steps.push('run'));
      control.failing = (method) => (method === 'jobs.renew' && steps.push('renew'), null);
      // It lies in the socket.
      const read = (left: number): void => {
        if (left > 0) return void setImmediate(() => read(left - 1));
        steps.push('doubt');
        control.doubt();
      };
      read(rounds);
      // At once: whoever waits for something first lets it be read before.
      world.clock.jump(550);
      await world.clock.advanceAsync(0);

      expect(steps.slice(-3)).toEqual(['doubt', 'renew', 'run']);
    },
  );
});

describe('store time', () => {
  async function ahead(hours: number) {
    const control = controlledStore();
    const world = new World({ stores: [control.store] }).handle('work');
    const offset = hours * 3_600_000;
    control.clock = () => START + offset + world.clock.monotonic();
    await world.startAsync(job('work', every({ minutes: 1 })));
    return { world, control, offset };
  }

  it.each([-1, 1])('counts, not the wall clock of this machine (it is %s h off)', async (hours) => {
    const { world, offset } = await ahead(hours);
    await world.clock.advanceAsync(60_000);
    expect(await world.runsOf('work')).toMatchObject([{ fireTime: START + offset + 60_000, state: 'succeeded' }]);
  });

  it('does not step when the wall clock of this machine does (P4)', async () => {
    const { world } = await ahead(0);
    await world.clock.advanceAsync(30_000);
    world.clock.stepWall(7_200_000);
    await world.clock.advanceAsync(29_000);
    expect(world.calls).toHaveLength(0);
    world.clock.stepWall(-14_400_000);
    await world.clock.advanceAsync(1_000);
    expect(world.calls).toHaveLength(1);
  });

  it('is the wall clock where the store has no clock of its own', async () => {
    const control = controlledStore();
    const world = new World({ stores: [control.store] }).handle('work');
    await world.startAsync(job('work', every({ minutes: 10 })));
    await world.clock.advanceAsync(30_000);
    world.clock.stepWall(9 * 60_000 + 30_000);
    await world.clock.advanceAsync(20_000);
    expect(world.calls).toHaveLength(1);
  });

  it('is measured before the next claim, and leases are renewed before a run starts, when the clocks have parted', async () => {
    // Nobody is woken: that would be a reason to ask, too.
    const control = controlledStore({ watches: true });
    const world = new World({ stores: [control.store] });
    const steps: string[] = [];
    world.handle('work', () => void steps.push('run'));
    await world.startAsync(job('work', date('2026-03-01T00:00:30Z')));
    await world.clock.advanceAsync(29_500);
    expect(world.typesOf('run.claimed')).toHaveLength(1);
    control.failing = (method, [request]) => {
      if (method === 'jobs.renew') steps.push('renew');
      // One that only measures asks for no node.
      if (method === 'jobs.claimDue') steps.push((request as ClaimRequest).node === '' ? 'measure' : 'claim');
      return null;
    };
    world.clock.stepWall(100);
    await world.clock.advanceAsync(100);
    expect(steps).toEqual([]);
    world.clock.stepWall(5_000);
    await world.clock.advanceAsync(1_000);
    expect(steps[0]).toBe('renew');
    expect(steps).toContain('run');
    expect(steps.indexOf('measure')).toBeLessThan(steps.indexOf('claim'));
    expect(world.calls[0].at).toBeGreaterThanOrEqual(at('00:00:30'));
  });
});
