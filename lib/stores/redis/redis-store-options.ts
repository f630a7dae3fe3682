import type { Cluster, Redis, RedisOptions } from 'ioredis';
import type { Clock, Millis } from '../../core/index.js';

export const DEFAULT_KEY_PREFIX = 'carillon:';

/** How long a command may take (milliseconds). */
export const DEFAULT_COMMAND_TIMEOUT: Millis = 10_000;

/** A client of ioredis, for one server or for a cluster. */
export type RedisClient = Redis | Cluster;

/** What the Redis store is made of. Exactly one of `client`, `url` and `connection` is given. */
export interface RedisStoreOptions {
  /** Name of the store in messages, and under `stores` of the configuration. */
  readonly alias: string;
  /** Everything in Redis is keyed by it; a node sees only its own. */
  readonly application: string;
  readonly clock: Clock;
  /** A client of the application's own; it stays open when the store closes. A cluster is reached this way. */
  readonly client?: RedisClient;
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url?: string;
  /** Options of ioredis: host, port, username, password, db, tls, sentinels and so on. */
  readonly connection?: RedisOptions;
  /** Before the name of each key. Default `carillon:`. Without braces, which mark what a cluster keeps together. */
  readonly keyPrefix?: string;
  /** How long a command may take, in milliseconds; default 10,000. */
  readonly commandTimeout?: Millis;
  /** Gets a sentence about a setting of the server that endangers what the store promises. */
  readonly onWarning?: (warning: string) => void;
}
