import type { DataSourceOptions } from 'typeorm';
import type { Store } from '../../core/index.js';
import { databaseFor } from './dialects/index.js';
import { TypeOrmStoreOptionsError } from './errors.js';
import { TypeOrmJobStore } from './typeorm-job-store.js';
import { TypeOrmNodeRegistry } from './typeorm-node-registry.js';
import { TypeOrmRunHistory } from './typeorm-run-history.js';
import { DEFAULT_BUSY_TIMEOUT, DEFAULT_TABLE_PREFIX } from './typeorm-store-options.js';
import type { TypeOrmStoreOptions } from './typeorm-store-options.js';

/**
 * A durable store on the application's own database, shared by all processes that use it. Today on SQLite
 * (better-sqlite3): WAL, `synchronous = FULL`, on a connection of its own to the application's file.
 *
 * Nothing is opened before `jobs.open()`. An accepted job, a claim and an outcome are on disk when the call answers.
 *
 * @throws {InMemoryDatabaseError} for `:memory:`
 * @throws {UnsupportedDatabaseError} for a type of database without a dialect
 * @throws {TypeOrmStoreOptionsError} for options that cannot be used
 * @example
 * const store = createTypeOrmStore({ alias: 'db', application: 'shop', clock, dataSource });
 * await store.jobs.open();
 */
export function createTypeOrmStore(options: TypeOrmStoreOptions): Store {
  const { alias, application, clock, tablePrefix = DEFAULT_TABLE_PREFIX, runMigrations = true } = options;
  checkPrefix(alias, tablePrefix);
  const place = reached(options);
  const database = databaseFor(place, {
    store: alias,
    application,
    prefix: tablePrefix,
    schema: options.schema ?? (place as { schema?: string }).schema ?? null,
    runMigrations,
    observes: options.observes ?? false,
    busyTimeout: options.busyTimeout ?? DEFAULT_BUSY_TIMEOUT,
    listens: options.listen !== false,
    listenUrl: listenUrl(options),
    clock,
  });
  return {
    alias,
    isShared: true,
    jobs: new TypeOrmJobStore(database),
    history: new TypeOrmRunHistory(database),
    nodes: new TypeOrmNodeRegistry(database),
  };
}

function reached({ alias, dataSource, options }: TypeOrmStoreOptions): DataSourceOptions {
  if ((dataSource === undefined) === (options === undefined)) {
    throw new TypeOrmStoreOptionsError(
      alias,
      `give it either "dataSource" (the application's) or "options" of its own.`,
    );
  }
  return dataSource === undefined ? options! : dataSource.options;
}

function listenUrl({ alias, listen }: TypeOrmStoreOptions): string | null {
  if (typeof listen !== 'string') return null;
  if (/^postgres(ql)?:/.test(listen) && URL.canParse(listen) && namesPlace(new URL(listen))) return listen;
  throw new TypeOrmStoreOptionsError(
    alias,
    `its "listen" is a text, and not the URL of a PostgreSQL server. Write postgres://user:password@host:5432/database, ` +
      `or true or false without quotes.`,
  );
}

/** A host, or a database behind a socket of this machine. */
function namesPlace({ host, pathname }: URL): boolean {
  return host !== '' || pathname.length > 1;
}

/** The prefix becomes part of SQL. */
function checkPrefix(alias: string, prefix: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,39}$/.test(prefix)) return;
  throw new TypeOrmStoreOptionsError(
    alias,
    `tablePrefix ${JSON.stringify(prefix)} cannot be used. Give 1 to 40 letters, digits and underscores, not a digit ` +
      `first, such as '${DEFAULT_TABLE_PREFIX}'.`,
  );
}
