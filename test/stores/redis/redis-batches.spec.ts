import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { pack } from '../../../lib/stores/redis/pack.js';
import { describeOnServer, testServer } from '../../support/servers/index.js';
import { claim, newJob, NOW, planMinutes, put, retried } from '../typeorm/store-parts.js';
import { faultyClient, RedisPlace } from './redis-place.js';

const server = await testServer('redis');
const LATER = NOW + 60_000;

describeOnServer(server, 'what a claim on Redis has taken and never written', () => {
  let place: RedisPlace;
  let mute: Redis;
  let isDead = false;

  beforeEach(async () => {
    place = await RedisPlace.on(server.url!);
    isDead = false;
    mute = faultyClient(server.url!, (step) => {
      if (isDead && step === 'commit') throw new Error('the process died');
    });
  });
  afterEach(async () => {
    await place.clear();
    mute.disconnect();
  });

  const dues = (lane = 'default'): Promise<string[]> =>
    place.client.zrange(place.key(`due:${lane}`), 0, -1, 'WITHSCORES');

  async function letBatchesReturn(): Promise<void> {
    for (const batch of await place.client.zrange(place.key('taken'), 0, -1)) {
      await place.client.zadd(place.key('taken'), 0, batch);
    }
    await claim(await place.openStore(), { now: NOW - 60_000 });
  }

  it('comes back at the instants it had: jobs and runs that waited, of several lanes', async () => {
    const store = await place.openStore({ client: mute });
    const policy = { ...newJob('x').policy, executor: 'mail' };
    await put(store, [
      newJob('retried'),
      newJob('c', { fireTime: NOW + 1_000 }),
      newJob('b', { fireTime: NOW + 3_000 }),
    ]);
    await put(store, [newJob('a', { fireTime: NOW + 2_000 }), newJob('mail', { fireTime: NOW + 1_500, policy })]);
    const [failed] = (await claim(store, {}, planMinutes)).claims;
    await store.jobs.settle([retried(failed)]);
    const before = [await dues(), await dues('mail')];
    isDead = true;
    await expect(claim(store, { now: LATER })).rejects.toThrow();
    expect([await dues(), await dues('mail')]).toEqual([[], []]);

    await letBatchesReturn();
    expect([await dues(), await dues('mail')]).toEqual(before);
    expect(before[0]).toHaveLength(10);
    const { claims } = await claim(await place.openStore(), { now: LATER, limit: 3 }, planMinutes);
    expect(claims.map((it) => it.jobId)).toEqual(['retried', 'c', 'mail']);
  });

  it('comes back though its row cannot be read, when the first of its batch was due', async () => {
    const store = await place.openStore({ client: mute });
    await put(store, [newJob('a', { fireTime: NOW - 2_000 }), newJob('b')]);
    isDead = true;
    await expect(claim(store)).rejects.toThrow();
    await place.client.hset(place.key('hot'), 'b', 'damaged');

    await letBatchesReturn();
    expect(await dues()).toEqual([...['ja', String(NOW - 2_000)], ...['jb', String(NOW - 2_000)]]);
  });

  it('comes back from a batch that noted an instant with each name', async () => {
    const store = await place.openStore();
    await put(store, [newJob('a'), newJob('b', { fireTime: NOW + 5 })]);
    await place.client.del(place.key('due:default'));
    const noted = pack(['default', `ja\x1e${NOW}\x1ejb\x1e${NOW + 5}`]);
    await place.client.hset(place.key('batch'), '0mm6zh1c0001tv0vd', noted);
    await place.client.zadd(place.key('taken'), 0, '0mm6zh1c0001tv0vd');

    const { claims } = await claim(store, { now: LATER });
    expect(claims.map((it) => it.jobId)).toEqual(['a', 'b']);
  });
});
