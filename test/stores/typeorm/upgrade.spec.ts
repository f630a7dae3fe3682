import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY } from '../../../lib/core/index.js';
import type { Settlement, Store } from '../../../lib/core/index.js';
import { carillonMigrations } from '../../../lib/stores/typeorm/index.js';
import { SCHEMA_STEPS, stepsTableOf } from '../../../lib/stores/typeorm/migrations/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { MySqlPlace, server as mariaDb } from './mysql-place.js';
import { PostgresDatabase, PostgresPlace, server as postgres } from './postgres-place.js';
import { SqlitePlace } from './sqlite-place.js';
import { claim, newJob, NOW, planMinutes, put, retried, succeeded } from './store-parts.js';

type AnyPlace = SqlitePlace | PostgresPlace | MySqlPlace;

/** A place whose tables can be taken back to what the first step made of them before there was another. */
interface OldPlace {
  readonly place: AnyPlace;
  readonly type: 'better-sqlite3' | 'postgres' | 'mariadb';
  run(statement: string): Promise<unknown>;
  /** What the first step makes otherwise by now. */
  readonly before: readonly string[];
  clear(): Promise<void>;
}

function sqlite(): Promise<OldPlace> {
  const place = new SqlitePlace();
  const run = async (statement: string): Promise<unknown> => Promise.resolve(place.handle().exec(statement));
  return Promise.resolve({ place, type: 'better-sqlite3', run, before: [], clear: () => place.clear() });
}

async function onPostgres(): Promise<OldPlace> {
  const database = new PostgresDatabase();
  await database.make();
  const place = new PostgresPlace(database);
  await place.ask(`CREATE SCHEMA ${place.schema}`);
  const clear = async (): Promise<void> => {
    await place.clear();
    await database.clear();
  };
  return { place, type: 'postgres', run: (statement) => place.ask(statement), before: [], clear };
}

async function onMariaDb(): Promise<OldPlace> {
  const place = new MySqlPlace();
  await place.make();
  const before = [
    'DROP VIEW carillon_open_runs',
    `ALTER TABLE carillon_single_runs RENAME TO carillon_open_runs, RENAME INDEX single_runs_once TO open_runs_once,
     RENAME INDEX single_runs_wants TO open_runs_wants`,
    'DROP TABLE carillon_claimed_batches',
    'DROP TABLE carillon_withdrawals',
  ];
  return { place, type: 'mariadb', run: (statement) => place.ask(statement), before, clear: () => place.clear() };
}

let old: OldPlace;

/** As if no step but the first had been made, and that one as it was. */
async function takeBack(): Promise<void> {
  for (const step of SCHEMA_STEPS.slice(1).reverse()) {
    for (const statement of step.down[old.type]('carillon_')) await old.run(statement);
    await old.run(`DELETE FROM ${stepsTableOf('carillon_')} WHERE name = '${step.name}'`);
  }
  await takeFirstBack();
}

async function takeFirstBack(): Promise<void> {
  for (const statement of old.before) await old.run(statement);
}

/** What a store does with tables that came and changed since. */
async function expectToWork(store: Store): Promise<void> {
  const policy = { ...DEFAULT_POLICY, keepHistory: false, overlap: 'allowAll' } as const;
  await put(store, [newJob('new', { fireTime: NOW + 500, policy }), newJob('plain'), newJob('more')]);
  const { claims } = await claim(store, { until: NOW + 1_000 }, planMinutes);
  expect(new Set(claims.map(({ jobId }) => jobId))).toEqual(new Set(['new', 'plain', 'more']));
  const later = await claim(store, { now: NOW + 60_500 }, planMinutes);
  const ends = later.claims.map((it) => ({ ...succeeded(it), keepHistory: false }) as Settlement);
  expect(await store.jobs.settle(ends)).toEqual(ends.map(() => true));
  const [{ after }] = await store.jobs.change({ ids: ['new'], now: () => NOW, decide: () => ({ withdraw: true }) });
  expect(after).toMatchObject({ fireTime: NOW + 120_500, runCount: 2 });
  expect(await store.jobs.settle(claims.map((it) => succeeded(it)))).toEqual(claims.map(() => true));
}

const suite = (make: () => Promise<OldPlace>) => (): void => {
  beforeEach(async () => {
    old = await make();
  });
  afterEach(() => old.clear());

  it('are upgraded by the store, with what is in them', async () => {
    const store = await old.place.open();
    await put(store, [newJob('a'), newJob('b')]);
    const { claims } = await claim(store, {}, planMinutes);
    await store.jobs.settle([succeeded(claims[0]), retried(claims[1])]);
    const [jobs, { runs }] = [await store.jobs.list(), await store.history.page({ limit: 10 })];
    await store.jobs.close();
    await takeBack();

    const upgraded = await old.place.open();
    expect(await upgraded.jobs.list()).toEqual(jobs);
    expect((await upgraded.history.page({ limit: 10 })).runs).toEqual(runs);
    const { claims: again } = await claim(upgraded, { now: NOW + 500 });
    expect(again).toMatchObject([{ runId: claims[1].runId, token: 2 }]);
    await upgraded.jobs.change({ ids: ['a', 'b'], now: () => NOW, decide: () => 'remove' });
    await expectToWork(upgraded);
  });

  it('are upgraded by the application’s own migrations', async () => {
    const first = await old.place.application({ migrations: carillonMigrations().slice(0, 1) });
    await first.runMigrations();
    await takeFirstBack();
    const dataSource = await old.place.application({ migrations: carillonMigrations() });
    expect(await dataSource.runMigrations()).toHaveLength(SCHEMA_STEPS.length - 1);

    await expectToWork(await old.place.open({ dataSource, runMigrations: false }));
  });
};

describe('tables of the first version on SQLite', suite(sqlite));
describeOnServer(postgres, 'tables of the first version on PostgreSQL', suite(onPostgres));
describeOnServer(mariaDb, 'tables of the first version on MariaDB', () => {
  suite(onMariaDb)();

  it('are made to the end where the first start stopped half-way', async () => {
    await (await old.place.open()).jobs.close();
    await takeBack();
    await old.run('DROP TABLE carillon_runs');
    await old.run('DROP TABLE carillon_run_texts');
    await old.run('DELETE FROM carillon_migrations');

    await expectToWork(await old.place.open());
  });

  it('may be upgraded again from wherever a start stopped', async () => {
    const store = await old.place.open();
    for (const step of SCHEMA_STEPS) for (const statement of step.up.mariadb('carillon_')) await old.run(statement);

    await expectToWork(store);
  });
});
