import { describe, expect, it } from '@jest/globals';
import { at as date, CronTrigger } from '../../lib/triggers/index.js';
import { controlledStore } from './support/stores.js';
import { at, deferred, job, START, World } from './support/world.js';

const MINUTE = 60_000;

/** Whether a promise has ended, after others had their turn. */
async function hasEnded(promise: Promise<unknown>, world: World): Promise<boolean> {
  let isOver = false;
  void promise.then(() => (isOver = true));
  await world.clock.advanceAsync(0);
  return isOver;
}

describe('a process that ends with what it was started for', () => {
  it('waits for the last fire time of its window, and for the run it makes', async () => {
    const gate = deferred();
    const world = new World().handle('work', () => gate.promise).start(job('work', date('2026-03-01T00:00:30Z')));
    const through = world.scheduler.runThrough({ end: START + MINUTE });
    await world.clock.advanceAsync(29_000);
    expect(await hasEnded(through, world)).toBe(false);
    await world.clock.advanceAsync(5_000);
    expect(await hasEnded(through, world)).toBe(false);
    gate.resolve();
    await world.clock.advanceAsync(1_000);
    expect(await hasEnded(through, world)).toBe(true);
    expect(world.calls.map((call) => call.at)).toEqual([at('00:00:30')]);
  });

  it('waits for a run that falls in its window and is due some seconds later, for its jitter', async () => {
    const jittered = new CronTrigger('* * * * *', { jitter: '30s' });
    const world = new World({ now: START + 1_000, options: { since: START } }).handle('work');
    world.start(job('work', jittered));
    const { dueAt } = (await world.scheduler.get('work'))!.job;
    expect(dueAt).toBeGreaterThan(START + 2_000);
    const through = world.scheduler.runThrough({ end: START + MINUTE - 1 });
    expect(await hasEnded(through, world)).toBe(false);
    await world.clock.advanceAsync(31_000);
    expect(await hasEnded(through, world)).toBe(true);
    expect(world.calls.map((call) => call.at)).toEqual([dueAt]);
  });

  it('waits for a run of its window that it has claimed ahead: it is not left to a later call', async () => {
    const { store } = controlledStore();
    const jittered = new CronTrigger('* * * * *', { jitter: '30s' });
    const { dueAt } = (await new World({ now: START + 1_000, options: { since: START } })
      .handle('work')
      .start(job('work', jittered))
      .scheduler.get('work'))!.job;
    const world = new World({ now: START - 30_000, stores: [store] }).handle('work');
    await world.startAsync(job('work', jittered));
    await world.clock.advanceAsync(dueAt! - 500 - world.clock.now());
    expect(world.typesOf('run.claimed')).toHaveLength(1);
    const through = world.scheduler.runThrough({ end: START + MINUTE - 1 });
    expect(await hasEnded(through, world)).toBe(false);
    await world.clock.advanceAsync(1_000);
    expect(await hasEnded(through, world)).toBe(true);
    expect(world.calls.map((call) => call.at)).toEqual([dueAt]);
  });

  it('waits for nothing that falls later', async () => {
    const world = new World().handle('work').start(job('work', date('2026-03-01T00:02:00Z')));
    const through = world.scheduler.runThrough({ end: START + MINUTE });
    expect(await hasEnded(through, world)).toBe(true);
  });

  it('waits until runs of the executors it is not to wait for have started, and no longer', async () => {
    const world = new World().handle('work', () => deferred().promise);
    world.start(job('work', date('2026-03-01T00:00:30Z'), { executor: 'background' }));
    const through = world.scheduler.runThrough({ end: START + MINUTE, except: new Set(['background']) });
    await world.clock.advanceAsync(29_000);
    expect(await hasEnded(through, world)).toBe(false);
    await world.clock.advanceAsync(2_000);
    expect(world.scheduler.openAttempts()).toHaveLength(1);
    expect(await hasEnded(through, world)).toBe(true);
  });

  it.each([
    ['default', true],
    ['background', false],
  ])('waits for the retry of a run in memory on the executor %s: %s', async (executor, waits) => {
    let calls = 0;
    const world = new World().handle('work', () => {
      if (calls++ === 0) throw new Error('not yet');
    });
    const retry = { attempts: 2, backoff: 'fixed', delay: 10_000, maxDelay: 10_000, jitter: 0 } as const;
    world.start(job('work', date('2026-03-01T00:00:01Z'), { executor, retry }));
    const through = world.scheduler.runThrough({ end: START + 1_000, except: new Set(['background']) });
    await world.clock.advanceAsync(5_000);
    expect(await hasEnded(through, world)).toBe(!waits);
    await world.clock.advanceAsync(10_000);
    expect(await hasEnded(through, world)).toBe(true);
    expect(calls).toBe(2);
  });

  it('waits for no fire time that a pause of the application takes away', async () => {
    const world = new World().handle('work').start(job('work', date('2026-03-01T00:00:30Z')));
    await world.scheduler.pauseAll({ by: null, reason: null, until: null });
    const through = world.scheduler.runThrough({ end: START + MINUTE });
    expect(await hasEnded(through, world)).toBe(true);
  });
});
