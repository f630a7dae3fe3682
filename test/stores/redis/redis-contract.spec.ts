import type { Redis } from 'ioredis';
import { describeJobStore } from '../../../lib/testing/describe-job-store.js';
import type { Store } from '../../../lib/core/index.js';
import { describeOnServer, testServer } from '../../support/servers/index.js';
import { faultyClient, RedisPlace } from './redis-place.js';

const server = await testServer('redis');

interface Spot {
  readonly place: RedisPlace;
  readonly client: Redis | null;
}

const spots = new Map<Store, Spot>();

describeOnServer(server, 'on a real Redis', () => {
  describeJobStore('the Redis store', {
    async create({ clock, application, fault }) {
      const place = await RedisPlace.on(server.url!);
      const client = faultyClient(server.url!, fault);
      const store = place.store({ clock, application, client });
      spots.set(store, { place, client });
      return store;
    },
    second(store, { clock, application }) {
      const { place } = spots.get(store)!;
      const second = place.store({ clock, application });
      spots.set(second, { place, client: null });
      return second;
    },
    reopen: (store) => store,
    async corrupt(store, jobId) {
      const { place } = spots.get(store)!;
      await place.client.hset(place.key('own', 'contract'), jobId, '{"id":');
    },
    hasFaults: true,
    async destroy(store) {
      const { place, client } = spots.get(store)!;
      await store.jobs.close();
      client?.disconnect();
      await place.clear();
    },
  });
});
