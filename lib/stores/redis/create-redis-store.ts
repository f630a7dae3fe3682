import type { RedisOptions } from 'ioredis';
import type { Store } from '../../core/index.js';
import { Changes } from './changes.js';
import { Committer } from './committer.js';
import { RedisStoreOptionsError } from './errors.js';
import { RedisJobStore } from './redis-job-store.js';
import { RedisLink } from './redis-link.js';
import { RedisNodeRegistry } from './redis-node-registry.js';
import { RedisRunHistory } from './redis-run-history.js';
import { DEFAULT_COMMAND_TIMEOUT, DEFAULT_KEY_PREFIX } from './redis-store-options.js';
import type { RedisStoreOptions } from './redis-store-options.js';
import { Rows } from './rows.js';
import { WakeChannel } from './wake-channel.js';

/**
 * A shared store in Redis 7 or later, used by all processes of an application. What an answered call promises beyond a
 * crash of the server depends on its `appendfsync` (docs/guides/redis.md).
 *
 * Nothing is connected before `jobs.open()`.
 *
 * @throws {RedisStoreOptionsError} for options that cannot be used
 * @example
 * const store = createRedisStore({ alias: 'redis', application: 'shop', clock, url: 'redis://localhost' });
 * await store.jobs.open();
 */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { alias, application, clock, keyPrefix = DEFAULT_KEY_PREFIX } = options;
  const connection = connectionOf(options);
  checkPrefix(alias, keyPrefix);
  const link = new RedisLink({
    place: { store: alias, address: addressOf(options, connection) },
    clock,
    base: `${keyPrefix}{${encodeURIComponent(application)}}`,
    commandTimeout: options.commandTimeout ?? DEFAULT_COMMAND_TIMEOUT,
    client: options.client,
    connection,
    warn: options.onWarning ?? (() => undefined),
  });
  const rows = new Rows(link);
  const committer = new Committer({ store: alias, clock, rows, doubt: () => channel.doubt() });
  const channel = new WakeChannel(link, committer.origin);
  const wakeOthers = async (): Promise<void> => {
    const changes = new Changes();
    committer.wakeOthers(changes);
    await committer.commit(changes);
  };
  return {
    alias,
    isShared: true,
    jobs: new RedisJobStore({ alias, clock, rows, committer, channel }),
    history: new RedisRunHistory(rows, committer),
    nodes: new RedisNodeRegistry({ link, clock, channel, wakeOthers }),
  };
}

/** A URL is taken apart here: what ioredis makes of a wrong one is a connection to localhost. */
function connectionOf({ alias, client, url, connection }: RedisStoreOptions): RedisOptions {
  if ([client, url, connection].filter((one) => one !== undefined).length !== 1) {
    throw new RedisStoreOptionsError(alias, `give exactly one of "client", "url" and "connection".`);
  }
  if (url === undefined) return connection ?? {};
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw new RedisStoreOptionsError(
      alias,
      `its "url" cannot be used. Write redis://host:6379, with user:password@ before the host where it needs them; ` +
        `rediss:// for TLS.`,
    );
  }
  const db = parsed.pathname.slice(1);
  if (!/^\d*$/.test(db)) {
    throw new RedisStoreOptionsError(
      alias,
      `the path of its "url" is the number of a database, such as redis://host/0.`,
    );
  }
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
    ...(db === '' ? {} : { db: Number(db) }),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function checkPrefix(alias: string, prefix: string): void {
  if (prefix.length <= 100 && !/[{}\s]/.test(prefix)) return;
  throw new RedisStoreOptionsError(
    alias,
    `keyPrefix ${JSON.stringify(prefix)} cannot be used. Give at most 100 characters without blanks and braces, such as ` +
      `'${DEFAULT_KEY_PREFIX}'; braces mark what a cluster keeps together.`,
  );
}

/** For messages: never with a password. */
function addressOf({ client }: RedisStoreOptions, connection: RedisOptions): string {
  if (client !== undefined && 'nodes' in client) return 'its cluster';
  const { path, sentinels, name, host, port } = client === undefined ? connection : client.options;
  if (sentinels !== undefined && sentinels !== null) return `the master "${name ?? ''}" of its sentinels`;
  return path ?? `${host ?? 'localhost'}:${port ?? 6379}`;
}
