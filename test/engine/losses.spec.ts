import { describe, expect, it } from '@jest/globals';
import type { JobHooks } from '../../lib/core/index.js';
import { at as date, every } from '../../lib/triggers/index.js';
import { sharedViews } from './support/stores.js';
import { deferred, job, World } from './support/world.js';

const LEASE = 10_000;
const DAY = 86_400_000;

/** Nodes of one store; `kill` takes one off the map without a word. */
async function cluster(count: number, work: ReturnType<typeof job>, hooks: JobHooks = {}) {
  const views = sharedViews(count);
  const { clock } = new World();
  const worlds = views.map(
    ({ store }, index) => new World({ stores: [store], clock, node: `node-${index + 1}`, hooks: { [work.id]: hooks } }),
  );
  const start = (index: number) => worlds[index].startAsync(work);
  const kill = (index: number) => void (views[index].failing = () => new Error('this process is gone'));
  return { worlds, clock, start, kill };
}

describe('tries of a run', () => {
  const retry = { attempts: 2, backoff: 'fixed', delay: 1_000, maxDelay: 1_000, jitter: 0 } as const;

  it('are its own: losses of other runs of its job give it none', async () => {
    const work = job('work', every({ seconds: 1 }, { limit: 3 }), { maxInstances: 3, retry });
    const { worlds, clock, start, kill } = await cluster(2, work);
    worlds[0].handle('work', () => deferred().promise);
    worlds[1].handle('work', () => Promise.reject(new Error('no')));
    await start(0);
    await clock.advanceAsync(4_000);
    kill(0);
    await start(1);
    await clock.advanceAsync(600_000);
    const runs = await worlds[1].runsOf('work');
    expect(runs.map((run) => run.state)).toEqual(['failed', 'failed', 'failed']);
    const triesOf = (id: string) => worlds[1].calls.filter((call) => call.context.runId === id).length;
    expect(runs.map((run) => triesOf(run.id))).toEqual([2, 2, 2]);
  });

  it('are not used up by losses of its own, before or after a failure', async () => {
    const work = job('work', date('2026-03-01T00:00:05Z'), { retry: { ...retry, delay: 30_000, maxDelay: 30_000 } });
    const { worlds, clock, start, kill } = await cluster(4, work);
    const hangs = () => deferred().promise;
    const fails = () => Promise.reject(new Error('no'));
    const handlers = [hangs, fails, hangs, fails];
    for (const [index, world] of worlds.entries()) world.handle('work', handlers[index]);
    await start(0);
    await clock.advanceAsync(6_000);
    kill(0);
    await start(1);
    while (worlds[1].calls.length === 0) await clock.advanceAsync(100);
    kill(1);
    // The second try is made by the third node, which dies in it.
    await start(2);
    await clock.advanceAsync(40_000);
    expect(worlds[2].calls).toHaveLength(1);
    kill(2);
    await start(3);
    await clock.advanceAsync(600_000);
    expect(worlds[3].calls.length).toBeGreaterThan(0);
    expect(await worlds[3].runsOf('work')).toMatchObject([{ state: 'failed', error: { message: 'no' } }]);
  });
});

describe('a run whose node dies', () => {
  async function lost(diesAt: number, grace: number | null, hooks: JobHooks = {}) {
    const work = job('work', date('2026-03-01T00:00:10Z'), { misfireGraceTime: grace });
    const nodes = await cluster(2, work, hooks);
    nodes.worlds[0].handle('work', () => deferred().promise);
    nodes.worlds[1].handle('work', () => 'done');
    await nodes.start(0);
    await nodes.clock.advanceAsync(diesAt);
    expect(nodes.worlds[0].typesOf('run.claimed')).toHaveLength(1);
    nodes.kill(0);
    // What was claimed still starts on the dead node's clock: it is of no interest any more.
    nodes.worlds[0].handlers.clear();
    await nodes.start(1);
    await nodes.clock.advanceAsync(2 * LEASE);
    return nodes.worlds[1];
  }

  it('between claim and start has had no attempt: its grace time is judged', async () => {
    const world = await lost(9_900, 5_000);
    expect(await world.runsOf('work')).toMatchObject([{ state: 'skipped', reason: 'misfire' }]);
  });

  it('between claim and start is asked its conditions', async () => {
    const when = [{ name: 'open', call: () => false }];
    const world = await lost(9_900, null, { when });
    expect(await world.runsOf('work')).toMatchObject([{ state: 'skipped', reason: 'condition' }]);
  });

  it('in an attempt is tried again, however late: the grace time is not for retries', async () => {
    const world = await lost(40_000, 5_000);
    expect(await world.runsOf('work')).toMatchObject([{ state: 'succeeded', result: 'done' }]);
  });

  it('time and again while it runs is retried later, and never judged by its grace time', async () => {
    const work = job('work', date('2026-03-01T00:00:10Z'), { misfireGraceTime: 5_000 });
    const { worlds, clock, start, kill } = await cluster(3, work);
    for (const [index, world] of worlds.entries()) {
      world.handle('work', () => (index < 2 ? deferred().promise : 'done'));
      await start(index);
      for (let second = 0; second < 300 && world.calls.length === 0; second++) await clock.advanceAsync(1_000);
      expect(world.calls).toHaveLength(1);
      await clock.advanceAsync(30_000);
      if (index < 2) kill(index);
    }
    expect(await worlds[2].runsOf('work')).toMatchObject([{ state: 'succeeded', result: 'done' }]);
    expect(clock.now()).toBeLessThan(Date.parse('2026-03-01T00:00Z') + DAY);
  });
});
