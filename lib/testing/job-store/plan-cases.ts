import type { StoreCaseGroup } from './store-case.js';
import {
  MINUTE,
  outcomeOf,
  planMinutes,
  plannedRun,
  plannedSkip,
  planNothing,
  planOf,
  policyWith,
  T0,
} from './store-world.js';

/** What a plan may ask for besides a run that is due. */
export const PLAN_CASES: StoreCaseGroup = {
  name: 'claimDue applies a plan',
  cases: [
    {
      name: 'with several runs: those due are claimed, oldest first, the others wait',
      async run(world, expect) {
        await world.add('a', { policy: policyWith({ maxInstances: 9, overlap: 'allowAll' }) });
        const runs = [plannedRun(T0 - 2), plannedRun(T0 - 1), plannedRun(T0, { dueAt: T0 + 30 })];
        const { claims, nextDueAt } = await world.claim({}, (job) => planOf(job, { runs }));

        expect(claims.map((it) => it.run.fireTime)).toEqual([T0 - 2, T0 - 1]);
        expect(nextDueAt).toBe(T0 + 30);
        expect(await world.claimOne({ now: T0 + 30 })).toMatchObject({ cause: 'waiting', run: { fireTime: T0 } });
      },
    },
    {
      name: 'with more runs than the limit: the rest waits for the next claim',
      async run(world, expect) {
        await world.add('a', { policy: policyWith({ maxInstances: 9, overlap: 'allowAll' }) });
        const runs = [plannedRun(T0 - 2), plannedRun(T0 - 1), plannedRun(T0)];
        const first = await world.claim({ limit: 2 }, (job) => planOf(job, { runs }));
        const second = await world.claim({ limit: 2 });

        expect(first.claims.map((it) => it.run.fireTime)).toEqual([T0 - 2, T0 - 1]);
        expect(first.hasMore).toBe(true);
        expect(second.claims.map((it) => [it.run.fireTime, it.cause])).toEqual([[T0, 'waiting']]);
      },
    },
    {
      name: 'with a coalesced run: it keeps range and count',
      async run(world, expect) {
        await world.add('a');
        const runs = [plannedRun(T0, { firstFireTime: T0 - 9 * MINUTE, count: 10, countIsExact: false })];
        const { run } = await world.claimOne({}, (job) => planOf(job, { runs }));

        const range = { fireTime: T0, firstFireTime: T0 - 9 * MINUTE, count: 10, countIsExact: false };
        expect(run).toMatchObject(range);
        expect(await world.run(run.id)).toMatchObject(range);
      },
    },
    {
      name: 'with buffered runs: not claimed, not counted as to come',
      async run(world, expect) {
        await world.add('a');
        const runs = [plannedRun(T0 - 1), plannedRun(T0, { isBuffered: true })];
        const last = { runs, fireTime: null, dueAt: null };
        const claim = await world.claimOne({ leaseUntil: T0 + MINUTE }, (job) => planOf(job, last));

        expect(claim.run.fireTime).toBe(T0 - 1);
        expect(await world.claim({ now: T0 + 1 })).toMatchObject({ claims: [], nextDueAt: T0 + MINUTE });
        expect(await world.runsOf('a', { states: ['buffered'] })).toMatchObject([{ fireTime: T0, node: null }]);
      },
    },
    {
      name: 'that ends the job: its run is as old as that end, for the next node that claims it too',
      async run(world, expect) {
        await world.add('a');
        const last = { fireTime: null, dueAt: null, finished: 'ended' } as const;
        const first = await world.claimOne({ leaseUntil: T0 + 1 }, (job) => planOf(job, last));
        const second = await world.claimOne({ now: T0 + 2, recoverBefore: T0 + 2 });

        for (const { job, run } of [first, second]) {
          expect([job.status, job.statusAt, run.createdAt]).toEqual(['finished', T0, T0]);
        }
      },
    },
    {
      name: 'that skips: writes the records and answers them',
      async run(world, expect) {
        await world.add('a');
        const skips = [plannedSkip(T0, { firstFireTime: T0 - MINUTE, count: 2, detail: 'too late' })];
        const result = await world.claim({}, (job) => planOf(job, { runs: [], skips }));

        const record = {
          state: 'skipped',
          reason: 'misfire',
          detail: 'too late',
          count: 2,
          attempt: 0,
          kind: 'scheduled',
        };
        expect(result.claims).toEqual([]);
        expect(result.skipped).toMatchObject([{ ...record, jobId: 'a', firstFireTime: T0 - MINUTE, settledAt: T0 }]);
        expect(await world.runsOf('a')).toMatchObject([record]);
        expect(await world.job('a')).toMatchObject({ fireTime: T0 + MINUTE, runCount: 0 });
      },
    },
    {
      name: 'that finishes the job: says so, and does not plan it again',
      async run(world, expect) {
        await world.add('a');
        const end = { fireTime: null, dueAt: null, finished: 'limit' } as const;
        const result = await world.claim({ now: T0 + 2 }, (job) => planOf(job, end));

        const finished = { id: 'a', status: 'finished', statusReason: 'limit', statusAt: T0 + 2, fireTime: null };
        expect(result.finished).toMatchObject([finished]);
        expect(await world.job('a')).toMatchObject(finished);
        expect((await world.claim({ now: T0 + MINUTE })).claims).toEqual([]);
      },
    },
    {
      name: 'that asks an open run to stop: answers its claim, and its owner reads it when it renews',
      async run(world, expect) {
        const open = await world.addClaimed('a');
        const runs = [plannedRun(T0 + MINUTE, { isBuffered: true })];
        const result = await world.claim({ now: T0 + MINUTE }, (job) => planOf(job, { runs, cancel: [open.runId] }));

        expect(result.cancelled).toEqual([{ runId: open.runId, jobId: 'a', token: open.token }]);
        expect(await world.store.jobs.renew([open], T0 + 2 * MINUTE)).toEqual([{ held: true, cancelRequested: true }]);
      },
    },
    {
      name: 'that drops a buffered run: recorded as skipped for overlap',
      async run(world, expect) {
        await world.addClaimed('a');
        const buffered = plannedRun(T0 + MINUTE, { isBuffered: true });
        await world.claim({ now: T0 + MINUTE }, (job) => planOf(job, { runs: [buffered] }));
        const [older] = await world.runsOf('a', { states: ['buffered'] });
        const newer = plannedRun(T0 + 2 * MINUTE, { isBuffered: true });
        const result = await world.claim({ now: T0 + 2 * MINUTE }, (job) =>
          planOf(job, { runs: [newer], drop: [older.id] }),
        );

        expect(result.skipped).toMatchObject([{ id: older.id, state: 'skipped', reason: 'overlap' }]);
        expect((await world.runsOf('a', { states: ['buffered'] })).map((it) => it.fireTime)).toEqual([newer.fireTime]);
      },
    },
    {
      name: 'that promotes a buffered run: it is due now',
      async run(world, expect) {
        await world.addClaimed('a', { policy: policyWith({ maxInstances: 2 }) });
        const { run } = await world.enter(
          { jobId: 'a', kind: 'manual', fireTime: T0 + 1, dueAt: T0 + 1, forced: false, args: null },
          () => ({ as: 'buffered' }),
        );
        const promote = run!.state === 'buffered' ? [run!.id] : [];
        await world.claim({ now: T0 + MINUTE }, (job) => planOf(job, { runs: [], promote }));
        await world.claim({ now: T0 + MINUTE }, planNothing);

        expect(await world.run(run!.id)).toMatchObject({ state: 'running' });
      },
    },
    {
      name: 'but makes no second run for a fire time that has one, and still moves the job on (P33)',
      async run(world, expect) {
        const first = await world.addClaimed('a');
        await world.settle(outcomeOf(first));
        await world.change('a', { fireTime: T0, dueAt: T0 });
        const result = await world.claim();

        expect(result.claims).toEqual([]);
        expect(await world.job('a')).toMatchObject({ fireTime: T0 + MINUTE });
        expect(await world.runsOf('a')).toHaveLength(1);
      },
    },
    {
      name: 'only when the job is as it was read: a change in between wins or comes after, and no run is made twice',
      async run(world, expect) {
        await world.add('a');
        let change: Promise<unknown> | undefined;
        const { claims } = await world.claim({}, (job, unsettled, window) => {
          change ??= world.change('a', { name: 'changed' });
          return planMinutes(job, unsettled, window);
        });
        await change;
        const later = await world.claim();

        expect(claims.length + later.claims.length).toBe(1);
        expect(await world.job('a')).toMatchObject({ name: 'changed', fireTime: T0 + MINUTE, runCount: 1 });
      },
    },
    {
      name: 'and folds a skip into the one right before it, of the same reason and detail',
      async run(world, expect) {
        await world.add('a');
        const details = ['x', 'x', 'x', 'y', 'x'];
        for (const [index, detail] of details.entries()) {
          const at = T0 + index * MINUTE;
          await world.claim({ now: at }, (job) => planOf(job, { runs: [], skips: [plannedSkip(at, { detail })] }));
        }

        expect((await world.runsOf('a')).map((run) => [run.detail, run.count, run.firstFireTime - T0])).toEqual([
          ['x', 1, 4 * MINUTE],
          ['y', 1, 3 * MINUTE],
          ['x', 3, 0],
        ]);
        expect((await world.runsOf('a'))[2]).toMatchObject({ fireTime: T0 + 2 * MINUTE, settledAt: T0 + 2 * MINUTE });
      },
    },
    {
      name: 'and does not fold over a run in between',
      async run(world, expect) {
        await world.add('a');
        const skipAt = async (at: number) =>
          world.claim({ now: at }, (job) => planOf(job, { runs: [], skips: [plannedSkip(at)] }));
        await skipAt(T0);
        await world.settle(outcomeOf(await world.claimOne({ now: T0 + MINUTE })));
        await skipAt(T0 + 2 * MINUTE);

        expect((await world.runsOf('a')).map((run) => [run.state, run.count])).toEqual([
          ['skipped', 1],
          ['succeeded', 1],
          ['skipped', 1],
        ]);
      },
    },
    {
      name: 'and leaves no record of skips where the policy keeps no history',
      async run(world, expect) {
        await world.add('a', { policy: policyWith({ keepHistory: false }) });
        const { skipped } = await world.claim({}, (job) => planOf(job, { runs: [], skips: [plannedSkip(T0)] }));

        expect(skipped).toMatchObject([{ reason: 'misfire' }]);
        expect(await world.runsOf('a')).toEqual([]);
      },
    },
  ],
};
