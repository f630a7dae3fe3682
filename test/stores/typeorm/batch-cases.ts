import { expect, it } from '@jest/globals';
import { DEFAULT_POLICY } from '../../../lib/core/index.js';
import type { Claim, JobRecord, NewJob, Settlement, Store } from '../../../lib/core/index.js';
import type { TypeOrmStoreOptions } from '../../../lib/stores/typeorm/index.js';
import { until } from '../../support/until.js';
import { claim, LEASE, newJob, newJobs, NOW, planMinutes, planOnce, put, retried, succeeded } from './store-parts.js';

const COUNT = 150;

/** Where a case runs, and its store. */
export const on = {} as { place: BatchPlace; store: Store };

interface BatchPlace {
  readonly options: object;
  open(options?: Partial<TypeOrmStoreOptions>): Promise<Store>;
  ask(text: string, values?: unknown[]): Promise<any>;
}

/** What is said differently on each server. */
export interface BatchEngine {
  readonly begin: string;
  /** Answers rows while a step waits for a row of `claimed_batches`. */
  readonly waits: string;
  /** Locks the first row; answers the ids of the jobs in it. */
  lockFirst(): Promise<readonly string[]>;
  /** A driver, and how many deadlocks its connections met. */
  countDeadlocks(): { readonly driver: object; readonly deadlocks: () => number };
}

/** Due one after another, up to now. */
const early = (count = COUNT): NewJob[] => newJobs(count, (index) => ({ fireTime: NOW - index }));
export const idOf = ({ jobId }: Claim): string => jobId;

export async function claimed(plan = planOnce, count = COUNT): Promise<readonly Claim[]> {
  await put(on.store, early(count));
  const { claims } = await claim(on.store, {}, plan);
  expect(claims).toHaveLength(count);
  return claims;
}

export async function rows(): Promise<Record<string, number>> {
  const [row] = await on.place.ask(`SELECT
    (SELECT COUNT(*) FROM carillon_claimed_batches) AS batches,
    (SELECT COALESCE(SUM(open_count), 0) FROM carillon_claimed_batches) AS together,
    (SELECT COUNT(*) FROM carillon_single_runs) AS single,
    (SELECT COUNT(*) FROM carillon_open_runs) AS open,
    (SELECT COUNT(*) FROM carillon_runs) AS settled`);
  return Object.fromEntries(Object.entries(row as object).map(([name, count]) => [name, Number(count)]));
}

export async function settle(settlements: readonly Settlement[], by = on.store): Promise<readonly boolean[]> {
  return await by.jobs.settle(settlements);
}

const all = (count: number) => new Array<boolean>(count).fill(true);

/** Runs of one claim that lie in few rows: what is so on every server. */
export function batchCases(engine: BatchEngine): void {
  it('are written so, shown as others are, and gone together', async () => {
    const claims = await claimed();
    expect(await rows()).toEqual({ batches: 3, together: COUNT, single: 0, open: COUNT, settled: 0 });
    expect(await on.store.history.find(claims[70].runId)).toEqual(claims[70].run);
    const { runs } = await on.store.history.page({ states: ['running'], limit: COUNT });
    expect(new Set(runs.map((run) => run.jobId))).toEqual(new Set(claims.map(idOf)));

    expect(await settle(claims.map((it) => succeeded(it)))).toEqual(all(COUNT));

    expect(await rows()).toEqual({ batches: 0, together: 0, single: 0, open: 0, settled: COUNT });
    expect(await on.store.history.find(claims[70].runId)).toEqual({
      ...claims[70].run,
      ...{ state: 'succeeded', settledAt: NOW, startedAt: NOW, leaseUntil: null },
    });
  });

  it('end one by one, each with what it left, and each once', async () => {
    const claims = await claimed();
    const detail = 'nothing to do';
    const first = claims.slice(0, 5).map((it, index) => ({ ...succeeded(it, NOW + index), detail }) as Settlement);
    expect(await settle(first)).toEqual(all(5));
    expect(await rows()).toEqual({ batches: 3, together: COUNT - 5, single: 0, open: COUNT - 5, settled: 5 });
    expect(await on.store.history.find(claims[3].runId)).toMatchObject({
      detail,
      settledAt: NOW + 3,
      state: 'succeeded',
    });

    const again = [...first, ...claims.slice(5, 8).map((it) => succeeded(it))];
    expect(await settle(again)).toEqual(all(8));
    expect(await settle([{ ...first[0], token: 2 }])).toEqual([false]);
    expect(await settle(claims.slice(8).map((it) => succeeded(it)))).toEqual(all(COUNT - 8));

    expect(await rows()).toEqual({ batches: 0, together: 0, single: 0, open: 0, settled: COUNT });
  });

  it('end once where a step names one twice, and none beside it with it', async () => {
    const claims = await claimed(planOnce, 2);
    const twice = [claims[0], claims[0]].map((it) => succeeded(it));
    expect(await settle(twice)).toEqual([true, true]);
    expect(await rows()).toMatchObject({ together: 1, open: 1, settled: 1 });

    expect(await settle([claims[1], claims[1]].map((it) => succeeded(it)))).toEqual([true, true]);
    expect(await rows()).toEqual({ batches: 0, together: 0, single: 0, open: 0, settled: 2 });
  });

  it('leave no row where no history is kept', async () => {
    const policy = { ...DEFAULT_POLICY, keepHistory: false };
    await put(
      on.store,
      early(100).map((job) => ({ ...job, policy })),
    );
    const { claims } = await claim(on.store);
    const ends = claims.map((it) => ({ ...succeeded(it), keepHistory: false }) as Settlement);
    expect(await settle(ends.slice(0, 30))).toEqual(all(30));
    expect(await settle(ends)).toEqual(all(100));

    expect(await rows()).toEqual({ batches: 0, together: 0, single: 0, open: 0, settled: 0 });
  });

  it('are kept apart when one of them is to be tried again; those beside it go on', async () => {
    const claims = await claimed(planMinutes, 100);
    expect(await settle([retried(claims[10])])).toEqual([true]);
    expect(await rows()).toMatchObject({ batches: 1, open: 100 });
    expect(await on.store.history.find(claims[10].runId)).toMatchObject({ state: 'waiting', dueAt: NOW + 500 });

    expect(await settle(claims.filter((_, index) => index !== 10).map((it) => succeeded(it)))).toEqual(all(99));
    const { claims: second } = await claim(on.store, { now: NOW + 1_000 });
    expect(second.map((it) => [it.runId, it.token])).toEqual([[claims[10].runId, 2]]);
    expect(await settle([succeeded(claims[10])])).toEqual([false]);
  });

  it('are renewed together, and one by one where not all are named', async () => {
    const claims = await claimed(planOnce, 64);
    const until = NOW + 2 * LEASE;
    expect(await on.store.jobs.renew(claims, until)).toEqual(
      claims.map(() => ({ held: true, cancelRequested: false })),
    );
    expect(await rows()).toMatchObject({ batches: 1, single: 0 });
    expect(await on.store.history.find(claims[5].runId)).toMatchObject({ leaseUntil: until });

    await on.store.jobs.renew(claims.slice(0, 3), until + 1);
    expect(await on.store.history.find(claims[2].runId)).toMatchObject({ leaseUntil: until + 1 });
    expect(await on.store.history.find(claims[3].runId)).toMatchObject({ leaseUntil: until });
    expect(await settle(claims.map((it) => succeeded(it)))).toEqual(all(64));
  });

  it('are renewed where another node has taken their row apart', async () => {
    const claims = await claimed(planMinutes, 64);
    const other = await on.place.open();
    const pause = { at: NOW, by: null, reason: null, until: null };
    const decide = (job: JobRecord) => ({ pause: job.id === claims[0].jobId ? pause : job.pause });
    await other.jobs.change({ ids: [claims[0].jobId], now: () => NOW, decide });
    expect(await rows()).toMatchObject({ batches: 0, open: 64 });

    await on.store.jobs.renew(claims, NOW + 2 * LEASE);
    expect(await on.store.history.find(claims[5].runId)).toMatchObject({ leaseUntil: NOW + 2 * LEASE });
    expect(await settle(claims.map((it) => succeeded(it)))).toEqual(all(64));
    expect(await rows()).toMatchObject({ open: 0, settled: 64 });
  });

  it('are renewed and settled by a process that does not know how they lie', async () => {
    const claims = await claimed(planOnce, 100);
    const until = NOW + 2 * LEASE;
    const other = await on.place.open();
    expect(await other.jobs.renew(claims, until)).toEqual(claims.map(() => ({ held: true, cancelRequested: false })));
    for (const { runId } of [claims[0], claims[99]]) {
      expect(await on.store.history.find(runId)).toMatchObject({ state: 'running', leaseUntil: until });
    }
    const ends = claims.map((it) => succeeded(it));
    expect(await settle(ends.slice(0, 10), other)).toEqual(all(10));
    expect(await settle(ends)).toEqual(all(100));
  });

  it('are not said to be held where a step that was under way has withdrawn them (P7)', async () => {
    const claims = await claimed(planOnce, 2);
    await on.place.ask(engine.begin);
    await on.place.ask('DELETE FROM carillon_claimed_batches');
    const renewals = on.store.jobs.renew(claims, NOW + 2 * LEASE);
    await until(async () => (await on.place.ask(engine.waits)).length > 0);
    await on.place.ask('COMMIT');
    expect((await renewals).map(({ held }) => held)).toEqual([false, false]);
  });

  it('are taken over when their lease has ended, and their owner finds out (P7)', async () => {
    const claims = await claimed(planOnce, 100);
    await settle(claims.slice(0, 10).map((it) => succeeded(it)));
    const other = await on.place.open();
    const now = NOW + LEASE;
    const { claims: taken } = await claim(other, { node: 'n2', now, recoverBefore: now });
    expect(new Set(taken.map(idOf))).toEqual(new Set(claims.slice(10).map(idOf)));
    expect(new Set(taken.map(({ cause, token, run }) => `${cause} ${token} ${run.attempt}`))).toEqual(
      new Set(['recovered 2 2']),
    );

    expect(await settle(claims.slice(10, 40).map((it) => succeeded(it)))).toEqual(new Array(30).fill(false));
    expect((await on.store.jobs.renew(claims.slice(10), now + LEASE)).some(({ held }) => held)).toBe(false);
    expect(
      await settle(
        taken.map((it) => succeeded(it)),
        other,
      ),
    ).toEqual(all(90));
    expect(await rows()).toEqual({ batches: 0, together: 0, single: 0, open: 0, settled: 100 });
  });

  it('block the next run of their job, and no other job', async () => {
    const claims = await claimed(planMinutes, 70);
    await settle(claims.slice(0, 20).map((it) => succeeded(it)));
    const seen = new Map<string, number>();
    const request = { node: 'n1', now: NOW + 60_000, until: NOW + 60_000, limit: 500, leaseUntil: NOW + 70_000 };
    const except = { exceptTasks: new Set<string>(), exceptExecutors: new Set<string>(), isPaused: false };
    const other = await on.place.open();
    const { claims: next } = await other.jobs.claimDue(
      { ...request, ...except, recoverBefore: null },
      (job, unsettled) => {
        seen.set(job.id, unsettled.length);
        return unsettled.length > 0 ? null : planMinutes(job);
      },
    );

    expect(new Set(next.map(idOf))).toEqual(new Set(claims.slice(0, 20).map(idOf)));
    for (const [index, { jobId }] of claims.entries())
      expect([jobId, seen.get(jobId)]).toEqual([jobId, index < 20 ? 0 : 1]);
    expect(await settle(claims.slice(20).map((it) => succeeded(it)))).toEqual(all(50));
  });

  it('keep no claim waiting while another step is at one of them: its job is left alone', async () => {
    const claims = await claimed(planMinutes, 100);
    await put(on.store, [newJob('new', { fireTime: NOW + 60_000 })]);
    await on.place.ask(engine.begin);
    const busy = new Set(await engine.lockFirst());
    const seen = new Map<string, number>();
    const now = NOW + 60_000;
    const other = await on.place.open();
    const startedAt = performance.now();
    const { claims: next } = await other.jobs.claimDue(
      {
        ...{ node: 'n2', now, until: now, limit: 500, leaseUntil: now + LEASE, recoverBefore: null, isPaused: false },
        ...{ exceptTasks: new Set<string>(), exceptExecutors: new Set<string>() },
      },
      (job, unsettled) => {
        seen.set(job.id, unsettled.length);
        return unsettled.length > 0 ? null : planOnce(job);
      },
    );
    const took = performance.now() - startedAt;
    await on.place.ask('ROLLBACK');

    expect(busy.size).toBe(64);
    expect(next.map(idOf)).toEqual(['new']);
    expect(new Set(seen.keys())).toEqual(new Set(['new', ...claims.map(idOf).filter((id) => !busy.has(id))]));
    // It would have waited for the lock until the server ended what stands still.
    expect(took).toBeLessThan(4_000);
  });

  it('are settled and renewed at the same time by their node, while others change their jobs, without a deadlock', async () => {
    const { driver, deadlocks } = engine.countDeadlocks();
    const options = { ...on.place.options, driver } as TypeOrmStoreOptions['options'];
    const [own, other, third] = [
      await on.place.open({ options }),
      await on.place.open({ options }),
      await on.place.open({ options }),
    ];
    for (let round = 0; round < 6; round++) {
      const fireTime = NOW + round;
      const some = Array.from({ length: 200 }, (_, index) => newJob(`r${round}-${index}`, { fireTime }));
      await put(own, some);
      const { claims } = await claim(own, { now: fireTime });
      const shuffled = claims
        .map((it, index) => ({ it, order: (index * 7919) % 200 }))
        .sort((a, b) => a.order - b.order);
      const mixed = shuffled.map(({ it }) => it);
      const steps: unknown[] = [
        own.jobs.renew(mixed.slice(0, 150), NOW + 3 * LEASE),
        settle(
          mixed.slice(100).map((it) => succeeded(it)),
          own,
        ),
        own.jobs.renew([...mixed].reverse().slice(50), NOW + 4 * LEASE),
        settle(mixed.slice(0, 60).reverse().map(retried), own),
        ...[0, 1, 2].map((at) =>
          other.jobs.change({
            ids: mixed.slice(at * 60, at * 60 + 20).map(idOf),
            now: () => NOW,
            decide: () => ({ name: 'x' }),
          }),
        ),
        claim(third, { node: 'n3', now: NOW + 1_000 }),
      ];
      await Promise.all(steps as Promise<unknown>[]);
    }
    expect(deadlocks()).toBe(0);
  });

  it('go with their job when it is removed', async () => {
    const claims = await claimed(planMinutes, 70);
    const other = await on.place.open();
    await other.jobs.change({ ids: [claims[0].jobId], now: () => NOW, decide: () => 'remove' });
    expect((await on.store.jobs.list()).length).toBe(69);
    const results = await settle(claims.map((it) => succeeded(it)));
    expect(results.filter((isHeld) => !isHeld).length).toBeLessThanOrEqual(1);
    expect(await rows()).toMatchObject({ batches: 0, open: 0 });
  });
}
