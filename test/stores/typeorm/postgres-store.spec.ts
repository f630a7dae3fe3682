import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { IsNull } from 'typeorm';
import type { Store } from '../../../lib/core/index.js';
import { carillonEntities, carillonMigrations } from '../../../lib/stores/typeorm/index.js';
import { SCHEMA_STEPS } from '../../../lib/stores/typeorm/migrations/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { until } from '../../support/until.js';
import { driverWith, PostgresDatabase, PostgresPlace, server, waitingStore } from './postgres-place.js';
import { claim, LEASE, newJob, newJobs, NOW, planMinutes, put, succeeded } from './store-parts.js';

jest.setTimeout(60_000);

const database = new PostgresDatabase();
let place: PostgresPlace;
let unwatch: (() => void)[];

/** How often a store was woken since. */
function wakesOf(store: Store): { count: number } {
  const seen = { count: 0 };
  unwatch.push(
    store.jobs.watch!(
      () => seen.count++,
      () => undefined,
    ),
  );
  return seen;
}

const isListening = (store: Store) => until(() => !store.jobs.hasForeignWrites!());
const within = async (store: Store, manager: unknown, id = 'a') =>
  await store.jobs.put([newJob(id)], { now: () => NOW, reconcile: () => null, within: manager });

describeOnServer(server, 'the store on PostgreSQL', () => {
  beforeAll(() => database.make());
  afterAll(() => database.clear());
  beforeEach(() => {
    place = new PostgresPlace(database);
    unwatch = [];
  });
  afterEach(async () => {
    for (const end of unwatch) end();
    await place.clear();
  });

  describe('its tables', () => {
    it('are made once when several stores open at the same moment, in a schema that is made with them', async () => {
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

    it('come with the application’s own migrations, and go with them', async () => {
      await place.ask(`CREATE SCHEMA ${place.schema}`);
      const dataSource = await place.application({ migrations: carillonMigrations() });
      expect(await dataSource.runMigrations()).toHaveLength(SCHEMA_STEPS.length);
      const store = await place.open({ dataSource, schema: undefined, runMigrations: false });
      expect(await put(store, [newJob('a')])).toHaveLength(1);
      await store.jobs.close();
      for (const _ of SCHEMA_STEPS) await dataSource.undoLastMigration();

      const left = `SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename LIKE 'carillon%'`;
      expect(await place.ask(left, [place.schema])).toEqual([{ tablename: 'carillon_migrations' }]);
    });

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
      expect(await dataSource.getRepository(carillon.runTexts).find()).toMatchObject([{ runKey: run.key, error }]);
      expect(await dataSource.getRepository(carillon.openRuns).find()).toMatchObject([{ state: 'running' }]);
      expect(await dataSource.getRepository(carillon.jobs).findBy({ pause: IsNull() })).toHaveLength(2);
    });

    it('are made for a data source that was given by its parts, and by a replicated one’s master', async () => {
      const url = new URL(database.url);
      const parts = {
        host: url.hostname,
        port: Number(url.port || 5432),
        username: url.username,
        database: url.pathname.slice(1),
      };
      const replication = { master: parts, slaves: [{ ...parts, port: 1 }] };
      const options = { type: 'postgres' as const, replication };
      const stores = [await place.open({ options: { type: 'postgres', ...parts } }), await place.open({ options })];
      await put(stores[0], [newJob('a')]);

      expect(await stores[1].jobs.list()).toHaveLength(1);
    });
  });

  describe('its connections', () => {
    it('are three and one that listens at most, whatever the application’s pool; the application’s own are not used', async () => {
      const dataSource = await place.application({ poolSize: 1 });
      const store = await place.open({ dataSource });
      wakesOf(store);
      await isListening(store);
      await dataSource.transaction(async () => {
        await Promise.all(newJobs(20).flatMap((job) => [put(store, [job]), Promise.resolve(store.jobs.list())]));
      });

      const own = `SELECT count(*)::integer AS n FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'nest-carillon'`;
      const [{ n }] = await place.ask(own);
      expect(n).toBeLessThanOrEqual(4);
    });

    it('keep no state: no statement by name, no setting and no lock of a session (P20)', async () => {
      const texts: string[] = [];
      const driver = driverWith((text) => void texts.push(text));
      const store = await place.open({ options: { ...place.options, driver } });
      await put(store, newJobs(3));
      await store.jobs.settle((await claim(store)).claims.map((it) => succeeded(it)));

      const stateful = /\bPREPARE\b|pg_(try_)?advisory_lock\b|\bSET (?!LOCAL)[a-z_]+ ?=|\bLISTEN\b|\bTEMP\b/;
      expect(texts.filter((text) => stateful.test(text.replace(/UPDATE[\s\S]*/, '')))).toEqual([]);
      expect(texts.some((text) => text.includes('idle_in_transaction_session_timeout'))).toBe(true);
    });

    it('never ask the server for the time in a condition: instants are parameters', async () => {
      const texts: string[] = [];
      const driver = driverWith((text) => void texts.push(text));
      const store = await place.open({ options: { ...place.options, driver } });
      texts.length = 0;
      await put(store, newJobs(3));
      await store.jobs.settle((await claim(store)).claims.map((it) => succeeded(it)));
      await store.history.prune({ at: NOW, settledBefore: NOW, keepPerJob: 1, limit: 10 });

      expect(texts.filter((text) => /\bnow\(\)|current_timestamp|localtime/i.test(text))).toEqual([]);
    });

    it('look after all jobs of a settle together, when runs are buffered behind some', async () => {
      const { waits, store } = await waitingStore(place);
      await put(store, newJobs(100));
      const { claims } = await claim(store);
      const runs = newJobs(100).map(({ id }) => {
        return { jobId: id, kind: 'manual', fireTime: NOW, dueAt: NOW, forced: false, args: null } as const;
      });
      await store.jobs.enter({ runs, at: NOW, admit: () => ({ as: 'buffered' }) });
      waits.length = 0;
      await store.jobs.settle(claims.map((it) => succeeded(it)));

      expect((await store.history.page({ states: ['waiting'], limit: 200 })).runs).toHaveLength(100);
      expect(waits.length).toBeLessThanOrEqual(12);
    });

    it('need one round trip to look and one to write: statements do not wait for each other', async () => {
      const { waits, store } = await waitingStore(place);
      await put(store, newJobs(500));
      await claim(store, { limit: 1 });
      waits.length = 0;
      const { claims } = await claim(store, { limit: 400 });
      await store.jobs.settle(claims.map((it) => succeeded(it)));

      expect(claims).toHaveLength(400);
      expect(waits.length).toBeLessThanOrEqual(4);
    });
  });

  describe('wake-ups', () => {
    it('reach other nodes when something falls due soon, and not the node itself', async () => {
      const [one, other] = [await place.open(), await place.open()];
      const [seenByOne, seenByOther] = [wakesOf(one), wakesOf(other)];
      await Promise.all([isListening(one), isListening(other)]);
      [seenByOne.count, seenByOther.count] = [0, 0];
      await put(one, [newJob('a', { fireTime: Date.now() + 5_000 })]);

      await until(() => seenByOther.count > 0);
      expect(seenByOne.count).toBe(0);
    });

    it('are not sent for what the others find in time by themselves', async () => {
      const [one, other] = [await place.open(), await place.open()];
      const seen = wakesOf(other);
      await isListening(other);
      await until(() => seen.count > 0);
      seen.count = 0;
      await put(one, [newJob('later', { fireTime: Date.now() + 3_600_000 })]);
      await put(one, [newJob('soon', { fireTime: Date.now() })]);

      await until(() => seen.count > 0);
      expect(seen.count).toBe(1);
    });

    it('tell the owner of a claim that was taken back', async () => {
      const [one, other] = [await place.open(), await place.open()];
      const at = Date.now();
      await put(one, [newJob('a', { fireTime: at + 900 })]);
      const { claims } = await claim(one, { now: at, until: at + 1_000, leaseUntil: at + LEASE });
      const seen = wakesOf(one);
      await isListening(one);
      await until(() => seen.count > 0);
      seen.count = 0;
      const pause = { at, by: null, reason: null, until: null };
      await other.jobs.change({ ids: ['a'], now: () => at, decide: () => ({ pause, withdraw: true }) });

      await until(() => seen.count > 0);
      expect(await one.jobs.renew(claims, at + 2 * LEASE)).toEqual([{ held: false, cancelRequested: false }]);
    });

    it.each([
      ['its connection that listens', true],
      ['one that is made for it, where none listens', false],
    ])('say that claims may be taken back before that is durable, over %s', async (_how, listens) => {
      const [one, dataSource] = [await place.open(), await place.application()];
      const other = await place.open({ dataSource });
      if (listens) {
        wakesOf(other);
        await isListening(other);
      }
      let doubts = 0;
      const at = Date.now();
      await put(one, [newJob('a', { fireTime: at + 60_000 })]);
      const claimed = await claim(one, { now: at, until: at + 60_000, leaseUntil: at + LEASE });
      unwatch.push(
        one.jobs.watch!(
          () => undefined,
          () => doubts++,
        ),
      );
      await isListening(one);
      let renewed = false;
      let renewal: Promise<unknown> | undefined;
      await dataSource.transaction(async (manager) => {
        const decided = { now: () => Date.now(), reconcile: () => ({ replace: true }), within: manager } as const;
        await other.jobs.put([newJob('a', { fireTime: at + 90_000 })], decided);
        await until(() => doubts === 1);
        // Whoever asks now waits for what is decided.
        renewal = (async () => one.jobs.renew(claimed.claims, at + 2 * LEASE))().finally(() => (renewed = true));
        await until(
          async () => (await place.ask("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).length > 0,
        );
        expect(renewed).toBe(false);
      });

      expect(await renewal).toEqual([{ held: false, cancelRequested: false }]);
    });

    it('come back after the listening connection was cut, and what was missed meanwhile is looked at', async () => {
      const [one, other] = [await place.open(), await place.open()];
      const seen = wakesOf(other);
      await isListening(other);
      await until(() => seen.count > 0);
      await place.terminate(`query LIKE 'LISTEN%'`);
      await until(() => other.jobs.hasForeignWrites!());
      seen.count = 0;
      await isListening(other);
      await until(() => seen.count > 0);
      seen.count = 0;
      await put(one, [newJob('a', { fireTime: Date.now() })]);

      await until(() => seen.count > 0);
    });

    it('are replaced by looking each second where LISTEN hears nothing, as behind a pooler', async () => {
      const driver = driverWith((text, _client, send) => (text.startsWith('LISTEN') ? Promise.resolve() : send()));
      const deaf = await place.open({ options: { ...place.options, driver } });
      const seen = wakesOf(deaf);

      await until(() => seen.count >= 2);
      expect(deaf.jobs.hasForeignWrites!()).toBe(true);
    });

    it.each(['false', 'yes', 'redis://localhost', 'postgres://'])(
      'are not listened for at %j, which is no server’s URL: the option is refused',
      (listen) => {
        expect(() => place.store({ listen })).toThrow(/its "listen" is a text, and not the URL/);
      },
    );

    it('tell other nodes of a pause of the application, and of its end', async () => {
      const [writer, hearer] = [await place.open(), await place.open()];
      const seen = wakesOf(hearer);
      await isListening(hearer);
      for (const pause of [{ at: NOW, by: null, reason: null, until: null }, null]) {
        const { count } = seen;
        await writer.nodes.writePause(pause);
        await until(() => seen.count > count);
      }

      expect(await hearer.nodes.readPause()).toBeNull();
    });

    it('are not there with listen: false, so that the engine polls', async () => {
      const store = await place.open({ listen: false });

      expect([store.jobs.watch, store.jobs.hasForeignWrites!()]).toEqual([undefined, true]);
    });
  });

  describe('a put within the caller’s transaction', () => {
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

    it('has one statement at a time on the caller’s connection, which keeps no queue', async () => {
      const dataSource = await place.application();
      const store = await place.open({ dataSource });
      const atOnce = { now: 0, most: 0 };
      await dataSource.transaction(async (manager) => {
        const client = (await manager.queryRunner!.connect()) as { query: (...parts: unknown[]) => Promise<unknown> };
        const send = client.query.bind(client);
        client.query = async (...parts) => {
          atOnce.most = Math.max(atOnce.most, ++atOnce.now);
          return await send(...parts).finally(() => atOnce.now--);
        };
        await store.jobs.put([newJob('a', { fireTime: Date.now() })], {
          now: () => Date.now(),
          reconcile: () => null,
          within: manager,
        });
        client.query = send;
      });

      expect(atOnce).toEqual({ now: 0, most: 1 });
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
      const store = await place.open({ dataSource });
      await place.ask(`CREATE TABLE ${place.schema}.users (name text)`);
      await dataSource.transaction(async (manager) => {
        await manager.query(`INSERT INTO ${place.schema}.users VALUES ('ann')`);
        await within(store, manager);
        const reconcile = (): never => {
          throw new Error('broken');
        };
        const failing = async () => store.jobs.put([newJob('a')], { now: () => NOW, reconcile, within: manager });
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
      const elsewhere = new URL(database.url);
      elsewhere.pathname = '/postgres';
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
