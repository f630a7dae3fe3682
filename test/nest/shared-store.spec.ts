import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import driver from 'better-sqlite3';
import {
  At,
  Cron,
  every,
  getStoreToken,
  Interval,
  JobContext,
  Timeout,
  type SchedulerModuleOptions,
  type Store,
} from '../../lib/index.js';
import { REGISTRY_PARTS, type RegistryParts } from '../../lib/nest/registry/index.js';
import { startApp, type NestApp, type NestAppOptions } from './nest-app.js';

let folder: string;
let started: NestApp | undefined;
const runs: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-nest-'));
  runs.length = 0;
  jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
});

afterEach(async () => {
  await started?.app.close();
  started = undefined;
  rmSync(folder, { recursive: true, force: true });
  jest.restoreAllMocks();
});

const fileOf = () => ({ type: 'better-sqlite3', database: join(folder, 'app.db'), driver }) as const;
const shared = (more: SchedulerModuleOptions = {}): SchedulerModuleOptions => ({
  stores: { db: { type: 'typeorm' } },
  ...more,
});

const start = async (given: NestAppOptions) => {
  started = await startApp({ imports: [TypeOrmModule.forRoot(fileOf())], options: shared(), ...given });
  return started;
};

/** Time passes, and what falls due reaches its end: the store answers later, never at once. */
async function pass({ app, clock }: NestApp, seconds: number) {
  const { scheduler } = app.get<RegistryParts>(REGISTRY_PARTS);
  for (let second = 0; second < seconds; second++) {
    await clock.advanceAsync(1_000);
    await scheduler.idle();
  }
}

@Injectable()
class Reports {
  @Interval('10s', { id: 'report', store: 'db' }) send(job: JobContext) {
    runs.push(job.fireTime.toISOString().slice(11, 19));
  }
}

@Injectable()
class Plain {
  run() {}
}

describe('a job in a store that TypeORM reaches', () => {
  it("runs on the application's own data source, found when the application starts", async () => {
    const app = await start({ providers: [Reports] });
    await pass(app, 21);
    expect(runs).toEqual(['00:00:10', '00:00:20']);
    expect(app.app.get<Store>(getStoreToken('db')).isShared).toBe(true);
  });

  it('runs on a data source of its own', async () => {
    const app = await start({
      imports: [],
      options: { stores: { db: { type: 'typeorm', options: fileOf() } } },
      providers: [Reports],
    });
    await pass(app, 11);
    expect(runs).toEqual(['00:00:10']);
  });

  it('has tables of the prefix that the options give', async () => {
    await start({ options: { stores: { db: { type: 'typeorm', tablePrefix: 'cron_' } } }, providers: [Reports] });
    const tables = driver(fileOf().database).prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).pluck();
    expect(tables.all()).toContain('cron_jobs');
  });

  it('is not there, and the start says so, where runMigrations is false and nobody made the tables', async () => {
    const stores = { db: { type: 'typeorm', runMigrations: false } } as const;
    await expect(start({ options: { stores }, providers: [Reports] })).rejects.toMatchObject({
      code: 'SCHEMA_MISSING',
    });
  });

  it('waits for the lock of another connection as long as busyTimeout says', async () => {
    const stores = { db: { type: 'typeorm', busyTimeout: '2s' } } as const;
    const { app, clock } = await start({ options: { stores }, providers: [Plain] });
    const other = driver(fileOf().database);
    other.exec('BEGIN IMMEDIATE');
    const writing = Promise.resolve(app.get<Store>(getStoreToken('db')).nodes.writePause(null));
    let failure: unknown = null;
    writing.catch((error: unknown) => (failure = error));
    await clock.advanceAsync(1_900);
    expect(failure).toBeNull();
    await clock.advanceAsync(200);
    other.exec('ROLLBACK');
    expect(failure).toMatchObject({ code: 'STORE_BUSY' });
    other.close();
  });

  it('U33: keeps its grid through a restart', async () => {
    const first = await start({ providers: [Reports] });
    await pass(first, 11);
    await first.app.close();
    const second = await start({ providers: [Reports], now: '2026-03-01T00:00:15Z' });
    await pass(second, 6);
    expect(runs).toEqual(['00:00:10', '00:00:20']);
  });

  it('of @At() runs at the first start, of @Timeout after each', async () => {
    @Injectable()
    class Starts {
      @At({ id: 'once', store: 'db' }) once() {
        runs.push('once');
      }
      @Timeout('5s', { id: 'warm', store: 'db' }) warm() {
        runs.push('warm');
      }
    }
    const first = await start({ providers: [Starts] });
    await pass(first, 7);
    await first.app.close();
    const second = await start({ providers: [Starts], now: '2026-03-01T01:00Z' });
    await pass(second, 7);
    expect(runs).toEqual(['once', 'warm', 'warm']);
  });

  it('is told at the start when a job added at run time has its id', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const first = await start({ providers: [Plain] });
    await first.registry.add({ id: 'report', task: 'Plain.run', trigger: every('1h'), store: 'db' });
    await first.app.close();
    await start({ providers: [Plain, Reports] });
    expect(error.mock.calls.map(([line]) => String(line))).toEqual([
      expect.stringMatching(/^Job "report" of Reports.send \(@Interval\) is not scheduled/),
    ]);
  });

  it('leaves no timer after close', async () => {
    const { app, clock } = await start({ providers: [Reports] });
    await app.close();
    started = undefined;
    expect(clock.timerCount()).toBe(0);
  });

  it('with onOneServer needs no name of the store', async () => {
    @Injectable()
    class Once {
      @Cron('* * * * *', { id: 'once', onOneServer: true }) run() {}
    }
    const { registry } = await start({ providers: [Once] });
    expect((await registry.get('once'))!.store).toBe('db');
  });
});

describe('a store that cannot be used', () => {
  it.each<[string, SchedulerModuleOptions, RegExp]>([
    [
      "without the application's data source",
      shared(),
      /Store "db".*default DataSource is not there.*TypeOrmModule.forRoot/,
    ],
    [
      'without the data source of that name',
      { stores: { db: { type: 'typeorm', dataSource: 'jobs' } } },
      /DataSource "jobs" is not there/,
    ],
  ])('%s says so at the start', async (_name, options, message) => {
    const refused = startApp({ imports: [], options, providers: [Reports] });
    await expect(refused).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(refused).rejects.toThrow(message);
  });
});
