import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger, type Provider } from '@nestjs/common';
import driver from 'better-sqlite3';
import { CronTrigger, Interval, Scheduled, type SchedulerModuleOptions, type Store } from '../../lib/index.js';
import { controlledStore, type StoreControl } from '../engine/support/stores.js';
import { compileApp } from './nest-app.js';

@Injectable()
class Reports {
  @Interval('1m', { id: 'report', store: 'mine' }) send() {}
}

let folder: string;
let closedPort: number;
const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-failed-start-'));
  process.on('unhandledRejection', note);
  closedPort = await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
});

afterAll(() => {
  process.off('unhandledRejection', note);
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  for (const level of ['log', 'warn', 'error'] as const) {
    jest.spyOn(Logger.prototype, level).mockImplementation(() => undefined);
  }
});

afterEach(() => {
  jest.restoreAllMocks();
  expect(unhandled).toEqual([]);
});

/** Starts an application whose start is to fail; answers the error and what the clock has left. */
async function failedStart(stores: NonNullable<SchedulerModuleOptions['stores']>, providers: Provider[] = [Reports]) {
  const { app, clock } = await compileApp({ options: { stores }, providers });
  const error: unknown = await app.init().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  const timersLeft = clock.timerCount();
  await app.close();
  return { error, timersLeft };
}

const away = (alias: string, method: string): StoreControl => {
  const control = controlledStore({ alias });
  control.failing = (called) => (called === method ? new Error('getaddrinfo ENOTFOUND jobs') : undefined);
  return control;
};

describe('a start that a store does not let succeed', () => {
  it.each([
    ['cannot be opened', 'jobs.open', /^Store "mine" failed when it was opened: getaddrinfo ENOTFOUND jobs/],
    ['refuses the jobs of the code', 'jobs.put', /^Store "mine" failed when the jobs of the code were put into it/],
    ['takes no node', 'nodes.beat', /^Store "mine" failed when this node was entered in its list/],
  ])('names the store and the cause when one of its own %s', async (_what, method, message) => {
    const { error, timersLeft } = await failedStart({ mine: away('mine', method).store });
    expect(error).toMatchObject({ code: 'START_FAILED', store: 'mine', message: expect.stringMatching(message) });
    expect((error as Error).cause).toEqual(new Error('getaddrinfo ENOTFOUND jobs'));
    expect(timersLeft).toBe(0);
  });

  it('throws the first cause though the store cannot even be closed', async () => {
    const mine = away('mine', 'jobs.open');
    const { failing } = mine;
    mine.failing = (method, args) => (method === 'jobs.close' ? new Error('was never open') : failing!(method, args));
    const { error } = await failedStart({ mine: mine.store });
    expect(error).toMatchObject({ code: 'START_FAILED', cause: new Error('getaddrinfo ENOTFOUND jobs') });
  });

  it.each(['jobs.open', 'nodes.beat'])('closes the other stores again (%s)', async (method) => {
    const mine = controlledStore({ alias: 'mine' });
    const { error } = await failedStart({ mine: mine.store, second: away('second', method).store });
    expect(error).toMatchObject({ code: 'START_FAILED', store: 'second' });
    expect(mine.calls.filter((call) => call === 'jobs.open' || call === 'jobs.close')).toEqual([
      'jobs.open',
      'jobs.close',
    ]);
  });

  it.each<[string, NonNullable<SchedulerModuleOptions['stores']>[string], string]>([
    [
      'PostgreSQL',
      {
        type: 'typeorm',
        options: {
          type: 'postgres',
          host: '127.0.0.1',
          get port() {
            return closedPort;
          },
        },
      },
      'STORE_UNREACHABLE',
    ],
    [
      'MariaDB',
      {
        type: 'typeorm',
        options: {
          type: 'mariadb',
          host: '127.0.0.1',
          get port() {
            return closedPort;
          },
        },
      },
      'STORE_UNREACHABLE',
    ],
    [
      'Redis',
      {
        type: 'redis',
        host: '127.0.0.1',
        get port() {
          return closedPort;
        },
      },
      'REDIS_UNREACHABLE',
    ],
  ])('says that %s is not there, and gives back the file that was open before', async (_name, second, code) => {
    const file = join(folder, `${code}-${_name}.db`);
    const mine = { type: 'typeorm', options: { type: 'better-sqlite3', database: file, driver } } as const;
    const { error, timersLeft } = await failedStart({ mine, second });
    expect(error).toMatchObject({ code, store: 'second' });
    expect((error as Error).message).toContain(`127.0.0.1:${closedPort}`);
    expect(timersLeft).toBe(0);
    // SQLite removes its log when the last connection is closed.
    expect(readdirSync(folder).filter((name) => name.startsWith(`${code}-${_name}.db-`))).toEqual([]);
  });
});

describe('a start that a job does not let succeed', () => {
  it('names the job and the cause when a trigger of its own throws', async () => {
    class Broken extends CronTrigger {
      override first(): number {
        throw new RangeError('no calendar for 2026');
      }
      override anchor(): this {
        return this;
      }
    }
    @Injectable()
    class Strange {
      @Scheduled(new Broken('* * * * *'), { id: 'strange', store: 'mine' }) run() {}
    }
    const mine: Store = controlledStore({ alias: 'mine' }).store;
    const { error } = await failedStart({ mine }, [Strange]);
    expect(error).toMatchObject({
      code: 'START_FAILED',
      jobId: 'strange',
      message: expect.stringMatching(/^Job "strange" of store "mine" failed when .*: no calendar for 2026/),
      cause: new RangeError('no calendar for 2026'),
    });
  });
});
