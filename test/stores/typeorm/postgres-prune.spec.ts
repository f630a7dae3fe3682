import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { describeOnServer } from '../../support/servers/index.js';
import { driverWith, PostgresDatabase, PostgresPlace, server } from './postgres-place.js';
import { newJob, NOW, put } from './store-parts.js';

jest.setTimeout(60_000);

const JOBS = 200;
const RUNS = 20_000;
const LIMIT = 100;

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Rows of a table that the statement looked at. */
function rowsRead(node: PlanNode, table: string): number {
  const own = node['Relation Name'] === table ? node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) : 0;
  const below = (node.Plans ?? []).reduce((sum, child) => sum + rowsRead(child, table), 0);
  return own * node['Actual Loops'] + below;
}

const database = new PostgresDatabase();
let place: PostgresPlace;

describeOnServer(server, 'a step of pruning on PostgreSQL', () => {
  beforeAll(async () => {
    await database.make();
    place = new PostgresPlace(database);
  });
  afterAll(async () => {
    await place.clear();
    await database.clear();
  });

  it('reads hardly more of a long history than it deletes, whatever the server knows of the tables', async () => {
    const sent: string[] = [];
    const driver = driverWith((...parameters) => void sent.push(parameters[0]));
    const store = await place.open({ options: { ...place.options, driver } });
    await put(
      store,
      Array.from({ length: JOBS }, (_, index) => newJob(`job-${index}`)),
    );
    await place.ask(
      `INSERT INTO carillon_runs (run_key, job_key, generation, fire_time, created_at, settled_at, app_key, shape_key, count,
         attempt, token, kind, state, slot, is_count_exact, is_cancel_requested, is_forced, has_texts)
       SELECT n, j.job_key, 1, n, n, n, j.app_key, j.shape_key, 1, 1, 1, 0, 3, 0, true, false, false, false
       FROM generate_series(1, ${RUNS}) n JOIN (SELECT row_number() OVER () - 1 AS at, * FROM carillon_jobs) j
         ON j.at = n % ${JOBS}`,
    );
    await place.ask('ANALYZE carillon_runs');
    sent.length = 0;
    const request = { at: NOW, settledBefore: NOW, keepPerJob: 1_000, limit: LIMIT };
    expect(await store.history.prune(request)).toBe(LIMIT);

    const begin = sent.find((text) => text.startsWith('BEGIN'))!;
    const byAge = sent.find((text) => text.startsWith('DELETE'))!;
    await place.ask(begin);
    const appKey = (await place.ask('SELECT app_key FROM carillon_applications'))[0].app_key;
    const [explained] = await place.ask(`EXPLAIN (ANALYZE, FORMAT JSON) ${byAge}`, [appKey, NOW, NOW, LIMIT]);
    await place.ask('ROLLBACK');
    expect(rowsRead(explained['QUERY PLAN'][0].Plan, 'carillon_runs')).toBeLessThanOrEqual(4 * LIMIT);
    expect(await place.ask('SELECT count(*)::int FROM carillon_runs')).toEqual([{ count: RUNS - LIMIT }]);
  });
});
