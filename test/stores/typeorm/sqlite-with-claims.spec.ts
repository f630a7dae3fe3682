import { describe, expect, it } from '@jest/globals';
import type { Claim, Settlement, Store } from '../../../lib/core/index.js';
import { at } from '../../../lib/triggers/index.js';
import { executorOf, job, START, World } from '../../engine/support/world.js';
import { eachWithItsFile, place } from './sqlite-case.js';
import { faultyDriver } from './sqlite-place.js';
import { claim, newJob, NOW, put, succeeded } from './store-parts.js';

eachWithItsFile();

async function statesOf(store: Store): Promise<string[]> {
  const { runs } = await store.history.page({ limit: 100 });
  return runs.map(({ jobId, state }) => `${jobId} ${state}`).sort();
}

describe('outcomes that come with a claim', () => {
  it('are written before it claims, in one step', async () => {
    const store = await place.open();
    await put(store, [newJob('a'), newJob('b', { fireTime: NOW + 1 })]);
    const first = await claim(store);
    const settlements = first.claims.map((it) => succeeded(it));
    const second = await claim(store, { now: NOW + 1, settlements });

    expect(second.settled).toEqual([true]);
    expect(second.claims.map(({ jobId }) => jobId)).toEqual(['b']);
    expect(await statesOf(store)).toEqual(['a succeeded', 'b running']);
  });

  it('are written when nothing is due besides, and answered when they come again', async () => {
    const store = await place.open();
    await put(store, [newJob('a')]);
    const settlements = (await claim(store)).claims.map((it) => succeeded(it));

    expect(await claim(store, { settlements })).toMatchObject({ settled: [true], claims: [], hasMore: false });
    expect(await claim(store, { settlements })).toMatchObject({ settled: [true], claims: [] });
  });

  it('P7: are refused under a token that is no longer the latest', async () => {
    const store = await place.open();
    await put(store, [newJob('a'), newJob('b')]);
    const [a, b] = (await claim(store)).claims;
    const settlements: Settlement[] = [{ ...succeeded(a), token: a.token - 1 }, succeeded(b)];

    expect((await claim(store, { settlements })).settled).toEqual([false, true]);
    expect(await statesOf(store)).toEqual(['a running', 'b succeeded']);
  });

  it('are not written by a step that fails, whatever of it fails, and by the next one are', async () => {
    let [step, failsAt, steps] = [0, Infinity, 0];
    const driver = faultyDriver(() => {
      if (++step === failsAt) throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' });
    });
    const store = await place.open({ options: { type: 'better-sqlite3', database: place.file, driver } });
    for (failsAt = 1; steps === 0; failsAt++) {
      const ids = [`a-${failsAt}`, `b-${failsAt}`];
      step = -1_000;
      await put(store, [newJob(ids[0]), newJob(ids[1], { fireTime: NOW + 1 })]);
      const settlements = (await claim(store)).claims.map((it) => succeeded(it));
      step = 0;
      const failed = await claim(store, { now: NOW + 1, settlements }).then(
        () => false,
        () => true,
      );
      if (!failed) steps = failsAt;
      else expect(await statesOf(store)).toContain(`${ids[0]} running`);
      step = -1_000;
      if (failed) expect((await claim(store, { now: NOW + 1, settlements })).settled).toEqual([true]);
      expect(await statesOf(store)).toEqual(expect.arrayContaining([`${ids[0]} succeeded`, `${ids[1]} running`]));
    }
    expect(steps).toBeGreaterThan(8);
  });
});

describe('a scheduler on SQLite', () => {
  function counted(world: { commits: number; settles: number }, clock: World['clock']): Store {
    const driver = faultyDriver((sql) => (world.commits += sql === 'COMMIT' ? 1 : 0));
    const store = place.store({
      alias: 'default',
      clock,
      options: { type: 'better-sqlite3', database: place.file, driver },
    });
    const settle = store.jobs.settle.bind(store.jobs);
    store.jobs.settle = (settlements) => {
      world.settles++;
      return settle(settlements);
    };
    return store;
  }

  it.each(['at once', 'later'])('commits once a batch, not twice, with handlers that end %s', async (when) => {
    const count = { commits: 0, settles: 0 };
    const { clock } = new World();
    const executors = { default: executorOf(10) };
    const world = new World({ stores: [counted(count, clock)], clock, options: { claimBatch: 10 }, executors });
    world.handle('work', when === 'later' ? async () => Promise.resolve() : () => undefined);
    const due = Array.from({ length: 100 }, (_, index) => job(`work-${index}`, at(new Date(START + 1_000)), {}, WORK));
    await world.startAsync(...due);
    const before = { ...count };
    await clock.advanceAsync({ seconds: 2 });
    await world.scheduler.idle();

    expect(world.calls).toHaveLength(100);
    expect(world.typesOf('run.succeeded')).toHaveLength(100);
    expect(count.settles - before.settles).toBeLessThanOrEqual(2);
    expect(count.commits - before.commits).toBeLessThanOrEqual(14);
    await world.scheduler.stop(0);
  });

  it('writes outcomes all the same when the claim that was to take them along fails', async () => {
    const { clock } = new World();
    const store = place.store({ alias: 'default', clock });
    const world = new World({ stores: [store], clock, options: { claimBatch: 1 }, concurrency: 1 });
    world.handle('work');
    await world.startAsync(
      job('a', at(new Date(START + 1_000)), {}, WORK),
      job('b', at(new Date(START + 1_000)), {}, WORK),
    );
    const other = place.handle();
    other.exec(`CREATE TRIGGER refuse BEFORE INSERT ON carillon_run_rows WHEN (SELECT count(*) FROM carillon_run_rows) = 1
      BEGIN SELECT RAISE(ABORT, 'no room'); END`);
    await clock.advanceAsync({ seconds: 5 });
    expect(await statesOf(store)).toEqual([expect.stringMatching(/succeeded$/)]);

    other.exec('DROP TRIGGER refuse');
    await clock.advanceAsync({ seconds: 60 });
    expect(await statesOf(store)).toEqual(['a succeeded', 'b succeeded']);
    await world.scheduler.stop(0);
  });
});

const WORK = { task: 'work' } as const;

describe('a settle that is rolled back', () => {
  it.each([
    ['a settle', (store: Store, settlements: Settlement[]) => store.jobs.settle(settlements)],
    [
      'a claim',
      async (store: Store, settlements: Settlement[]) => (await claim(store, { now: NOW + 1, settlements })).settled,
    ],
  ])('P7: leaves no trace in %s: what another node closed since is not answered as ours', async (_name, settle) => {
    let isBroken = false;
    const driver = faultyDriver((sql) => {
      if (isBroken && sql === 'COMMIT') throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' });
    });
    const store = await place.open({ options: { type: 'better-sqlite3', database: place.file, driver } });
    const other = await place.open();
    await put(store, [newJob('a')]);
    const ours = (await claim(store, { leaseUntil: NOW + 1 })).claims.map(unkept);
    isBroken = true;
    await expect((async () => settle(store, ours))()).rejects.toThrow('the disk reported an error');
    isBroken = false;
    const theirs = (await claim(other, { node: 'n2', now: NOW + 2, recoverBefore: NOW + 2 })).claims.map(unkept);
    expect(await other.jobs.settle(theirs)).toEqual([true]);

    expect(await settle(store, ours)).toEqual([false]);
    expect(await other.jobs.settle([...theirs, ...theirs])).toEqual([true, true]);
  });
});

/** An outcome that leaves no row. */
function unkept(it: Claim): Settlement {
  return { ...succeeded(it), keepHistory: false } as Settlement;
}
