/** SEMANTICS section 2, "From fire time to run", "Run" and "Events", sentence by sentence, through the public entries. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import {
  Cron,
  cron,
  every,
  Interval,
  JobContext,
  OnSchedulerEvent,
  SchedulerRegistry,
  Task,
  type JobOptions,
  type Run,
  type SchedulerEvent,
  type SchedulerModuleOptions,
} from '../../lib/index.js';
import { Gate, seedApp, type SeedApp } from '../seeds/seed-app.js';

const NOW = '2026-11-20T00:00:00Z';
const MINUTE = 60_000;
let seed: SeedApp | undefined;
afterEach(async () => {
  for (const gate of gates.splice(0)) gate.open();
  await seed?.app.close();
  seed = undefined;
  jest.restoreAllMocks();
});
type Class = new (...args: never[]) => object;
const start = async (providers: Class[], options: SchedulerModuleOptions = {}) =>
  (seed = await seedApp(providers, { log: 'silent', ...options }, NOW));

const gates: Gate[] = [];
/** A handler each of whose calls waits for a gate of its own. */
@Injectable()
class Work {
  readonly starts: string[] = [];
  readonly open: Gate[] = [];
  @Task() async run(job: JobContext) {
    this.starts.push(job.fireTime.toISOString().slice(11, 19));
    const gate = new Gate();
    this.open.push(gate);
    gates.push(gate);
    await gate.opened;
  }
  @Task() quick(job: JobContext) {
    this.starts.push(job.fireTime.toISOString().slice(11, 19));
  }
  @Task() fail(job: JobContext) {
    this.starts.push(new Date(seed!.tester.clock.now()).toISOString().slice(11, 19));
    throw new Error(`attempt ${job.attempt}`);
  }
  @Task() async obedient(job: JobContext) {
    this.starts.push(job.fireTime.toISOString().slice(11, 19));
    await new Promise((_resolve, reject) =>
      job.signal.addEventListener('abort', () => reject(job.signal.reason as Error)),
    );
  }
}
/** The job `x` each minute on `method`, and what it is asked with. */
async function eachMinute(method: 'run' | 'quick' | 'fail' | 'obedient', options: JobOptions = {}, module = {}) {
  const app = await start([Work, Listener], module);
  await app.registry.add({ id: 'x', task: [Work, method], trigger: every('1m'), ...options });
  const work = app.app.get(Work);
  const states = async () =>
    (await app.tester.runsOf('x')).map((run) => `${run.fireTime.toISOString().slice(14, 16)} ${run.state}`);
  return { ...app, work, states, events: app.app.get(Listener).events };
}

@Injectable()
class Listener {
  readonly events: SchedulerEvent[] = [];
  @OnSchedulerEvent('*') note(event: SchedulerEvent) {
    this.events.push(event);
  }
}
const typesOf = (events: readonly SchedulerEvent[]) => events.map(({ type }) => type);

describe('2.2 misfireGraceTime', () => {
  it.each([
    [300_000, 'succeeded', null],
    [300_001, 'skipped', 'misfire'],
  ])('of 5 minutes, %i ms late is %s', async (late, state, reason) => {
    const { tester } = await eachMinute('quick', { misfireGraceTime: '5m' });
    await seed!.registry.reschedule('x', cron('0 1 * * *'));
    await tester.travel('59m');
    tester.clock.jump(MINUTE + late);
    await tester.travel('1ms');
    const [run] = await tester.runsOf('x');
    expect([run.state, run.reason]).toEqual([state, reason]);
  });

  it('none by default: it runs however late', async () => {
    const { tester, states } = await eachMinute('quick');
    tester.clock.jump({ days: 30 });
    await tester.travel('1ms');
    expect(await states()).toEqual(['00 succeeded']);
  });

  it('null undoes a default; 0 is refused', async () => {
    const { registry } = await eachMinute(
      'quick',
      { misfireGraceTime: null },
      { jobDefaults: { misfireGraceTime: '5s' } },
    );
    expect((await registry.get('x'))!.misfireGraceTime).toBeNull();
    const zero = registry.add({ id: 'y', task: 'Work.quick', trigger: every('1m'), misfireGraceTime: 0 });
    await expect(zero).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it('is judged again just before the first attempt, whatever caused the wait', async () => {
    const { tester, registry, work } = await eachMinute(
      'run',
      {},
      { executors: { default: { type: 'async', concurrency: 1 } } },
    );
    await registry.add({ id: 'y', task: 'Work.quick', trigger: every('1m'), misfireGraceTime: '10s', limit: 1 });
    await tester.travel('1m');
    expect(work.starts).toEqual(['00:01:00']);
    await tester.travel('30s');
    work.open[0].open();
    await tester.travel('1s');
    expect((await tester.runsOf('y')).map(({ state, reason }) => [state, reason])).toEqual([['skipped', 'misfire']]);
  });

  it('is never judged for retries', async () => {
    const { tester, states } = await eachMinute('fail', {
      misfireGraceTime: '1s',
      retry: { attempts: 2, delay: '30s' },
      limit: 1,
    } as JobOptions);
    await tester.travel('2m');
    expect(await states()).toEqual(['01 failed']);
    expect((await tester.runsOf('x'))[0].attempt).toBe(2);
  });
});

describe('2.3 coalesce and catching up', () => {
  it('makes one run for the latest due fire time, which records how many it stands for', async () => {
    const { tester } = await eachMinute('quick');
    tester.clock.jump(10.5 * MINUTE);
    await tester.travel('1ms');
    const [run, ...others] = await tester.runsOf('x');
    expect(others).toEqual([]);
    expect(run).toMatchObject({ count: 10, countIsExact: true, state: 'succeeded' });
    expect([run.firstFireTime, run.fireTime].map((date) => date.getUTCMinutes())).toEqual([1, 10]);
  });

  it.each([
    [1_000, true],
    [100_000, false],
  ])('%i missed fire times are counted, exactly: %s', async (missed, isExact) => {
    const { tester } = await eachMinute('quick');
    tester.clock.jump(missed * MINUTE);
    await tester.travel('1ms');
    const [run] = await tester.runsOf('x');
    expect(run.countIsExact).toBe(isExact);
    expect(run.count).toBeGreaterThanOrEqual(1_000);
    expect(run.fireTime.getTime()).toBe(Date.parse(NOW) + missed * MINUTE);
  });

  it.each(['skip', 'allowAll'] as const)(
    'false keeps the newest, oldest first, one after another, with overlap %s',
    async (overlap) => {
      const { tester, work } = await eachMinute('run', { coalesce: false, catchUpLimit: 3, overlap });
      tester.clock.jump(10.5 * MINUTE);
      await tester.travel('1ms');
      for (let index = 0; index < 3; index++) {
        expect(work.starts).toHaveLength(index + 1);
        work.open[index].open();
        await tester.travel('1ms');
      }
      expect(work.starts).toEqual(['00:08:00', '00:09:00', '00:10:00']);
      const skips = (await tester.runsOf('x')).filter(({ state }) => state === 'skipped');
      expect(skips).toHaveLength(1);
      expect(skips[0]).toMatchObject({ count: 7 });
      expect([skips[0].firstFireTime, skips[0].fireTime].map((date) => date.getUTCMinutes())).toEqual([1, 7]);
    },
  );

  it.each<[NonNullable<JobOptions['misfire']>, object]>([
    ['skip', { coalesce: true, misfireGraceTime: 10_000 }],
    ['runOnce', { coalesce: true, misfireGraceTime: null }],
    ['runAll', { coalesce: false, misfireGraceTime: null }],
  ])("misfire: '%s' sets both", async (misfire, policy) => {
    const { registry } = await eachMinute('quick', { misfire }, { jobDefaults: { misfireGraceTime: '1h' } });
    expect(await registry.get('x')).toMatchObject(policy);
  });

  it('misfire beside coalesce or misfireGraceTime is refused', async () => {
    const { registry } = await eachMinute('quick');
    const both = registry.add({ id: 'y', task: 'Work.quick', trigger: every('1m'), misfire: 'skip', coalesce: false });
    await expect(both).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});

describe('2.4 maxInstances and overlap', () => {
  it('skip, the default, records the run that stood in the way', async () => {
    const { tester, work, states } = await eachMinute('run');
    await tester.travel('2m');
    expect(work.starts).toEqual(['00:01:00']);
    expect(await states()).toEqual(['01 running', '02 skipped']);
    const [open, skip] = await tester.runsOf('x');
    expect(skip).toMatchObject({ reason: 'overlap' });
    expect(skip.detail).toContain(open.id);
  });

  it('a blocked job costs one skip row, not one a fire time', async () => {
    const { tester } = await eachMinute('run');
    await tester.travel('30m');
    const skips = (await tester.runsOf('x')).filter(({ state }) => state === 'skipped');
    expect(skips.map(({ count }) => count)).toEqual([29]);
    expect([skips[0].firstFireTime, skips[0].fireTime].map((date) => date.getUTCMinutes())).toEqual([2, 30]);
  });

  it('bufferOne keeps the first waiting, and runs it when the open run closes', async () => {
    const { tester, work, states } = await eachMinute('run', { overlap: 'bufferOne' });
    await tester.travel('4m');
    expect((await states()).slice(0, 2)).toEqual(['01 running', '02 buffered']);
    work.open[0].open();
    await tester.travel('1ms');
    expect(work.starts).toEqual(['00:01:00', '00:02:00']);
  });

  it('bufferAll keeps them in order', async () => {
    const { tester, work } = await eachMinute('run', { overlap: 'bufferAll' });
    await tester.travel('4m');
    for (let index = 0; index < 4; index++) {
      work.open[index].open();
      await tester.travel('1ms');
    }
    expect(work.starts).toEqual(['00:01:00', '00:02:00', '00:03:00', '00:04:00']);
  });

  it('bufferAll keeps 1,000 at most', async () => {
    const { tester, registry } = await eachMinute('run', { overlap: 'bufferAll' });
    await tester.travel({ minutes: 1_010 });
    const runs = async (state: Run['state']) => (await registry.runs({ jobId: 'x', state, limit: 1_000 })).runs;
    expect(await runs('buffered')).toHaveLength(1_000);
    expect((await runs('skipped'))[0]).toMatchObject({ reason: 'overlap', count: 9 });
  });

  it('cancelOther asks the oldest open run to stop and buffers the newest', async () => {
    const { tester, work, states } = await eachMinute('obedient', { overlap: 'cancelOther' });
    await tester.travel('2m');
    expect(await states()).toEqual(['01 cancelled', '02 running']);
    expect(work.starts).toEqual(['00:01:00', '00:02:00']);
  });

  it('allowAll lets them all run', async () => {
    const { tester, work } = await eachMinute('run', { overlap: 'allowAll' });
    await tester.travel('3m');
    expect(work.starts).toHaveLength(3);
  });

  it('maxInstances: 2 lets two run', async () => {
    const { tester, work } = await eachMinute('run', { maxInstances: 2 });
    await tester.travel('3m');
    expect(work.starts).toHaveLength(2);
  });

  it('a run that waits for a retry is open', async () => {
    const { tester, states } = await eachMinute('fail', { retry: { attempts: 2, delay: '90s' } });
    await tester.travel('2m');
    expect(await states()).toEqual(['01 waiting', '02 skipped']);
  });

  it('withoutOverlapping: after the expiry the open run no longer stands in the way', async () => {
    const { tester, work } = await eachMinute('run', { withoutOverlapping: 5 });
    await tester.travel('6m');
    expect(work.starts).toEqual(['00:01:00', '00:06:00']);
  });
});

describe('2.5 the end of a job', () => {
  it('none left: finished; row and history stay', async () => {
    const { tester, registry } = await eachMinute('quick', { end: '2026-11-20T00:02:00Z' } as JobOptions);
    await tester.travel('1h');
    expect(await registry.get('x')).toMatchObject({ status: 'finished', statusReason: 'ended', nextFireTime: null });
    expect((await registry.history('x')).runs).toHaveLength(2);
  });

  it('runs follow the plan independently of a long run (U31)', async () => {
    const { tester, registry } = await eachMinute('run');
    await tester.travel('90s');
    expect((await registry.get('x'))!.nextFireTime!.getUTCMinutes()).toBe(2);
  });
});

describe('conditions and hooks', () => {
  @Injectable()
  class Gatekeeper {
    asked = 0;
    isOpen() {
      this.asked++;
      return false;
    }
  }
  it('a false one is recorded with its name, and no attempt is made', async () => {
    const app = await start([Work, Gatekeeper]);
    await app.registry.add({ id: 'x', task: 'Work.quick', trigger: every('1m'), when: [Gatekeeper, 'isOpen'] });
    await app.tester.travel('1m');
    const [run] = await app.tester.runsOf('x');
    expect(run).toMatchObject({ state: 'skipped', reason: 'condition', attempt: 0 });
    expect(run.detail).toContain('Gatekeeper.isOpen');
    expect(app.app.get(Work).starts).toEqual([]);
  });

  it('they are asked before the first attempt only', async () => {
    let asked = 0;
    const { tester } = await eachMinute('fail', {
      when: () => ++asked > 0,
      retry: { attempts: 3, delay: '1s' },
      limit: 1,
    } as JobOptions);
    await tester.travel('2m');
    expect(asked).toBe(1);
  });

  it('a condition that throws fails the run and is told', async () => {
    const { tester } = await eachMinute('quick', {
      when: () => {
        throw new Error('flags are down');
      },
    });
    await tester.travel('1m');
    expect((await tester.runsOf('x'))[0]).toMatchObject({ state: 'failed', error: { message: 'flags are down' } });
  });

  it('onFailure comes when the run failed for good, onSuccess when it succeeded, after with each attempt', async () => {
    const told: string[] = [];
    const { tester } = await eachMinute('fail', {
      before: (job: JobContext) => void told.push(`before ${job.attempt}`),
      after: (job, _ref, outcome) => void told.push(`after ${job.attempt} ${outcome.outcome}`),
      onSuccess: () => void told.push('success'),
      onFailure: (job: JobContext) => void told.push(`failure ${job.attempt}`),
      retry: { attempts: 2, delay: '1s' },
      limit: 1,
    } as JobOptions);
    await tester.travel('2m');
    expect(told).toEqual(['before 1', 'after 1 failed', 'before 2', 'failure 2', 'after 2 failed']);
  });
});

describe('retry, timeout, cancel', () => {
  it.each<[object, number[]]>([
    [{ attempts: 3, backoff: 'fixed', delay: '10s' }, [0, 10, 20]],
    [{ attempts: 5, backoff: 'exponential', delay: '10s' }, [0, 10, 30, 70, 150]],
    [{ attempts: 5, backoff: 'exponential', delay: '10s', maxDelay: '25s' }, [0, 10, 30, 55, 80]],
    [{ attempts: 1 }, [0]],
    [{}, [0]],
  ])('retry %j tries at these seconds', async (retry, seconds) => {
    const { tester, work } = await eachMinute('fail', { retry, limit: 1 } as JobOptions);
    await tester.travel('10m');
    const first = Date.parse(NOW) + MINUTE;
    expect(work.starts).toEqual(seconds.map((s) => new Date(first + s * 1_000).toISOString().slice(11, 19)));
    expect((await tester.runsOf('x'))[0]).toMatchObject({ state: 'failed', attempt: seconds.length });
  });

  it('jitter of a retry adds at most itself', async () => {
    const { tester } = await eachMinute('fail', {
      retry: { attempts: 2, delay: '10s', jitter: '5s' },
      limit: 1,
    } as JobOptions);
    await tester.travel('10m');
    const [run] = await tester.runsOf('x');
    const wait = run.startedAt!.getTime() - run.fireTime.getTime();
    expect(wait).toBeGreaterThanOrEqual(10_000);
    expect(wait).toBeLessThanOrEqual(15_000);
  });

  it('timeout aborts through the signal; a handler that stopped is tried again as after a failure', async () => {
    const { tester, work, states } = await eachMinute('obedient', {
      timeout: '5s',
      retry: { attempts: 3 },
      limit: 1,
    } as JobOptions);
    await tester.travel('2m');
    expect(await states()).toEqual(['01 timedOut']);
    expect(work.starts).toHaveLength(3);
  });

  it('a handler that ignores the signal is abandoned after abortGrace: slot freed, run closed, late result dropped', async () => {
    const { tester, work, states, events } = await eachMinute(
      'run',
      { timeout: '10s', abortGrace: '5s' },
      { executors: { default: { type: 'async', concurrency: 1 } } },
    );
    await tester.travel('74s');
    expect(await states()).toEqual(['01 running']);
    await tester.travel('2s');
    expect(await states()).toEqual(['01 timedOut']);
    expect(typesOf(events)).toContain('run.abandoned');
    await tester.travel('45s');
    expect(work.starts).toHaveLength(2);
    work.open[0].open();
    await tester.travel('1s');
    expect((await states())[0]).toBe('01 timedOut');
  });

  it('cancel reaches a running handler by its signal, with what was said', async () => {
    const { tester, registry, events } = await eachMinute('obedient');
    await tester.travel('1m');
    const [run] = await tester.runsOf('x');
    await registry.cancel(run.id, 'not today');
    await tester.travel('1ms');
    expect(await registry.run(run.id)).toMatchObject({ state: 'cancelled' });
    const event = events.find(({ type }) => type === 'run.cancelled')!;
    expect(event.detail).toContain('not today');
    expect(event.run!.id).toBe(run.id);
  });

  it('cancel settles a run that waits for a retry, and one that is buffered, at once', async () => {
    const { tester, registry } = await eachMinute('fail', {
      retry: { attempts: 2, delay: '1h' },
      overlap: 'bufferOne',
    });
    await tester.travel('2m');
    for (const run of await tester.runsOf('x')) expect((await registry.cancel(run.id)).state).toBe('cancelled');
  });

  it('cancel of a settled run leaves it as it is', async () => {
    const { tester, registry } = await eachMinute('quick');
    await tester.travel('1m');
    const [run] = await tester.runsOf('x');
    const answer = await registry.cancel(run.id).then(
      ({ state }) => state,
      ({ code }: { code: string }) => code,
    );
    expect(['succeeded', 'RUN_SETTLED']).toContain(answer);
    expect((await registry.run(run.id))!.state).toBe('succeeded');
  });

  it('a result is kept, an error with name, message and stack', async () => {
    class OddError extends Error {
      override name = 'OddError';
      readonly code = 'E_ODD';
    }
    @Injectable()
    class Answers {
      @Cron('0 1 * * *', { id: 'good' }) good() {
        return { rows: 3 };
      }
      @Cron('0 1 * * *', { id: 'bad' }) bad() {
        throw new OddError('odd');
      }
      @Cron('0 1 * * *', { id: 'text' }) text() {
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw 'a text';
      }
      @Cron('0 1 * * *', { id: 'logs' }) logs(job: JobContext) {
        job.logger.log('a line');
      }
    }
    const { tester } = await start([Answers]);
    await tester.travel('2h');
    const run = async (id: string) => (await tester.runsOf(id))[0];
    expect(await run('good')).toMatchObject({ state: 'succeeded', result: { rows: 3 }, durationMs: 0 });
    expect((await run('bad')).error).toMatchObject({ name: 'OddError', message: 'odd', code: 'E_ODD' });
    expect((await run('bad')).error!.stack).toContain('semantics-runs');
    expect((await run('text')).error!.message).toContain('a text');
    expect((await run('logs')).output).toContain('a line');
  });

  it('runInBackground is the executor background, with slots of its own', async () => {
    const { tester, registry, work } = await eachMinute(
      'run',
      {},
      { executors: { default: { type: 'async', concurrency: 1 } } },
    );
    const job = await registry.add({ id: 'y', task: 'Work.quick', trigger: every('1m'), runInBackground: true });
    expect(job.executor).toBe('background');
    await tester.travel('1m');
    expect(work.starts).toHaveLength(2);
  });
});

describe('events', () => {
  it('of a life, in their order', async () => {
    const { tester, events, registry } = await eachMinute('quick', { limit: 1 } as JobOptions);
    await tester.travel('2m');
    const finished = typesOf(events);
    expect(finished.filter((type) => type !== 'job.finished')).toEqual([
      ...['scheduler.started', 'job.added', 'run.claimed', 'run.started', 'run.succeeded'],
    ]);
    expect(finished).toContain('job.finished');
    await registry.pause('x', { reason: 'why not' });
    await registry.resume('x');
    await registry.reschedule('x', every('2m'));
    await registry.pauseAll({ reason: 'moving' });
    await registry.resumeAll();
    await registry.remove('x');
    const later = events.slice(finished.length);
    expect(typesOf(later).filter((type) => type !== 'job.finished')).toEqual([
      ...['job.paused', 'job.resumed', 'job.changed', 'scheduler.paused', 'scheduler.resumed', 'job.removed'],
    ]);
    expect(later[0]).toMatchObject({ detail: 'why not', store: 'default' });
    expect(later[0].at).toBeInstanceOf(Date);
    expect(later.find(({ type }) => type === 'scheduler.paused')!.detail).toBe('moving');
    const { app } = seed!;
    seed = undefined;
    await app.close();
    expect(events.at(-1)!.type).toBe('scheduler.stopped');
  });

  it.each<['run' | 'quick' | 'fail' | 'obedient', JobOptions, string[]]>([
    ['fail', {}, ['run.claimed', 'run.started', 'run.failed']],
    [
      'fail',
      { retry: { attempts: 2, delay: '1s' } },
      ['run.claimed', 'run.started', 'run.retrying', 'run.started', 'run.failed'],
    ],
    ['obedient', { timeout: '1s' }, ['run.claimed', 'run.started', 'run.timedOut']],
    ['quick', { when: () => false }, ['run.claimed', 'run.skipped']],
  ])('%s with %j', async (method, options, expected) => {
    const { tester, events } = await eachMinute(method, { ...options, limit: 1 } as JobOptions);
    await tester.travel('90s');
    const types = typesOf(events).filter((type) => type.startsWith('run.'));
    expect(types.filter((type, index) => type !== 'run.claimed' || index === 0)).toEqual(expected);
  });

  it('an event is a fact: job and run stay as they were then', async () => {
    const { tester, events } = await eachMinute('quick', { limit: 1 } as JobOptions);
    await tester.travel('2m');
    const of = (type: string) => events.find((event) => event.type === type)!;
    expect(of('run.started').run).toMatchObject({ state: 'running', outcome: null, settledAt: null });
    expect(of('run.succeeded').run).toMatchObject({ state: 'succeeded', outcome: 'succeeded' });
    expect(of('job.added').job).toMatchObject({ status: 'active', nextFireTime: new Date('2026-11-20T00:01Z') });
    expect(of('job.finished').job).toMatchObject({ status: 'finished', nextFireTime: null });
  });

  it('an outcome is durable before its event', async () => {
    const seen: (string | undefined)[] = [];
    @Injectable()
    class Reader {
      constructor(private readonly registry: SchedulerRegistry) {}
      @OnSchedulerEvent(['run.succeeded', 'run.failed', 'run.skipped']) async read(event: SchedulerEvent) {
        seen.push((await this.registry.run(event.run!.id))?.state);
      }
    }
    const app = await start([Work, Reader]);
    await app.registry.add({ id: 'a', task: 'Work.quick', trigger: every('1m'), limit: 1 });
    await app.registry.add({ id: 'b', task: 'Work.fail', trigger: every('1m'), limit: 1 });
    await app.registry.add({ id: 'c', task: 'Work.quick', trigger: every('1m'), limit: 1, skip: () => true });
    await app.tester.travel('2m');
    expect(seen.sort()).toEqual(['failed', 'skipped', 'succeeded']);
  });

  it('progress is told with value and message', async () => {
    @Injectable()
    class Slow {
      @Cron('0 1 * * *', { id: 'slow' }) run(job: JobContext) {
        job.progress(0.5, 'half');
      }
    }
    const { tester, app } = await start([Slow, Listener]);
    await tester.travel('2h');
    const event = app.get(Listener).events.find(({ type }) => type === 'run.progress')!;
    expect([event.data, event.run!.jobId, event.job!.id]).toEqual([{ value: 0.5, message: 'half' }, 'slow', 'slow']);
  });

  it('a listener that throws or rejects is reported and harms nothing', async () => {
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    @Injectable()
    class Bad {
      @OnSchedulerEvent('run.started') throws() {
        throw new Error('bad listener');
      }
      @OnSchedulerEvent('run.succeeded') async rejects() {
        await Promise.resolve();
        throw new Error('worse listener');
      }
    }
    const app = await start([Work, Bad]);
    await app.registry.add({ id: 'x', task: 'Work.quick', trigger: every('1m') });
    await app.tester.travel('3m');
    expect((await app.tester.runsOf('x')).map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    const text = errors.mock.calls.map((call) => call.join(' ')).join('\n');
    expect(text).toContain('bad listener');
    expect(text).toContain('worse listener');
  });
});

describe('log', () => {
  /** What the scheduler writes; Nest itself says a lot besides. */
  function spied() {
    const lines: [string, string][] = [];
    for (const level of ['log', 'warn', 'error', 'debug'] as const) {
      jest.spyOn(Logger.prototype, level).mockImplementation(function (this: Logger, message: unknown) {
        const { context } = this as unknown as { context?: string };
        if (context === 'Scheduler') lines.push([level, String(message)]);
      });
    }
    return lines;
  }
  @Injectable()
  class Jobs {
    @Cron('0 1 * * *', { id: 'good' }) good() {}
    @Cron('0 1 * * *', { id: 'bad' }) bad() {
      throw new Error('disk full');
    }
    @Interval('1s', { id: 'skipper', when: () => false, end: '2026-11-20T00:02:30Z' }) skipper() {}
  }

  it('all: one line at start with jobs and next fire, failures as error, skips once a minute, successes as debug', async () => {
    const lines = spied();
    const { tester } = await start([Jobs], { log: 'all' });
    const starts = lines.filter(([level]) => level === 'log');
    expect(starts).toHaveLength(1);
    expect(starts[0][1]).toMatch(/3 jobs.*2026-11-20T00:00:01/);
    await tester.travel('2h');
    const of = (level: string, id: string) => lines.filter(([at, line]) => at === level && line.includes(id));
    const [bad] = await tester.runsOf('bad');
    expect(of('error', 'bad').map(([, line]) => line.includes(bad.id) && line.includes('disk full'))).toEqual([true]);
    const [good] = await tester.runsOf('good');
    expect(of('debug', 'good').some(([, line]) => line.includes(good.id))).toBe(true);
    expect(of('warn', 'skipper').length).toBeGreaterThanOrEqual(2);
    expect(of('warn', 'skipper').length).toBeLessThanOrEqual(4);
  });

  it('failures: no line at start, no successes', async () => {
    const lines = spied();
    const { tester } = await start([Jobs], { log: 'failures' });
    await tester.travel('2h');
    expect(new Set(lines.map(([level]) => level))).toEqual(new Set(['error', 'warn']));
  });

  it('silent: nothing', async () => {
    const lines = spied();
    const { tester } = await start([Jobs], { log: 'silent' });
    await tester.travel('2h');
    expect(lines).toEqual([]);
  });

  it('lines of job.logger name the job and the run', async () => {
    const lines = spied();
    @Injectable()
    class Talks {
      @Cron('0 1 * * *', { id: 'talks' }) run(job: JobContext) {
        job.logger.warn('hot');
      }
    }
    const { tester } = await start([Talks], { log: 'silent' });
    await tester.travel('2h');
    const [run] = await tester.runsOf('talks');
    expect(lines).toEqual([['warn', `Job "talks", run ${run.id}: hot`]]);
  });
});

describe('4 defaults', () => {
  it('are those of the table', async () => {
    const { registry } = await eachMinute('quick');
    expect(await registry.get('x')).toMatchObject({
      ...{ coalesce: true, maxInstances: 1, overlap: 'skip', misfireGraceTime: null, catchUpLimit: 100 },
      ...{ abortGrace: 5_000, timeout: null, timezone: 'UTC', recovery: 'retry', retry: { attempts: 1 } },
    });
  });

  it('a memory store keeps 20 runs a job', async () => {
    const { tester, registry } = await eachMinute('quick');
    await tester.travel('2h');
    expect((await registry.history('x', { limit: 1_000 })).runs).toHaveLength(20);
  });
});
