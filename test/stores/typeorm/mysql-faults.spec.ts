import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SystemClock } from '../../../lib/core/index.js';
import type { Store } from '../../../lib/core/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { until } from '../../support/until.js';
import { driverWith, mysqlError, MySqlPlace, server } from './mysql-place.js';
import type { Packet } from './mysql-place.js';
import { claim, LEASE, newJob, newJobs, NOW, planMinutes, put, succeeded } from './store-parts.js';

jest.setTimeout(60_000);

let place: MySqlPlace;

async function failureOf(work: () => unknown): Promise<any> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** A store whose connections may do something else than asked, once `arm` was called. */
async function armed(takes: (packet: Packet) => unknown): Promise<{ store: Store; arm: () => void }> {
  let isArmed = false;
  const driver = driverWith((packet) => isArmed && takes(packet));
  const store = await place.open({ options: { ...place.options, driver } });
  return { store, arm: () => (isArmed = true) };
}

/** Does it once, at the first packet that matches. */
function once(statement: RegExp, takes: (packet: Packet) => unknown): (packet: Packet) => unknown {
  let isDone = false;
  return (packet) => {
    if (isDone || !statement.test(packet.text)) return false;
    isDone = true;
    return takes(packet);
  };
}

describeOnServer(server, 'the store on MariaDB, when something is wrong:', () => {
  beforeEach(async () => {
    place = new MySqlPlace();
    await place.make();
  });
  afterEach(() => place.clear());

  describe('a server that cannot be used', () => {
    it.each<[string, (url: URL) => void, RegExp]>([
      ['port', (url) => (url.port = '1'), /nothing listens there/],
      ['host', (url) => (url.hostname = 'no-such-host.invalid'), /host name is not known/],
      ['database', (url) => (url.pathname = '/no_such_database'), /no_such_database.*does not exist/],
      ['user', (url) => (url.username = 'nobody'), /user name or password/],
    ])('is named without its password: wrong %s', async (what, change, message) => {
      const url = new URL(place.url);
      // A wrong password would be told first.
      if (what !== 'database') url.password = 'secret';
      change(url);
      const error = await failureOf(() => place.open({ options: { type: 'mysql', url: url.href } }));
      expect([error.code, error.message]).toEqual(['STORE_UNREACHABLE', expect.stringMatching(message)]);
      expect(error.message).not.toContain('secret');
    });

    it('is not called localhost where the url cannot be read', async () => {
      const error = await failureOf(() => place.open({ options: { type: 'mariadb', url: 'no url' } }));
      expect([error.code, error.message]).toEqual([
        'STORE_UNREACHABLE',
        expect.stringMatching(/its url cannot be read/),
      ]);
    });

    it.each([
      ['10.5.29-MariaDB', 'MariaDB 10.6'],
      ['5.5.5-10.3.1-MariaDB', 'MariaDB 10.6'],
      ['8.0.18', 'MySQL 8.0.19'],
      ['5.7.44-log', 'MySQL 8.0.19'],
    ])('is told when it is too old: %s', async (version, needed) => {
      const old = (packet: Packet): boolean => {
        if (!packet.text.startsWith('SELECT VERSION(), @@max')) return false;
        packet.fail(null, [[version, 16_777_216]]);
        return true;
      };
      const error = await failureOf(() => place.open({ options: { ...place.options, driver: driverWith(old) } }));
      expect([error.code, error.version, error.needed]).toEqual(['SERVER_TOO_OLD', version, needed]);
    });

    it('is told to have no connection left (1040)', async () => {
      const full = (packet: Packet): boolean => {
        packet.fail(mysqlError(1040));
        return true;
      };
      const error = await failureOf(() => place.open({ options: { ...place.options, driver: driverWith(full) } }));
      expect([error.code, error.message]).toEqual(['STORE_UNREACHABLE', expect.stringContaining('max_connections')]);
    });
  });

  describe('tables', () => {
    it('that are missing are told, with what to run, and nothing is made', async () => {
      const error = await failureOf(() => place.open({ runMigrations: false }));
      expect([error.code, error.message]).toEqual(['SCHEMA_MISSING', expect.stringContaining('runMigrations: true')]);
      expect(await place.ask('SHOW TABLES')).toEqual([]);
    });

    it('that were made half are completed by the next start: these servers undo no step', async () => {
      const broken = once(/CREATE TABLE IF NOT EXISTS carillon_jobs/, (packet) => {
        packet.fail(mysqlError(1021));
        return true;
      });
      const options = { ...place.options, driver: driverWith(broken) };
      expect(await failureOf(() => place.open({ options }))).toMatchObject({ code: 'STORE_FULL' });

      expect(await put(await place.open(), [newJob('a')])).toHaveLength(1);
    });

    it('that went away are told, and the store goes on when they are back', async () => {
      const store = await place.open();
      await place.ask('RENAME TABLE carillon_jobs TO elsewhere');
      expect(await failureOf(() => put(store, [newJob('a')]))).toMatchObject({ code: 'SCHEMA_MISSING' });
      await place.ask('RENAME TABLE elsewhere TO carillon_jobs');

      expect(await put(store, [newJob('a')])).toHaveLength(1);
    });

    it('that the user may not make are told, with the grants', async () => {
      const user = `carillon_${Date.now().toString(36)}`;
      await place.ask(`CREATE USER ${user}@'%' IDENTIFIED BY 'poor'`);
      await place.ask(`GRANT SELECT ON ${place.name}.* TO ${user}@'%'`);
      const url = new URL(place.url);
      [url.username, url.password] = [user, 'poor'];
      const error = await failureOf(() => place.open({ options: { type: 'mariadb', url: url.href } }));
      await place.ask(`DROP USER ${user}@'%'`);

      expect([error.code, error.message]).toEqual(['STORE_PERMISSION', expect.stringContaining('Grant the user')]);
    });
  });

  it('a full disk (1114) undoes the step, costs no job anything, and is over when there is room (P25)', async () => {
    let isFull = false;
    const { store, arm } = await armed((packet) => {
      if (!isFull || !/(INSERT INTO|UPDATE) carillon_(runs|definitions)/.test(packet.text)) return false;
      packet.fail(mysqlError(1114));
      return true;
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

  it.each([1213, 1205])('a conflict (%s) is tried again, from the start (P27)', async (errno) => {
    const { store, arm } = await armed(
      once(/INSERT INTO carillon_claimed_batches/, (packet) => {
        // As the server leaves it: after a deadlock without a transaction, after a time-out in the middle of it.
        if (errno === 1205) packet.fail(mysqlError(errno));
        else void packet.connection.query('ROLLBACK', () => packet.fail(mysqlError(errno)));
        return true;
      }),
    );
    await put(store, newJobs(3));
    arm();

    expect((await claim(store)).claims).toHaveLength(3);
    expect((await store.history.page({ limit: 10 })).runs).toHaveLength(3);
  });

  it('a deadlock of its own with the application is over by itself (P27)', async () => {
    const store = await place.open();
    await put(store, newJobs(2));
    const dataSource = await place.application();
    const lock = (id: string) =>
      `SELECT 1 FROM carillon_jobs WHERE job_key = (SELECT job_key FROM carillon_definitions WHERE id = '${id}') FOR UPDATE`;
    const change = store.jobs.change.bind(store.jobs);
    let changed: unknown;
    await dataSource.transaction(async (manager) => {
      await manager.query(lock('job-0001'));
      changed = change({ ids: ['job-0000', 'job-0001'], now: () => NOW, decide: () => ({ name: 'changed' }) });
      await until(async () => {
        const waits = `SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'`;
        // The server makes this table anew only when nobody has read it for a tenth of a second.
        await place.ask('DO SLEEP(0.15)');
        return (await place.ask(waits)).length > 0;
      });
      await manager.query(lock('job-0000')).catch(() => undefined);
    });

    expect(await changed).toHaveLength(2);
  });

  it.each([
    ['x', 15_000_000, 17_000_000],
    // In hexadecimal digits.
    ['ü', 2_000_000, 4_500_000],
  ])(
    'arguments of many %s come back as they were; beyond the packet they are refused with both sizes',
    async (character, fit, more) => {
      const store = await place.open();
      const args = [character.repeat(fit)];
      await put(store, [newJob('a', { args })]);
      expect((await claim(store)).claims[0].job.args).toEqual(args);
      const error = await failureOf(() => put(store, [newJob('b', { args: [character.repeat(more)] })]));

      expect([error.code, error.limit]).toEqual(['STATEMENT_TOO_LONG', 16_777_216]);
      expect(error.message).toContain('max_allowed_packet');
      expect((await store.jobs.list()).map((job) => job.id)).toEqual(['a']);
    },
  );

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

  describe('a connection that is killed', () => {
    it('while nothing is asked is not even noticed', async () => {
      const store = await place.open();
      await put(store, newJobs(3));
      expect(await place.kill()).toBeGreaterThan(0);

      expect((await claim(store)).claims).toHaveLength(3);
    });

    it.each([
      ['a put', /INSERT INTO carillon_definitions/],
      ['a claim', /INSERT INTO carillon_claimed_batches/],
      ['a settlement', /DELETE FROM carillon_claimed_batches/],
    ])('in the middle of %s by an administrator (KILL): it is done again, once', async (_what, text) => {
      let kills = 0;
      const { store, arm } = await armed(
        once(text, (packet) => {
          void place.kill().then((count) => {
            kills = count;
            packet.send();
          });
          return true;
        }),
      );
      arm();
      await put(store, newJobs(5));
      const { claims } = await claim(store);
      expect(await store.jobs.settle(claims.map((it) => succeeded(it)))).toEqual(Array(5).fill(true));

      expect(kills).toBeGreaterThan(0);
      const { runs } = await store.history.page({ limit: 100 });
      expect(runs.map((run) => [run.state, run.attempt, run.token])).toEqual(Array(5).fill(['succeeded', 1, 1]));
    });

    it.each(['before', 'after'])(
      '%s the commit was carried out: the write is in doubt, and asked after',
      async (when) => {
        let commits = 0;
        const { store, arm } = await armed((packet) => {
          if (!packet.text.includes('COMMIT') || commits >= 3) return false;
          commits++;
          const cut = (): void => {
            packet.connection.destroy();
            packet.fail(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', fatal: true }));
          };
          if (when === 'before') cut();
          else packet.send(cut);
          return true;
        });
        arm();
        const results = await store.jobs.put(newJobs(4), { now: () => NOW, reconcile: () => null });
        expect(results.map((result) => result.kind)).toEqual(Array(4).fill('added'));
        const { claims } = await claim(store);
        expect(claims.map((it) => [it.cause, it.token])).toEqual(Array(4).fill(['planned', 1]));
        expect(await store.jobs.settle(claims.map((it) => succeeded(it)))).toEqual(Array(4).fill(true));

        expect(commits).toBe(3);
        const { runs } = await store.history.page({ limit: 100 });
        expect(runs.map((run) => [run.state, run.attempt])).toEqual(Array(4).fill(['succeeded', 1]));
      },
    );
  });

  it('a process that stands still in the middle of a step holds nothing for long: the server ends its transaction (P24)', async () => {
    let held: Packet | undefined;
    const { store: stopped, arm } = await armed(
      once(/COMMIT/, (packet) => {
        held = packet;
        return true;
      }),
    );
    const other = await place.open();
    await put(other, newJobs(2));
    arm();
    const { now } = Date;
    void claim(stopped, { node: 'stopped' }).then(undefined, () => undefined);
    await until(() => held);
    const heldAt = now();
    expect((await claim(other, { node: 'other' })).claims).toEqual([]);

    await until(async () => (await claim(other, { node: 'other' }, planMinutes)).claims.length === 2);
    expect(now() - heldAt).toBeLessThan(20_000);
    await stopped.jobs.close();
    held!.fail(mysqlError(1927));
  });

  it('a lock that is never given back ends in a clear error', async () => {
    const store = await place.open({ busyTimeout: 200 });
    await put(store, [newJob('a')]);
    const dataSource = await place.application();
    await dataSource.transaction(async (manager) => {
      await manager.query('SELECT 1 FROM carillon_jobs FOR UPDATE');
      const change = () => store.jobs.change({ ids: ['a'], now: () => NOW, decide: () => ({ name: 'b' }) });
      expect(await failureOf(change)).toMatchObject({ code: 'STORE_BUSY' });
      // A claim passes over what somebody else has.
      expect((await claim(store, { leaseUntil: NOW + LEASE })).claims).toEqual([]);
    });

    expect((await claim(store)).claims).toHaveLength(1);
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
