import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { IsNull } from 'typeorm';
import type { Store } from '../../../lib/core/index.js';
import { carillonEntities, carillonMigrations } from '../../../lib/stores/typeorm/index.js';
import { SCHEMA_STEPS } from '../../../lib/stores/typeorm/migrations/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { until } from '../../support/until.js';
import { driverWith, MySqlPlace, server } from './mysql-place.js';
import { claim, LEASE, newJob, newJobs, NOW, planMinutes, put, succeeded } from './store-parts.js';

jest.setTimeout(60_000);

let place: MySqlPlace;

const within = async (store: Store, manager: unknown, id = 'a') =>
  await store.jobs.put([newJob(id)], { now: () => NOW, reconcile: () => null, within: manager });

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
        for (const _ of SCHEMA_STEPS) await dataSource.undoLastMigration();

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

  it('keeps every text as it was given, whatever is in it', async () => {
    const store = await place.open();
    const texts = ["it's", 'a\\b\\', "\\'", '"', '`x`; -- ', '\n\r\t\0\x1a', 'ü😀', '%_?', "\\0\\n'"];
    await put(
      store,
      texts.map((text, index) => newJob(`${index}${text}`, { args: [text] })),
    );

    const listed = new Map((await store.jobs.list()).map((job) => [job.id, job.args]));
    for (const [index, text] of texts.entries()) expect(listed.get(`${index}${text}`)).toEqual([text]);
  });

  it('looks for the text of a trigger itself', async () => {
    const store = await place.open();
    const marked = newJob('marked', { trigger: '{"type":"date","on":"it\'s \\"here\\""}' });
    await put(store, [...newJobs(3), marked]);

    expect((await store.jobs.list({ triggerHolds: `it's \\"here` })).map((job) => job.id)).toEqual(['marked']);
    expect(await store.jobs.list({ triggerHolds: 'nowhere' })).toEqual([]);
  });

  it('reads a page of jobs along their ids: nothing is put in order for it', async () => {
    const listed: string[] = [];
    const driver = driverWith(({ text }) => void (text.includes('ORDER BY d.id') && listed.push(text)));
    const store = await place.open({ options: { ...place.options, driver } });
    await put(store, newJobs(300));
    const ids = newJobs(300).map((job) => job.id);
    expect((await store.jobs.list({ limit: 5 })).map((job) => job.id)).toEqual([...ids].sort().slice(0, 5));

    const [first] = await place.ask(`EXPLAIN ${listed[0]}`);
    expect([first.table, first.key]).toEqual(['d', 'definitions_id']);
    expect(first.Extra).not.toMatch(/filesort|temporary/);
  });

  describe('its connections', () => {
    it('are three at most, whatever the application’s pool; the application’s own are not used', async () => {
      const dataSource = await place.application({ poolSize: 1 });
      const store = await place.open({ dataSource });
      await put(store, newJobs(1));
      const change = { ids: ['job-0000'], now: () => NOW, decide: () => ({ name: 'changed' }) };
      await dataSource.transaction(async () => {
        await Promise.all(newJobs(20).map(async () => await store.jobs.change(change)));
      });

      const all = 'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()';
      // One more is the application's.
      expect((await place.ask(all)).length).toBeLessThanOrEqual(4);
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
      await put(store, newJobs(3));
      await store.jobs.settle((await claim(store)).claims.map((it) => succeeded(it)));
      await store.history.prune({ at: NOW, settledBefore: NOW, keepPerJob: 1, limit: 10 });

      expect(texts.filter((text) => /\bnow\(|sysdate|current_timestamp|localtime/i.test(text))).toEqual([]);
    });

    it('need a packet to look and a packet to write: statements do not wait for each other', async () => {
      let packets = 0;
      const driver = driverWith(() => void packets++);
      const store = await place.open({ options: { ...place.options, driver } });
      await put(store, newJobs(500));
      await claim(store, { limit: 1 });
      packets = 0;
      const { claims } = await claim(store, { limit: 400 });
      const claimed = packets;
      await store.jobs.settle(claims.map((it) => succeeded(it)));

      expect(claims).toHaveLength(400);
      expect([claimed <= 4, packets - claimed <= 2]).toEqual([true, true]);
    });
  });

  describe('cannot be woken: the engine polls, and asks before it starts what it claimed ahead;', () => {
    const SOON = NOW + 1_000;
    const ids = ['job-0000'];
    const claimed = async (): Promise<{ store: Store; other: Store; runId: string }> => {
      const [store, other] = [await place.open(), await place.open()];
      await put(store, [newJob('job-0000', { fireTime: SOON })]);
      const { claims } = await claim(store, { until: SOON });
      expect([store.jobs.watch, await store.jobs.hasForeignWrites!()]).toEqual([undefined, false]);
      return { store, other, runId: claims[0].runId };
    };

    it('nothing that others add, claim, renew or settle is of concern to it', async () => {
      const { store, other } = await claimed();
      await put(other, [newJob('other')]);
      const { claims } = await claim(other);
      await other.jobs.renew(claims, NOW + 2 * LEASE);
      await other.jobs.settle(claims.map((it) => succeeded(it)));
      await other.jobs.change({ ids: ['other'], now: () => NOW, decide: () => ({ name: 'changed' }) });

      expect(await store.jobs.hasForeignWrites!()).toBe(false);
    });

    it.each([
      ['withdrawn', (by: Store) => by.jobs.change({ ids, now: () => NOW, decide: () => ({ withdraw: true }) })],
      ['removed', (by: Store) => by.jobs.change({ ids, now: () => NOW, decide: () => 'remove' })],
      ['cancelled', (by: Store, runId: string) => by.jobs.change({ cancel: runId, at: NOW, detail: null })],
    ])('what was %s is, once', async (_how, change) => {
      const { store, other, runId } = await claimed();
      await change(other, runId);

      expect(await store.jobs.hasForeignWrites!()).toBe(true);
      expect(await store.jobs.hasForeignWrites!()).toBe(false);
    });

    it('are seen before it is decided that they were: a run may fall due while its withdrawal is written', async () => {
      const { store, other } = await claimed();
      await place.ask('LOCK TABLES carillon_runs WRITE');
      let decided = 0;
      // Asked first whether anything is to be taken back at all.
      const decide = () => (decided++, { withdraw: true });
      const withdrawal = other.jobs.change({ ids, now: () => NOW, decide });
      await until(() => decided === 2);
      expect(await store.jobs.hasForeignWrites!()).toBe(true);
      await place.ask('UNLOCK TABLES');
      await withdrawal;
    });

    it('so are those of a job that is put again, or replaced', async () => {
      const { store, other } = await claimed();
      const looks: Promise<boolean>[] = [];
      const now = (): number => (looks.push(Promise.resolve(store.jobs.hasForeignWrites!())), NOW);
      await other.jobs.put([newJob(ids[0])], { now, reconcile: () => ({ replace: true }) });

      expect(await Promise.all(looks)).toContain(true);
    });

    it('so is what is being withdrawn: a later withdrawal may be durable before', async () => {
      const { store, other } = await claimed();
      const dataSource = await place.application();
      await dataSource.transaction(async (manager) => {
        await manager.query('INSERT INTO carillon_withdrawals (app_key) SELECT app_key FROM carillon_applications');
        expect(await store.jobs.hasForeignWrites!()).toBe(true);
        await other.jobs.change({ ids, now: () => NOW, decide: () => ({ withdraw: true }) });
        expect(await store.jobs.hasForeignWrites!()).toBe(true);
      });
    });

    it('so is one with the number of another that was seen and lost: a server that crashes gives it out again', async () => {
      const { store, other } = await claimed();
      await place.ask('INSERT INTO carillon_withdrawals (app_key) SELECT app_key FROM carillon_applications');
      expect(await store.jobs.hasForeignWrites!()).toBe(true);
      const [{ withdrawal }] = await place.ask('SELECT withdrawal FROM carillon_withdrawals');
      await place.ask('TRUNCATE carillon_withdrawals');
      await place.ask(`ALTER TABLE carillon_withdrawals AUTO_INCREMENT = ${withdrawal}`);

      await other.jobs.change({ ids, now: () => NOW, decide: () => ({ withdraw: true }) });
      expect(await place.ask('SELECT withdrawal FROM carillon_withdrawals')).toEqual([{ withdrawal }]);
      expect(await store.jobs.hasForeignWrites!()).toBe(true);
    });

    it.each<[what: string, notes: number, change: (store: Store, cancel: string) => unknown]>([
      ['a pause once', 1, (store) => store.jobs.change({ ids, now: () => NOW, decide: () => ({ withdraw: true }) })],
      ['a removal once', 1, (store) => store.jobs.change({ ids, now: () => NOW, decide: () => 'remove' })],
      [
        'a new name not at all',
        0,
        (store) => store.jobs.change({ ids, now: () => NOW, decide: () => ({ name: 'x' }) }),
      ],
      ['a cancel once', 1, (store, cancel) => store.jobs.change({ cancel, at: NOW, detail: null })],
    ])('are told of %s', async (_what, notes, change) => {
      const { other, runId } = await claimed();
      await change(other, runId);

      expect(await place.ask('SELECT withdrawal FROM carillon_withdrawals')).toHaveLength(notes);
    });

    it('and so is everything, when the server cannot be asked', async () => {
      const { store } = await claimed();
      await place.ask('RENAME TABLE carillon_withdrawals TO elsewhere');
      expect(await store.jobs.hasForeignWrites!()).toBe(true);
    });

    it('what tells of it is forgotten with history, but for the last', async () => {
      const { store } = await claimed();
      const rows = Array.from({ length: 150 }, () => '(1)').join(',');
      await place.ask(`INSERT INTO carillon_withdrawals (app_key) VALUES ${rows}`);
      await store.history.prune({ at: NOW, settledBefore: null, keepPerJob: null, limit: 1_000 });

      const [{ kept, last }] = await place.ask(
        'SELECT COUNT(*) AS kept, MAX(withdrawal) AS last FROM carillon_withdrawals',
      );
      expect([Number(kept), Number(last)]).toEqual([100, 150]);
    });
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
