import { afterAll, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getStoreToken, SchedulerModule } from '../../lib/index.js';
import type { Store } from '../../lib/index.js';
import { describeOnServer, testServer } from '../support/servers/index.js';
import { RedisPlace } from '../stores/redis/redis-place.js';

const server = await testServer('redis');
const place = server.url === undefined ? null : await RedisPlace.on(server.url);
afterAll(async () => place?.clear());

// docs/guides/redis.md
const stores = {
  redis: { type: 'redis', host: 'localhost', port: 6379 },
} as const;

describeOnServer(server, 'the guide to Redis', () => {
  it('has options that make a store', async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const port = Number(new URL(server.url!).port);
    const redis = { ...stores.redis, host: '127.0.0.1', port, keyPrefix: place!.prefix };
    const root = SchedulerModule.forRoot({ application: 'guide', log: 'silent', stores: { redis } });
    const app = await Test.createTestingModule({ imports: [root] }).compile();
    await app.init();

    expect(await app.get<Store>(getStoreToken('redis')).jobs.list()).toEqual([]);
    await app.close();
  });
});
