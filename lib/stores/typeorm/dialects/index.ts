import type { DataSourceOptions } from 'typeorm';
import type { Clock, Millis } from '../../../core/index.js';
import { UnsupportedDatabaseError } from '../errors.js';
import { SCHEMA_STEPS } from '../migrations/index.js';
import type { StoreDatabase } from '../session.js';
import { SqliteDatabase } from './sqlite/sqlite-database.js';
import { ownSqliteOptions } from './sqlite/sqlite-options.js';

/** What every dialect is told. */
export interface DialectParts {
  readonly store: string;
  readonly application: string;
  readonly prefix: string;
  readonly runMigrations: boolean;
  readonly busyTimeout: Millis;
  readonly clock: Clock;
}

/** By TypeORM's type of the database. A new dialect is one folder beside this file, one line here, and its SQL in migrations. */
const DIALECTS: Readonly<Record<string, (options: DataSourceOptions, parts: DialectParts) => StoreDatabase>> = {
  'better-sqlite3': (options, parts) =>
    new SqliteDatabase({
      ...parts,
      steps: SCHEMA_STEPS,
      options: ownSqliteOptions(parts.store, options as Parameters<typeof ownSqliteOptions>[1]),
    }),
};

/** @throws {UnsupportedDatabaseError} names the types that are supported */
export function databaseFor(options: DataSourceOptions, parts: DialectParts): StoreDatabase {
  const make = DIALECTS[options.type];
  if (make === undefined) throw new UnsupportedDatabaseError(parts.store, options.type, Object.keys(DIALECTS));
  return make(options, parts);
}
