import type { DataSourceOptions } from 'typeorm';
import type { Millis } from '../../../../core/index.js';
import { isUnreadable, UNREADABLE, urlParts } from '../server/place.js';

export type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/** Where a server listens, unless the application says otherwise. */
const PORT = 5_432;

/** Connections of the store's own: two claim in turn while the third one settles. Another one listens. */
const POOL_SIZE = 3;

/** How long a connection may take to come about, unless the application says otherwise. */
const CONNECT_LIMIT: Millis = 10_000;

/** What of the application's options says how to reach the server; everything else is about its entities and its log. */
const REACHING = [
  'url',
  'host',
  'port',
  'username',
  'password',
  'database',
  'ssl',
  'schema',
  'connectTimeoutMS',
] as const;

/** Options of the store's own, small pool to the same database; with replication, to its master. */
export function ownPostgresOptions(options: PostgresOptions): PostgresOptions {
  const server = { ...options, ...options.replication?.master };
  const reaching = Object.fromEntries(REACHING.map((name) => [name, server[name]] as const));
  const extra = (options.extra ?? {}) as Record<string, unknown>;
  return {
    ...reaching,
    type: 'postgres',
    applicationName: options.applicationName ?? 'nest-carillon',
    installExtensions: false,
    logging: false,
    synchronize: false,
    poolErrorHandler: () => undefined,
    extra: {
      keepAlive: true,
      connectionTimeoutMillis: options.connectTimeoutMS ?? CONNECT_LIMIT,
      ...extra,
      max: POOL_SIZE,
      idleTimeoutMillis: 0,
      // Statements of one transaction need not wait for each other's answers; drivers that do not know it go one by one.
      pipeline: true,
    },
  };
}

/** Server and database without secrets, for messages. */
export function placeOf(options: PostgresOptions): string {
  const given = { ...options, ...options.replication?.master };
  const { host, port, database } = given;
  const parts = urlParts(given, PORT);
  if (isUnreadable(given, parts)) return UNREADABLE;
  const name = database ?? parts?.database ?? '(default)';
  if (host === undefined && parts === null) return `localhost:${port ?? PORT}/${name} (neither url nor host is given)`;
  return `${host ?? parts?.host ?? 'localhost'}:${port ?? parts?.port ?? PORT}/${name}`;
}
