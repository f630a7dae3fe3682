import { describe, expect, it } from '@jest/globals';
import { every } from '../../lib/triggers/index.js';
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
