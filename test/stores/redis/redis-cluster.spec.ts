import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { SystemClock } from '../../../lib/core/index.js';
import type { Clock, Store } from '../../../lib/core/index.js';
import { createRedisStore } from '../../../lib/stores/redis/index.js';
import { canStart, startRedisCluster } from '../../support/servers/index.js';
import type { RedisCluster } from '../../support/servers/index.js';
import { until } from './redis-place.js';
import { claim, newJob, put, succeeded } from '../typeorm/store-parts.js';

const describeWithServer = canStart('redis') ? describe : describe.skip;

describeWithServer('the Redis store on a cluster of three nodes (skipped where redis-server is not installed)', () => {
  let cluster: RedisCluster;
  let client: Cluster;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    client = new Cluster(cluster.urls.map((url) => ({ host: '127.0.0.1', port: Number(new URL(url).port) })));
    client.on('error', () => undefined);
  }, 60_000);
  afterAll(async () => {
    client.disconnect();
    await cluster.throwAway();
  });

  function storeOf(application: string, clock: Clock = new SystemClock()): Store {
    return createRedisStore({ alias: 'redis', application, clock, client });
  }

  it('keeps all keys of an application on one node, and works there', async () => {
    const applications = Array.from({ length: 6 }, () => randomUUID());
    for (const application of applications) {
      const store = storeOf(application);
      await store.jobs.open();
      await put(store, [newJob('a'), newJob('b', { fireTime: null })]);
      const { claims } = await claim(store);
      expect(await store.jobs.settle(claims.map((it) => succeeded(it)))).toEqual([true]);
      expect((await store.history.page({ limit: 9 })).runs.map((run) => run.jobId)).toEqual(['a']);
      expect((await store.jobs.list()).map((job) => job.id)).toEqual(['a', 'b']);
      await store.jobs.change({ ids: null, now: () => 0, decide: () => 'remove' });
    }
    const slots = new Set<number>();
    for (const node of client.nodes('master')) {
      for (const key of await node.keys('carillon:*')) slots.add(await client.cluster('KEYSLOT', key));
    }

    expect(slots.size).toBe(applications.length);
  }, 60_000);

  it('wakes the other nodes, wherever they are connected', async () => {
    const application = randomUUID();
    const [one, other] = [storeOf(application), storeOf(application)];
    await Promise.all([one.jobs.open(), other.jobs.open()]);
    let woken = 0;
    const stop = other.jobs.watch!(
      () => woken++,
      () => undefined,
    );
    await until(async () => woken === 1);
    await put(one, [newJob('a')]);
    await until(async () => woken === 2);
    stop();
    await Promise.all([one.jobs.close(), other.jobs.close()]);
  }, 60_000);

  it('says what to give when a single connection leads to a cluster', async () => {
    const application = randomUUID();
    const errors: unknown[] = [];
    for (const url of cluster.urls) {
      const store = createRedisStore({ alias: 'redis', application, clock: new SystemClock(), url });
      await store.jobs.open();
      await put(store, [newJob('a')]).catch((error: unknown) => errors.push(error));
      await store.jobs.close();
    }

    expect(errors).toHaveLength(2);
    expect(errors[0]).toMatchObject({ code: 'REDIS_STORE_OPTIONS' });
    expect((errors[0] as Error).message).toMatch(/new Cluster\(/);
  }, 60_000);
});
