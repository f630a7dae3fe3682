import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { IsNull } from 'typeorm';
import type { Store } from '../../../lib/core/index.js';
import { carillonEntities, carillonMigrations } from '../../../lib/stores/typeorm/index.js';
import { SCHEMA_STEPS } from '../../../lib/stores/typeorm/migrations/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { driverWith, MySqlPlace, server } from './mysql-place.js';
import { claim, newJob, NOW, planMinutes, put, succeeded } from './store-parts.js';

jest.setTimeout(60_000);

let place: MySqlPlace;

const jobs = (count: number) => Array.from({ length: count }, (_, index) => newJob(`job-${index}`));
const within = async (store: Store, manager: unknown, id = 'a') =>
  await store.jobs.put([newJob(id)], { at: NOW, reconcile: () => null, within: manager });

describeOnServer(server, 'the store on MariaDB', () => {
  beforeEach(async () => {
    place = new MySqlPlace();
    await place.make();
  });
  afterEach(() => place.clear());

  describe('its tables', () => {
    it('are made once when several stores open at the same moment', async () => {
      await Promise.all([place.open(), place.open(), place.open({ application: 'billing' })]);

      expect(await place.ask('SELECT name FROM carillon_migrations')).toEqual(
        SCHEMA_STEPS.map((step) => ({ name: step.name })),
      );
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

    it.each(['mysql', 'mariadb'] as const)(
      'come with the application’s own migrations, and go with them: type %s',
      async (type) => {
        const dataSource = await place.application({ type, migrations: carillonMigrations() });
        expect(await dataSource.runMigrations()).toHaveLength(SCHEMA_STEPS.length);
        const store = await place.open({ dataSource, runMigrations: false });
        expect(await put(store, [newJob('a')])).toHaveLength(1);
        await store.jobs.close();
        await dataSource.undoLastMigration();

        const left = `SELECT table_name AS name FROM information_schema.tables
          WHERE table_schema = DATABASE() AND table_name LIKE 'carillon%'`;
        expect(await place.ask(left)).toEqual([{ name: 'carillon_migrations' }]);
      },
    );

    it('are read through entities, with words for codes', async () => {
      const carillon = carillonEntities();
      const dataSource = await place.application({ entities: [...carillon] });
      const store = await place.open({ dataSource });
      await put(store, [newJob('a', { args: [{ x: 1 }] }), newJob('b')]);
      const { claims } = await claim(store, {}, planMinutes);
      const error = { name: 'E', message: 'no', stack: null, code: null };
      const failed = { ...succeeded(claims[0]), outcome: 'failed', error } as ReturnType<typeof succeeded>;
      await store.jobs.settle([failed]);

      const [run] = await dataSource.getRepository(carillon.runs).findBy({ state: 'failed' });
      expect(run).toMatchObject({ kind: 'scheduled', state: 'failed', firstFireTime: null, reason: null });
      expect(Number(run.fireTime)).toBe(NOW);
      expect(await dataSource.getRepository(carillon.runTexts).find()).toMatchObject([{ runKey: run.key, error }]);
      expect(await dataSource.getRepository(carillon.openRuns).find()).toMatchObject([{ state: 'running' }]);
      expect(await dataSource.getRepository(carillon.jobs).findBy({ pause: IsNull() })).toHaveLength(2);
    });

    it('are made for a data source that was given by its parts, and by a replicated one’s master', async () => {
      const url = new URL(place.url);
      const parts = {
        host: url.hostname,
        port: Number(url.port || 3306),
        username: url.username,
        database: url.pathname.slice(1),
      };
      const replication = { master: parts, slaves: [{ ...parts, port: 1 }] };
      const stores = [
        await place.open({ options: { type: 'mysql', ...parts } }),
        await place.open({ options: { type: 'mariadb', replication } }),
      ];
      await put(stores[0], [newJob('a')]);

      expect(await stores[1].jobs.list()).toHaveLength(1);
    });

    it('have no schema: the option is refused, with what to give instead', () => {
      expect(() => place.store({ schema: 'jobs' })).toThrow(/"schema" is for PostgreSQL.*tablePrefix/s);
    });
  });

  it('keeps ids apart that differ in case, in an accent or in a space at the end, and orders them by their code points', async () => {
    const store = await place.open();
    const ids = ['a', 'a ', 'A', 'á', 'ß', 'ss', '😀', ' a'];
    await put(
      store,
      [...ids, "x'); -- \\"].map((id) => newJob(id)),
    );

    const listed = (await store.jobs.list()).map((job) => job.id);
    expect(listed).toEqual([' a', 'A', 'a', 'a ', 'ss', "x'); -- \\", 'ß', 'á', '😀']);
    for (const id of ids) expect((await store.jobs.list({ ids: [id] })).map((job) => job.id)).toEqual([id]);
  });

  describe('its connections', () => {
    it('are two, whatever the application’s pool; the application’s own are not used', async () => {
      const dataSource = await place.application({ poolSize: 1 });
      const store = await place.open({ dataSource });
      await put(store, jobs(1));
      const change = { ids: ['job-0'], at: NOW, decide: () => ({ name: 'changed' }) };
      await dataSource.transaction(async () => {
        await Promise.all(jobs(20).map(async () => await store.jobs.change(change)));
      });

      const all = 'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()';
      expect(await place.ask(all)).toHaveLength(3);
    });

    it('read committed rows, and put no gap under a lock', async () => {
      const texts: string[] = [];
      const driver = driverWith((packet) => void texts.push(packet.text));
      await place.open({ options: { ...place.options, driver } });

      expect(texts.some((text) => text.includes('ISOLATION LEVEL READ COMMITTED'))).toBe(true);
    });

    it('never ask the server for the time in a condition: instants are parameters', async () => {
      const texts: string[] = [];
      const driver = driverWith((packet) => void texts.push(packet.text));
      const store = await place.open({ options: { ...place.options, driver } });
      texts.length = 0;
      await put(store, jobs(3));
      await store.jobs.settle((await claim(store)).claims.map((it) => succeeded(it)));
      await store.history.prune({ at: NOW, settledBefore: NOW, keepPerJob: 1, limit: 10 });

      expect(texts.filter((text) => /\bnow\(|sysdate|current_timestamp|localtime/i.test(text))).toEqual([]);
    });

    it('need a packet to look and a packet to write: statements do not wait for each other', async () => {
      let packets = 0;
      const driver = driverWith(() => void packets++);
      const store = await place.open({ options: { ...place.options, driver } });
      await put(store, jobs(500));
      await claim(store, { limit: 1 });
      packets = 0;
      const { claims } = await claim(store, { limit: 400 });
      const claimed = packets;
      await store.jobs.settle(claims.map((it) => succeeded(it)));

      expect(claims).toHaveLength(400);
      expect([claimed <= 4, packets - claimed <= 2]).toEqual([true, true]);
    });
  });

  it('cannot be woken: the engine polls, and renews what it claimed ahead before it starts', async () => {
    const store = await place.open();

    expect([store.jobs.watch, store.jobs.hasForeignWrites!()]).toEqual([undefined, true]);
  });

  describe('a put within the caller’s transaction', () => {
    it.each([{}, { bigNumberStrings: false }, { supportBigNumbers: false }, { charset: 'latin1' }])(
      'is there at its commit, whatever the application’s connection is like: %j',
      async (options) => {
        const dataSource = await place.application(options);
        const store = await place.open({ dataSource });
        await dataSource.transaction(async (manager) => {
          await manager.query(`SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'`);
          const [{ kind }] = await within(store, manager, 'a\'\\"ü😀');
          expect(kind).toBe('added');
          expect(await store.jobs.list()).toEqual([]);
        });

        expect((await store.jobs.list()).map((job) => job.id)).toEqual(['a\'\\"ü😀']);
        expect((await claim(store)).claims).toHaveLength(1);
      },
    );

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
      const store = await place.open({ dataSource });
      await place.ask('CREATE TABLE users (name varchar(20))');
      await dataSource.transaction(async (manager) => {
        await manager.query(`INSERT INTO users VALUES ('ann')`);
        await within(store, manager);
        const reconcile = (): never => {
          throw new Error('broken');
        };
        const failing = async () => store.jobs.put([newJob('a')], { at: NOW, reconcile, within: manager });
        await expect(failing()).rejects.toThrow('broken');
      });

      expect(await place.ask('SELECT name FROM users')).toEqual([{ name: 'ann' }]);
      expect(await store.jobs.list()).toHaveLength(1);
    });

    it('refuses what is no open transaction, and one on another database', async () => {
      const dataSource = await place.application();
      const store = await place.open({ dataSource });
      await expect(within(store, {})).rejects.toMatchObject({ code: 'TYPEORM_STORE_OPTIONS' });
      await expect(within(store, dataSource.manager)).rejects.toThrow(/EntityManager of an open transaction/);
      const elsewhere = new URL(place.url);
      elsewhere.pathname = '/information_schema';
      const other = await place.application({ url: elsewhere.href });
      await other.transaction(async (manager) => {
        await expect(within(store, manager)).rejects.toThrow(/on the store's own database/);
      });
    });
  });

  it('moves runs of the past to history, and leaves no row behind without history', async () => {
    const store = await place.open();
    const { policy } = newJob('a');
    await put(store, [newJob('kept'), newJob('not', { policy: { ...policy, keepHistory: false } })]);
    const { claims } = await claim(store);
    const ended = claims.map((it) => ({ ...succeeded(it), keepHistory: it.job.policy.keepHistory }));
    await store.jobs.settle(ended);

    expect(await place.ask('SELECT 1 FROM carillon_open_runs')).toEqual([]);
    expect((await store.history.page({ limit: 10 })).runs.map((run) => run.jobId)).toEqual(['kept']);
  });
});
