import type { ClusterStore } from './cluster-store.js';
import { mariadb, postgres } from './databases.js';
import { redis } from './redis.js';
import { sqlite } from './sqlite.js';

export const STORES: readonly ClusterStore[] = [sqlite, postgres, mariadb, redis];
