import { mariadb } from './mariadb.js';
import { postgres } from './postgres.js';
import { redis } from './redis.js';
import type { EngineName, ServerEngine } from './server-engine.js';

export const ENGINES: Readonly<Record<EngineName, ServerEngine>> = { postgres, mariadb, redis };
