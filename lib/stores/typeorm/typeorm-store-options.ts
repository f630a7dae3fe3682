import type { DataSource, DataSourceOptions } from 'typeorm';
import type { Clock, Millis } from '../../core/index.js';

export const DEFAULT_TABLE_PREFIX = 'carillon_';

/** How long a step tries to get the write lock (milliseconds). */
export const DEFAULT_BUSY_TIMEOUT: Millis = 10_000;

/** What the TypeORM store is made of. Exactly one of `dataSource` and `options` is given. */
export interface TypeOrmStoreOptions {
  /** Name of the store in messages, and under `stores` of the configuration. */
  readonly alias: string;
  /** Everything in the tables is keyed by it; a node sees only its own. */
  readonly application: string;
  readonly clock: Clock;
  /** The application's own: its options are read, its connection is never used. */
  readonly dataSource?: DataSource;
  /** Options of a database of the store's own. */
  readonly options?: DataSourceOptions;
  /** Default `carillon_`. Letters, digits and underscores. */
  readonly tablePrefix?: string;
  /** Schema of the tables on PostgreSQL; default: the data source's own `schema`, else the first of its search path. */
  readonly schema?: string;
  /**
   * Default true: on PostgreSQL a connection listens for other nodes' changes (LISTEN). Behind a pooler in transaction mode
   * (PgBouncer) it hears nothing: give the URL of the server itself, for this one connection, or false: changes are then
   * found by polling each second.
   */
  readonly listen?: boolean | string;
  /** Default true: `open` creates and upgrades the tables. False: it only checks them. */
  readonly runMigrations?: boolean;
  /** true, for a process that only looks: `open` changes nothing, and throws where there is nothing to look at. */
  readonly observes?: boolean;
  /** How long a step waits for another connection's write lock, in milliseconds; default 10,000. */
  readonly busyTimeout?: Millis;
}
