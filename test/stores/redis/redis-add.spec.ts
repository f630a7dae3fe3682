import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import type { NewJob, Store } from '../../../lib/core/index.js';
import { SCRIPTS } from '../../../lib/stores/redis/scripts/index.js';
import { describeOnServer, testServer } from '../../support/servers/index.js';
import { newJob, NOW, put } from '../typeorm/store-parts.js';
import { RedisPlace } from './redis-place.js';

const server = await testServer('redis');
const NAMES = new Map(
  Object.entries(SCRIPTS).map(([name, text]) => [createHash('sha1').update(text).digest('hex'), name]),
);

describeOnServer(server, 'jobs that are added to Redis', () => {
  let place: RedisPlace;
  let store: Store;
  let other: Store;
  let client: Redis;
  let steps: string[];

  beforeEach(async () => {
    place = await RedisPlace.on(server.url!);
    client = new Redis(place.url, { lazyConnect: true });
    const send = client.evalsha.bind(client) as (...args: unknown[]) => Promise<unknown>;
    const evalsha = async (sha: string, ...args: unknown[]): Promise<unknown> => {
      steps.push(NAMES.get(sha)!);
      return await send(sha, ...args);
    };
    store = await place.openStore({ client: Object.assign(client, { evalsha }) });
    other = await place.openStore();
    steps = [];
  });
  afterEach(async () => {
    await place.clear();
    client.disconnect();
  });

  const ids = async (): Promise<string[]> => (await other.jobs.list()).map(({ id }) => id);
  const add = async (jobs: readonly NewJob[]): Promise<string[]> => {
    steps = [];
    const results = await store.jobs.put(jobs, { now: () => NOW, reconcile: () => ({ description: 'seen' }) });
    return results.map(({ kind, job }) => `${job.id} ${kind}`);
  };

  it('are written without a look at what is there, as long as they are new', async () => {
    expect(await add([newJob('a'), newJob('b', { policy: { ...newJob('b').policy, executor: 'other' } })])).toEqual([
      'a added',
      'b added',
    ]);
    expect(steps).toEqual(['commit']);
    expect(await add([newJob('c')])).toEqual(['c added']);
    expect(steps).toEqual(['commit']);
    expect(await ids()).toEqual(['a', 'b', 'c']);
    expect(await place.client.zcard(place.key('due:other'))).toBe(1);
  });

  it('are looked for as soon as one was there, and not any more when all were new again', async () => {
    await put(other, [newJob('b')]);
    expect(await add([newJob('a'), newJob('b')])).toEqual(['a added', 'b changed']);
    expect(steps).toEqual(['commit', 'readJobs', 'commit']);
    expect(await add([newJob('c')])).toEqual(['c added']);
    expect(steps).toEqual(['readJobs', 'commit']);
    await add([newJob('d')]);
    expect(steps).toEqual(['commit']);
    expect((await other.jobs.list()).map((job) => [job.id, job.description])).toEqual([
      ...[
        ['a', null],
        ['b', 'seen'],
        ['c', null],
        ['d', null],
      ],
    ]);
  });

  it('are looked for where they are of the code, or may have another name', async () => {
    await add([newJob('a', { origin: 'code' })]);
    expect(steps).toEqual(['readJobs', 'commit']);
    await put(other, [newJob('former')]);
    expect(await add([newJob('now', { aliases: ['former'] })])).toEqual(['now changed']);
    expect(await ids()).toEqual(['a', 'now']);
  });

  it('are one, when it comes twice in a list', async () => {
    expect(await add([newJob('a'), newJob('a', { task: 'else' })])).toEqual(['a added', 'a changed']);
    expect((await other.jobs.list()).map((job) => [job.id, job.task, job.description])).toEqual([
      ['a', 'Reports.send', 'seen'],
    ]);
  });
});
