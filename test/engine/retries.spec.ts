import { describe, expect, it } from '@jest/globals';
import type { RetryPolicy } from '../../lib/core/index.js';
import { lossDelay, retryDelay } from '../../lib/engine/retry-delay.js';
import { at as date, every } from '../../lib/triggers/index.js';
import { deferred, job, settle, START, World } from './support/world.js';

const due = date('2026-03-01T00:00:01Z');
const policy = (more: Partial<RetryPolicy>): RetryPolicy => ({
  attempts: 4,
  backoff: 'fixed',
  delay: 1_000,
  maxDelay: 3_600_000,
  jitter: 0,
  ...more,
});

describe('the delay of a retry', () => {
  it.each<[string, Partial<RetryPolicy>, number[]]>([
    ['fixed', {}, [1_000, 1_000, 1_000]],
    ['exponential', { backoff: 'exponential' }, [1_000, 2_000, 4_000]],
    ['exponential up to a bound', { backoff: 'exponential', maxDelay: 3_000 }, [1_000, 2_000, 3_000]],
    ['with jitter on top', { jitter: 500 }, [1_250, 1_250, 1_250]],
  ])('is %s', (_name, more, expected) => {
    expect([1, 2, 3].map((tries) => retryDelay(policy(more), tries, 0.5))).toEqual(expected);
  });

  it('does not overflow after many tries', () => {
    expect(retryDelay(policy({ backoff: 'exponential' }), 5_000, 0)).toBe(3_600_000);
  });

  it('is nothing after the first loss, then random up to losses × 30 s', () => {
    expect([1, 2, 3].map((losses) => lossDelay(losses, 0.999_99))).toEqual([0, 59_999, 89_999]);
  });
});

describe('retries', () => {
  it('are stored rows with the time of the next try, and end with the first success', async () => {
    let tries = 0;
    const world = new World().handle('work', () => {
      if (++tries < 3) throw new Error(`try ${tries}`);
      return tries;
    });
    world.start(job('work', due, { retry: policy({ backoff: 'exponential' }) }));
    world.clock.advance(1_000);
    expect(await world.runsOf('work')).toMatchObject([
      { state: 'waiting', attempt: 1, dueAt: START + 2_000, error: { message: 'try 1' } },
    ]);
    world.clock.advance(10_000);
    expect(world.calls.map((call) => call.at - START)).toEqual([1_000, 2_000, 4_000]);
    expect(world.calls.map((call) => call.context.attempt)).toEqual([1, 2, 3]);
    expect(await world.runsOf('work')).toMatchObject([{ state: 'succeeded', attempt: 3, result: 3, error: null }]);
    expect(world.typesOf('run.retrying')).toMatchObject([
      { data: { dueAt: START + 2_000 } },
      { data: { dueAt: START + 4_000 } },
    ]);
  });

  it('end with the failure of the last try', async () => {
    const world = new World().handle('work', () => Promise.reject(new Error('never')));
    world.start(job('work', due, { retry: policy({ attempts: 2 }) }));
    for (let second = 0; second < 5; second++) {
      world.clock.advance(1_000);
      await settle();
    }
    expect(world.calls).toHaveLength(2);
    expect(await world.runsOf('work')).toMatchObject([{ state: 'failed', attempt: 2 }]);
  });

  it('are made after a timeout when the handler has stopped, not when it was abandoned', async () => {
    const stops = new World().handle(
      'work',
      (_args, { signal }) =>
        new Promise((_yes, no) => signal.addEventListener('abort', () => no(new Error('stopped')))),
    );
    stops.start(job('work', due, { timeout: 500, retry: policy({ attempts: 2 }) }));
    const ignores = new World().handle('work', () => deferred().promise);
    ignores.start(job('work', due, { timeout: 500, abortGrace: 100, retry: policy({ attempts: 2 }) }));
    for (const world of [stops, ignores]) {
      for (let step = 0; step < 80; step++) {
        world.clock.advance(100);
        await settle();
      }
    }
    expect(stops.calls).toHaveLength(2);
    expect(ignores.calls).toHaveLength(1);
  });

  it('keep their job’s place: a run waiting for a retry is open, so the next fire time is skipped', async () => {
    const world = new World().handle('work', () => {
      throw new Error('again');
    });
    world.start(job('work', every({ seconds: 5 }), { retry: policy({ attempts: 2, delay: 7_000 }) }));
    world.clock.advance(12_500);
    expect((await world.runsOf('work')).map((run) => `${run.state} ${run.reason ?? ''}`.trim())).toEqual([
      'failed',
      'skipped overlap',
    ]);
  });
});

describe('overlap while runs go on', () => {
  it('skips the fire times during a long run, with one record for the range (U9)', async () => {
    const world = new World();
    const gate = deferred();
    world.handle('work', () => gate.promise).start(job('work', every({ seconds: 1 })));
    world.clock.advance(5_000);
    gate.resolve();
    await settle();
    const [run, skip] = await world.runsOf('work');
    expect(run).toMatchObject({ state: 'succeeded' });
    expect(skip).toMatchObject({
      state: 'skipped',
      reason: 'overlap',
      count: 4,
      detail: `run ${run.id} is running on node node-1`,
    });
  });

  it('runs buffered ones one after another, in order', async () => {
    const world = new World();
    const gates: ReturnType<typeof deferred<void>>[] = [];
    world.handle('work', () => {
      gates.push(deferred());
      return gates[gates.length - 1].promise;
    });
    world.start(job('work', every({ seconds: 1 }, { limit: 3 }), { overlap: 'bufferAll' }));
    world.clock.advance(3_000);
    for (const expected of [1, 2, 3]) {
      expect(gates).toHaveLength(expected);
      gates[expected - 1].resolve();
      await settle();
      world.clock.advance(0);
    }
    expect((await world.runsOf('work')).map((run) => run.fireTime - START)).toEqual([1_000, 2_000, 3_000]);
    expect((await world.runsOf('work')).map((run) => run.state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  });

  it('starts up to maxInstances at once', () => {
    const world = new World().handle('work', () => deferred().promise);
    world.start(job('work', every({ seconds: 1 }), { maxInstances: 3 }));
    world.clock.advance(10_000);
    expect(world.calls).toHaveLength(3);
  });

  it('catches up one after another, in one go, when handlers are synchronous', async () => {
    const world = new World().handle('work').start(job('work', every({ seconds: 1 }), { coalesce: false }));
    world.clock.jump(5_500);
    expect(world.calls.map((call) => call.context.fireTime.getTime() - START)).toEqual([
      1_000, 2_000, 3_000, 4_000, 5_000,
    ]);
  });
});

describe('fixedDelay', () => {
  it('counts from the end of the previous run, whatever its outcome (U9)', async () => {
    const world = new World();
    const gates: ReturnType<typeof deferred<void>>[] = [];
    world.handle('work', () => {
      gates.push(deferred());
      return gates[gates.length - 1].promise;
    });
    world.start(job('work', every({ seconds: 10 }, { fixedDelay: true })));
    world.clock.advance(10_000);
    world.clock.advance(7_000);
    gates[0].reject(new Error('half way'));
    await settle();
    expect((await world.scheduler.get('work'))!.job.fireTime).toBe(START + 27_000);
    world.clock.advance(10_000);
    expect(world.calls.map((call) => call.at - START)).toEqual([10_000, 27_000]);
  });

  it('goes on after its run was cancelled while it waited for a retry', async () => {
    const world = new World().handle('work', () => {
      throw new Error('again');
    });
    const retry = policy({ attempts: 2, delay: 60_000 });
    world.start(job('work', every({ seconds: 10 }, { fixedDelay: true }), { retry }));
    world.clock.advance(10_000);
    const [run] = await world.runsOf('work');
    await world.scheduler.cancel(run.id);
    expect((await world.scheduler.get('work'))!.job.fireTime).toBe(START + 20_000);
    world.clock.advance(10_000);
    expect(world.calls).toHaveLength(2);
  });

  it('is not moved by a run that was asked for by hand', async () => {
    const world = new World().handle('work').start(job('work', every({ seconds: 10 }, { fixedDelay: true })));
    world.clock.advance(3_000);
    await world.scheduler.runNow('work', { args: null, force: false });
    world.clock.advance(1_000);
    expect((await world.scheduler.get('work'))!.job.fireTime).toBe(START + 10_000);
  });

  it('keeps a trigger it was given while its run was open', async () => {
    const world = new World();
    const gate = deferred();
    world.handle('work', () => gate.promise).start(job('work', every({ seconds: 10 }, { fixedDelay: true })));
    world.clock.advance(10_000);
    await world.scheduler.reschedule('work', every({ hours: 1 }));
    gate.resolve();
    await settle();
    expect((await world.scheduler.get('work'))!.job.fireTime).toBe(START + 10_000 + 3_600_000);
  });
});
