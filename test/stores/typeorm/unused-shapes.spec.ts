import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { Store } from '../../../lib/core/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { MySqlPlace, server as mariadb } from './mysql-place.js';
import { PostgresDatabase, PostgresPlace, server as postgres } from './postgres-place.js';
import { newJob, NOW } from './store-parts.js';

jest.setTimeout(60_000);

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Tables of their own on a server, made and cleared for each case. */
interface Tables {
  open(): Promise<Store>;
  ask(text: string): Promise<any>;
  clear(): Promise<void>;
}

const database = new PostgresDatabase();

async function mariaTables(): Promise<Tables> {
  const place = new MySqlPlace();
  await place.make();
  return place;
}

const SERVERS = [
  { name: 'PostgreSQL', server: postgres, make: async () => new PostgresPlace(database) as Tables },
  { name: 'MariaDB', server: mariadb, make: mariaTables },
];

for (const { name, server, make } of SERVERS) {
  describeOnServer(server, `what jobs share, on ${name}`, () => {
    let tables: Tables;
    let store: Store;

    if (name === 'PostgreSQL') {
      beforeAll(async () => database.make());
      afterAll(async () => database.clear());
    }
    beforeEach(async () => {
      tables = await make();
      store = await tables.open();
    });
    afterEach(async () => tables.clear());

    /** Versions that the kept shapes name. */
    const versions = async () => {
      const rows = (await tables.ask('SELECT body FROM carillon_shapes ORDER BY shape_key')) as { body: string }[];
      return rows.map(({ body }) => /\d\.0\.0/.exec(body)![0]);
    };
    const deploy = async (appVersion: string, at: number, by = store) =>
      by.jobs.put([newJob('a', { appVersion, updatedAt: at })], {
        now: () => at,
        reconcile: (_existing, incoming) => ({ appVersion: incoming.appVersion }),
      });
    const prune = async (at: number, limit = 100) =>
      store.history.prune({ at, settledBefore: null, keepPerJob: null, limit });

    it('goes a day after no job had it any more', async () => {
      await deploy('1.0.0', NOW);
      await deploy('2.0.0', NOW);
      await prune(NOW + HOUR);
      await prune(NOW + DAY);
      expect(await versions()).toEqual(['1.0.0', '2.0.0']);
      await prune(NOW + DAY + 2 * HOUR);
      expect(await versions()).toEqual(['2.0.0']);
      expect(await store.jobs.list()).toMatchObject([{ id: 'a', appVersion: '2.0.0', task: 'Reports.send' }]);
    });

    it('is made anew for who remembers the key of one that went', async () => {
      await deploy('1.0.0', NOW);
      await deploy('2.0.0', NOW);
      await prune(NOW + HOUR);
      await prune(NOW + DAY + 2 * HOUR);
      await deploy('1.0.0', NOW + DAY + 3 * HOUR);
      expect(await versions()).toEqual(['2.0.0', '1.0.0']);
      const other = await tables.open();
      expect(await other.jobs.list()).toMatchObject([{ id: 'a', appVersion: '1.0.0', task: 'Reports.send' }]);
    });

    it('stays for a day more when it was looked for meanwhile', async () => {
      await deploy('1.0.0', NOW);
      await deploy('2.0.0', NOW);
      await prune(NOW + HOUR);
      const other = await tables.open();
      await deploy('1.0.0', NOW + DAY, other);
      await deploy('2.0.0', NOW + DAY, other);
      await prune(NOW + DAY + 2 * HOUR);
      expect(await versions()).toEqual(['1.0.0', '2.0.0']);
      await prune(NOW + 2 * DAY + 4 * HOUR);
      expect(await versions()).toEqual(['2.0.0']);
    });

    it('stays as long as a run of it is open', async () => {
      await deploy('1.0.0', NOW);
      const run = {
        jobId: 'a',
        kind: 'manual',
        fireTime: NOW,
        dueAt: NOW + 9 * DAY,
        forced: false,
        args: null,
      } as const;
      await store.jobs.enter({ runs: [run], at: NOW, admit: () => ({ as: 'open' }) });
      await deploy('2.0.0', NOW);
      await prune(NOW + HOUR);
      await prune(NOW + DAY + 2 * HOUR);
      expect(await versions()).toEqual(['1.0.0', '2.0.0']);
    });

    it('goes so many at a time', async () => {
      for (const version of [1, 2, 3, 4]) await deploy(`${version}.0.0`, NOW);
      await prune(NOW + HOUR, 2);
      await prune(NOW + HOUR, 2);
      await prune(NOW + DAY + 2 * HOUR, 2);
      expect(await versions()).toEqual(['3.0.0', '4.0.0']);
      await prune(NOW + DAY + 2 * HOUR, 2);
      expect(await versions()).toEqual(['4.0.0']);
    });
  });
}
