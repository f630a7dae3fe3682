import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Claim, RunFilter, RunRecord, Settlement, Store } from '../../../lib/core/index.js';
import { describeOnServer, testServer } from '../../support/servers/index.js';
import { claim, LEASE, newJob, NOW, planMinutes, put, retried, succeeded } from '../typeorm/store-parts.js';
import { RedisPlace } from './redis-place.js';

const server = await testServer('redis');
const LATER = NOW + 100_000;

describeOnServer(server, 'runs of one claim on Redis, which lie together', () => {
  let place: RedisPlace;
  let store: Store;
  let other: Store;

  beforeEach(async () => {
    place = await RedisPlace.on(server.url!);
    [store, other] = [await place.openStore(), await place.openStore()];
  });
  afterEach(async () => await place.clear());

  const count = async (name: string): Promise<number> => await place.client.hlen(place.key(name));
  const inRows = async (): Promise<number> => await count('run');
  const inPacks = async (): Promise<number> => await count('pack');

  /** Due one each 20 ms. */
  function jobs(many: number, fields: Parameters<typeof newJob>[1] = {}) {
    return Array.from({ length: many }, (_, at) => newJob(`job-${at}`, { fireTime: NOW + at * 20, ...fields }));
  }

  async function claimed(many: number, fields: Parameters<typeof newJob>[1] = {}): Promise<readonly Claim[]> {
    await put(store, jobs(many, fields));
    const { claims } = await claim(store, { now: LATER, leaseUntil: LATER + LEASE });
    expect(claims).toHaveLength(many);
    return claims;
  }

  async function pages(filter: Partial<RunFilter>, limit: number): Promise<RunRecord[]> {
    const found: RunRecord[] = [];
    for (let cursor: string | null = null; ;) {
      const page = await store.history.page({ ...filter, limit, ...(cursor === null ? {} : { cursor }) });
      found.push(...page.runs);
      cursor = page.cursor;
      if (cursor === null) return found;
    }
  }

  /** Newest fire time first, then newest id. */
  function inOrder(runs: readonly RunRecord[]): RunRecord[] {
    return [...runs].sort((a, b) => b.fireTime - a.fireTime || (a.id < b.id ? 1 : -1));
  }

  it('have no rows, and are found by id, by job, and page by page in their order', async () => {
    const claims = await claimed(120);
    expect([await inRows(), await inPacks()]).toEqual([0, 4]);

    const all = await pages({}, 7);
    expect(all.map((run) => run.id)).toEqual(inOrder(claims.map((it) => it.run)).map((run) => run.id));
    for (const { run } of [claims[0], claims[35], claims[36], claims[119]]) {
      expect(await store.history.find(run.id)).toEqual(run);
      expect((await store.history.page({ jobId: run.jobId, limit: 9 })).runs).toEqual([run]);
    }
    const some = await pages({ from: NOW + 400, to: NOW + 1_600 }, 7);
    expect(some.map((run) => run.fireTime - NOW)).toEqual(Array.from({ length: 61 }, (_, at) => 1_600 - at * 20));
  });

  it('are shown in order though two nodes claimed in turn, and many are due at one instant', async () => {
    await put(
      store,
      Array.from({ length: 1_300 }, (_, at) => newJob(`job-${at}`, { fireTime: NOW + (at % 3) })),
    );
    const claims: Claim[] = [];
    for (let limit = 1; claims.length < 1_300; limit = (limit % 4) + 1) {
      const both = [claim(store, { now: LATER, limit }), claim(other, { now: LATER, limit })];
      for (const result of await Promise.all(both)) claims.push(...result.claims);
    }
    expect(await inPacks()).toBeGreaterThan(500);
    const found = await pages({}, 90);
    expect(found.map((run) => run.id)).toEqual(inOrder(claims.map((it) => it.run)).map((run) => run.id));
  }, 60_000);

  it('end each in its own way, in any order, and those that go on are taken out', async () => {
    const claims = await claimed(40);
    const settle = async (...those: Settlement[]): Promise<boolean[]> => await store.jobs.settle(those);
    const done = (at: number, fields = {}): Settlement => ({ ...succeeded(claims[at], LATER + 1), ...fields });
    const error = { name: 'Error', message: 'no \x1e use', code: null, stack: null };

    expect(await settle(done(7), done(3), done(39), done(5, { outcome: 'failed', error }))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(await settle(done(3), done(4), done(5, { outcome: 'failed', error }))).toEqual([true, true, true]);
    expect(await inRows()).toBe(0);
    // Under another token.
    expect(await settle({ ...done(8), token: 2 }, { ...done(7), token: 2 })).toEqual([false, false]);
    const base = { runId: claims[9].runId, jobId: claims[9].jobId, token: 1, at: LATER, attempt: 1, startedAt: LATER };
    const retry = { ...base, kind: 'retry', dueAt: LATER + 5, error } as const;
    expect(await settle(done(10), retry, done(11))).toEqual([true, true, true]);
    expect([(await inRows()) > 0, await inPacks()]).toEqual([true, 1]);
    expect(await settle(...claims.map((_, at) => done(at)))).toEqual(claims.map((_, at) => at !== 9));

    const states = new Map((await pages({}, 9)).map((run) => [run.jobId, [run.state, run.error?.message ?? null]]));
    expect(states.get('job-5')).toEqual(['failed', error.message]);
    expect(states.get('job-9')).toEqual(['waiting', error.message]);
    expect([...states.values()].filter(([state]) => state === 'succeeded')).toHaveLength(38);
    const again = await claim(store, { now: LATER + 5 });
    expect(again.claims.map((it) => [it.jobId, it.token, it.run.attempt])).toEqual([['job-9', 2, 2]]);
    expect(await settle(succeeded(again.claims[0]))).toEqual([true]);
    expect(await place.client.zcard(place.key('lease'))).toBe(0);
  });

  it('are renewed together without being taken apart, and each for itself otherwise', async () => {
    const claims = await claimed(50);
    const until = LATER + 3 * LEASE;
    const held = (renewals: readonly { held: boolean }[]): number => renewals.filter((it) => it.held).length;

    expect(held(await store.jobs.renew(claims, until))).toBe(50);
    expect([await inRows(), await inPacks()]).toEqual([0, 2]);
    expect(await store.history.find(claims[0].runId)).toMatchObject({ leaseUntil: until });

    await store.jobs.settle(claims.slice(0, 10).map((it) => succeeded(it)));
    expect(held(await store.jobs.renew(claims, until + 1))).toBe(40);
    expect(await inRows()).toBe(0);
    expect(held(await store.jobs.renew(claims.slice(20, 22), until + LEASE))).toBe(2);
    expect([await inRows(), await inPacks()]).toEqual([36, 1]);
    const leases = await Promise.all([19, 20, 21, 49].map(async (at) => await store.history.find(claims[at].runId)));
    expect(leases.map((run) => run!.leaseUntil! - until)).toEqual([1, LEASE, LEASE, 1]);

    const taken = await claim(other, { now: until + 1, recoverBefore: until + 1, leaseUntil: until + 2 * LEASE });
    expect(taken.claims.map((it) => it.cause)).toEqual(Array.from({ length: 38 }, () => 'recovered'));
    expect(held(await store.jobs.renew(claims, until + 2 * LEASE))).toBe(2);
    expect(await store.jobs.settle([succeeded(claims[30])])).toEqual([false]);
    expect(await other.jobs.settle(taken.claims.map((it) => succeeded(it)))).toEqual(taken.claims.map(() => true));
    expect(await store.jobs.settle(claims.slice(20, 22).map((it) => succeeded(it)))).toEqual([true, true]);
    expect(await place.client.zcard(place.key('lease'))).toBe(0);
    expect([await count('held'), await count('leased')]).toEqual([0, 0]);
  });

  it('leave nothing where no history is kept, and a settlement that is sent again is answered as the first time', async () => {
    const policy = { ...newJob('x').policy, keepHistory: false };
    const claims = await claimed(40, { policy });
    const ends = claims.map((it) => ({ ...succeeded(it), keepHistory: false }));
    expect(await inPacks()).toBe(2);
    expect(await store.jobs.settle(ends.slice(0, 30))).toEqual(ends.slice(0, 30).map(() => true));
    expect((await pages({}, 9)).map((run) => run.state)).toEqual(Array.from({ length: 10 }, () => 'running'));
    expect(await store.jobs.settle(ends)).toEqual(ends.map(() => true));

    expect([await inRows(), await inPacks(), await place.client.zcard(place.key('time'))]).toEqual([0, 0, 0]);
    expect(await store.jobs.settle(ends)).toEqual(ends.map(() => true));
    expect(await store.jobs.settle([{ ...ends[0], token: 2 }])).toEqual([false]);
  });

  it('are pruned as many as asked for, whole packs and parts of them', async () => {
    const claims = await claimed(80);
    const settle = async (those: readonly Claim[]): Promise<unknown> =>
      await store.jobs.settle(those.map((it) => succeeded(it, LATER)));
    await settle(claims.slice(0, 78));
    const prune = async (limit: number): Promise<number> =>
      await store.history.prune({ at: LATER, settledBefore: LATER + 1, keepPerJob: null, limit });
    const left = async (): Promise<number[]> =>
      (await pages({}, 9)).map((run) => Number(run.jobId.slice(4))).sort((a, b) => a - b);

    expect(await prune(50)).toBe(50);
    // The first pack is gone, of the second there are rows, the third is as it was.
    expect([await inRows(), await inPacks()]).toEqual([22, 1]);
    expect(await left()).toEqual(Array.from({ length: 30 }, (_, at) => at + 50));
    expect(await prune(1_000)).toBe(28);
    expect(await left()).toEqual([78, 79]);
    await settle(claims.slice(78));
    expect(await prune(1)).toBe(1);
    expect(await prune(1_000)).toBe(1);
    expect([await left(), await inRows(), await inPacks()]).toEqual([[], 0, 0]);
    expect(await place.client.zcard(place.key('time'))).toBe(0);
  });

  it('are not read again by the node that has closed them, and are by any other', async () => {
    await put(store, jobs(3, { fireTime: NOW }));
    const minute = async (by: Store, at: number, many: number): Promise<readonly Claim[]> => {
      const { claims } = await claim(by, { now: NOW + at * 60_000 }, planMinutes);
      expect(claims).toHaveLength(many);
      return claims;
    };
    const unsettled: number[] = [];
    const plans = async (by: Store, at: number): Promise<readonly Claim[]> => {
      const window = { node: 'n1', now: NOW + at * 60_000, until: NOW + at * 60_000, limit: 9, leaseUntil: LATER };
      const none = { exceptTasks: new Set<string>(), exceptExecutors: new Set<string>(), isPaused: false };
      const result = await by.jobs.claimDue({ ...window, ...none, recoverBefore: null }, (job, open) => {
        unsettled.push(open.length);
        return planMinutes(job);
      });
      return result.claims;
    };
    const first = await minute(store, 0, 3);
    await store.jobs.settle(first.slice(0, 2).map((it) => succeeded(it)));
    // What lies there is not asked for: as if it were open still.
    const packs = await place.client.hgetall(place.key('pack'));
    for (const [name, text] of Object.entries(packs)) {
      await place.client.hset(place.key('pack'), name, text.slice(0, text.indexOf('\x1d')));
    }
    expect(await plans(store, 1)).toHaveLength(3);
    expect(unsettled.sort()).toEqual([0, 0, 1]);
    unsettled.length = 0;
    await plans(other, 2);
    expect(unsettled.sort()).toEqual([1, 1, 2]);
  });

  it('are pruned by their number, job by job', async () => {
    await put(
      store,
      Array.from({ length: 40 }, (_, at) => newJob(`each-${at}`)),
    );
    for (let minute = 0; minute < 4; minute++) {
      const { claims } = await claim(store, { now: NOW + minute * 60_000 }, planMinutes);
      await store.jobs.settle(claims.map((it) => succeeded(it)));
    }
    expect(await store.history.prune({ at: LATER, settledBefore: null, keepPerJob: 3, limit: 1_000 })).toBe(40);
    const { runs } = await store.history.page({ jobId: 'each-17', limit: 9 });
    expect(runs.map((run) => (run.fireTime - NOW) / 60_000)).toEqual([3, 2, 1]);
    expect((await pages({}, 50)).length).toBe(120);
  });
});

describeOnServer(server, 'jobs that two claims on Redis may have taken', () => {
  let place: RedisPlace;
  beforeEach(async () => (place = await RedisPlace.on(server.url!)));
  afterEach(async () => await place.clear());

  /** A claim that is held up while its plans are made: `meanwhile` has been done before it writes. */
  async function heldUp(store: Store, meanwhile: () => Promise<unknown>, now = NOW): Promise<readonly Claim[]> {
    let go = (): void => undefined;
    const waits = new Promise<void>((resolve) => (go = resolve));
    const { commit } = Object.getPrototypeOf(committerOf(store)) as {
      commit: (...args: unknown[]) => Promise<unknown>;
    };
    let isFirst = true;
    committerOf(store).commit = async function (this: unknown, ...args: unknown[]) {
      if (isFirst) {
        isFirst = false;
        await waits;
      }
      return await commit.apply(committerOf(store), args);
    };
    let isRead = (): void => undefined;
    const read = new Promise<void>((resolve) => (isRead = resolve));
    const claims = claim(store, { now }, (job) => {
      isRead();
      return { ...planMinutes(job) };
    });
    await read;
    await meanwhile();
    go();
    return (await claims).claims;
  }

  function committerOf(store: Store): { commit: (...args: unknown[]) => Promise<unknown> } {
    return (store.jobs as unknown as { parts: { committer: { commit: () => Promise<unknown> } } }).parts.committer;
  }

  it('are left alone by the one that comes later, though what the first had taken was put back (P8)', async () => {
    const [one, other] = [await place.openStore(), await place.openStore()];
    await put(one, [newJob('a'), newJob('b')]);
    let second: readonly Claim[] = [];
    const first = await heldUp(one, async () => {
      for (const batch of await place.client.zrange(place.key('taken'), 0, -1)) {
        await place.client.zadd(place.key('taken'), 0, batch);
      }
      second = await heldUp(other, async () => undefined);
    });
    expect([first.length, second.length]).toEqual([0, 2]);
  });

  it('are left alone by both that may have them, if somebody else changed them', async () => {
    const [one, other] = [await place.openStore(), await place.openStore()];
    await put(one, [newJob('a'), newJob('b')]);
    const claims = await heldUp(one, async () => {
      await other.jobs.change({ ids: ['a'], now: () => NOW, decide: () => ({ description: 'changed' }) });
    });
    expect(claims.map((it) => it.jobId)).toEqual(['b']);
    expect((await claim(other)).claims.map((it) => [it.jobId, it.job.description])).toEqual([['a', 'changed']]);
  });

  it('are one claim’s, when one of them is changed, put into its lane and taken again before the first has written', async () => {
    const [one, other] = [await place.openStore(), await place.openStore()];
    await put(one, [newJob('a'), newJob('b')]);
    let second: readonly Claim[] = [];
    const first = await heldUp(one, async () => {
      await other.jobs.change({
        ids: ['a'],
        now: () => NOW,
        decide: (job) => ({ fireTime: job.fireTime! - 1, dueAt: NOW - 1 }),
      });
      second = (await claim(other)).claims;
    });
    expect(second.map((it) => it.jobId)).toEqual(['a']);
    expect(first.map((it) => it.jobId)).toEqual(['b']);
  });

  it('leave a job in its lane beside a run of it that waited, though somebody else changed it', async () => {
    const [one, other] = [await place.openStore(), await place.openStore()];
    await put(one, [newJob('a')]);
    const [failed] = (await claim(one, {}, planMinutes)).claims;
    await one.jobs.settle([retried(failed)]);
    const later = NOW + 60_000;
    const claims = await heldUp(
      one,
      async () => {
        await other.jobs.change({ ids: ['a'], now: () => NOW, decide: () => ({ description: 'changed' }) });
      },
      later,
    );
    const left = (await claim(other, { now: later }, planMinutes)).claims;
    expect([...claims, ...left].map((it) => it.cause).sort()).toEqual(['planned', 'waiting']);
  });
});
