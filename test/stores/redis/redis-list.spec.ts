import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import type { JobFilter, Store } from '../../../lib/core/index.js';
import { SCRIPTS } from '../../../lib/stores/redis/scripts/index.js';
import { ManualClock } from '../../../lib/testing/index.js';
import { describeOnServer, testServer } from '../../support/servers/index.js';
import { newJob, NOW, put } from '../typeorm/store-parts.js';
import { RedisPlace } from './redis-place.js';

const server = await testServer('redis');
const READ_JOBS = createHash('sha1').update(SCRIPTS.readJobs).digest('hex');
const SET_ASIDE = { status: 'orphaned', statusReason: 'gone', statusAt: NOW } as const;

/** More than one part of what the server looks through. */
const MANY = Array.from({ length: 2_500 }, (_, index) => `job-${String(index).padStart(4, '0')}`);

describeOnServer(server, 'a list of jobs on Redis', () => {
  let place: RedisPlace;
  let store: Store;
  let other: Store;
  let clock: ManualClock;
  let client: Redis;
  /** How often rows of jobs were read. */
  let reads: number;

  beforeEach(async () => {
    place = await RedisPlace.on(server.url!);
    clock = new ManualClock(NOW);
    client = new Redis(place.url, { lazyConnect: true });
    const send = client.evalsha.bind(client) as (...args: unknown[]) => Promise<unknown>;
    const evalsha = async (sha: string, ...args: unknown[]): Promise<unknown> => {
      if (sha === READ_JOBS) reads++;
      return await send(sha, ...args);
    };
    store = await place.openStore({ clock, client: Object.assign(client, { evalsha }) });
    other = await place.openStore();
    await put(
      other,
      MANY.map((id) => newJob(id)),
    );
    reads = 0;
  });
  afterEach(async () => {
    await place.clear();
    client.disconnect();
  });

  async function setAside(by: Store, ...ids: string[]): Promise<void> {
    await by.jobs.change({ ids, now: () => NOW, decide: () => SET_ASIDE });
    reads = 0;
  }
  const listed = async (filter: JobFilter): Promise<string[]> => (await store.jobs.list(filter)).map(({ id }) => id);
  const orphaned = { status: ['orphaned'] } as const;

  it('reads the rows of those that were set aside, and no others', async () => {
    await setAside(other, 'job-0007', 'job-2400');

    expect(await listed(orphaned)).toEqual(['job-0007', 'job-2400']);
    expect(reads).toBe(1);
    expect(await listed({ status: ['finished', 'unresolved'] })).toEqual([]);
    expect(reads).toBe(1);
  });

  it('reads no row for a task or an origin that no job has', async () => {
    await put(other, [newJob('of-code', { origin: 'code' }), newJob('else', { task: 'else' })]);
    reads = 0;

    expect(await listed({ task: 'nobody' })).toEqual([]);
    expect(reads).toBe(0);
    expect(await listed({ origin: 'code' })).toEqual(['of-code']);
    expect(await listed({ task: 'else', status: ['active'] })).toEqual(['else']);
    expect(await listed({ task: 'else', status: ['finished'] })).toEqual([]);
    expect(reads).toBe(2);
  });

  it('reads the rows of those whose trigger may hold what is asked for', async () => {
    const odd = '{"type":"interval","note":"\u007f","runOnStart":true}';
    await put(other, [
      newJob('plain', { trigger: '{"type":"interval","runOnStart":true}' }),
      newJob('odd', { trigger: odd }),
    ]);
    reads = 0;

    expect(await listed({ status: ['active', 'finished'], triggerHolds: '"runOnStart"' })).toEqual(['odd', 'plain']);
    expect(reads).toBe(1);
  });

  it('finds all of them once, page by page', async () => {
    await setAside(other, ...MANY.filter((_, index) => index % 2 === 0));
    const found: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await listed({ ...orphaned, after, limit: 300 });
      found.push(...page);
      if (page.length < 300) break;
      after = page[299];
    }
    expect(found).toEqual(MANY.filter((_, index) => index % 2 === 0));
  });

  it('shows on the next page what this node changed meanwhile, and what another one did a second ago', async () => {
    await setAside(other, 'job-0001', 'job-0002');
    const next = { ...orphaned, after: 'job-0001' };
    expect(await listed({ ...orphaned, limit: 1 })).toEqual(['job-0001']);
    await setAside(store, 'job-0003');
    expect(await listed(next)).toEqual(['job-0002', 'job-0003']);
    await setAside(other, 'job-0004');
    await clock.advanceAsync(1_000);
    expect(await listed(next)).toEqual(['job-0002', 'job-0003', 'job-0004']);
  });

  it('shows no job that does not match any more', async () => {
    await setAside(other, 'job-0001', 'job-0002');
    await listed({ ...orphaned, limit: 1 });
    await other.jobs.change({ ids: ['job-0002'], now: () => NOW, decide: () => ({ status: 'active' }) });
    expect(await listed({ ...orphaned, after: 'job-0000' })).toEqual(['job-0001']);
  });
});
