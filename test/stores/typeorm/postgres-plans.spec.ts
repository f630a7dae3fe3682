import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import type { Store } from '../../../lib/core/index.js';
import { listStatement } from '../../../lib/stores/typeorm/dialects/postgres/job-list.js';
import { KeptPlans } from '../../../lib/stores/typeorm/dialects/postgres/kept-plans.js';
import { describeOnServer } from '../../support/servers/index.js';
import { driverWith, PostgresDatabase, PostgresPlace, server } from './postgres-place.js';
import { claim, newJob, put, succeeded } from './store-parts.js';

jest.setTimeout(60_000);

const database = new PostgresDatabase();
let place: PostgresPlace;
let store: Store;
let clients: Set<pg.Client>;
let round: number;

/** Adds, claims and settles three jobs; answers how many runs were found held. */
async function work(): Promise<number> {
  round++;
  await put(
    store,
    Array.from({ length: 3 }, (_, index) => newJob(`job-${round}-${index}`)),
  );
  const { claims } = await claim(store);
  const settled = await store.jobs.settle(claims.map((it) => succeeded(it)));
  return settled.filter(Boolean).length;
}

/** Texts whose plans the server keeps with the store's connections. */
async function keptTexts(): Promise<string[]> {
  const found = await Promise.all(
    [...clients].map((client) => client.query('SELECT statement FROM pg_prepared_statements')),
  );
  return found.flatMap(({ rows }) => rows.map((row) => row.statement as string));
}

describeOnServer(server, 'plans of statements on PostgreSQL', () => {
  beforeAll(() => database.make());
  afterAll(() => database.clear());
  beforeEach(async () => {
    place = new PostgresPlace(database);
    clients = new Set();
    round = 0;
    const driver = driverWith((_text, client) => void clients.add(client));
    store = await place.open({ listen: false, options: { ...place.options, driver } });
  });
  afterEach(() => place.clear());

  it.each([
    ['adding', /INSERT INTO .*carillon_definitions/s],
    ['looking for what is due', /carillon_jobs j .* FOR UPDATE SKIP LOCKED/s],
    ['advancing jobs', /^UPDATE .*carillon_jobs/s],
    ['settling', /DELETE FROM .*carillon_claimed_batches/s],
  ])('are kept with the connection: %s', async (_what, statement) => {
    for (let times = 0; times < 3; times++) expect(await work()).toBe(3);

    expect(await keptTexts()).toContainEqual(expect.stringMatching(statement));
  });

  it('are made once for the end of plain runs, however many these are', async () => {
    for (let times = 0; times < 3; times++) expect(await work()).toBe(3);

    const found = await Promise.all(
      [...clients].map((client) => client.query('SELECT to_jsonb(p) AS plan FROM pg_prepared_statements p')),
    );
    const plans = found.flatMap(({ rows }) =>
      rows.map((row) => row.plan as { statement: string; custom_plans?: number }),
    );
    const closing = plans.filter(
      ({ statement }) => statement.includes('DELETE FROM') && statement.includes('open_count'),
    );
    expect(closing.length).toBeGreaterThan(0);
    // PostgreSQL counts them from version 14 on.
    expect(closing.map(({ custom_plans: again = 0 }) => again)).toEqual(closing.map(() => 0));
  });

  it.each([
    ['jobs set aside, by their own index', { status: ['orphaned', 'unresolved'] }, /carillon_jobs_aside/],
    ['jobs of the code, where there are none', { origin: 'code' }, /One-Time Filter/],
  ] as const)('look at no other jobs for %s', async (_what, filter, way) => {
    await put(
      store,
      Array.from({ length: 3_000 }, (_, index) => newJob(`job-${index}`, { origin: 'runtime' })),
    );
    const [client] = clients;
    const { rows: tables } = await client.query("SELECT schemaname FROM pg_tables WHERE tablename = 'carillon_jobs'");
    const at = { tables: `${tables[0].schemaname}.carillon_`, appKey: 1, tag: '' };
    const { text, values } = listStatement(at, { ...filter, limit: 500 });

    const { rows } = await client.query(`EXPLAIN (ANALYZE) ${text}`, values);

    const plan = rows.map((row) => row['QUERY PLAN'] as string).join('\n');
    expect(plan).toMatch(way);
    const found = [...plan.matchAll(/actual time=\S+ rows=(\d+)/g)].map((match) => Number(match[1]));
    expect(Math.max(...found)).toBeLessThan(10);
  });

  it('are no longer kept once a connection turned out to be another one, and nothing is lost by it (P20)', async () => {
    await work();
    await work();
    // As behind a pooler that lends another connection to each transaction.
    for (const client of clients) await client.query('DEALLOCATE ALL');

    expect([await work(), await work()]).toEqual([3, 3]);
    for (const client of clients) await client.query('DEALLOCATE ALL');
    expect([await work(), await keptTexts()]).toEqual([3, []]);
  });

  it('are no longer kept once a migration beside us has changed what one of them answers', async () => {
    await work();
    await work();
    const [client] = clients;
    const { rows } = await client.query("SELECT schemaname FROM pg_tables WHERE tablename = 'carillon_jobs'");
    await client.query(`ALTER TABLE ${rows[0].schemaname}.carillon_jobs ALTER COLUMN losses TYPE bigint`);

    expect([await work(), await work()]).toEqual([3, 3]);
  });
});

describe('names of kept plans', () => {
  it('are the same for the same text, and never those of another process', () => {
    const [one, other] = [new KeptPlans(), new KeptPlans()];
    expect(one.nameOf('SELECT 1')).toBe(one.nameOf('SELECT 1'));
    expect(one.nameOf('SELECT 1')).not.toBe(one.nameOf('SELECT 2'));
    expect(one.nameOf('SELECT 1')).not.toBe(other.nameOf('SELECT 1'));
  });

  it('are few: what comes later goes without', () => {
    const plans = new KeptPlans();
    const names = Array.from({ length: 60 }, (_, index) => plans.nameOf(`SELECT ${index}`));
    expect(names.filter((name) => name !== undefined)).toHaveLength(50);
    expect(plans.nameOf('SELECT 0')).toBe(names[0]);
  });
});
