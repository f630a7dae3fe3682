import { describe, expect, it } from '@jest/globals';
import { every } from '../../lib/triggers/index.js';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { sharedViews } from './support/stores.js';
import type { StoreControl } from './support/stores.js';
import { deferred, job, World } from './support/world.js';

const LEASE = 10_000;
const work = job('work', every({ hours: 1 }, { runOnStart: true }));

/** Nodes to be started one by one, on one store and one clock. */
function nodes(count: number) {
  const views = sharedViews(count);
  const { clock } = new World();
  const worlds = views.map(({ store }, index) =>
    new World({ stores: [store], clock, node: `node-${index + 1}` }).handle('work'),
  );
  return { views, worlds, clock };
}

function kill(view: StoreControl): void {
  view.failing = () => new Error('this process is gone');
}

function startRunsOf(worlds: readonly World[]): number {
  return worlds.reduce((count, world) => count + world.calls.length, 0);
}

describe('runOnStart on a shared store', () => {
  it('makes its run after a node was killed and started anew at once, when the dead one’s heartbeat is a lease old', async () => {
    const { views, worlds, clock } = nodes(2);
    await worlds[0].startAsync(work);
    await clock.advanceAsync(5_000);
    kill(views[0]);
    await worlds[1].startAsync(work);
    await clock.advanceAsync(1_000);
    expect(worlds[1].calls).toHaveLength(0);
    await clock.advanceAsync(LEASE);
    expect(worlds[1].calls).toHaveLength(1);
    expect(worlds[1].calls[0].context.kind).toBe('start');
  });

  it('makes none while another node lives, however long', async () => {
    const { worlds, clock } = nodes(2);
    for (const world of worlds) {
      await world.startAsync(work);
      await clock.advanceAsync(5_000);
    }
    await clock.advanceAsync(3 * LEASE);
    expect(worlds.map((world) => world.calls.length)).toEqual([1, 0]);
  });

  it('makes none when the other node leaves a moment later: it lived at the start', async () => {
    const { worlds, clock } = nodes(2);
    await worlds[0].startAsync(work);
    await clock.advanceAsync(5_000);
    await worlds[1].startAsync(work);
    await worlds[0].scheduler.stop();
    await clock.advanceAsync(3 * LEASE);
    expect(worlds.map((world) => world.calls.length)).toEqual([1, 0]);
  });

  it('makes one when several nodes start together', async () => {
    const { views, worlds, clock } = nodes(3);
    views.forEach((view, index) => (view.turns = 3 - index));
    await Promise.all(worlds.map((world) => world.startAsync(work)));
    await clock.advanceAsync(3 * LEASE);
    expect(startRunsOf(worlds)).toBe(1);
  });

  it('makes one when all nodes were killed and start anew together', async () => {
    const { views, worlds, clock } = nodes(4);
    for (const world of worlds.slice(0, 2)) await world.startAsync(work);
    await clock.advanceAsync(5_000);
    for (const view of views.slice(0, 2)) kill(view);
    await Promise.all(worlds.slice(2).map((world) => world.startAsync(work)));
    await clock.advanceAsync(3 * LEASE);
    expect(startRunsOf(worlds.slice(2))).toBe(1);
  });

  it('leaves no timer when the node stops before it is decided', async () => {
    const { views, worlds, clock } = nodes(2);
    await worlds[0].startAsync(work);
    await clock.advanceAsync(5_000);
    kill(views[0]);
    const before = clock.timerCount();
    await worlds[1].startAsync(work);
    await worlds[1].scheduler.stop();
    expect(clock.timerCount()).toBe(before);
    await clock.advanceAsync(3 * LEASE);
    expect(worlds[1].calls).toHaveLength(0);
  });

  it('is decided once more when the store fails meanwhile', async () => {
    const { views, worlds, clock } = nodes(2);
    worlds[1].handle('work', () => deferred().promise);
    await worlds[0].startAsync(work);
    await clock.advanceAsync(5_000);
    kill(views[0]);
    await worlds[1].startAsync(work);
    views[1].failing = (method) => (method === 'nodes.list' ? new Error('cut') : null);
    await clock.advanceAsync(LEASE);
    views[1].failing = null;
    await clock.advanceAsync(LEASE);
    expect(worlds[1].calls).toHaveLength(1);
  });

  it('is no reason for a start to fail that a row was written by a newer version', async () => {
    const { views, worlds, clock } = nodes(1);
    await worlds[0].scheduler.open();
    await worlds[0].scheduler.add([{ ...work, id: 'newer', origin: 'runtime', task: 'work' }], {
      replaceExisting: false,
    });
    await views[0].store.jobs.change({
      ids: ['newer'],
      now: () => clock.now(),
      decide: () => ({ trigger: '{"type":"moon","runOnStart":true}' }),
    });
    await worlds[0].scheduler.putCode([work]);
    await worlds[0].scheduler.start();
    await clock.advanceAsync(1_000);
    expect(worlds[0].calls).toHaveLength(1);
  });
});

describe('runOnStart in a paused application', () => {
  const inMemory = job('work', every({ hours: 1 }, { runOnStart: true }), {}, { store: 'memory' });
  const essential = job('work', every({ hours: 1 }, { runOnStart: true }), { evenInMaintenanceMode: true });

  /** One start of an application that was paused before, with a store of its process beside the shared one. */
  async function startPaused(definition: typeof work) {
    const [view] = sharedViews(1);
    void view.store.nodes.writePause({ at: 0, by: 'ann', reason: 'move', until: null });
    const stores = [createMemoryStore({ alias: 'memory' }), view.store];
    const world = new World({ stores }).handle('work');
    await world.startAsync(definition);
    await world.clock.advanceAsync(1_000);
    return world;
  }

  it.each([
    ['a shared store', work],
    ['a store of the process', inMemory],
  ])('makes no run of a job in %s, says why, and does not make up for it', async (_place, definition) => {
    const world = await startPaused(definition);
    await world.scheduler.resumeAll();
    await world.clock.advanceAsync(60_000);
    expect(world.calls).toHaveLength(0);
    expect(await world.runsOf('work')).toMatchObject([
      { kind: 'start', state: 'skipped', reason: 'paused', detail: 'the application was paused by ann: move' },
    ]);
  });

  it('makes the run of a job that goes on in maintenance mode', async () => {
    expect((await startPaused(essential)).calls.map(({ context }) => context.kind)).toEqual(['start']);
  });
});
