import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { DEFAULT_POLICY } from '../../../lib/core/index.js';
import type { ClaimRequest, ClaimResult, JobPlan, JobRecord, Store } from '../../../lib/core/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import type { TestServer } from '../../support/servers/index.js';
import * as mysql from './mysql-place.js';
import * as postgres from './postgres-place.js';
import { claim, LEASE, newJobs, NOW, planOnce, put, retried } from './store-parts.js';

jest.setTimeout(60_000);

const DUE_JOBS = 600;
const LATER = NOW + 1_000;

/** What a store costs the server. */
interface Counted {
  store: Store;
  /** What went over in one go. */
  messages: number;
}

interface Engine {
  readonly server: TestServer;
  make(): Promise<void>;
  open(count: () => void): Promise<Store>;
  clear(): Promise<void>;
}

let onMariaDb: mysql.MySqlPlace;
const mariaDb: Engine = {
  server: mysql.server,
  make: async () => {
    onMariaDb = new mysql.MySqlPlace();
    await onMariaDb.make();
  },
  open: (count) => onMariaDb.open({ options: { ...onMariaDb.options, driver: mysql.driverWith(count) } }),
  clear: () => onMariaDb.clear(),
};

const database = new postgres.PostgresDatabase();
let onPostgres: postgres.PostgresPlace;
const postgreSql: Engine = {
  server: postgres.server,
  make: async () => {
    await database.make();
    onPostgres = new postgres.PostgresPlace(database);
  },
  open: (count) =>
    onPostgres.open({ options: { ...onPostgres.options, driver: postgres.driverWith(() => void count()) } }),
  clear: async () => {
    await onPostgres.clear();
    await database.clear();
  },
};

function requestOf(exceptExecutors: ReadonlySet<string>): ClaimRequest {
  const times = { now: LATER, until: LATER, leaseUntil: LATER + LEASE, recoverBefore: null };
  return { ...times, node: 'n1', limit: 5, isPaused: false, exceptTasks: new Set(), exceptExecutors };
}

for (const engine of [mariaDb, postgreSql]) {
  describeOnServer(
    engine.server,
    `a claim on ${engine.server.title} with hundreds of jobs due before three waiting runs`,
    () => {
      const counted: Counted = { store: undefined as never, messages: 0 };

      beforeAll(() => engine.make());
      afterAll(() => engine.clear());
      beforeEach(async () => {
        counted.store = await engine.open(() => counted.messages++);
        const { store } = counted;
        await put(store, newJobs(3));
        const { claims } = await claim(store);
        await store.jobs.settle(claims.map(retried));
        const policy = { ...DEFAULT_POLICY, executor: 'busy' };
        const due = newJobs(DUE_JOBS, (n) => ({ fireTime: NOW + (n % 400), policy }));
        await put(
          store,
          due.map((job) => ({ ...job, id: `busy-${job.id}` })),
        );
        counted.messages = 0;
      });
      afterEach(async () => {
        const jobs = await counted.store.jobs.list();
        await counted.store.jobs.change({ ids: jobs.map(({ id }) => id), now: () => LATER, decide: () => 'remove' });
        await counted.store.jobs.close();
      });

      async function claimWith(
        full: ReadonlySet<string>,
        plan: (job: JobRecord) => JobPlan | null,
      ): Promise<ClaimResult> {
        return await counted.store.jobs.claimDue(requestOf(full), plan);
      }

      it('looks no further at jobs of an executor that has no slot left', async () => {
        const full = new Set<string>();
        const asked: string[] = [];
        const { claims } = await claimWith(full, (job) => {
          if (asked.push(job.id) <= 2) return planOnce(job);
          full.add(job.policy.executor);
          return null;
        });
        expect(claims.map(({ cause }) => cause).sort()).toEqual([
          'planned',
          'planned',
          'waiting',
          'waiting',
          'waiting',
        ]);
        expect(asked).toHaveLength(5);
      });

      it('goes through jobs that make no run many at a time', async () => {
        const asked = new Set<string>();
        const { claims } = await claimWith(new Set(), (job) => {
          asked.add(job.id);
          return null;
        });
        expect([claims.map(({ cause }) => cause), asked.size]).toEqual([['waiting', 'waiting', 'waiting'], DUE_JOBS]);
        expect(counted.messages).toBeLessThan(120);
      });
    },
  );
}
