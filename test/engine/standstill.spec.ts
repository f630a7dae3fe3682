import { describe, expect, it } from '@jest/globals';
import type { JobContext } from '../../lib/core/index.js';
import { at as date, every } from '../../lib/triggers/index.js';
import type { ManualClock } from '../../lib/testing/index.js';
import { sharedViews } from './support/stores.js';
import { World, deferred, job } from './support/world.js';

/** Two nodes; one of them holds a run, the other is idle. */
async function busyAndIdle() {
  const clock = new World().clock;
  const open = deferred();
  const nodes = sharedViews(2).map(({ store }, index) =>
    new World({ stores: [store], clock, node: `node-${index}` }).handle('work', () => open.promise),
  );
  for (const node of nodes) await node.startAsync(job('work', every({ minutes: 1 })));
  await clock.advanceAsync({ seconds: 62 });
  const [busy, idle] = [...nodes].sort((a, b) => b.calls.length - a.calls.length);
  return { clock, busy, idle };
}

const ABSENCES: readonly [string, (clock: ManualClock) => unknown][] = [
  ['the machine stood still', (clock) => clock.jumpAsync({ seconds: 30 })],
  ['the wall clock was set forward', (clock) => clock.stepWall(30_000)],
];

describe('after every lease ended at once, since', () => {
  it.each(ABSENCES)('%s, a node lets the others renew theirs before it takes over (P4)', async (_what, leave) => {
    const { clock, busy, idle } = await busyAndIdle();
    await leave(clock);
    await clock.advanceAsync({ seconds: 4 });

    expect([busy.calls.length, idle.calls.length, busy.typesOf('lease.lost').length]).toEqual([1, 0, 0]);
  });

  it.each(ABSENCES)('%s, a run whose node is gone is taken over one lease later', async (_what, leave) => {
    const { clock, busy, idle } = await busyAndIdle();
    for (const store of busy.stores) {
      Object.assign(store, { jobs: { renew: () => new Promise(() => {}), claimDue: () => new Promise(() => {}) } });
    }
    await leave(clock);
    await clock.advanceAsync({ seconds: 17 });

    expect(idle.calls.length).toBe(1);
  });
});

describe('a handler that blocks its process for longer than the lease', () => {
  const LEASE = 10_000;
  const heeding = (_args: unknown, { signal }: JobContext): Promise<unknown> =>
    new Promise((_yes, no) => signal.addEventListener('abort', () => no(signal.reason as Error)));

  /** `count` nodes, the first of which has begun the only run. */
  async function blocking(count: number, handler: typeof heeding) {
    const { clock } = new World();
    const work = job('work', date('2026-03-01T00:00:05Z'));
    const worlds = sharedViews(count).map(({ store }, index) =>
      new World({ stores: [store], clock, node: `node-${index + 1}` }).handle('work', handler),
    );
    for (const world of worlds) await world.startAsync(work);
    await clock.advanceAsync({ seconds: 6 });
    const calls = () => worlds.flatMap((world) => world.calls);
    expect(calls().length).toBe(1);
    return { worlds, clock, calls };
  }

  it.each([1, 2])('is not tried for ever: each time counts as a loss (%i nodes, P22)', async (count) => {
    const { worlds, clock, calls } = await blocking(count, heeding);
    for (let tries = 1; tries <= 3; tries++) {
      expect(calls().length).toBe(tries);
      await clock.jumpAsync(LEASE + 2_000);
      expect(calls()[tries - 1].context.signal.aborted).toBe(true);
      for (let second = 0; second < 120 && calls().length === tries; second++) await clock.advanceAsync(1_000);
    }
    expect(calls().length).toBe(3);
    expect(await worlds[0].runsOf('work')).toMatchObject([{ state: 'lost', error: { code: 'RUN_LOST' } }]);
    expect((await worlds[0].scheduler.get('work'))!.job).toMatchObject({ pause: { by: 'quarantine' }, losses: 3 });
    expect(worlds.flatMap((world) => world.typesOf('lease.lost'))).toHaveLength(3);
  });

  it('keeps the outcome that it comes to all the same, where nobody has taken it over', async () => {
    const open = deferred<string>();
    const { worlds, clock } = await blocking(1, () => open.promise);
    await clock.jumpAsync(LEASE + 2_000);
    open.resolve('done');
    await clock.advanceAsync(1_000);
    expect(await worlds[0].runsOf('work')).toMatchObject([{ state: 'succeeded', result: 'done', attempt: 1 }]);
    expect((await worlds[0].scheduler.get('work'))!.job.losses).toBe(0);
  });

  it('is not run beside itself when it does not heed the signal', async () => {
    const { worlds, clock, calls } = await blocking(1, () => new Promise(() => {}));
    // Just before a renewal: the lease ends in a standstill that is shorter than a whole one.
    await clock.advanceAsync(3_900);
    await clock.jumpAsync(LEASE - 3_000);
    expect(calls()[0].context.signal.aborted).toBe(true);
    await clock.advanceAsync(4_000);
    expect(worlds[0].typesOf('run.abandoned')).toHaveLength(0);
    expect(calls().length).toBe(1);
  });
});

describe('a standstill that leaves the lease standing', () => {
  it('harms nothing', async () => {
    const { clock, busy, idle } = await busyAndIdle();
    for (let second = 0; second < 5; second++) {
      await clock.jumpAsync({ seconds: 6 });
      await clock.advanceAsync({ seconds: 4 });
    }
    expect(busy.calls[0].context.signal.aborted).toBe(false);
    expect([busy.calls.length, idle.calls.length, busy.typesOf('lease.lost').length]).toEqual([1, 0, 0]);
  });
});
