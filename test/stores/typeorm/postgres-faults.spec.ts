import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SystemClock } from '../../../lib/core/index.js';
import type { JobPlan, JobRecord, Store } from '../../../lib/core/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { until } from '../../support/until.js';
import { driverWith, PostgresDatabase, PostgresPlace, raise, server, sqlError } from './postgres-place.js';
import type { Instead } from './postgres-place.js';
import { claim, LEASE, newJob, newJobs, NOW, planMinutes, planOnce, put, succeeded } from './store-parts.js';

jest.setTimeout(60_000);

const database = new PostgresDatabase();
let place: PostgresPlace;

async function failureOf(work: () => unknown): Promise<any> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** A store whose connections may do something else than asked, once `arm` was called. */
async function armed(instead: Instead): Promise<{ store: Store; arm: () => void }> {
  let isArmed = false;
  const driver = driverWith((text, client, send) => (isArmed ? instead(text, client, send) : undefined));
  const store = await place.open({ options: { ...place.options, driver } });
  return { store, arm: () => (isArmed = true) };
}

/** Does it once, at the first statement that matches. */
function once(statement: RegExp, instead: Instead): Instead {
  let isDone = false;
  return (text, client, send) => {
    if (isDone || !statement.test(text)) return undefined;
    isDone = true;
    return instead(text, client, send);
  };
}

const destroy = (client: unknown): void => (client as any).connection.stream.destroy();

describeOnServer(server, 'the store on PostgreSQL, when something is wrong:', () => {
  beforeAll(() => database.make());
  afterAll(() => database.clear());
  beforeEach(() => {
    place = new PostgresPlace(database);
  });
  afterEach(() => place.clear());

  describe('a server that cannot be reached', () => {
    const open = async (change: (url: URL) => void) => {
      const url = new URL(database.url);
      change(url);
      return await failureOf(() => place.open({ options: { type: 'postgres', url: url.href } }));
    };

    it.each<[string, (url: URL) => void, RegExp]>([
      ['port', (url) => (url.port = '1'), /nothing listens there/],
      ['host', (url) => (url.hostname = 'no-such-host.invalid'), /host name is not known/],
      ['database', (url) => (url.pathname = '/no_such_database'), /no_such_database.*does not exist/],
    ])('is named without its password: wrong %s', async (_what, change, message) => {
      const error = await open((url) => {
        url.password = 'secret';
        change(url);
      });
      expect([error.code, error.message]).toEqual(['STORE_UNREACHABLE', expect.stringMatching(message)]);
      expect(error.message).not.toContain('secret');
    });

    it('is not called localhost where the url cannot be read', async () => {
      const error = await failureOf(() => place.open({ options: { type: 'postgres', url: 'no url' } }));
      expect([error.code, error.message]).toEqual([
        'STORE_UNREACHABLE',
        expect.stringMatching(/its url cannot be read/),
      ]);
    });

    it.each([
      ['28P01', 'STORE_UNREACHABLE', /user name or password/],
      ['53300', 'STORE_UNREACHABLE', /max_connections/],
      ['57P03', 'STORE_UNREACHABLE', /starting up/],
    ])('says what to do about %s', async (code, ours, message) => {
      const driver = driverWith(() => Promise.reject(sqlError(code)));
      const error = await failureOf(() => place.open({ options: { ...place.options, driver } }));
      expect([error.code, error.message]).toEqual([ours, expect.stringMatching(message)]);
    });
  });

  describe('tables', () => {
    it('that are missing are told, with what to run, and nothing is made', async () => {
      const error = await failureOf(() => place.open({ runMigrations: false }));
      expect([error.code, error.message]).toEqual(['SCHEMA_MISSING', expect.stringContaining('runMigrations: true')]);
      expect(await place.ask('SELECT 1 FROM pg_namespace WHERE nspname = $1', [place.schema])).toEqual([]);
    });

    it('that went away are told, and the store goes on when they are back', async () => {
      const store = await place.open();
      await place.ask('ALTER TABLE carillon_jobs RENAME TO elsewhere');
      expect(await failureOf(() => put(store, [newJob('a')]))).toMatchObject({ code: 'SCHEMA_MISSING' });
      await place.ask('ALTER TABLE elsewhere RENAME TO carillon_jobs');

      expect(await put(store, [newJob('a')])).toHaveLength(1);
    });

    it('that the user may not make are told, with the grants', async () => {
      const user = `carillon_poor_${Date.now().toString(36)}`;
      await place.ask(`CREATE ROLE ${user} LOGIN`);
      const url = new URL(database.url);
      url.username = user;
      const error = await failureOf(() => place.open({ options: { type: 'postgres', url: url.href } }));
      await place.ask(`DROP ROLE ${user}`);

      expect([error.code, error.message]).toEqual(['STORE_PERMISSION', expect.stringContaining('Grant the user')]);
    });
  });

  it('a full disk (53100) undoes the step, costs no job anything, and is over when there is room (P25)', async () => {
    let isFull = false;
    const { store, arm } = await armed((text, client) => {
      return isFull && /^\s*(WITH|INSERT|UPDATE)/.test(text) ? raise(client, '53100') : undefined;
    });
    await put(store, [newJob('a')]);
    const { claims } = await claim(store);
    arm();
    isFull = true;
    const settlement = succeeded(claims[0]);
    const error = await failureOf(() => store.jobs.settle([settlement]));
    expect([error.code, error.message]).toEqual(['STORE_FULL', expect.stringContaining('Make room')]);
    expect(await failureOf(() => put(store, [newJob('b')]))).toMatchObject({ code: 'STORE_FULL' });
    expect(await store.history.find(claims[0].runId)).toMatchObject({ state: 'running', attempt: 1, token: 1 });
    isFull = false;

    expect(await store.jobs.settle([settlement])).toEqual([true]);
    expect((await store.jobs.list()).map((job) => [job.id, job.losses])).toEqual([['a', 0]]);
  });

  it.each(['40001', '40P01'])('a conflict (%s) is tried again, from the start (P27)', async (code) => {
    const { store, arm } = await armed(once(/INSERT INTO .*claimed_batches/s, (_text, client) => raise(client, code)));
    await put(store, newJobs(3));
    arm();

    expect((await claim(store)).claims).toHaveLength(3);
  });

  it('a conflict leaves out no executor that the claim was refused in the try that was undone', async () => {
    const { store, arm } = await armed(
      once(/INSERT INTO .*claimed_batches/s, (_text, client) => raise(client, '40P01')),
    );
    await put(store, newJobs(3));
    arm();
    const exceptExecutors = new Set<string>();
    const oneSlot = (job: JobRecord): JobPlan | null => {
      if (job.id === 'job-0000') return planOnce(job);
      exceptExecutors.add(job.policy.executor);
      return null;
    };

    const { claims } = await claim(store, { exceptExecutors }, oneSlot as typeof planOnce);
    expect(claims.map(({ jobId }) => jobId)).toEqual(['job-0000']);
  });

  it('an argument of several megabytes comes back as it was', async () => {
    const store = await place.open();
    const args = ['x'.repeat(5_000_000)];
    await put(store, [newJob('a', { args })]);

    expect((await claim(store)).claims[0].job.args).toEqual(args);
  });

  it('a clock that is an hour off changes nothing: store time is the server’s (P26)', async () => {
    class WrongClock extends SystemClock {
      override now(): number {
        return super.now() + 3_600_000;
      }
    }
    const clock = new WrongClock();
    const store = await place.open({ clock });
    const { storeNow } = await claim(store, { now: clock.now() });

    expect(Math.abs(storeNow! - Date.now())).toBeLessThan(60_000);
    await put(store, [newJob('a')]);
    const { storeNow: later } = await claim(store, { now: clock.now() });
    expect(Math.abs(later! - Date.now())).toBeLessThan(60_000);
  });

  describe('a connection that is cut', () => {
    it('while nothing is asked is not even noticed', async () => {
      const store = await place.open();
      await put(store, newJobs(3));
      expect(await place.terminate()).toBeGreaterThan(0);

      expect((await claim(store)).claims).toHaveLength(3);
    });

    it.each([
      ['a put', /INSERT INTO .*definitions/s],
      ['a claim', /INSERT INTO .*claimed_batches/s],
      ['a settlement', /DELETE FROM .*claimed_batches/s],
    ])(
      'in the middle of %s by an administrator (pg_terminate_backend): it is done again, once',
      async (_what, text) => {
        const cut = once(text, async (_text, _client, send) => {
          await place.terminate(`state LIKE 'idle in transaction%'`);
          return await send();
        });
        const { store, arm } = await armed(cut);
        arm();
        await put(store, newJobs(5));
        const { claims } = await claim(store);
        expect(await store.jobs.settle(claims.map((it) => succeeded(it)))).toEqual(Array(5).fill(true));

        const { runs } = await store.history.page({ limit: 100 });
        expect(runs.map((run) => [run.state, run.attempt, run.token])).toEqual(Array(5).fill(['succeeded', 1, 1]));
      },
    );

    it.each(['before', 'after'])(
      '%s the commit was carried out: the write is in doubt, and asked after',
      async (when) => {
        const commits: string[] = [];
        const { store, arm } = await armed((text, client, send) => {
          if (text !== 'COMMIT' || commits.length >= 3) return undefined;
          commits.push(text);
          if (when === 'before') {
            destroy(client);
            return undefined;
          }
          const answer = send();
          return answer.then(() => {
            destroy(client);
            throw sqlError('ECONNRESET', 'read ECONNRESET');
          });
        });
        arm();
        const results = await store.jobs.put(newJobs(4), { now: () => NOW, reconcile: () => null });
        expect(results.map((result) => result.kind)).toEqual(Array(4).fill('added'));
        const { claims } = await claim(store);
        expect(claims.map((it) => [it.cause, it.token])).toEqual(Array(4).fill(['planned', 1]));
        expect(await store.jobs.settle(claims.map((it) => succeeded(it)))).toEqual(Array(4).fill(true));

        expect(commits).toHaveLength(3);
        const { runs } = await store.history.page({ limit: 100 });
        expect(runs.map((run) => [run.state, run.attempt])).toEqual(Array(4).fill(['succeeded', 1]));
      },
    );
  });

  it('a process that stands still in the middle of a step holds nothing for long: the server ends its transaction (P24)', async () => {
    const { store: stopped, arm } = await armed(once(/^COMMIT$/, () => new Promise(() => undefined)));
    const other = await place.open();
    await put(other, newJobs(2));
    arm();
    void claim(stopped, { node: 'stopped' }).then(undefined, () => undefined);
    await until(async () => {
      const idle = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`;
      return (await place.ask(idle)).length > 0;
    });
    expect((await claim(other, { node: 'other' })).claims).toEqual([]);

    await until(async () => (await claim(other, { node: 'other' }, planMinutes)).claims.length === 2);
  });

  it('a lock that is never given back ends in a clear error', async () => {
    const store = await place.open({ busyTimeout: 200 });
    await put(store, [newJob('a')]);
    const dataSource = await place.application();
    await dataSource.transaction(async (manager) => {
      await manager.query(`SELECT 1 FROM ${place.schema}.carillon_jobs FOR UPDATE`);
      const change = () => store.jobs.change({ ids: ['a'], now: () => NOW, decide: () => ({ name: 'b' }) });
      expect(await failureOf(change)).toMatchObject({ code: 'STORE_BUSY' });
      // A claim passes over what somebody else has.
      expect((await claim(store, { leaseUntil: NOW + LEASE })).claims).toEqual([]);
    });

    expect((await claim(store)).claims).toHaveLength(1);
  });

  it('others that are at work on its jobs do not hold up a start that changes nothing', async () => {
    const store = await place.open({ busyTimeout: 200 });
    const code = ['a', 'b'].map((id) => newJob(id, { origin: 'code' }));
    await put(store, code);
    const dataSource = await place.application();
    await dataSource.transaction(async (manager) => {
      await manager.query(`SELECT 1 FROM ${place.schema}.carillon_jobs FOR UPDATE`);
      expect(await store.jobs.put(code, { now: () => NOW, reconcile: () => null })).toMatchObject([
        { kind: 'unchanged', job: { id: 'a' }, before: { id: 'a' } },
        { kind: 'unchanged', job: { id: 'b' } },
      ]);
      const change = () => store.jobs.put(code, { now: () => NOW, reconcile: () => ({ name: 'b' }) });
      expect(await failureOf(change)).toMatchObject({ code: 'STORE_BUSY' });
    });
  });

  it('a store that is not open, or closed, says so', async () => {
    const store = place.store();
    expect(await failureOf(() => store.jobs.list())).toMatchObject({ code: 'STORE_CLOSED' });
    await Promise.all([store.jobs.open(), store.jobs.open()]);
    await put(store, [newJob('a')]);
    await store.jobs.close();
    expect(await failureOf(() => store.nodes.readPause())).toMatchObject({ code: 'STORE_CLOSED' });
  });
});
