export { describeOnServer } from './describe-on-server.js';
export { ENGINES } from './engines.js';
export { startRedisCluster } from './redis-cluster.js';
export type { RedisCluster } from './redis-cluster.js';
export type { EngineName, ServerEngine } from './server-engine.js';
export { placeOn, testServer } from './test-server.js';
export type { Place, TestServer } from './test-server.js';
export { canStart, startThrowAway } from './throw-away.js';
export type { ThrowAwayOptions, ThrowAwayServer } from './throw-away.js';
