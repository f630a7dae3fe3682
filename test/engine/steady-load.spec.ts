import { describe, expect, it } from '@jest/globals';
import { at as date } from '../../lib/triggers/index.js';
import { sharedViews } from './support/stores.js';
import type { StoreTraits } from './support/stores.js';
import { deferred, executorOf, job, START, World } from './support/world.js';

const SLOTS = 100;

/** One node, and a job that is due each 5 ms for six seconds, from the fourth on: 200 in each look-ahead. */
async function busy(traits: StoreTraits = {}) {
  const [view] = sharedViews(1, { turns: 1, watches: true, ...traits });
  const world = new World({ stores: [view.store], executors: { default: executorOf(SLOTS) } });
  const late: number[] = [];
  world.handle('work', (_args, { fireTime }) => void late.push(world.clock.now() - fireTime.getTime()));
  const jobs = Array.from({ length: 1_200 }, (_, index) =>
    job(`work-${index}`, date(START + 4_000 + 5 * index), {}, { task: 'work' }),
  );
  await world.startAsync(...jobs);
  return { view, world, late };
}

describe('a node under steady load', () => {
  it('claims many at a time, though its slots come free one by one', async () => {
    const { view, world, late } = await busy();
    await world.clock.advanceAsync(6_000);
    view.calls.length = 0;
    await world.clock.advanceAsync(2_000);
    expect(view.calls.filter((method) => method === 'jobs.claimDue').length).toBeLessThanOrEqual(10);
    await world.clock.advanceAsync(4_000);
    expect([late.length, Math.max(...late)]).toEqual([1_200, 0]);
  });

  it('claims at once what is due when a slot comes free', async () => {
    const [view] = sharedViews(1, { turns: 1, watches: true });
    const world = new World({ stores: [view.store], executors: { default: executorOf(1) } });
    const first = deferred();
    world.handle('work', (_args, { jobId }) => (jobId === 'a' ? first.promise : undefined));
    const due = (id: string, second: number) => job(id, date(START + second * 1_000), {}, { task: 'work' });
    await world.startAsync(due('a', 4), due('b', 5));
    await world.clock.advanceAsync(9_000);
    first.resolve(undefined);
    await world.clock.advanceAsync(0);
    expect(world.calls.map(({ context }) => context.jobId)).toEqual(['a', 'b']);
  });
});

describe('outcomes where a step of one costs as much as one of many', () => {
  const settles = (calls: readonly string[]) => calls.filter((method) => method === 'jobs.settle').length;

  it('share steps that follow each other closely', async () => {
    const { view, world, late } = await busy({ settleSpacing: 20 });
    await world.clock.advanceAsync(6_000);
    view.calls.length = 0;
    await world.clock.advanceAsync(2_000);
    expect(settles(view.calls)).toBeGreaterThan(80);
    expect(settles(view.calls)).toBeLessThanOrEqual(101);
    expect(late.length).toBeGreaterThan(790);
  });

  it('are written at once without it, and the first after a while in any case', async () => {
    const { view, world } = await busy();
    await world.clock.advanceAsync(4_000 + 5 * 100);
    expect(settles(view.calls)).toBe(101);
    const spaced = await busy({ settleSpacing: 20 });
    await spaced.world.clock.advanceAsync(4_000);
    expect(settles(spaced.view.calls)).toBe(1);
  });

  it('are not waited with by a stop', async () => {
    const { view, world } = await busy({ settleSpacing: 60_000 });
    await world.clock.advanceAsync(4_010);
    expect([world.calls.length, settles(view.calls)]).toEqual([3, 1]);
    const stopped = world.scheduler.stop();
    await world.clock.advanceAsync(0);
    await stopped;
    expect(world.typesOf('run.succeeded')).toHaveLength(3);
    expect(world.clock.timerCount()).toBe(0);
  });

  it('of many runs go at once, however soon they come after others', async () => {
    const { view, world } = await busy({ settleSpacing: 60_000 });
    await world.clock.advanceAsync(4_000 + 5 * 64);
    expect([world.calls.length, settles(view.calls)]).toEqual([65, 2]);
  });
});
