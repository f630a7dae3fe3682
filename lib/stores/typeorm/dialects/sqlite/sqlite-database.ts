import type { Database } from 'better-sqlite3';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { loadOptional, MissingPackageError } from '../../../../core/index.js';
import type { Awaitable, Clock, Millis } from '../../../../core/index.js';
import { StoreClosedError, StoreFileError, TypeOrmStoreOptionsError } from '../../errors.js';
import { refuseToMake } from '../../migrations/observed-schema.js';
import type { StoreDatabase } from '../../session.js';
import { runSteps } from '../../steps.js';
import type { Steps } from '../../steps.js';
import { BusyRetry } from './busy-retry.js';
import type { Place } from './scope.js';
import { codeOf, explained, isBusy } from './sqlite-errors.js';
import { prepareSchema } from './sqlite-schema.js';
import type { SchemaRequest } from './sqlite-schema.js';
import { SqliteSession } from './sqlite-session.js';
import type { Prepared } from './statements.js';

/** Pages that SQLite keeps in memory: 16 MB, enough for the hot ends of the tables. */
const CACHE_KIBIBYTES = 16_384;

const INSTALL = 'npm install typeorm better-sqlite3';

/** What a SQLite database is opened with. */
export interface SqliteDatabaseParts extends SchemaRequest {
  readonly clock: Clock;
  readonly options: Extract<DataSourceOptions, { type: 'better-sqlite3' }>;
  readonly busyTimeout: Millis;
}

interface Opened {
  readonly dataSource: DataSource;
  readonly handle: Database;
  readonly session: SqliteSession;
  readonly place: Place;
  readonly begin: Prepared;
  readonly commit: Prepared;
  readonly rollback: Prepared;
}

/**
 * One SQLite file, reached over a connection of the store's own. Each transaction is one synchronous stretch from
 * BEGIN IMMEDIATE to COMMIT: nothing else of this process can come between, and no other connection in this thread
 * waits for a lock that only this thread could give back.
 */
export class SqliteDatabase implements StoreDatabase {
  /** Each commit waits for the disk. */
  readonly settlesWithClaims = true;
  private opened: Opened | null = null;
  private opening: Promise<void> | null = null;
  private readonly retry: BusyRetry;
  private readonly foreign = new WeakMap<Database, SqliteSession>();
  private isInStretch = false;
  /** SQLite's own count of what other connections committed, as last read. */
  private foreignVersion: unknown = null;

  constructor(private readonly parts: SqliteDatabaseParts) {
    const { clock, busyTimeout, store } = parts;
    this.retry = new BusyRetry({ clock, limit: busyTimeout, store, file: this.file });
  }

  open(): Awaitable<void> {
    if (this.opened !== null) return;
    this.opening ??= this.connect().finally(() => (this.opening = null));
    return this.opening;
  }

  async close(): Promise<void> {
    await this.opening?.catch(() => undefined);
    const { opened } = this;
    if (opened === null) return;
    this.opened = null;
    this.retry.stop();
    await opened.dataSource.destroy();
  }

  write<T>(work: (session: SqliteSession) => Steps<T>): Awaitable<T> {
    return this.attempt(() => this.stretch(work));
  }

  read<T>(work: (session: SqliteSession) => Steps<T>): Awaitable<T> {
    return this.attempt(() => toEnd(work(this.need().session)));
  }

  /**
   * Asked where nobody else can be writing: whoever writes just now may be taking claims back, as of an instant that has passed
   * by the time that it can be seen. Such a one is waited for by the renewal.
   */
  hasForeignWrites(): boolean {
    const before = this.foreignVersion;
    try {
      const { handle, begin, rollback } = this.need();
      begin.run();
      try {
        this.foreignVersion = handle.pragma('data_version', { simple: true });
      } finally {
        rollback.run();
      }
    } catch {
      return true;
    }
    return this.foreignVersion !== before;
  }

  /** In the caller's transaction, on the caller's connection: it is theirs to commit. */
  writeWithin<T>(within: unknown, work: (session: SqliteSession) => Steps<T>): T {
    const handle = this.handleOf(within);
    const session = this.sessionOn(handle);
    session.forget();
    session.begin();
    handle.exec('SAVEPOINT carillon');
    try {
      // Begins to write: what is read from here on is held.
      handle.exec(`DELETE FROM ${this.need().place.prefix}jobs WHERE FALSE`);
      const result = toEnd(work(session));
      handle.exec('RELEASE carillon');
      return result;
    } catch (error) {
      if (handle.inTransaction) handle.exec('ROLLBACK TO carillon; RELEASE carillon');
      throw explained(error, this.blamed);
    }
  }

  private get file(): string {
    return this.parts.options.database;
  }

  /** To open a file that is not there makes it, unless one only looks. */
  private get options(): SqliteDatabaseParts['options'] {
    return { ...this.parts.options, fileMustExist: this.parts.observes === true };
  }

  private get blamed(): { store: string; file: string } {
    return { store: this.parts.store, file: this.file };
  }

  private async connect(): Promise<void> {
    const feature = `The store "${this.parts.store}" (type: typeorm, better-sqlite3)`;
    const { DataSource } = await loadOptional({ name: 'typeorm', feature, install: INSTALL }, () => import('typeorm'));
    let dataSource: DataSource | null = null;
    try {
      dataSource = await new DataSource(this.options).initialize();
      const handle = handleIn(dataSource);
      await this.retry.run(() => tune(handle, this.parts, this.file));
      const place = await this.retry.run(() => prepareSchema(handle, this.parts));
      this.opened = this.openedWith(dataSource, handle, place);
    } catch (error) {
      if (dataSource?.isInitialized) await dataSource.destroy();
      if (this.parts.observes === true && codeOf(error) === 'SQLITE_CANTOPEN') {
        refuseToMake({ ...this.parts, made: 0, missing: [] });
      }
      if (isMissingDriver(error)) throw new MissingPackageError('better-sqlite3', feature, INSTALL, { cause: error });
      throw explained(error, this.blamed);
    }
  }

  private openedWith(dataSource: DataSource, handle: Database, place: Place): Opened {
    return {
      dataSource,
      handle,
      place,
      session: new SqliteSession(handle, place),
      begin: handle.prepare('BEGIN IMMEDIATE'),
      commit: handle.prepare('COMMIT'),
      rollback: handle.prepare('ROLLBACK'),
    };
  }

  private need(): Opened {
    if (this.opened === null) throw new StoreClosedError(this.parts.store);
    return this.opened;
  }

  /** At once; later only when another connection has the lock, or for a callback that calls back into the store. */
  private attempt<T>(step: () => T): Awaitable<T> {
    if (this.isInStretch) return Promise.resolve().then(() => this.attempt(step));
    try {
      return step();
    } catch (error) {
      if (!isBusy(error)) throw explained(error, this.blamed);
    }
    return this.retry.run(step).catch((error: unknown) => {
      throw explained(error, this.blamed);
    });
  }

  private stretch<T>(work: (session: SqliteSession) => Steps<T>): T {
    const { handle, session, begin, commit, rollback } = this.need();
    begin.run();
    this.isInStretch = true;
    try {
      session.begin();
      const result = toEnd(work(session));
      commit.run();
      return result;
    } catch (error) {
      session.forget();
      if (handle.inTransaction) rollback.run();
      throw error;
    } finally {
      this.isInStretch = false;
    }
  }

  private sessionOn(handle: Database): SqliteSession {
    const known = this.foreign.get(handle);
    if (known !== undefined) return known;
    const session = new SqliteSession(handle, this.need().place);
    this.foreign.set(handle, session);
    return session;
  }

  private handleOf(within: unknown): Database {
    const { queryRunner, dataSource, connection } = (within ?? {}) as CallersManager;
    const source = dataSource ?? connection;
    const problem = 'the transaction given by the caller must be';
    if (source?.options?.type !== 'better-sqlite3' || !queryRunner?.isTransactionActive) {
      throw new TypeOrmStoreOptionsError(
        this.parts.store,
        `${problem} the EntityManager of an open transaction on its SQLite file: dataSource.transaction((manager) => …).`,
      );
    }
    const handle = handleIn(source as DataSource);
    if (pathOf(handle) !== pathOf(this.need().handle)) {
      throw new TypeOrmStoreOptionsError(this.parts.store, `${problem} on the store's own file ${this.file}.`);
    }
    return handle;
  }
}

/** What is read of an EntityManager of any version of TypeORM. */
interface CallersManager {
  readonly queryRunner?: { readonly isTransactionActive?: boolean };
  readonly dataSource?: { readonly options?: { readonly type?: string } };
  readonly connection?: CallersManager['dataSource'];
}

/** Work on SQLite never waits: all of its answers are there at once. */
function toEnd<T>(steps: Steps<T>): T {
  return runSteps(steps) as T;
}

function handleIn(dataSource: DataSource): Database {
  return (dataSource.driver as unknown as { databaseConnection: Database }).databaseConnection;
}

function pathOf(handle: Database): unknown {
  return handle.prepare('SELECT file FROM pragma_database_list WHERE name = ?').pluck().get('main');
}

function tune(handle: Database, { store, observes }: SqliteDatabaseParts, file: string): void {
  // The journal mode is kept in the file; where there are tables of ours, it is this one already.
  const mode = observes === true ? 'wal' : handle.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal') {
    throw new StoreFileError(
      store,
      file,
      `SQLite cannot keep a write-ahead log beside it (journal mode ${String(mode)}). Put it on a local disk.`,
    );
  }
  handle.pragma('synchronous = FULL');
  handle.pragma(`cache_size = -${CACHE_KIBIBYTES}`);
}

function isMissingDriver(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'DriverPackageNotInstalledError';
}
