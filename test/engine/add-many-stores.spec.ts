import { describe, expect, it } from '@jest/globals';
import type { JobRecord, JobStore, Store } from '../../lib/core/index.js';
import { every } from '../../lib/triggers/index.js';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { controlledStore } from './support/stores.js';
import { job, World } from './support/world.js';

const hourly = every({ hours: 1 });
const added = (id: string, store: string) => job(id, hourly, {}, { origin: 'runtime', task: 'work', store });
const NEW = { replaceExisting: false };

function twoStores() {
  const [first, second] = ['default', 'db'].map((alias) => controlledStore({ alias, isShared: false }));
  const world = new World({ stores: [first.store, second.store] }).handle('work').start();
  return { world, first, second };
}

describe('adding jobs to two stores', () => {
  it('writes nothing when one of them is refused by the second store', async () => {
    const { world, first } = twoStores();
    await world.scheduler.add([added('there', 'db')], NEW);
    const again = { ...added('there', 'db'), trigger: every({ hours: 2 }) };
    expect(() => world.scheduler.add([added('new', 'default'), again], NEW)).toThrow(/"there" is defined twice/);
    expect(await first.store.jobs.list()).toEqual([]);
  });

  it('writes nothing when one of them is in the other store already', async () => {
    const { world, first, second } = twoStores();
    await world.scheduler.add([added('there', 'default')], NEW);
    const jobs = [added('new', 'default'), added('there', 'db')];
    expect(() => world.scheduler.add(jobs, NEW)).toThrow(/"there" is defined twice/);
    expect((await first.store.jobs.list()).map(({ id }) => id)).toEqual(['there']);
    expect(await second.store.jobs.list()).toEqual([]);
  });

  it('writes nothing when one of them is a job of the code', async () => {
    const { world, first } = twoStores();
    await world.scheduler.putCode([job('code', hourly, {}, { task: 'work', store: 'db' })]);
    const jobs = [added('new', 'default'), added('code', 'db')];
    expect(() => world.scheduler.add(jobs, { replaceExisting: true })).toThrow(/"code" is defined in code/);
    expect(await first.store.jobs.list()).toEqual([]);
  });

  it('answers them all, in the order they were given', async () => {
    const { world } = twoStores();
    const jobs = [added('b', 'db'), added('a', 'default'), added('c', 'db')];
    expect((await world.scheduler.add(jobs, NEW)).map(({ id }) => id)).toEqual(['b', 'a', 'c']);
    expect((await world.scheduler.add(jobs, NEW)).map(({ id }) => id)).toEqual(['b', 'a', 'c']);
  });
});

/** A store whose caller has a transaction open: what is put in it shows when `commit` is called. */
function transactional() {
  const base = createMemoryStore({ alias: 'default' });
  const hidden = new Set<string>();
  const jobs: JobStore = Object.create(base.jobs, {
    put: {
      value: (...[items, options]: Parameters<JobStore['put']>) => {
        if (options.within !== undefined) for (const { id } of items) hidden.add(id);
        return base.jobs.put(items, options);
      },
    },
    list: {
      value: (...[filter]: Parameters<JobStore['list']>) =>
        (base.jobs.list(filter) as JobRecord[]).filter(({ id }) => !hidden.has(id)),
    },
  });
  const store: Store = { ...base, alias: 'default', isShared: false, history: base.history, nodes: base.nodes, jobs };
  return { store, commit: () => hidden.clear() };
}

describe('a job that is added in the caller’s transaction', () => {
  async function adding() {
    const { store, commit } = transactional();
    const world = new World({ stores: [store] }).handle('work').start();
    await world.scheduler.add([added('mine', 'default')], { ...NEW, within: {} });
    return { world, commit };
  }

  it('is told of when it has been committed, not before', async () => {
    const { world, commit } = await adding();
    await world.clock.advanceAsync(2_000);
    expect(world.typesOf('job.added')).toHaveLength(0);
    commit();
    await world.clock.advanceAsync(5_000);
    expect(world.typesOf('job.added')).toMatchObject([{ job: { id: 'mine' } }]);
    await world.clock.advanceAsync(60_000);
    expect(world.typesOf('job.added')).toHaveLength(1);
  });

  it('is never told of when the transaction was rolled back, and is looked for no longer than ten minutes', async () => {
    const { world } = await adding();
    await world.clock.advanceAsync(660_000);
    expect(world.typesOf('job.added')).toHaveLength(0);
  });

  it('leaves no timer when the scheduler stops before', async () => {
    const { world } = await adding();
    await world.scheduler.stop();
    expect(world.clock.timerCount()).toBe(0);
  });
});
