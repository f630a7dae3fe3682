import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../../lib/core/index.js';
import { describeOnServer, testServer } from '../../support/servers/index.js';
import { claim, LEASE, NOW, planMinutes, succeeded } from '../typeorm/store-parts.js';
import { RedisPlace } from './redis-place.js';

/** Bytes are written as characters. */
type Stored =
  | readonly ['string', string]
  | readonly ['set', readonly string[]]
  | readonly ['zset', readonly string[]]
  | readonly ['hash', Readonly<Record<string, string>>];

const server = await testServer('redis');
const BEFORE = join(import.meta.dirname, 'stored-in-rows.json');
const HOUR = 3_600_000;

/**
 * Written when each run had a row of its own, and a batch noted lists: `done`, `failed` and `each-minute` have run, `held` was
 * claimed by n1, `taken` was taken by n2, which died before it wrote anything, and `waits` is due in an hour.
 */
describeOnServer(server, 'what Redis keeps since each run had a row of its own', () => {
  let place: RedisPlace;
  let store: Store;

  beforeEach(async () => {
    place = await RedisPlace.on(server.url!);
    const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
    for (const [name, stored] of Object.entries(JSON.parse(readFileSync(BEFORE, 'utf8')) as Record<string, Stored>)) {
      const key = place.key(name);
      const [kind, value] = stored;
      if (kind === 'string') await place.client.set(key, bytes(value));
      else if (kind === 'set') await place.client.sadd(key, ...value);
      else if (kind === 'zset')
        for (let at = 0; at < value.length; at += 2) await place.client.zadd(key, value[at + 1], value[at]);
      else for (const [field, text] of Object.entries(value)) await place.client.hset(key, field, bytes(text));
    }
    store = await place.openStore();
  });
  afterEach(async () => await place.clear());

  it('is read: jobs and history', async () => {
    expect((await store.jobs.list()).map(({ id, status }) => [id, status])).toEqual([
      ...[
        ['done', 'finished'],
        ['each-minute', 'active'],
        ['failed', 'finished'],
        ['held', 'finished'],
      ],
      ...[
        ['taken', 'active'],
        ['waits', 'active'],
      ],
    ]);
    const { runs } = await store.history.page({ limit: 10 });
    expect(runs.map(({ jobId, state, token }) => [jobId, state, token]).sort()).toEqual([
      ...[
        ['done', 'succeeded', 1],
        ['each-minute', 'succeeded', 1],
        ['failed', 'failed', 1],
        ['held', 'running', 1],
      ],
    ]);
    const [done] = (await store.history.page({ jobId: 'done', limit: 1 })).runs;
    expect(done).toMatchObject({ result: { sum: 3 }, output: 'ok\n', node: 'n1', settledAt: NOW + 5 });
  });

  it('goes on: what was held is settled or taken over, what was taken comes back, and what is due is claimed', async () => {
    const [held] = (await store.history.page({ jobId: 'held', limit: 1 })).runs;
    expect(held).toMatchObject({ state: 'running', leaseUntil: NOW + LEASE });
    const { claims } = await claim(store, { now: NOW + LEASE, recoverBefore: NOW + LEASE });
    expect(claims.map(({ jobId, cause, token }) => [jobId, cause, token]).sort()).toEqual([
      ...[
        ['held', 'recovered', 2],
        ['taken', 'planned', 1],
      ],
    ]);
    expect(await store.jobs.settle(claims.map((it) => succeeded(it)))).toEqual([true, true]);

    const later = await claim(store, { now: NOW + HOUR }, planMinutes);
    expect(later.claims.map(({ jobId }) => jobId).sort()).toEqual(['each-minute', 'waits']);
    expect(await store.jobs.settle(later.claims.map((it) => succeeded(it)))).toEqual([true, true]);
    const { runs } = await store.history.page({ limit: 10, states: ['succeeded', 'failed'] });
    expect(runs.map(({ jobId, fireTime }) => [jobId, fireTime - NOW])).toEqual(
      expect.arrayContaining([
        ['each-minute', 0],
        ['each-minute', 60_000],
        ['held', 0],
        ['taken', 0],
        ['waits', HOUR],
      ]),
    );
    expect(runs).toHaveLength(7);
  });

  it('is settled by the node that held it', async () => {
    const [run] = (await store.history.page({ jobId: 'held', limit: 1 })).runs;
    const { job } = { job: (await store.jobs.list({ ids: ['held'] }))[0] };
    const kept = {
      runId: run.id,
      jobId: 'held',
      token: 1,
      run,
      job,
      leaseUntil: NOW + LEASE,
      cause: 'planned',
    } as const;
    expect(await store.jobs.renew([kept], NOW + 2 * LEASE)).toEqual([{ held: true, cancelRequested: false }]);
    expect(await store.jobs.settle([succeeded(kept)])).toEqual([true]);
    expect(await store.history.find(run.id)).toMatchObject({ state: 'succeeded' });
    expect(await place.client.zcard(place.key('lease'))).toBe(0);
  });

  it('is pruned together with what was written since', async () => {
    const { claims } = await claim(store);
    await store.jobs.settle(claims.map((it) => succeeded(it)));
    const [held] = (await store.history.page({ jobId: 'held', limit: 1 })).runs;
    const pruned = await store.history.prune({
      at: NOW + HOUR,
      settledBefore: NOW + HOUR,
      keepPerJob: null,
      limit: 100,
    });
    expect(pruned).toBe(4);
    expect((await store.history.page({ limit: 10 })).runs).toEqual([held]);
  });
});
