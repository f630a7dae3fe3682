import type { DataSourceOptions } from 'typeorm';
import type { Millis } from '../../../../core/index.js';
import { isUnreadable, UNREADABLE, urlParts } from '../server/place.js';

export type MySqlOptions = Extract<DataSourceOptions, { type: 'mysql' | 'mariadb' }>;

/** Where a server listens, unless the application says otherwise. */
const PORT = 3_306;

/** Connections of the store's own: one claims while another settles, and a look before runs start waits for neither. */
const POOL_SIZE = 3;

/** How long a connection may take to come about, unless the application says otherwise. */
const CONNECT_LIMIT: Millis = 10_000;

/** What of the application's options says how to reach the server; everything else is about its entities and its log. */
const REACHING = ['url', 'host', 'port', 'username', 'password', 'database', 'ssl', 'socketPath'] as const;

/** Options of the store's own, small pool to the same database; with replication, to its master. */
export function ownMySqlOptions(options: MySqlOptions): MySqlOptions {
  const server = { ...options, ...options.replication?.master };
  const reaching = Object.fromEntries(REACHING.map((name) => [name, server[name]] as const));
  const extra = (options.extra ?? {}) as Record<string, unknown>;
  return {
    ...reaching,
    type: options.type,
    // Bytes are compared as they are, and integers of this store fit a double.
    charset: 'utf8mb4_bin',
    supportBigNumbers: true,
    bigNumberStrings: false,
    multipleStatements: true,
    connectTimeout: options.connectTimeout ?? CONNECT_LIMIT,
    logging: false,
    synchronize: false,
    extra: {
      ...extra,
      connectionLimit: POOL_SIZE,
      maxIdle: POOL_SIZE,
      waitForConnections: true,
      enableKeepAlive: true,
      // Statements hold their values: the driver would look through long ones for places to put some.
      queryFormat: (text: string) => text,
    },
  };
}

/** Server and database without secrets, for messages. */
export function placeOf(options: MySqlOptions): string {
  const given = { ...options, ...options.replication?.master };
  const { host, port, database, socketPath } = given;
  const parts = urlParts(given, PORT);
  if (socketPath === undefined && isUnreadable(given, parts)) return UNREADABLE;
  const name = parts?.database ?? database ?? '(default)';
  if (socketPath !== undefined) return `${socketPath}/${name}`;
  return `${parts?.host ?? host ?? 'localhost'}:${parts?.port ?? port ?? PORT}/${name}`;
}
