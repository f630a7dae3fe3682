import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { SystemClock } from '../../../lib/core/index.js';
import type { Store } from '../../../lib/core/index.js';
import { createTypeOrmStore } from '../../../lib/stores/typeorm/index.js';
import { canStart, placeOn, startThrowAway } from '../../support/servers/index.js';
import type { ThrowAwayServer } from '../../support/servers/index.js';
import { driverWith as mysqlDriverWith } from './mysql-place.js';
import { driverWith as postgresDriverWith } from './postgres-place.js';
import { claim, newJobs, NOW, succeeded } from './store-parts.js';

jest.setTimeout(120_000);

/** A connection's commit: whether the server is to have it, what goes on meanwhile, and the error that comes of it. */
type Commit = (isSent: boolean, meanwhile: () => Promise<void>) => void;

interface Crashing {
  readonly engine: 'postgres' | 'mariadb';
  readonly title: string;
  /** A driver that hands over a commit when `takes` says so. */
  driver(takes: () => ((commit: Commit) => void) | null): object;
  /** Takes the numbers again that transactions had of which nothing was on the disk. */
  numbersAgain(url: string): Promise<void>;
}

const CUT = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', fatal: true });

const onPostgres: Crashing = {
  engine: 'postgres',
  title: 'PostgreSQL',
  driver: (takes) =>
    postgresDriverWith((text, _client, send) => {
      const taken = text === 'COMMIT' ? takes() : null;
      if (taken === null) return undefined;
      return new Promise((_resolve, reject) => {
        taken((isSent, meanwhile) => {
          const sent: Promise<unknown> = isSent ? send() : Promise.resolve();
          void sent.then(meanwhile).then(() => reject(CUT()));
        });
      });
    }),
  numbersAgain: async (url) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    for (let count = 0; count < 20; count++) await client.query('SELECT pg_current_xact_id()');
    await client.end();
  },
};

const onMariaDb: Crashing = {
  engine: 'mariadb',
  title: 'MariaDB',
  driver: (takes) =>
    mysqlDriverWith((packet) => {
      const taken = packet.text.includes('COMMIT') ? takes() : null;
      if (taken === null) return false;
      taken((isSent, meanwhile) => {
        const goOn = (): void => {
          void meanwhile().then(() => {
            packet.connection.destroy();
            packet.fail(CUT());
          });
        };
        if (isSent) packet.send(goOn);
        else goOn();
      });
      return true;
    }),
  numbersAgain: async (url) => {
    const client = await createConnection({ uri: url });
    for (let count = 0; count < 20; count++) await client.query('INSERT INTO carillon_blocks () VALUES ()');
    client.destroy();
  },
};

// Only a server of the test's own may crash.
describe.each([onPostgres, onMariaDb])('the store on $title, whose server crashes at a commit,', (of) => {
  const itThere = canStart(of.engine) ? it : it.skip;
  let server: ThrowAwayServer;
  let url: string;
  let store: Store;
  let crash: { readonly isSent: boolean } | null = null;
  let isBack: Promise<void> | undefined;

  beforeAll(async () => {
    if (!canStart(of.engine)) return;
    server = await startThrowAway(of.engine);
    const place = await placeOn(server.engine, server.url);
    url = place.url;
  });
  afterAll(async () => await server?.throwAway());
  afterEach(async () => {
    // The store may have noticed by itself, and be through before.
    await isBack;
    await store.jobs.close();
  });

  async function open(application: string): Promise<void> {
    const driver = of.driver(() => {
      const ordered = crash;
      crash = null;
      return ordered === null ? null : (commit) => commit(ordered.isSent, () => (isBack = crashAndComeBack()));
    });
    const options = { type: of.engine, url, driver } as const;
    store = createTypeOrmStore({ alias: 'db', application, clock: new SystemClock(), options });
    await store.jobs.open();
  }

  async function crashAndComeBack(): Promise<void> {
    await server.end('crash');
    await server.start();
    await of.numbersAgain(url);
  }

  itThere('has the jobs that it says it has', async () => {
    await open('added');
    isBack = undefined;
    crash = { isSent: false };
    const added = await store.jobs.put(newJobs(4), { now: () => NOW, reconcile: () => null });
    expect([isBack, added.map((it) => it.kind)]).toEqual([expect.any(Promise), Array(4).fill('added')]);
    expect(await store.jobs.list({ limit: 10 })).toHaveLength(4);
  });

  itThere.each([false, true])(
    'has the outcomes that it says it has, where the commit was carried out: %s',
    async (isSent) => {
      await open(`settled ${isSent}`);
      await store.jobs.put(newJobs(4), { now: () => NOW, reconcile: () => null });
      const { claims } = await claim(store);
      isBack = undefined;
      crash = { isSent };
      expect(await store.jobs.settle(claims.map((it) => succeeded(it)))).toEqual(Array(4).fill(true));
      expect(isBack).toBeDefined();
      const { runs } = await store.history.page({ limit: 100 });
      expect(runs.map((run) => [run.state, run.attempt])).toEqual(Array(4).fill(['succeeded', 1]));
    },
  );

  itThere.each([false, true])(
    'has the claims that it says it has, where the commit was carried out: %s',
    async (isSent) => {
      await open(`claimed ${isSent}`);
      await store.jobs.put(newJobs(4), { now: () => NOW, reconcile: () => null });
      isBack = undefined;
      crash = { isSent };
      const { claims } = await claim(store);
      expect(isBack).toBeDefined();
      const { runs } = await store.history.page({ limit: 100 });
      const held = runs.map((run) => [run.id, run.state, run.token]).sort();
      expect(held).toEqual(claims.map((it) => [it.runId, 'running', 1]).sort());
      expect(held).toHaveLength(4);
    },
  );
});
