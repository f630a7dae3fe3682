import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { describeJobStore } from '../../../lib/testing/describe-job-store.js';
import type { Store } from '../../../lib/core/index.js';
import { describeOnServer, hasPgBouncer, startPgBouncer } from '../../support/servers/index.js';
import type { PgBouncer } from '../../support/servers/index.js';
import { until } from '../../support/until.js';
import { faultyDriver, PostgresDatabase, PostgresPlace, server } from './postgres-place.js';
import { claim, newJob, NOW, put, succeeded } from './store-parts.js';

jest.setTimeout(60_000);

const database = new PostgresDatabase();
let bouncer: PgBouncer;
let place: PostgresPlace;

// Nothing else needs it, so it is not asked for: apt install pgbouncer.
const suite = hasPgBouncer() ? describeOnServer : (_server: unknown, title: string) => describe.skip(title, noTest);

function noTest(): void {
  it('needs PgBouncer, which is not installed here', () => undefined);
}

function throughBouncer(): PostgresPlace {
  return new PostgresPlace(database, (url) => bouncer.through(url));
}

suite(server, 'PostgreSQL behind PgBouncer in transaction mode', () => {
  beforeAll(async () => {
    await database.make();
    bouncer = await startPgBouncer(database.url);
  });
  afterAll(async () => {
    await bouncer.end();
    await database.clear();
  });

  describe('', () => {
    const applications = new Map<Store, string>();
    let cases = 0;
    beforeAll(() => {
      place = throughBouncer();
    });
    afterAll(() => place.clear());

    describeJobStore('the TypeORM store', {
      create({ clock, application, fault }) {
        const options = { ...place.options, driver: faultyDriver(fault) };
        const own = `${application} ${++cases}`;
        const store = place.store({ application: own, clock, options });
        applications.set(store, own);
        return store;
      },
      second: (store, { clock, application }) =>
        place.store({ application: applications.get(store)!.replace(/^[^ ]+/, application), clock }),
      reopen: (store) => store,
      async corrupt(store, jobId) {
        await place.ask(
          `UPDATE carillon_definitions SET body = '{"id":' WHERE id = $1
           AND app_key = (SELECT app_key FROM carillon_applications WHERE name = $2)`,
          [jobId, applications.get(store)],
        );
      },
      hasFaults: true,
    });
  });

  describe('several stores', () => {
    let unwatch: (() => void)[];
    beforeEach(() => {
      place = throughBouncer();
      unwatch = [];
    });
    afterEach(async () => {
      for (const end of unwatch) end();
      await place.clear();
    });

    const wakesOf = (store: Store): { count: number } => {
      const seen = { count: 0 };
      unwatch.push(
        store.jobs.watch!(
          () => seen.count++,
          () => undefined,
        ),
      );
      return seen;
    };

    it('share a few connections of the server, and run each job once between them (P20)', async () => {
      const stores = await Promise.all(Array.from({ length: 6 }, () => place.open({ listen: false })));
      await put(
        stores[0],
        Array.from({ length: 600 }, (_, index) => newJob(`job-${index}`)),
      );
      const drain = async (store: Store, index: number): Promise<string[]> => {
        const done: string[] = [];
        for (;;) {
          const { claims } = await claim(store, { node: `n${index}`, limit: 20 });
          if (claims.length === 0) return done;
          await store.jobs.settle(claims.map((it) => succeeded(it)));
          done.push(...claims.map((it) => it.jobId));
        }
      };
      const done = (await Promise.all(stores.map(drain))).flat();

      expect([done.length, new Set(done).size]).toEqual([600, 600]);
      const [{ count }] = await place.ask(
        `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      expect(count).toBeLessThanOrEqual(3);
      expect(await place.ask('SELECT 1 FROM carillon_open_runs')).toEqual([]);
    });

    it('wake each other over a connection straight to the server, whose URL is given as listen', async () => {
      const [one, other] = await Promise.all([
        place.open({ listen: false }),
        place.open({ listen: database.url, options: { ...place.options, applicationName: 'bounced' } }),
      ]);
      const seen = wakesOf(other);
      await until(() => !other.jobs.hasForeignWrites!());
      expect(await place.ask(`SELECT query FROM pg_stat_activity WHERE application_name = 'bounced'`)).toContainEqual({
        query: expect.stringMatching(/^LISTEN/),
      });
      await until(() => seen.count > 0);
      seen.count = 0;
      await put(one, [newJob('a', { fireTime: Date.now() })]);

      await until(() => seen.count > 0);
    });

    it('look each second where they listen through the pooler and hear nothing', async () => {
      const store = await place.open();
      const seen = wakesOf(store);

      await until(() => seen.count >= 2);
      expect(store.jobs.hasForeignWrites!()).toBe(true);
    });

    it('put within a transaction of the application that goes through the pooler, too', async () => {
      const store = await place.open({ listen: false });
      const application = await place.application();
      const within = async (id: string, manager: unknown) =>
        await store.jobs.put([newJob(id)], { now: () => NOW, reconcile: () => null, within: manager });
      await application.transaction((manager) => within('kept', manager));
      const undone = application.transaction(async (manager) => {
        await within('undone', manager);
        throw new Error('no order after all');
      });
      await expect(undone).rejects.toThrow('no order after all');

      expect((await store.jobs.list()).map((job) => job.id)).toEqual(['kept']);
    });
  });
});
