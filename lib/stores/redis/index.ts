export { createRedisStore } from './create-redis-store.js';
export {
  RedisAccessError,
  RedisContentionError,
  RedisFullError,
  RedisNotReadyError,
  RedisNotWritableError,
  RedisQueryError,
  RedisStoreClosedError,
  RedisStoreOptionsError,
  RedisTimeoutError,
  RedisTooOldError,
  RedisUnreachableError,
} from './errors.js';
export { DEFAULT_COMMAND_TIMEOUT, DEFAULT_KEY_PREFIX } from './redis-store-options.js';
export type { RedisClient, RedisStoreOptions } from './redis-store-options.js';
