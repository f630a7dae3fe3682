import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY } from '../../../lib/core/index.js';
import type { Claim, JobPlan, JobRecord, NodeRecord } from '../../../lib/core/index.js';
import { eachWithItsStore, place, store } from './sqlite-case.js';
import { SqlitePlace } from './sqlite-place.js';
import { claim, LEASE, newJob, newJobs, NOW, planMinutes, planOnce, put, succeeded } from './store-parts.js';

const MINUTE = 60_000;
const DAY = 86_400_000;

eachWithItsStore();

describe('answers', () => {
  it('come at once, without a promise, when nobody else has the lock', async () => {
    await put(store, [newJob('a')]);
    const request = { node: 'n1', now: NOW, until: NOW, limit: 10, leaseUntil: NOW + LEASE, isPaused: false };
    const except = { exceptTasks: new Set<string>(), exceptExecutors: new Set<string>(), recoverBefore: null };
    const result = store.jobs.claimDue({ ...request, ...except }, (job) => planOnce(job));

    expect(result).not.toBeInstanceOf(Promise);
    expect(store.jobs.settle([])).toEqual([]);
    expect(store.nodes.readPause()).toBeNull();
    expect(store.history.page({ limit: 1 })).toMatchObject({ runs: [{ jobId: 'a' }] });
  });

  it('leave no lock behind between two calls (P20)', async () => {
    await put(store, newJobs(10));
    await claim(store);
    const other = place.handle();

    other.exec('BEGIN IMMEDIATE; COMMIT');
    expect(other.inTransaction).toBe(false);
  });
});

describe('a claim', () => {
  it('takes at most 500 runs in one stretch, and says that there is more', async () => {
    await put(store, newJobs(1_100));
    const counts: [number, boolean][] = [];
    for (let hasMore = true; hasMore;) {
      const result = await claim(store, { limit: 10_000 });
      counts.push([result.claims.length, result.hasMore]);
      hasMore = result.hasMore;
    }

    expect(counts).toEqual([
      [500, true],
      [500, true],
      [100, false],
    ]);
  });

  it('writes what one statement can write as well as what differs from job to job', async () => {
    const due = newJobs(60).map((job, index) => ({ ...job, fireTime: NOW - index, dueAt: NOW - index + 1 }));
    await put(
      store,
      due.map((job) => ({ ...job, dueAt: Math.min(job.dueAt, NOW) })),
    );
    const { claims } = await claim(store, {}, (job) => {
      const index = Number(job.id.slice(4));
      if (index % 3 === 0) return planOnce(job);
      const next = index % 3 === 1 ? NOW + MINUTE : NOW + MINUTE + index;
      return planOnce(job, { fireTime: next, dueAt: next, finished: null });
    });

    expect(claims).toHaveLength(60);
    const stored = new Map((await store.jobs.list()).map((job) => [job.id, job]));
    for (const { job, run } of claims) {
      expect(stored.get(job.id)).toEqual(job);
      expect(await store.history.find(run.id)).toEqual(run);
    }
  });

  it('moves jobs that were added in a row to their next fire time together, and none that lies between', async () => {
    const due = newJobs(40).map((job, index) => (index === 20 ? { ...job, fireTime: NOW + 1, dueAt: NOW + 1 } : job));
    await put(store, due);
    await claim(store, {}, planMinutes);

    const next = (await store.jobs.list()).map(({ fireTime, runCount }) => [fireTime! - NOW, runCount]);
    expect(next).toEqual(due.map((_, index) => (index === 20 ? [1, 0] : [MINUTE, 1])));
  });

  it('finds a run for the fire time there already in the middle of a batch, and claims the others (P33)', async () => {
    await put(store, newJobs(10));
    const [first] = (await claim(store, { limit: 1 }, planMinutes)).claims;
    await store.jobs.change({ ids: [first.jobId], now: () => NOW, decide: () => ({ fireTime: NOW, dueAt: NOW }) });
    const { claims } = await claim(store);

    expect(claims.map((it) => it.jobId).sort()).toEqual(
      newJobs(10)
        .slice(1)
        .map((job) => job.id),
    );
    const page = await store.history.page({ limit: 100, jobId: first.jobId });
    expect(page.runs).toHaveLength(1);
  });

  it('goes past more than a batch of those that their plans leave alone', async () => {
    await put(store, newJobs(1_200, { fireTime: NOW - 1 }));
    await put(store, [newJob('behind')]);
    const { claims } = await claim(store, {}, (job) =>
      job.id === 'behind' ? planOnce(job) : (null as unknown as JobPlan),
    );

    expect(claims.map((it) => it.jobId)).toEqual(['behind']);
  });

  it('is not asked for again at once because of those that were left alone', async () => {
    await put(store, newJobs(2_200));
    const result = await claim(store, { limit: 1 }, () => null as unknown as JobPlan);

    expect(result).toMatchObject({ claims: [], hasMore: false, nextDueAt: null });
  });

  it('takes the earliest first, of fire times and of waiting runs alike', async () => {
    await put(store, [
      newJob('manual', { fireTime: null }),
      ...newJobs(3).map((it, n) => ({ ...it, dueAt: NOW - 10 * n })),
    ]);
    const entered = { kind: 'manual', forced: false, args: null } as const;
    const runs = [NOW - 25, NOW - 15, NOW - 5].map((at) => ({ ...entered, jobId: 'manual', fireTime: at, dueAt: at }));
    await store.jobs.enter({ runs, at: NOW, admit: () => ({ as: 'open' }) });
    const order: string[] = [];
    for (let left = 3; left > 0; left--) {
      const { claims } = await claim(store, { limit: 2 });
      order.push(...claims.map((it) => `${it.cause} ${it.run.dueAt - NOW}`).sort());
    }

    expect(order).toEqual(['planned -20', 'waiting -25', 'planned -10', 'waiting -15', 'planned 0', 'waiting -5']);
  });

  it('sets a damaged job aside, shows it so, and hands out the others (P23)', async () => {
    await put(store, newJobs(5));
    place.handle().exec(`UPDATE carillon_definitions SET body = '{"id":' WHERE id = 'job-0002'`);
    const { claims } = await claim(store);

    expect(claims.map((it) => it.jobId)).toEqual(['job-0000', 'job-0001', 'job-0003', 'job-0004']);
    const damaged = (await store.jobs.list()).find((job) => job.id === 'job-0002');
    expect(damaged).toMatchObject({ status: 'unresolved', statusReason: 'its definition cannot be read' });
    await store.jobs.change({ ids: ['job-0002'], now: () => NOW, decide: () => 'remove' });
    expect(await put(store, [newJob('job-0002')])).toMatchObject([{ status: 'active' }]);
  });

  it('keeps recurring definitions in memory, and sees it when one changes', async () => {
    const other = await place.open();
    await put(store, newJobs(3));
    for (let minute = 0; minute < 3; minute++) {
      if (minute === 2)
        await other.jobs.change({ ids: ['job-0001'], now: () => NOW, decide: () => ({ args: ['new'] }) });
      const { claims } = await claim(store, { now: NOW + minute * MINUTE }, planMinutes);
      const expected = minute === 2 ? [[], ['new'], []] : [[], [], []];
      expect(claims.map((it) => it.job.args)).toEqual(expected);
      await store.jobs.settle(claims.map((it) => succeeded(it)));
    }
  });
});

describe('a run', () => {
  it('is one row from its claim to its end (P8)', async () => {
    await put(store, newJobs(3));
    const rows = () =>
      place.handle().prepare('SELECT run_key, state, lease_until IS NULL AS free FROM carillon_runs').all();
    const { claims } = await claim(store);
    const before = rows() as { run_key: number }[];
    await store.jobs.settle(claims.map((it) => succeeded(it)));

    expect(rows()).toEqual(before.map(({ run_key }) => ({ run_key, state: 3, free: 1 })));
  });

  it('whose lease ended is taken over, however often and by whom, until it is settled (P8, P22)', async () => {
    await put(store, [newJob('a')]);
    await claim(store);
    const seen: unknown[] = [];
    for (let round = 1; round <= 3; round++) {
      const now = NOW + round * LEASE;
      const { claims } = await claim(store, { node: `n${round}`, now, recoverBefore: now });
      seen.push(claims.map((it) => [it.run.node, it.token, it.run.attempt, it.job.losses]));
    }

    expect(seen).toEqual([[['n1', 2, 2, 1]], [['n2', 3, 3, 2]], [['n3', 4, 4, 3]]]);
  });

  it('keeps its instants as integers, whatever they are (P26)', async () => {
    await put(store, [newJob('a'), newJob('b', { fireTime: -62_135_596_800_000 })]);
    await store.jobs.settle((await claim(store)).claims.map((it) => succeeded(it)));
    const types = place
      .handle()
      .prepare(
        `SELECT DISTINCT typeof(r.fire_time), typeof(r.created_at), typeof(r.settled_at), typeof(j.updated_at)
         FROM carillon_runs r JOIN carillon_jobs j USING (job_key)`,
      )
      .raw()
      .all();

    expect(types).toEqual([['integer', 'integer', 'integer', 'integer']]);
  });

  it('cannot be there twice for one fire time, even past the store: an index forbids it (P33)', async () => {
    await put(store, [newJob('a')]);
    await claim(store);
    const copy = () =>
      place.handle()
        .exec(`INSERT INTO carillon_run_rows SELECT run_key + 1000, app_key, job_key, shape_key, generation, slot,
        kind, state, fire_time, first_fire_time, count, is_count_exact, due_at, attempt, token, node_key, lease_until,
        is_cancel_requested, is_forced, created_at, started_at, settled_at, reason FROM carillon_run_rows`);

    expect(copy).toThrow(/UNIQUE/);
  });

  it('has an id that no other store and no later run has', async () => {
    const other = new SqlitePlace();
    const second = await other.open();
    await Promise.all([put(store, [newJob('a')]), put(second, [newJob('a')])]);
    const [one] = (await claim(store)).claims;
    const [two] = (await claim(second)).claims;
    const withoutHistory = { ...DEFAULT_POLICY, keepHistory: false };
    await put(store, [newJob('b', { policy: withoutHistory })]);
    const [gone] = (await claim(store)).claims;
    await store.jobs.settle([{ ...succeeded(gone), keepHistory: false } as ReturnType<typeof succeeded>]);
    await put(store, [newJob('c')]);
    const [next] = (await claim(store)).claims;

    expect(new Set([one, two, gone, next].map((it) => it.runId)).size).toBe(4);
    expect(await second.history.find(one.runId)).toBeNull();
    expect(await store.history.find(`${one.runId}0000`)).toBeNull();
    expect(await store.history.find('x')).toBeNull();
    await other.clear();
  });
});

describe('settle', () => {
  it('takes 1,300 outcomes of different kinds, in stretches of 500', async () => {
    await put(store, newJobs(1_300));
    const claims = [];
    for (let hasMore = true; hasMore;) {
      const result = await claim(store);
      claims.push(...result.claims);
      hasMore = result.hasMore;
    }
    const settlements = claims.map((it, index) => {
      const outcome = index % 7 === 0 ? { outcome: 'failed' as const, detail: `no ${index}` } : {};
      return { ...succeeded(it, NOW + (index % 5)), ...outcome };
    });

    expect(await store.jobs.settle(settlements)).toEqual(claims.map(() => true));
    const failed = await store.history.page({ limit: 2_000, states: ['failed'] });
    expect(failed.runs).toHaveLength(Math.ceil(1_300 / 7));
    expect(failed.runs.every((run) => run.detail?.startsWith('no '))).toBe(true);
  });

  it('refuses the stale ones of a batch and writes the others (P7)', async () => {
    await put(store, newJobs(6));
    const { claims: stale } = await claim(store);
    const now = NOW + LEASE;
    const { claims: taken } = await claim(store, { node: 'n2', now, recoverBefore: now, limit: 3 });
    const answers = await store.jobs.settle(stale.map((it) => succeeded(it)));

    const isTaken = new Set(taken.map((it) => it.runId));
    expect(answers).toEqual(stale.map((it) => !isTaken.has(it.runId)));
    expect(await store.jobs.settle(taken.map((it) => succeeded(it)))).toEqual([true, true, true]);
  });
});

describe('settle without history', () => {
  const policy = { ...DEFAULT_POLICY, keepHistory: false };
  const gone = (it: Claim) => ({ ...succeeded(it), keepHistory: false }) as ReturnType<typeof succeeded>;

  it('leaves no row, answers the same settlement again, and refuses a stale one (P7)', async () => {
    await put(store, newJobs(4, { policy }));
    const { claims } = await claim(store);
    const now = NOW + LEASE;
    const [taken] = (await claim(store, { node: 'n2', now, recoverBefore: now, limit: 1 })).claims;
    const expected = claims.map((it) => it.runId !== taken.runId);

    expect(await store.jobs.settle(claims.map(gone))).toEqual(expected);
    expect(await store.jobs.settle(claims.map(gone))).toEqual(expected);
    expect(await store.jobs.settle([gone(taken)])).toEqual([true]);
    expect(await store.history.page({ limit: 10 })).toEqual({ runs: [], cursor: null });
  });

  it('still zeroes losses and gives its place to a buffered run', async () => {
    await put(store, [newJob('a', { policy, losses: 2 })]);
    const { claims } = await claim(store);
    const run = { jobId: 'a', kind: 'manual', fireTime: NOW, dueAt: NOW, forced: false, args: null } as const;
    const [{ run: buffered }] = await store.jobs.enter({ runs: [run], at: NOW, admit: () => ({ as: 'buffered' }) });
    await store.jobs.settle(claims.map(gone));

    expect((await store.jobs.list())[0].losses).toBe(0);
    expect(await store.history.find(buffered!.id)).toMatchObject({ state: 'waiting' });
  });
});

describe('prune', () => {
  async function settledRuns(id: string, count: number, fields: Parameters<typeof newJob>[1] = {}): Promise<void> {
    await put(store, [newJob(id, fields)]);
    for (let minute = 0; minute < count; minute++) {
      const now = NOW + minute * MINUTE;
      const { claims } = await claim(store, { now }, planMinutes);
      await store.jobs.settle(claims.map((it) => succeeded(it, now)));
    }
    await store.jobs.change({ ids: [id], now: () => NOW, decide: () => ({ fireTime: null, dueAt: null }) });
  }

  const request = { at: NOW + DAY, settledBefore: null, keepPerJob: null, limit: 1_000 };

  async function left(id: string): Promise<number[]> {
    const page = await store.history.page({ jobId: id, limit: 100 });
    return page.runs.map((run) => (run.fireTime - NOW) / MINUTE);
  }

  it('goes by age and by number, a job’s own before the request’s, some rows a call', async () => {
    const own = (history: { age: number | null; count: number | null }) => ({ ...DEFAULT_POLICY, history });
    await settledRuns('common', 6);
    await settledRuns('counted', 6, { policy: own({ age: null, count: 2 }) });
    await settledRuns('aged', 6, { policy: own({ age: DAY - 2 * MINUTE, count: null }) });
    const age = { ...request, settledBefore: NOW + MINUTE, limit: 2 };
    const counts = [];
    for (let count = 1; count > 0;) counts.push((count = await store.history.prune({ ...age, keepPerJob: 4 })));

    expect(counts).toEqual([2, 2, 2, 2, 0]);
    expect([await left('common'), await left('counted'), await left('aged')]).toEqual([
      [5, 4, 3, 2],
      [5, 4],
      [5, 4, 3, 2],
    ]);
  });

  it('takes the texts of a run with it, and what nobody needs any more of removed jobs', async () => {
    await put(store, [newJob('a', { task: 'Old.task' })]);
    const { claims } = await claim(store);
    await store.jobs.settle([{ ...succeeded(claims[0]), output: 'text' } as ReturnType<typeof succeeded>]);
    await store.jobs.change({ ids: ['a'], now: () => NOW, decide: () => 'remove' });
    expect(await left('a')).toEqual([0]);
    await store.history.prune({ ...request, settledBefore: NOW + DAY });

    const counts = ['runs', 'run_texts', 'jobs', 'definitions', 'shapes'].map((table) =>
      place.handle().prepare(`SELECT count(*) FROM carillon_${table}`).pluck().get(),
    );
    expect(counts).toEqual([0, 0, 0, 0, 0]);
  });

  it('leaves other applications alone', async () => {
    await settledRuns('a', 3);
    const other = await place.open({ application: 'billing' });

    expect(await other.history.prune({ ...request, settledBefore: NOW + DAY, keepPerJob: 0 })).toBe(0);
    expect(await left('a')).toHaveLength(3);
  });
});

describe('nodes', () => {
  const node: NodeRecord = {
    id: 'n1',
    host: 'box',
    pid: 7,
    appVersion: '1.0.0',
    startedAt: NOW,
    seenAt: NOW,
    jobsDigest: 'd1',
    jobIds: ['a'],
    tasks: ['A.b'],
  };

  it('write their lists again only when these changed', async () => {
    await store.nodes.beat(node);
    place.handle().exec(`UPDATE carillon_nodes SET job_ids = '["kept"]'`);
    await store.nodes.beat({ ...node, seenAt: NOW + 1 });
    expect(await store.nodes.list(0)).toMatchObject([{ seenAt: NOW + 1, jobIds: ['kept'] }]);

    await store.nodes.beat({ ...node, seenAt: NOW + 2, tasks: ['A.b', 'C.d'] });
    expect(await store.nodes.list(0)).toEqual([{ ...node, seenAt: NOW + 2, tasks: ['A.b', 'C.d'] }]);
  });

  it('are listed again by their next beat after another node forgot them', async () => {
    const other = await place.open();
    await store.nodes.beat(node);
    expect(await other.nodes.forget(NOW + 1)).toBe(1);
    await store.nodes.beat({ ...node, seenAt: NOW + 2 });

    expect(await other.nodes.list(0)).toEqual([{ ...node, seenAt: NOW + 2 }]);
  });

  it('lend their name to the runs they claimed as long as these are kept', async () => {
    await store.nodes.beat(node);
    await put(store, [newJob('a')]);
    const { claims } = await claim(store);
    await store.jobs.settle(claims.map((it) => succeeded(it)));
    await store.nodes.leave('n1');
    await store.nodes.forget(NOW + 365 * DAY);
    expect(await store.history.find(claims[0].runId)).toMatchObject({ node: 'n1' });

    await store.history.prune({ at: NOW + DAY, settledBefore: NOW + DAY, keepPerJob: null, limit: 10 });
    await store.nodes.forget(NOW + 365 * DAY);
    expect(place.handle().prepare('SELECT count(*) FROM carillon_nodes').pluck().get()).toBe(0);
  });
});

describe('a definition', () => {
  it('shares what many jobs have in common, and each job may part from it', async () => {
    await put(store, newJobs(50));
    const shapes = () => place.handle().prepare('SELECT count(*) FROM carillon_shapes').pluck().get();
    expect(shapes()).toBe(1);
    const policy = { ...DEFAULT_POLICY, maxInstances: 7 };
    await store.jobs.change({ ids: ['job-0003'], now: () => NOW, decide: () => ({ policy }) });

    const found = await store.jobs.list();
    expect(found.map((job: JobRecord) => job.policy.maxInstances)).toEqual(found.map((_, n) => (n === 3 ? 7 : 1)));
    expect(shapes()).toBe(2);
  });
});
