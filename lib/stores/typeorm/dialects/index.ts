import type { DataSourceOptions } from 'typeorm';
import type { Clock, Millis } from '../../../core/index.js';
import { UnsupportedDatabaseError } from '../errors.js';
import { SCHEMA_STEPS } from '../migrations/index.js';
import type { StoreDatabase } from '../session.js';
import { MySqlDialect } from './mysql/mysql-dialect.js';
import type { MySqlOptions } from './mysql/mysql-options.js';
import { PostgresDialect } from './postgres/postgres-dialect.js';
import type { PostgresOptions } from './postgres/postgres-options.js';
import { ServerDatabase } from './server/server-database.js';
import { SqliteDatabase } from './sqlite/sqlite-database.js';
import { ownSqliteOptions } from './sqlite/sqlite-options.js';

/** What every dialect is told. */
export interface DialectParts {
  readonly store: string;
  readonly application: string;
  readonly prefix: string;
  /** Schema of the tables, where the database has them (PostgreSQL); null: the first of the search path. */
  readonly schema: string | null;
  readonly runMigrations: boolean;
  readonly observes: boolean;
  readonly busyTimeout: Millis;
  /** false: no connection is kept to hear of other nodes' changes. */
  readonly listens: boolean;
  /** Of the server itself, where a pooler stands between (PostgreSQL); null: as the pool's connections. */
  readonly listenUrl: string | null;
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
  postgres: (options, parts) => {
    const dialect = new PostgresDialect({ ...parts, steps: SCHEMA_STEPS, options: options as PostgresOptions });
    return new ServerDatabase({ ...parts, dialect });
  },
  mysql: mysqlDatabase,
  mariadb: mysqlDatabase,
};

function mysqlDatabase(options: DataSourceOptions, parts: DialectParts): StoreDatabase {
  const dialect = new MySqlDialect({ ...parts, steps: SCHEMA_STEPS, options: options as MySqlOptions });
  return new ServerDatabase({ ...parts, dialect });
}

/** @throws {UnsupportedDatabaseError} names the types that are supported */
export function databaseFor(options: DataSourceOptions, parts: DialectParts): StoreDatabase {
  const make = DIALECTS[options.type];
  if (make === undefined) throw new UnsupportedDatabaseError(parts.store, options.type, Object.keys(DIALECTS));
  return make(options, parts);
}
