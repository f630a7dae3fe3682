import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Store } from '../../../lib/core/index.js';
import { describeOnServer, testServer } from '../../support/servers/index.js';
import { claim, newJobs, NOW, planMinutes, put, succeeded } from '../typeorm/store-parts.js';
import { RedisPlace } from './redis-place.js';

const server = await testServer('redis');
const JOB = 'job-0001';

/** What became of the job's two rows; null: it is gone. */
const DAMAGES: Readonly<Record<string, readonly [hash: 'hot' | 'own', row: string | Buffer | null]>> = {
  'its definition is gone': ['own', null],
  'its definition is cut': ['own', 'a'],
  'its row is cut': ['hot', '7'],
  'its row is another text': ['hot', 'nothing of this is a row'],
  'its row is no text': ['hot', Buffer.from([0xff, 0x00, 0xfe])],
  'its row is empty': ['hot', ''],
};

describeOnServer(server, 'a damaged job in Redis', () => {
  let place: RedisPlace;
  let store: Store;

  const remove = () => store.jobs.change({ ids: [JOB], now: () => NOW, decide: () => 'remove' });
  const listed = async () => (await store.jobs.list()).map(({ id, status }) => `${id} ${status}`);

  async function damage(hash: string, row: string | Buffer | null): Promise<void> {
    if (row === null) await place.client.hdel(place.key(hash), JOB);
    else await place.client.hset(place.key(hash), JOB, row);
  }

  beforeEach(async () => {
    place = await RedisPlace.on(server.url!);
    store = await place.openStore();
    await put(store, newJobs(3));
  });
  afterEach(async () => await place.clear());

  it.each(Object.entries(DAMAGES))('is removed by its name, and can be added again: %s', async (_, [hash, row]) => {
    await damage(hash, row);
    expect(await listed()).toEqual(['job-0000 active', `${JOB} unresolved`, 'job-0002 active']);

    const [result] = await remove();

    expect([result.before.id, result.after]).toEqual([JOB, null]);
    expect(await listed()).toEqual(['job-0000 active', 'job-0002 active']);
    expect(await put(store, newJobs(3).slice(1, 2))).toMatchObject([{ id: JOB, status: 'active' }]);
    expect((await claim(store)).claims.map((it) => it.jobId)).toContain(JOB);
  });

  it('keeps its past when it is removed', async () => {
    const { claims } = await claim(store, {}, planMinutes);
    await store.jobs.settle(claims.map((it) => succeeded(it)));
    await damage('own', null);

    await remove();

    expect((await store.history.page({ jobId: JOB, limit: 10 })).runs).toMatchObject([{ state: 'succeeded' }]);
  });

  it('is left as it is by any other change, and by changes of all', async () => {
    await damage('own', null);
    const asked: string[] = [];

    await store.jobs.change({ ids: [JOB], now: () => NOW, decide: () => ({ pause: null }) });
    await store.jobs.change({
      ids: null,
      now: () => NOW,
      decide: ({ id }) => {
        asked.push(id);
        return null;
      },
    });

    expect(asked).toEqual(['job-0000', 'job-0002']);
    expect(await listed()).toContain(`${JOB} unresolved`);
  });
});
