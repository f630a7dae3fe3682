import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { RunPage } from '../../lib/core/index.js';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { every } from '../../lib/triggers/index.js';
import { remotes } from './support/remote.js';
import { controlledStore } from './support/stores.js';
import { job, START, World } from './support/world.js';

const MINUTE = 60_000;
const PAUSE = { by: 'ann', reason: 'deploy', until: null };
const WORK = job('work', every({ minutes: 1 }));

afterEach(() => {
  jest.restoreAllMocks();
});

describe('pauseAll', () => {
  it('takes back what was claimed ahead, but of jobs that go on in maintenance mode', async () => {
    const backup = job('backup', every({ minutes: 1 }), { evenInMaintenanceMode: true });
    const world = new World({ stores: [controlledStore().store] }).handle('work').handle('backup');
    await world.startAsync(WORK, backup);
    await world.clock.advanceAsync(MINUTE - 500);
    expect(world.typesOf('run.claimed')).toHaveLength(2);
    await world.scheduler.pauseAll(PAUSE);
    await world.clock.advanceAsync(10 * MINUTE);
    expect(new Set(world.calls.map(({ task }) => task))).toEqual(new Set(['backup']));
    expect(world.calls).toHaveLength(10);
    await world.scheduler.resumeAll();
    await world.clock.advanceAsync(2 * MINUTE);
    const runs = await world.runsOf('work');
    expect(runs[0]).toMatchObject({ state: 'skipped', reason: 'paused', firstFireTime: START + MINUTE, count: 10 });
    expect(runs.filter((run) => run.state === 'succeeded')).toHaveLength(2);
  });

  it.each(['there', 'back'] as const)('takes back what a claim brings that was on its way %s', async (way) => {
    // Polls come at times that are known, long before the run is due.
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const { clock } = new World();
    const { remotes: all, base } = remotes(1, clock);
    const [remote] = all;
    const world = new World({ stores: [remote.store], clock }).handle('work');
    const started = world.startAsync(WORK);
    await clock.advanceAsync(MINUTE - 1_200);
    await started;
    remote[way] = 400;
    const isUnderWay = {
      there: () => remote.calls.some(({ method, at }) => method === 'jobs.claimDue' && at >= START + MINUTE - 950),
      back: () => (base.history.page({ jobId: 'work', limit: 1 }) as RunPage).runs.length === 1,
    };
    while (!isUnderWay[way]()) await clock.advanceAsync(1);
    remote[way] = 20;
    const paused = world.scheduler.pauseAll(PAUSE);
    await clock.advanceAsync(5 * MINUTE);
    await paused;
    expect(world.calls).toHaveLength(0);
  });

  it('is not undone by a heartbeat that was on its way meanwhile', async () => {
    const { clock } = new World();
    const [remote] = remotes(1, clock).remotes;
    const own = createMemoryStore({ alias: 'own' });
    const world = new World({ stores: [remote.store, own], clock }).handle('work').handle('here');
    const here = job('here', every({ seconds: 1 }), {}, { store: 'own' });
    const started = world.startAsync(job('work', every({ seconds: 1 })), here);
    await clock.advanceAsync(3_000);
    await started;
    expect(world.scheduler.state).toBe('running');
    const isUnderWay = () => remote.calls.some(({ method, at }) => method === 'nodes.beat' && at > clock.now() - 20);
    for (let step = 0; step < 1_000 && !isUnderWay(); step++) await clock.advanceAsync(10);
    expect(isUnderWay()).toBe(true);
    remote.back = 1_000;
    await clock.advanceAsync(20);
    remote.back = 20;
    const paused = world.scheduler.pauseAll(PAUSE);
    await clock.advanceAsync(400);
    await paused;
    const { length } = world.calls;
    await clock.advanceAsync(20_000);
    expect(world.calls.slice(length).map(({ task }) => task)).toEqual([]);
  });

  it('reaches a node that has claimed ahead before the run starts, where nodes are woken', async () => {
    const { clock } = new World();
    const network = remotes(2, clock, { watches: true });
    const worlds = network.remotes.map(({ store }, index) =>
      new World({ stores: [store], clock, node: `node-${index + 1}` }).handle('work'),
    );
    for (const world of worlds) {
      const started = world.startAsync(WORK);
      await clock.advanceAsync(1_000);
      await started;
    }
    await clock.advanceAsync(START + MINUTE - 500 - clock.now());
    const holder = worlds.findIndex((world) => world.typesOf('run.claimed').length === 1);
    const paused = worlds[1 - holder].scheduler.pauseAll(PAUSE);
    await clock.advanceAsync(5 * MINUTE);
    await paused;
    expect(worlds.flatMap(({ calls }) => calls)).toHaveLength(0);
  });
});
