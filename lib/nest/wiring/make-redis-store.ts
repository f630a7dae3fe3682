import { loadOptional } from '../../core/index.js';
import { schedulerLog } from './nest-log.js';
import { millis } from '../options/index.js';
import type { Clock, Store } from '../../core/index.js';
import type { RedisStoreOptions as RedisParts } from '../../stores/redis/index.js';
import type { RedisStoreOptions } from '../options/index.js';

export interface RedisSurroundings {
  readonly alias: string;
  readonly application: string;
  readonly clock: Clock;
}

/** The Redis store of the configuration. ioredis is an optional package that other applications do not have. */
export async function makeRedisStore(
  { client, url, keyPrefix, commandTimeout, ...rest }: RedisStoreOptions,
  { alias, application, clock }: RedisSurroundings,
): Promise<Store> {
  const { createRedisStore } = await loadOptional(
    { name: 'ioredis', feature: `The store "${alias}" (type: redis)`, install: 'npm install ioredis' },
    () => import('../../stores/redis/index.js'),
  );
  return createRedisStore({
    alias,
    application,
    clock,
    // The client is ioredis's own, which this room does not know: the options have looked that it is one.
    ...(client !== undefined
      ? { client: client as RedisParts['client'] }
      : url !== undefined
        ? { url }
        : connection(rest)),
    ...(keyPrefix === undefined ? {} : { keyPrefix }),
    ...(commandTimeout === undefined ? {} : { commandTimeout: millis(commandTimeout) }),
    onWarning: (warning) => schedulerLog.warn(warning),
  });
}

type Address = Pick<RedisStoreOptions, 'host' | 'port' | 'username' | 'password' | 'db' | 'tls' | 'options'>;

function connection({ host, port, username, password, db, tls, options }: Address): Pick<RedisParts, 'connection'> {
  const given = Object.entries({ host, port, username, password, db }).filter(([, value]) => value !== undefined);
  return { connection: { ...options, ...Object.fromEntries(given), ...(tls === true ? { tls: {} } : {}) } };
}
