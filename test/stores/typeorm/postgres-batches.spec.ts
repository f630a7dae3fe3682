import { afterAll, afterEach, beforeAll, beforeEach, jest } from '@jest/globals';
import { describeOnServer } from '../../support/servers/index.js';
import { batchCases, on } from './batch-cases.js';
import type { BatchEngine } from './batch-cases.js';
import { driverWith, PostgresDatabase, PostgresPlace, server } from './postgres-place.js';

jest.setTimeout(60_000);

const database = new PostgresDatabase();
let place: PostgresPlace;

const engine: BatchEngine = {
  begin: 'BEGIN',
  waits: 'SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))',
  async lockFirst() {
    const first = 'SELECT job_keys FROM carillon_claimed_batches ORDER BY batch_key LIMIT 1 FOR UPDATE';
    const [{ job_keys }] = await place.ask(first);
    const inIt = await place.ask('SELECT id FROM carillon_definitions WHERE job_key = ANY ($1)', [job_keys]);
    return inIt.map(({ id }) => id as string);
  },
  countDeadlocks() {
    let deadlocks = 0;
    const driver = driverWith((_text, _client, send) =>
      send().catch((error: Error & { code?: string }) => {
        if (error.code === '40P01') deadlocks++;
        throw error;
      }),
    );
    return { driver, deadlocks: () => deadlocks };
  },
};

describeOnServer(server, 'runs of one claim that lie in few rows on PostgreSQL', () => {
  beforeAll(() => database.make());
  afterAll(() => database.clear());
  beforeEach(async () => {
    on.place = place = new PostgresPlace(database);
    on.store = await place.open();
  });
  afterEach(() => place.clear());

  batchCases(engine);
});
