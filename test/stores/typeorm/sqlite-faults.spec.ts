import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type Database from 'better-sqlite3';
import { closeSync, mkdirSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { loadOptional, MissingPackageError } from '../../../lib/core/index.js';
import type { Store } from '../../../lib/core/index.js';
import { createTypeOrmStore } from '../../../lib/stores/typeorm/index.js';
import type { TypeOrmStoreOptions } from '../../../lib/stores/typeorm/index.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';
import { SqlitePlace } from './sqlite-place.js';
import { claim, LEASE, newJob, NOW, put, succeeded } from './store-parts.js';

let place: SqlitePlace;

beforeEach(() => {
  place = new SqlitePlace();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await place.clear();
});

/** What the work threw or rejected with. */
async function failureOf(work: () => unknown): Promise<any> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** Every turn of the event loop that promises of the store may need. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('options of the store', () => {
  const clock = new ManualClock(NOW);
  const sqlite = { type: 'better-sqlite3', database: 'app.db' } as const;
  const make = (fields: Partial<TypeOrmStoreOptions>) => () =>
    createTypeOrmStore({ alias: 'db', application: 'shop', clock, ...fields });

  it.each<[string, Partial<TypeOrmStoreOptions>, string, RegExp]>([
    [':memory:', { options: { ...sqlite, database: ':memory:' } }, 'IN_MEMORY_DATABASE', /"db".*":memory:".*file/],
    ['a memory URI', { options: { ...sqlite, database: 'file::memory:?cache=shared' } }, 'IN_MEMORY_DATABASE', /file/],
    ['an empty path', { options: { ...sqlite, database: '' } }, 'IN_MEMORY_DATABASE', /database: 'app.db'/],
    ['a read-only connection', { options: { ...sqlite, readonly: true } }, 'TYPEORM_STORE_OPTIONS', /readonly: true/],
    ['another database', { options: { type: 'sqljs' } }, 'UNSUPPORTED_DATABASE', /"sqljs".*better-sqlite3/],
    ['no database', {}, 'TYPEORM_STORE_OPTIONS', /either "dataSource".*or "options"/],
    ['two databases', { options: sqlite, dataSource: new DataSource(sqlite) }, 'TYPEORM_STORE_OPTIONS', /either/],
    ['a prefix that is no name', { options: sqlite, tablePrefix: 'a-b' }, 'TYPEORM_STORE_OPTIONS', /tablePrefix "a-b"/],
    ['an empty prefix', { options: sqlite, tablePrefix: '' }, 'TYPEORM_STORE_OPTIONS', /1 to 40 letters/],
  ])('refuse %s', async (_name, fields, code, message) => {
    const error = await failureOf(make(fields));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });
});

describe('a file that cannot be used', () => {
  const opened = async (options: object) => failureOf(() => place.open({ options: options as never }));
  const sqlite = (fields: object) => ({ type: 'better-sqlite3', database: place.file, ...fields });

  it('is named when its path leads through a file', async () => {
    writeFileSync(join(place.folder, 'note'), '');
    const error = await opened(sqlite({ database: join(place.folder, 'note', 'app.db') }));
    expect([error.code, error.message]).toEqual(['STORE_FILE', expect.stringContaining(join('note', 'app.db'))]);
  });

  it('is named when it is a folder', async () => {
    mkdirSync(place.file);
    expect(await opened(sqlite({}))).toMatchObject({ code: 'STORE_FILE', message: expect.stringContaining('opened') });
  });

  it('is named when it is no database', async () => {
    writeFileSync(place.file, 'no database '.repeat(1_000));
    const error = await opened(sqlite({}));
    expect([error.code, error.message]).toEqual(['STORE_FILE', expect.stringContaining('not a SQLite database')]);
  });

  it.each([
    ['SQLITE_READONLY', /read-only/],
    ['SQLITE_CANTOPEN', /folder exists/],
    ['SQLITE_PERM', /may not access/],
    ['SQLITE_IOERR_FSYNC', /disk reported/],
  ])('says what to do about %s', async (code, message) => {
    const driver = function (): never {
      throw Object.assign(new Error('driver says no'), { code });
    };
    const error = await opened(sqlite({ driver }));
    expect([error.code, error.message]).toEqual(['STORE_FILE', expect.stringMatching(message)]);
    expect(error.cause.message).toBe('driver says no');
  });

  it('is named when it is damaged, and the application goes on', async () => {
    const store = await place.open();
    await put(
      store,
      Array.from({ length: 500 }, (_, index) => newJob(`job-${index}`)),
    );
    await store.jobs.close();
    damage(place.file);
    const error = await failureOf(async () => {
      await store.jobs.open();
      await store.jobs.list();
    });

    expect([error.code, error.message]).toEqual(['STORE_FILE', expect.stringMatching(/damaged|not a SQLite database/)]);
  });

  it('is named when its tables are missing', async () => {
    const store = await place.open();
    place.handle().exec('DROP TABLE carillon_jobs');
    const error = await failureOf(() => put(store, [newJob('a')]));
    expect([error.code, error.message]).toEqual(['SCHEMA_MISSING', expect.stringContaining('carillon_jobs')]);
  });

  it('is not opened twice, and not used before it is open or after it was closed', async () => {
    const store = place.store();
    expect(await failureOf(() => store.jobs.list())).toMatchObject({ code: 'STORE_CLOSED' });
    await Promise.all([store.jobs.open(), store.jobs.open()]);
    await put(store, [newJob('a')]);
    await store.jobs.close();
    expect(await failureOf(() => store.nodes.readPause())).toMatchObject({ code: 'STORE_CLOSED' });
  });
});

describe('a missing package', () => {
  it('is named with the command that installs it', async () => {
    const wanted = { name: 'typeorm', feature: 'The store "db"', install: 'npm install typeorm better-sqlite3' };
    const missing = Object.assign(new Error(`Cannot find package 'typeorm'`), { code: 'ERR_MODULE_NOT_FOUND' });
    const error = await failureOf(() => loadOptional(wanted, () => Promise.reject(missing)));

    expect(error).toBeInstanceOf(MissingPackageError);
    expect(error).toMatchObject({ code: 'MISSING_PACKAGE', packageName: 'typeorm', cause: missing });
    expect(error.message).toContain('npm install typeorm better-sqlite3');
  });

  it('is told from one that is there and broken', async () => {
    const wanted = { name: 'typeorm', feature: 'The store', install: 'npm install typeorm' };
    const broken = Object.assign(new Error(`Cannot find package 'tslib'`), { code: 'ERR_MODULE_NOT_FOUND' });
    expect(await failureOf(() => loadOptional(wanted, () => Promise.reject(broken)))).toBe(broken);
  });

  it('is named when it is the driver', async () => {
    const driver = function (): never {
      throw Object.assign(new Error('not installed'), { name: 'DriverPackageNotInstalledError' });
    };
    const options = { type: 'better-sqlite3', database: place.file, driver } as const;
    const error = await failureOf(() => place.open({ options }));
    expect(error).toMatchObject({ code: 'MISSING_PACKAGE', packageName: 'better-sqlite3' });
  });
});

describe('a full disk', () => {
  let connection: Database.Database;
  let store: Store;

  beforeEach(async () => {
    const prepareDatabase = (handle: Database.Database) => {
      connection = handle;
    };
    store = await place.open({ options: { type: 'better-sqlite3', database: place.file, prepareDatabase } });
  });

  function fill(): void {
    connection.pragma(`max_page_count = ${String(connection.pragma('page_count', { simple: true }))}`);
  }

  const many = Array.from({ length: 2_000 }, (_, index) => newJob(`more-${index}`, { args: ['x'.repeat(500)] }));

  it('refuses a put as a whole with a clear error, and keeps what was there', async () => {
    const [before] = await put(store, [newJob('a')]);
    fill();
    const error = await failureOf(() => put(store, many));

    expect([error.code, error.message]).toEqual(['STORE_FULL', expect.stringContaining('Make room')]);
    expect(await store.jobs.list()).toEqual([before]);
    connection.pragma('max_page_count = 1000000');
    expect(await put(store, many)).toHaveLength(2_000);
  });

  it('never counts against a job: the claim stays, and its settlement works once there is room (P25)', async () => {
    await put(store, [newJob('a')]);
    const { claims } = await claim(store);
    const output = 'x'.repeat(200_000);
    fill();
    const settlement = { ...succeeded(claims[0]), output } as ReturnType<typeof succeeded>;
    expect(await failureOf(() => store.jobs.settle([settlement]))).toMatchObject({ code: 'STORE_FULL' });

    expect(await store.history.find(claims[0].runId)).toMatchObject({ state: 'running', attempt: 1, token: 1 });
    expect((await store.jobs.list())[0].losses).toBe(0);
    connection.pragma('max_page_count = 1000000');
    expect(await store.jobs.settle([settlement])).toEqual([true]);
    expect(await store.history.find(claims[0].runId)).toMatchObject({ state: 'succeeded', output });
  });
});

describe('a write lock that another connection holds', () => {
  const clock = new ManualClock(NOW);
  let store: Store;
  let other: Database.Database;

  beforeEach(async () => {
    store = await place.open({ clock, busyTimeout: 1_000 });
    await put(store, [newJob('a')]);
    other = place.handle();
    other.exec('BEGIN IMMEDIATE');
  });

  it('makes a step wait in the event loop, and it is done when the lock is free', async () => {
    const pending = put(store, [newJob('b')]);
    clock.advance(200);
    await turns();
    other.exec('COMMIT');
    clock.advance(200);

    expect((await pending).map((job) => job.id)).toEqual(['b']);
  });

  it('does not keep anybody from reading, nor from polling when nothing is due', async () => {
    expect(await store.jobs.list()).toHaveLength(1);
    expect(await claim(store, { now: NOW - 1 })).toMatchObject({ claims: [], nextDueAt: NOW });
    expect(await store.nodes.readPause()).toBeNull();
  });

  it('ends in a clear error when it is never given back (P24)', async () => {
    const failure = failureOf(() => put(store, [newJob('b')]));
    for (let time = 0; time <= 1_200; time += 50) {
      clock.advance(50);
      await turns();
    }

    const error = await failure;
    expect([error.code, error.message]).toEqual(['STORE_BUSY', expect.stringContaining('write lock')]);
    other.exec('COMMIT');
    expect(await store.jobs.list()).toHaveLength(1);
  });

  it('is asked for again after random pauses, not in step with others (P21)', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(1);
    const pauses: number[] = [];
    jest.spyOn(clock, 'after').mockImplementation((delay, callback) => {
      pauses.push(delay);
      if (pauses.length === 7) other.exec('COMMIT');
      queueMicrotask(callback);
      return { cancel: () => undefined };
    });
    await put(store, [newJob('b')]);

    expect(random).toHaveBeenCalledTimes(7);
    expect(pauses).toEqual([3, 5, 9, 17, 33, 51, 51]);
  });

  it('does not keep the store from closing: what waits fails as closed', async () => {
    const failure = failureOf(() => put(store, [newJob('b')]));
    await store.jobs.close();
    expect(await failure).toMatchObject({ code: 'STORE_CLOSED' });
    other.exec('COMMIT');
  });

  it('leaves a claim to the one who gets it: nothing is handed out twice', async () => {
    const pending = claim(store, { leaseUntil: NOW + LEASE });
    other.exec(`UPDATE carillon_jobs SET wake_at = NULL, version = version + 1; COMMIT`);
    clock.advance(50);

    expect((await pending).claims).toEqual([]);
  });
});

/** Overwrites the second page and those after it. */
function damage(file: string): void {
  const handle = openSync(file, 'r+');
  const size = statSync(file).size;
  for (let at = 4_096; at < size; at += 4_096) writeSync(handle, Buffer.alloc(64, 0xa5), 0, 64, at);
  closeSync(handle);
}
