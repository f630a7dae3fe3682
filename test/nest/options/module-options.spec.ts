import { describe, expect, it } from '@jest/globals';
import { isShared, moduleOptionFaults, resolveModuleOptions, storeOf } from '../../../lib/nest/options/index.js';
import type { SchedulerModuleOptions } from '../../../lib/nest/options/index.js';

const surroundings = { environment: {}, packageName: 'shop', packageVersion: '1.2.3' };
const resolve = (options?: SchedulerModuleOptions, environment: Record<string, string> = {}) =>
  resolveModuleOptions(options, { ...surroundings, environment });

describe('module options', () => {
  it('are all filled in', () => {
    expect(resolve()).toMatchObject({
      enabled: true,
      application: 'shop',
      version: '1.2.3',
      role: 'all',
      timezone: 'UTC',
      environment: 'development',
      stores: { default: { type: 'memory' } },
      executors: { default: { type: 'async', concurrency: 100 }, background: { type: 'async' } },
      history: { age: 2_592_000_000, count: 1_000, given: { age: null, count: null } },
      lease: 10_000,
      shutdownTimeout: 25_000,
      enhancers: { global: false },
      log: 'all',
    });
  });

  it('are taken as they are given, durations in milliseconds', () => {
    const options = {
      timezone: 'America/New_York',
      jobDefaults: { coalesce: true, maxInstances: 3, misfireGraceTime: '60s' },
      stores: { default: { type: 'memory' }, db: { type: 'typeorm' } },
      executors: { default: { type: 'async', concurrency: 50 } },
      lease: '20s',
      shutdownTimeout: { seconds: 5 },
      history: { count: 5 },
      log: 'failures',
    } as const;
    expect(resolve(options)).toMatchObject({
      ...options,
      executors: { default: { concurrency: 50 }, background: { type: 'async' } },
      lease: 20_000,
      shutdownTimeout: 5_000,
      history: { age: 2_592_000_000, count: 5, given: { age: null, count: 5 } },
    });
  });

  it('give way to CARILLON_ROLE and CARILLON_ENABLED', () => {
    const environment = { CARILLON_ROLE: 'client', CARILLON_ENABLED: 'false', NODE_ENV: 'production' };
    expect(resolve({ role: 'all', enabled: true }, environment)).toMatchObject({
      role: 'client',
      enabled: false,
      environment: 'production',
    });
  });

  it('refuse what the environment says wrongly', () => {
    expect(() => resolve({}, { CARILLON_ROLE: 'wroker', CARILLON_ENABLED: 'maybe' })).toThrow(
      /Environment: option "CARILLON_ROLE" is 'wroker'.*Did you mean 'worker'\?\n.*CARILLON_ENABLED" is 'maybe'/,
    );
  });

  it.each<[Record<string, unknown>, string, RegExp]>([
    [{ timezone: 'Mars/Olympus' }, 'timezone', /IANA zone name/],
    [{ enabled: 'false' }, 'enabled', /Values from the environment are text/],
    [{ role: 'leader' }, 'role', /one of 'all', 'scheduler', 'worker', 'client'/],
    [{ lease: '100ms' }, 'lease', /from 1 s to 10 min/],
    [{ lease: 10 }, 'lease', /from 1 s to 10 min/],
    [{ shutdownTimeout: 25 }, 'shutdownTimeout', /25 is milliseconds; write '25s'/],
    [{ application: '' }, 'application', /not empty/],
    [{ jobDefaults: { maxInstances: '50' } }, 'jobDefaults.maxInstances', /here to 50/],
    [{ jobDefaults: { id: 'x' } }, 'jobDefaults.id', /is unknown/],
    [{ jobDefaults: { misfire: 'skip', coalesce: true } }, 'jobDefaults.misfire', /stands beside coalesce/],
    [{ jobDefaults: { store: 'db' } }, 'jobDefaults.store', /names no store: 'db'/],
    [{ stores: { db: {} } }, 'stores.db.type', /must be the type of the store/],
    [{ stores: { db: 'typeorm' } }, 'stores.db', /Write \{ type: 'typeorm' \}/],
    [{ stores: { db: { type: 'postgres' } } }, 'stores.db.type', /through TypeORM.*options: \{ type: 'postgres'/],
    [{ stores: { db: { type: 'ioredis' } } }, 'stores.db.type', /Write \{ type: 'redis' \}/],
    [{ stores: { db: { type: 'redis', port: '6379' } } }, 'stores.db.port', /here to 6379/],
    [{ stores: { db: { type: 'redis', prefix: 'x' } } }, 'stores.db.prefix', /is called 'keyPrefix' here/],
    [{ stores: { db: { type: 'redis', client: {} } } }, 'stores.db.client', /a client of ioredis/],
    [{ stores: { db: { type: 'redis', url: 'redis://h', host: 'h' } } }, 'stores.db.host', /stands beside url/],
    [{ stores: { db: { type: 'redis', commandTimeout: 5 } } }, 'stores.db.commandTimeout', /100 ms/],
    [{ stores: { db: { type: 'typeom' } } }, 'stores.db.type', /Did you mean 'typeorm'/],
    [{ stores: { db: { type: 'typeorm', dataSource: 'a', options: {} } } }, 'stores.db.dataSource', /Keep one of them/],
    [{ stores: { db: { type: 'typeorm', connection: 'a' } } }, 'stores.db.connection', /is called 'dataSource' here/],
    [{ stores: [] }, 'stores', /an object of entries by name/],
    [{ executors: { default: { type: 'async', concurrency: 0 } } }, 'executors.default.concurrency', /is 0/],
    [{ executors: { t: { type: 'threads', maxWorkers: 20 } } }, 'executors.t.type', /Not in this version/],
    [{ executors: { t: { type: 'async', maxWorkers: 20 } } }, 'executors.t.maxWorkers', /is called 'concurrency' here/],
    [{ jobs: { sync: 5 } }, 'jobs.sync', /is 5/],
    [{ jobs: { sync: { task: 'A.b', cron: '61 * * * *' } } }, 'jobs.sync.cron', /is refused: .*61/],
    [{ jobs: { sync: { task: 'A.b', cron: '0 0 31 2 *' } } }, 'jobs.sync.cron', /is refused: .*never/],
    [{ jobs: { sync: { cron: '0 * * * *', every: '5m' } } }, 'jobs.sync.every', /stands beside cron/],
    [{ jobs: { sync: { cron: '0 * * * *', fixedDelay: true } } }, 'jobs.sync.fixedDelay', /belongs to an interval/],
    [{ jobs: { sync: { every: 5 } } }, 'jobs.sync.every', /5 is milliseconds/],
    [{ jobs: { sync: { id: 'other', task: 'A.b' } } }, 'jobs.sync.id', /The id is the name of the entry/],
    [{ jobs: { sync: { at: 'soon' } } }, 'jobs.sync.at', /a point in time/],
    [{ jobs: { sync: { trigger: '0 * * * *' } } }, 'jobs.sync.trigger', /a trigger, such as cron/],
    [{ jobs: { sync: { task: 'A.b', store: 'db' } } }, 'jobs.sync.store', /names no store/],
    [{ jobs: { ' ': 'A.b' } }, 'jobs. ', /not empty/],
    [{ calendars: { holidays: ['2026-02-30'] } }, 'calendars.holidays', /is refused: Calendar 'holidays'.*2026-02-30/],
    [{ calendars: { holidays: 5 } }, 'calendars.holidays', /is refused/],
    [{ mail: { from: 'a@b' } }, 'mail.transport', /is missing: mail needs a transport and a sender/],
    [{ mail: { from: 'a@b', transport: 25 } }, 'mail.transport', /a URL such as 'smtp:/],
    [{ mail: { transport: 'smtp://h', from: 'a@b, c@d' } }, 'mail.from', /a mail address/],
    [{ jobDefaults: { output: { mailTo: 'c@d, x <a@b>' } } }, 'jobDefaults.output.mailTo', /several stand in a list/],
    [{ jobDefaults: { output: { mailTo: ['x\n<a@b>'] } } }, 'jobDefaults.output.mailTo[0]', /a mail address/],
    [{ console: 'node cli.js' }, 'console', /a list/],
    [{ outputRoot: 5 }, 'outputRoot', /text/],
    [{ history: { age: '1 fortnight' } }, 'history.age', /length of time/],
    [{ enhancers: true }, 'enhancers', /an object of options/],
    [{ log: 'debug' }, 'log', /one of 'silent', 'failures', 'all'/],
    [{ cronJobs: true }, 'cronJobs', /Write enabled: false/],
    [{ job_defaults: {} }, 'job_defaults', /is called 'jobDefaults' here/],
    [{ max_instances: 3 }, 'max_instances', /Write jobDefaults/],
    [{ timeZone: 'UTC' }, 'timeZone', /is called 'timezone' here/],
    [{ strores: {} }, 'strores', /Did you mean 'stores'/],
  ])('are refused: %j', (options, option, message) => {
    const faults = moduleOptionFaults(options);
    expect(faults.map((fault) => fault.option)).toEqual([option]);
    expect(faults[0]).toMatchObject({ place: 'SchedulerModule.forRoot' });
    expect(faults[0]?.message).toMatch(message);
  });

  it('accept stores and executors that implement the interfaces', () => {
    const store = { alias: 'own', isShared: true, jobs: {}, history: {}, nodes: {} };
    const executor = { concurrency: 1, execute: () => undefined };
    expect(moduleOptionFaults({ stores: { own: store }, executors: { own: executor } })).toEqual([]);
    expect(isShared(store as never)).toBe(true);
  });

  it('accept jobs in all their forms (U3)', () => {
    const jobs = {
      hourly: 'SyncService.sync',
      nightly: { task: 'Backup.run', cron: { day_of_week: 'mon', hour: 2 }, timezone: 'UTC' },
      often: { every: '5m', fixedDelay: true, initialDelay: '10s' },
      off: { enabled: false },
    };
    expect(moduleOptionFaults({ jobs })).toEqual([]);
  });
});

describe('the store of a job', () => {
  const one = resolve({ stores: { local: { type: 'memory' }, db: { type: 'typeorm' }, db2: { type: 'typeorm' } } });

  it.each([
    [{}, 'default'],
    [{ store: 'db2' }, 'db2'],
    [{ onOneServer: true }, 'db'],
    [{ onOneServer: true, store: 'db2' }, 'db2'],
  ])('of %j is %s', (options, expected) => {
    expect(storeOf(options, one, 'here')).toBe(expected);
  });

  it('is refused for onOneServer when none is shared, or the one named is not', () => {
    expect(() => storeOf({ onOneServer: true }, resolve(), 'X.y (@Cron)')).toThrow(
      /X\.y \(@Cron\): option "onOneServer" needs a shared store, and none is configured/,
    );
    expect(() => storeOf({ onOneServer: true, store: 'local' }, one, 'here')).toThrow(
      /'local' lives in this process only/,
    );
  });
});
