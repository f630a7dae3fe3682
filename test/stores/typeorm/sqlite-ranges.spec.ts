import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY } from '../../../lib/core/index.js';
import type { Claim, Settlement } from '../../../lib/core/index.js';
import { eachWithItsStore, place, store } from './sqlite-case.js';
import { claim, LEASE, newJob, newJobs, NOW, planMinutes, planOnce, put, succeeded } from './store-parts.js';

const COUNT = 40;
const MINUTE = 60_000;
const DAY = 86_400_000;

eachWithItsStore();

/** Ranges as `[first, last]`, counted from the first run of all. */
function ranges(table: 'held' | 'ended'): number[][] {
  const found = place.handle().prepare(`SELECT first_key - 1, last_key - 1 FROM carillon_${table}_ranges ORDER BY 1`);
  return found.raw().all() as number[][];
}

/** States of rows as they are written. */
function written(): Record<string, number> {
  const rows = place.handle().prepare('SELECT state, count(*) FROM carillon_run_rows GROUP BY state').raw().all();
  return Object.fromEntries(rows as [number, number][]);
}

async function statesOf(): Promise<string[]> {
  const { runs } = await store.history.page({ limit: 1_000 });
  return [...runs].sort((a, b) => (a.jobId < b.jobId ? -1 : 1)).map((run) => run.state);
}

function unkept(it: Claim): Settlement {
  return { ...succeeded(it), keepHistory: false } as Settlement;
}

const RANGED = 20;

describe('plain runs of a claim', () => {
  it('are written once: at their end nothing but ranges is', async () => {
    await put(store, newJobs(COUNT));
    const { claims } = await claim(store);
    const held = [ranges('held'), ranges('ended'), written()];
    const rows = () => place.handle().prepare('SELECT * FROM carillon_run_rows').all();
    const before = rows();
    await store.jobs.settle(claims.map((it) => succeeded(it, NOW + 7)));

    expect(held).toEqual([[[0, COUNT - 1]], [], { [RANGED]: COUNT }]);
    expect([ranges('held'), ranges('ended'), rows()]).toEqual([[], [[0, COUNT - 1]], before]);
  });

  it('read as claimed, then as they ended, whoever asks', async () => {
    await put(store, newJobs(COUNT));
    const { claims } = await claim(store);
    for (const { run } of claims) expect(await store.history.find(run.id)).toEqual(run);
    await store.jobs.settle(claims.map((it) => ({ ...succeeded(it, NOW + 7), startedAt: NOW + 3 })));

    const other = await place.open();
    for (const { run } of claims) {
      const ended = { ...run, state: 'succeeded', startedAt: NOW + 3, settledAt: NOW + 7, leaseUntil: null };
      expect(await other.history.find(run.id)).toEqual(ended);
    }
    const view = place.handle().prepare('SELECT DISTINCT state, settled_at, lease_until FROM carillon_runs').raw();
    expect(view.all()).toEqual([[3, NOW + 7, null]]);
  });

  it('end in parts: the middle, the ends, one by one', async () => {
    await put(store, newJobs(COUNT));
    const { claims } = await claim(store);
    const settle = (from: number, to: number, at: number) =>
      store.jobs.settle(claims.slice(from, to).map((it) => succeeded(it, NOW + at)));
    await settle(10, 20, 1);
    const cut = ranges('held');
    await settle(0, 10, 2);
    await settle(22, 23, 3);
    await settle(25, 40, 4);
    const states = await statesOf();
    await settle(20, 25, 5);

    expect(cut).toEqual([
      [0, 9],
      [20, 39],
    ]);
    const isEnded = (index: number) => index < 20 || index === 22 || index >= 25;
    expect(states).toEqual(newJobs(COUNT).map((_, index) => (isEnded(index) ? 'succeeded' : 'running')));
    expect([await statesOf(), ranges('held')]).toEqual([newJobs(COUNT).map(() => 'succeeded'), []]);
    const at = (await store.history.page({ limit: 100 })).runs.map((run) => run.settledAt! - NOW).sort();
    expect(at).toEqual(
      [...Array(10).fill(1), ...Array(10).fill(2), 3, ...Array(15).fill(4), ...Array(4).fill(5)].sort(),
    );
  });

  it('answer the same settlement again, and refuse a stale one (P7)', async () => {
    await put(store, newJobs(COUNT));
    const settlements = (await claim(store)).claims.map((it) => succeeded(it));
    const stale = settlements.map((it) => ({ ...it, token: 0 }));
    expect(await store.jobs.settle(stale)).toEqual(stale.map(() => false));
    expect(await store.jobs.settle([...settlements, ...settlements])).toEqual(Array(2 * COUNT).fill(true));
    expect(await store.jobs.settle(settlements.map((it) => ({ ...it, outcome: 'failed' }) as Settlement))).toEqual(
      settlements.map(() => true),
    );
    expect(await statesOf()).toEqual(newJobs(COUNT).map(() => 'succeeded'));
  });

  it.each([
    ['all of them', (index: number) => index >= 0],
    ['some in a row', (index: number) => index >= 10 && index < 30],
    ['every second one', (index: number) => index % 2 === 0],
  ])('without history leave no row: %s', async (_name, isFirst) => {
    await put(store, newJobs(COUNT, { policy: { ...DEFAULT_POLICY, keepHistory: false } }));
    const { claims } = await claim(store);
    const first = claims.filter((_, index) => isFirst(index));
    const rest = claims.filter((_, index) => !isFirst(index));
    expect(await store.jobs.settle(first.map(unkept))).toEqual(first.map(() => true));
    expect(await statesOf()).toEqual(rest.map(() => 'running'));
    expect(await store.jobs.settle(claims.map(unkept))).toEqual(claims.map(() => true));

    expect([await statesOf(), ranges('held'), ranges('ended')]).toEqual([[], [], []]);
  });

  it('are taken over one by one when their lease ends, and their old owner is refused (P7, P8)', async () => {
    await put(store, newJobs(COUNT));
    const { claims } = await claim(store);
    await store.jobs.settle(claims.slice(0, 10).map((it) => succeeded(it)));
    const now = NOW + LEASE;
    expect((await claim(store, { now: now - 1, recoverBefore: now - 1 })).nextDueAt).toBe(now);
    const taken = (await claim(store, { node: 'n2', now, recoverBefore: now, limit: 12 })).claims;

    expect(taken.map((it) => [it.cause, it.token, it.run.attempt, it.run.node, it.leaseEndedAt])).toEqual(
      Array(12).fill(['recovered', 2, 2, 'n2', now]),
    );
    const isTaken = new Set(taken.map((it) => it.runId));
    expect(await store.jobs.settle(claims.map((it) => succeeded(it)))).toEqual(
      claims.map((it) => !isTaken.has(it.runId)),
    );
    expect(await store.jobs.settle(taken.map((it) => succeeded(it)))).toEqual(taken.map(() => true));
  });

  it('are renewed, and wait again, each by itself', async () => {
    await put(store, newJobs(COUNT));
    const { claims } = await claim(store);
    const held = { held: true, cancelRequested: false };
    expect(await store.jobs.renew(claims.slice(5), NOW + 2 * LEASE)).toEqual(claims.slice(5).map(() => held));
    const wait = { ...succeeded(claims[7]), kind: 'retry', dueAt: NOW + MINUTE, error: null } as unknown as Settlement;
    expect(await store.jobs.settle([wait])).toEqual([true]);

    const { runs: found } = await store.history.page({ limit: 100 });
    const runs = [...found].sort((a, b) => (a.jobId < b.jobId ? -1 : 1));
    expect(runs.map((run) => run.leaseUntil)).toEqual(
      claims.map((_, index) => (index === 7 ? null : NOW + (index < 5 ? 1 : 2) * LEASE)),
    );
    expect(runs[7]).toMatchObject({ state: 'waiting', dueAt: NOW + MINUTE });
  });

  it('are seen as open by the plan of their job, by a cancel and by a removal', async () => {
    await put(store, newJobs(COUNT));
    const { claims } = await claim(store, {}, planMinutes);
    const seen: number[] = [];
    const now = NOW + MINUTE;
    const request = { node: 'n1', now, until: now, limit: 100, leaseUntil: now + LEASE, recoverBefore: null };
    const except = { exceptTasks: new Set<string>(), exceptExecutors: new Set<string>(), isPaused: false };
    await store.jobs.claimDue({ ...request, ...except }, (job, unsettled) => {
      seen.push(unsettled.filter((run) => run.state === 'running' && run.fireTime === NOW).length);
      return { ...planOnce(job), runs: [] };
    });
    expect(seen).toEqual(Array(COUNT).fill(1));

    await store.jobs.change({ cancel: claims[3].runId, at: NOW, detail: 'enough' });
    await store.jobs.change({ ids: ['job-0005'], now: () => NOW, decide: () => 'remove' });
    const renewed = await store.jobs.renew(claims, NOW + 2 * LEASE);
    expect(renewed.map((it) => it.cancelRequested)).toEqual(claims.map((_, index) => index === 3));
    expect(await store.history.find(claims[3].runId)).toMatchObject({ detail: 'enough', cancelRequested: true });
  });

  it('keep what their end says besides: texts, a reason, a skip after all', async () => {
    await put(store, newJobs(COUNT));
    const { claims } = await claim(store);
    await store.jobs.settle(
      claims.map((it, index) => {
        const texts =
          index < 20 ? { outcome: 'failed', detail: `no ${index}` } : { outcome: 'skipped', reason: 'condition' };
        return { ...succeeded(it), ...texts } as Settlement;
      }),
    );

    const failed = await store.history.page({ limit: 100, states: ['failed'] });
    expect(failed.runs.map((run) => run.detail).sort()).toEqual(Array.from({ length: 20 }, (_, n) => `no ${n}`).sort());
    expect((await store.history.page({ limit: 100, reason: 'condition' })).runs).toHaveLength(20);
    // A fire time that was skipped after all may be asked for again.
    const run = { jobId: 'job-0030', kind: 'backfill', fireTime: NOW, dueAt: NOW, forced: false, args: null } as const;
    const [entered] = await store.jobs.enter({ runs: [run], at: NOW, admit: () => ({ as: 'open' }) });
    expect(entered.kind).toBe('entered');
  });
});

describe('history of plain runs', () => {
  it('is found by state and by page', async () => {
    await put(store, newJobs(COUNT));
    const { claims } = await claim(store);
    await store.jobs.settle(claims.slice(0, 15).map((it) => ({ ...succeeded(it), outcome: 'failed' }) as Settlement));
    const found = async (states: ('running' | 'failed' | 'succeeded')[]) => {
      const ids: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await store.history.page({ limit: 4, states, ...(cursor === undefined ? {} : { cursor }) });
        ids.push(...page.runs.map((run) => run.jobId));
        if (page.cursor === null) return ids.sort();
        cursor = page.cursor;
      }
    };

    const ids = newJobs(COUNT).map((job) => job.id);
    expect([await found(['failed']), await found(['running']), await found(['succeeded'])]).toEqual([
      ids.slice(0, 15),
      ids.slice(15),
      [],
    ]);
  });

  it('is pruned by age and by number; held runs stay, and so does what is said of runs that do', async () => {
    const request = { at: NOW + DAY, settledBefore: null, keepPerJob: null, limit: 1_000 };
    await put(store, newJobs(COUNT));
    const first = (await claim(store, {}, planMinutes)).claims;
    await store.jobs.settle(first.map((it) => succeeded(it)));
    const now = NOW + MINUTE;
    const second = (await claim(store, { now }, planMinutes)).claims;
    await store.jobs.settle(second.slice(0, 20).map((it) => succeeded(it, now)));

    expect(await store.history.prune({ ...request, keepPerJob: 1, limit: 5 })).toBe(5);
    expect(ranges('ended')).toHaveLength(2);
    expect(await store.history.prune({ ...request, keepPerJob: 1 })).toBe(15);
    expect(await store.history.prune({ ...request, settledBefore: NOW + 1 })).toBe(20);
    expect(ranges('ended')).toEqual([[COUNT, COUNT + 19]]);
    expect(await store.history.prune({ ...request, settledBefore: NOW + DAY, keepPerJob: 0 })).toBe(20);
    expect([ranges('ended'), await statesOf()]).toEqual([[], Array(20).fill('running')]);
  });

  it('of one job with very many runs is pruned to its number, and that of its neighbours', async () => {
    const policy = { ...DEFAULT_POLICY, history: { age: null, count: 3 } };
    await put(store, [newJob('a'), newJob('much', { policy }), newJob('z')]);
    for (let minute = 0; minute < 5; minute++) {
      const now = NOW + minute * MINUTE;
      const { claims } = await claim(store, { now }, planMinutes);
      await store.jobs.settle(claims.map((it) => succeeded(it, now)));
    }
    const handle = place.handle();
    const columns = (handle.pragma('table_info(carillon_run_rows)') as { name: string }[]).map(({ name }) => name);
    const copied = columns.map((name) =>
      name === 'run_key' ? '1000 + n' : name === 'fire_time' ? 'fire_time - n' : name,
    );
    handle.exec(`WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 150000)
      INSERT INTO carillon_run_rows (${columns.join(', ')}) SELECT ${copied.join(', ')} FROM many CROSS JOIN
        (SELECT * FROM carillon_run_rows WHERE job_key = 2 ORDER BY run_key LIMIT 1)`);
    const request = { at: NOW + DAY, settledBefore: null, keepPerJob: 4, limit: 150_003 };
    const steps = [];
    for (let left = 2; left > 0; left--) steps.push(await store.history.prune(request));

    expect(steps).toEqual([150_003, 1]);
    const left = async (jobId: string) =>
      (await store.history.page({ jobId, limit: 100 })).runs.map((run) => (run.fireTime - NOW) / MINUTE);
    expect([await left('a'), await left('much'), await left('z')]).toEqual([
      [4, 3, 2, 1],
      [4, 3, 2],
      [4, 3, 2, 1],
    ]);
  });
});
