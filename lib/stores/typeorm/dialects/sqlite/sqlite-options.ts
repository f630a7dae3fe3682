import type { DataSourceOptions } from 'typeorm';
import { InMemoryDatabaseError, TypeOrmStoreOptionsError } from '../../errors.js';

type SqliteOptions = Extract<DataSourceOptions, { type: 'better-sqlite3' }>;

/** What of the application's options says how to reach the file; everything else is about its entities and its log. */
const REACHING = ['type', 'database', 'driver', 'key', 'nativeBinding', 'prepareDatabase', 'fileMustExist'] as const;

/**
 * Options of the store's own connection to the same file. A busy wait in the driver would block the very loop that has
 * to end the other's transaction, so there is none (`timeout: 0`).
 *
 * @throws {InMemoryDatabaseError} for `:memory:` and its kin
 */
export function ownSqliteOptions(store: string, options: SqliteOptions): SqliteOptions {
  const { database } = options;
  if (typeof database !== 'string' || database === '' || /^(file:)?:memory:|mode=memory/.test(database)) {
    throw new InMemoryDatabaseError(store, String(database));
  }
  if (options.readonly === true) {
    throw new TypeOrmStoreOptionsError(store, `the data source is read-only (readonly: true), but a store writes.`);
  }
  const reaching = Object.fromEntries(REACHING.map((name) => [name, options[name]] as const));
  return { ...(reaching as unknown as SqliteOptions), timeout: 0, logging: false, synchronize: false };
}
