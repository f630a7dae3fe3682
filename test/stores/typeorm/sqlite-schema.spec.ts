import { describe, expect, it } from '@jest/globals';
import { IsNull } from 'typeorm';
import type { DataSource } from 'typeorm';
import { SystemClock } from '../../../lib/core/index.js';
import type { Awaitable } from '../../../lib/core/index.js';
import { SqliteDatabase } from '../../../lib/stores/typeorm/dialects/sqlite/sqlite-database.js';
import type { createTypeOrmStore } from '../../../lib/stores/typeorm/index.js';
import { carillonEntities, carillonMigrations } from '../../../lib/stores/typeorm/index.js';
import { SCHEMA_STEPS } from '../../../lib/stores/typeorm/migrations/index.js';
import type { SchemaStep } from '../../../lib/stores/typeorm/migrations/index.js';
import { eachWithItsFile, place } from './sqlite-case.js';
import { SqlitePlace } from './sqlite-place.js';
import { claim, LEASE, newJob, NOW, planMinutes, put, succeeded } from './store-parts.js';

eachWithItsFile();

/** A step of a version that is still to come. */
const LATER: SchemaStep = {
  name: 'CarillonColours1999999999999',
  timestamp: 1999999999999,
  up: { 'better-sqlite3': (p) => [`ALTER TABLE ${p}jobs ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'`] },
  down: { 'better-sqlite3': (p) => [`ALTER TABLE ${p}jobs DROP COLUMN colour`] },
};

function databaseWith(
  steps: readonly SchemaStep[],
  fields: { runMigrations?: boolean; file?: string } = {},
): SqliteDatabase {
  const { file = place.file, ...others } = fields;
  return new SqliteDatabase({
    store: 'db',
    application: 'shop',
    prefix: 'carillon_',
    runMigrations: true,
    busyTimeout: 1_000,
    clock: new SystemClock(),
    options: { type: 'better-sqlite3', database: file, timeout: 0 },
    steps,
    ...others,
  });
}

describe('the tables', () => {
  it('are made on the first open and left alone by the next', async () => {
    await (await place.open()).jobs.close();
    const tables = place.handle().prepare(`SELECT name, sql FROM sqlite_master ORDER BY name`).all();
    await place.open();

    expect(place.handle().prepare(`SELECT name, sql FROM sqlite_master ORDER BY name`).all()).toEqual(tables);
    expect(place.handle().prepare(`SELECT name FROM carillon_migrations`).pluck().all()).toEqual(
      SCHEMA_STEPS.map((step) => step.name),
    );
  });

  it('are upgraded by a later version, and everything in them stays', async () => {
    const store = await place.open();
    await put(store, [newJob('a'), newJob('b', { fireTime: NOW + 1 })]);
    await store.jobs.settle((await claim(store)).claims.map((it) => succeeded(it)));
    const [jobs, runs] = [await store.jobs.list(), await store.history.page({ limit: 10 })];
    const newer = databaseWith([...SCHEMA_STEPS, LATER]);
    await newer.open();
    await newer.close();

    // The old version is still open, as in a rolling deploy: it goes on.
    expect(await store.jobs.list()).toEqual(jobs);
    expect(await store.history.page({ limit: 10 })).toEqual(runs);
    await put(store, [newJob('c')]);
    expect(place.handle().prepare('SELECT DISTINCT colour FROM carillon_jobs').pluck().all()).toEqual(['red']);
  });

  it('of the first version are upgraded, whatever state its runs are in, and can be taken back', async () => {
    const store = await place.open();
    const jobs = Array.from({ length: 40 }, (_, index) => newJob(`job-${index}`));
    await put(store, jobs);
    const { claims } = await claim(store);
    await store.jobs.settle(claims.slice(0, 20).map((it) => ({ ...succeeded(it, NOW + 5), startedAt: NOW + 2 })));
    const [listed, page] = [await store.jobs.list(), await store.history.page({ limit: 100 })];
    await store.jobs.close();
    const handle = place.handle();
    const later = SCHEMA_STEPS.find(({ name }) => name.startsWith('CarillonClaimedRanges'))!;
    for (const statement of later.down['better-sqlite3']('carillon_')) handle.exec(statement);
    handle.exec(`DELETE FROM carillon_migrations WHERE name = '${later.name}'`);

    const tables = handle
      .prepare(`SELECT name, sql FROM sqlite_master WHERE name LIKE 'carillon%' ORDER BY name`)
      .all();
    const first = new SqlitePlace();
    await databaseWith(SCHEMA_STEPS.slice(0, 1), { file: first.file }).open();
    const made = first
      .handle()
      .prepare(`SELECT name FROM sqlite_master WHERE name LIKE 'carillon%' ORDER BY name`)
      .pluck();
    expect((tables as { name: string }[]).map(({ name }) => name)).toEqual(made.all());
    await first.clear();
    const rows =
      'SELECT state, settled_at, started_at, lease_until, due_at, count(*) FROM carillon_runs GROUP BY 1, 2, 3, 4, 5';
    expect(handle.prepare(rows).raw().all()).toEqual([
      [2, null, null, NOW + LEASE, NOW, 20],
      [3, NOW + 5, NOW + 2, null, NOW, 20],
    ]);

    const upgraded = await place.open();
    expect([await upgraded.jobs.list(), await upgraded.history.page({ limit: 100 })]).toEqual([listed, page]);
    const settled = await upgraded.jobs.settle(claims.map((it) => succeeded(it, NOW + 9)));
    expect(settled).toEqual(claims.map(() => true));
    expect((await upgraded.history.page({ limit: 100, states: ['succeeded'] })).runs).toHaveLength(40);
  });

  it('of a newer version are refused, naming what is unknown', async () => {
    const newer = databaseWith([...SCHEMA_STEPS, LATER]);
    await newer.open();
    await newer.close();

    await expect(place.open()).rejects.toMatchObject({
      code: 'NEWER_SCHEMA',
      unknown: ['CarillonColours1999999999999'],
      message: expect.stringContaining('newer version of nest-carillon'),
    });
  });

  it('stay as they were when a step of an upgrade fails', async () => {
    const store = await place.open();
    await put(store, [newJob('a')]);
    const broken = { ...LATER, up: { 'better-sqlite3': () => [...LATER.up['better-sqlite3']('carillon_'), 'NO SQL'] } };

    await expect(Promise.resolve(databaseWith([...SCHEMA_STEPS, broken]).open())).rejects.toThrow(/NO/);
    expect(await store.jobs.list()).toHaveLength(1);
    expect(place.handle().prepare(`SELECT count(*) FROM carillon_migrations`).pluck().get()).toBe(SCHEMA_STEPS.length);
    await databaseWith(SCHEMA_STEPS).open();
  });

  it('are only checked when migrations are not the store’s to run', async () => {
    await expect(place.open({ runMigrations: false })).rejects.toMatchObject({
      code: 'SCHEMA_MISSING',
      message: expect.stringMatching(/CarillonTables.*carillonMigrations\(\).*runMigrations: true/),
    });
    expect(place.handle().prepare('SELECT count(*) FROM sqlite_master').pluck().get()).toBe(0);
  });

  it('with two prefixes, and of two applications, have nothing in common', async () => {
    const stores = await Promise.all([
      place.open(),
      place.open({ tablePrefix: 'other_' }),
      place.open({ application: 'billing' }),
    ]);
    for (const [index, store] of stores.entries()) await put(store, [newJob('a', { name: `${index}` })]);

    for (const [index, store] of stores.entries()) {
      expect((await store.jobs.list()).map((job) => job.name)).toEqual([`${index}`]);
      expect((await claim(store)).claims).toHaveLength(1);
    }
  });
});

describe('carillonMigrations', () => {
  it('make the tables with the application’s own migrations, once; the store finds them', async () => {
    const dataSource = await place.application({ migrations: carillonMigrations() });
    expect(await dataSource.runMigrations()).toHaveLength(SCHEMA_STEPS.length);
    expect(await dataSource.runMigrations()).toEqual([]);
    const store = await place.open({ dataSource, runMigrations: false });

    expect(await put(store, [newJob('a')])).toHaveLength(1);
    await (await place.open({ dataSource })).jobs.close();
  });

  it('can be taken back', async () => {
    const dataSource = await place.application({ migrations: carillonMigrations('my_') });
    await dataSource.runMigrations();
    for (const _ of SCHEMA_STEPS) await dataSource.undoLastMigration();

    const left = await dataSource.query(`SELECT name FROM sqlite_master WHERE name LIKE 'my_%' AND type = 'table'`);
    expect(left).toEqual([{ name: 'my_migrations' }]);
  });

  it('say so when the database has no dialect', async () => {
    const [Migration] = carillonMigrations();
    const queryRunner = { dataSource: { options: { type: 'oracle' } } } as never;

    await expect(new Migration().up(queryRunner)).rejects.toMatchObject({ code: 'UNSUPPORTED_DATABASE' });
  });
});

describe('carillonEntities', () => {
  it('read the tables in the application’s DataSource, with words for codes', async () => {
    const carillon = carillonEntities();
    const dataSource = await place.application({ entities: [...carillon] });
    const store = await place.open({ dataSource });
    await put(store, [newJob('a', { args: [{ x: 1 }] })]);
    const { claims } = await claim(store, {}, planMinutes);
    const error = { name: 'E', message: 'no', stack: null, code: null };
    await store.jobs.settle([{ ...succeeded(claims[0]), outcome: 'failed', error } as ReturnType<typeof succeeded>]);

    const [run] = await dataSource.getRepository(carillon.runs).findBy({ state: 'failed' });
    expect(run).toMatchObject({ kind: 'scheduled', state: 'failed', fireTime: NOW, firstFireTime: null, reason: null });
    expect(await dataSource.getRepository(carillon.runTexts).find()).toMatchObject([{ runKey: run.key, error }]);
    expect(await dataSource.getRepository(carillon.jobs).findBy({ pause: IsNull() })).toMatchObject([
      { key: run.jobKey, status: 'active', fireTime: NOW + 60_000 },
    ]);
    const [definition] = await dataSource.getRepository(carillon.definitions).find();
    expect(definition).toMatchObject({ id: 'a', body: { id: 'a', args: [{ x: 1 }] } });
    expect(await dataSource.getRepository(carillon.shapes).find()).toMatchObject([{ task: 'Reports.send' }]);
    expect(await dataSource.getRepository(carillon.applications).find()).toMatchObject([{ name: 'shop' }]);
    expect(await dataSource.getRepository(carillon.nodes).find()).toMatchObject([{ id: 'n1', isListed: false }]);
  });

  it('take no part in synchronize', async () => {
    const store = await place.open();
    await put(store, [newJob('a')]);
    const schema = () => place.handle().prepare(`SELECT sql FROM sqlite_master WHERE name LIKE 'carillon_%'`).all();
    const before = schema();
    await place.application({ entities: [...carillonEntities()], synchronize: true });

    expect(schema()).toEqual(before);
    expect(await store.jobs.list()).toHaveLength(1);
  });
});

describe('the application’s DataSource', () => {
  it('is read for the way to the file; its connection is never used', async () => {
    const dataSource = await place.application({ logging: false });
    const store = await place.open({ dataSource });
    await dataSource.destroy();

    expect(await put(store, [newJob('a')])).toHaveLength(1);
  });

  it('may hold a transaction open: the store waits without blocking the loop that ends it', async () => {
    const dataSource = await place.application();
    await dataSource.query('CREATE TABLE users (name TEXT)');
    const store = await place.open({ dataSource });
    let pending: Promise<unknown> | undefined;
    await dataSource.transaction(async (manager) => {
      await manager.query(`INSERT INTO users VALUES ('ann')`);
      pending = put(store, [newJob('a')]);
      await new Promise((resolve) => setImmediate(resolve));
    });

    await pending;
    expect(await store.jobs.list()).toHaveLength(1);
    expect(await dataSource.query('SELECT name FROM users')).toEqual([{ name: 'ann' }]);
  });

  it('gives the store a connection with a write-ahead log, synchronous = FULL and no busy wait', async () => {
    const seen: any[] = [];
    const prepareDatabase = (handle: any) => void seen.push(handle);
    await place.open({ options: { type: 'better-sqlite3', database: place.file, prepareDatabase } });
    const [handle] = seen;

    expect(handle.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(handle.pragma('synchronous', { simple: true })).toBe(2);
    expect(handle.pragma('busy_timeout', { simple: true })).toBe(0);
  });
});

describe('a put within the caller’s transaction', () => {
  const within = async (store: ReturnType<typeof createTypeOrmStore>, manager: unknown, id = 'a') =>
    await store.jobs.put([newJob(id)], { now: () => NOW, reconcile: () => null, within: manager });

  it('is there at its commit', async () => {
    const dataSource = await place.application();
    const store = await place.open({ dataSource });
    await dataSource.transaction(async (manager) => {
      const [{ kind }] = await within(store, manager);
      expect(kind).toBe('added');
      expect(await store.jobs.list()).toEqual([]);
    });

    expect((await store.jobs.list()).map((job) => job.id)).toEqual(['a']);
    expect((await claim(store)).claims).toHaveLength(1);
  });

  it('is known to be under way as soon as it asks for the time: nobody starts what it may take back', async () => {
    const dataSource = await place.application();
    const [owner, store] = [await place.open(), await place.open({ dataSource })];
    const looks: Awaitable<boolean>[] = [];
    const now = (): number => (looks.push(owner.jobs.hasForeignWrites!()), NOW);
    await put(owner, [newJob('a', { fireTime: NOW + 900 })]);
    await claim(owner, { until: NOW + 1_000 });
    await owner.jobs.hasForeignWrites!();
    expect(owner.jobs.hasForeignWrites!()).toBe(false);
    await store.jobs.change({ ids: ['a'], now, decide: () => ({ withdraw: true }) });
    await dataSource.transaction(async (manager) => {
      await store.jobs.put([newJob('a')], { now, reconcile: () => ({ replace: true }), within: manager });
    });

    expect(looks.length).toBeGreaterThanOrEqual(2);
    expect(new Set(looks)).toEqual(new Set([true]));
    // Nothing is under way any more; what was written since is news once.
    expect([owner.jobs.hasForeignWrites!(), owner.jobs.hasForeignWrites!()]).toEqual([true, false]);
  });

  it('is gone with its rollback, and keys are not mixed up afterwards', async () => {
    const dataSource = await place.application();
    const store = await place.open({ dataSource });
    const rolledBack = dataSource.transaction(async (manager) => {
      await within(store, manager);
      throw new Error('no order after all');
    });
    await expect(rolledBack).rejects.toThrow('no order after all');
    await put(store, [newJob('b', { task: 'Other.task' })]);
    await dataSource.transaction(async (manager) => within(store, manager, 'c'));

    expect((await store.jobs.list()).map((job) => [job.id, job.task])).toEqual([
      ['b', 'Other.task'],
      ['c', 'Reports.send'],
    ]);
  });

  it('takes nothing of the caller’s work with it when it fails', async () => {
    const dataSource = await place.application();
    await dataSource.query('CREATE TABLE users (name TEXT)');
    const store = await place.open({ dataSource });
    await dataSource.transaction(async (manager) => {
      await manager.query(`INSERT INTO users VALUES ('ann')`);
      const reconcile = (): never => {
        throw new Error('broken');
      };
      await within(store, manager);
      const failing = async () => store.jobs.put([newJob('a')], { now: () => NOW, reconcile, within: manager });
      await expect(failing()).rejects.toThrow('broken');
    });

    expect(await dataSource.query('SELECT name FROM users')).toEqual([{ name: 'ann' }]);
    expect(await store.jobs.list()).toHaveLength(1);
  });

  it.each<[string, (dataSource: DataSource) => unknown, RegExp]>([
    ['no manager', () => ({}), /EntityManager of an open transaction/],
    ['a manager without a transaction', (dataSource) => dataSource.manager, /EntityManager of an open transaction/],
  ])('refuses %s', async (_name, given, message) => {
    const dataSource = await place.application();
    const store = await place.open({ dataSource });
    await expect(within(store, given(dataSource))).rejects.toMatchObject({
      code: 'TYPEORM_STORE_OPTIONS',
      message: expect.stringMatching(message),
    });
  });

  it('refuses a transaction on another file', async () => {
    const store = await place.open();
    const other = new SqlitePlace();
    const dataSource = await other.application();

    await dataSource.transaction(async (manager) => {
      await expect(within(store, manager)).rejects.toThrow(/on the store's own file/);
    });
    await other.clear();
  });
});
