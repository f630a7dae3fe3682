import type { DataSourceOptions } from 'typeorm';
import type { Millis } from '../../../../core/index.js';

export type MySqlOptions = Extract<DataSourceOptions, { type: 'mysql' | 'mariadb' }>;

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
  const { url, host, port, database, socketPath } = { ...options, ...options.replication?.master };
  const parsed = partsOf(url);
  const isUnreadable = url !== undefined && url !== '' && parsed === null;
  if (isUnreadable && host === undefined && socketPath === undefined) return '(its url cannot be read)';
  const name = parsed?.database ?? database ?? '(default)';
  if (socketPath !== undefined) return `${socketPath}/${name}`;
  return `${parsed?.host ?? host ?? 'localhost'}:${parsed?.port ?? port ?? 3306}/${name}`;
}

function partsOf(url: string | undefined): { host: string; port: number; database: string } | null {
  try {
    const { hostname, port, pathname } = new URL(url!);
    return { host: hostname, port: Number(port || 3306), database: decodeURIComponent(pathname.slice(1)) };
  } catch {
    return null;
  }
}
