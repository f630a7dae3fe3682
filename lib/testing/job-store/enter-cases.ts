import type { JobFilter } from '../../core/index.js';
import type { StoreCaseGroup } from './store-case.js';
import { MINUTE, newJob, newRun, outcomeOf, planOf, plannedRun, policyWith, retryOf, T0 } from './store-world.js';

/** Runs that were asked for. */
export const ENTER_CASES: StoreCaseGroup = {
  name: 'enter',
  cases: [
    {
      name: 'opens a run that waits, which the next claim hands out with its own arguments',
      async run(world, expect) {
        const { generation } = await world.add('a', { fireTime: null, args: ['of the job'] });
        const run = newRun('a', { fireTime: T0 + 3, dueAt: T0 + 3, forced: true, args: ['own', { deep: [1] }] });
        const entered = await world.enter(run);

        const fields = { kind: 'manual', forced: true, args: ['own', { deep: [1] }], jobGeneration: generation };
        const fresh = {
          state: 'waiting',
          attempt: 0,
          token: 0,
          node: null,
          count: 1,
          firstFireTime: T0 + 3,
          createdAt: T0,
        };
        expect(entered).toMatchObject({
          kind: 'entered',
          run: { ...fields, ...fresh, fireTime: T0 + 3, task: 'Reports.send' },
        });
        const claim = await world.claimOne({ now: T0 + 3 });
        expect(claim).toMatchObject({ runId: entered.run!.id, cause: 'waiting', run: { ...fields, attempt: 1 } });
      },
    },
    {
      name: 'does not touch the plan of the job',
      async run(world, expect) {
        const { fireTime, runCount } = await world.add('a', { fireTime: T0 + MINUTE });
        await world.enter(newRun('a'));

        expect(await world.job('a')).toMatchObject({ fireTime, runCount });
      },
    },
    {
      name: 'asks admit with the job, its unsettled runs and the run; each run sees those before it',
      async run(world, expect) {
        await world.add('a', { fireTime: null });
        const seen: unknown[] = [];
        await world.store.jobs.enter({
          runs: [newRun('a', { fireTime: T0 + 1 }), newRun('a', { fireTime: T0 + 2 })],
          at: T0,
          admit: (job, unsettled, run) => {
            seen.push([job.id, unsettled.map((it) => it.fireTime - T0), run.fireTime - T0]);
            return { as: 'open' };
          },
        });

        expect(seen).toEqual([
          ['a', [], 1],
          ['a', [1], 2],
        ]);
      },
    },
    {
      name: 'enters nothing when admit throws',
      async run(world, expect) {
        await world.put([newJob('a', { fireTime: null }), newJob('b', { fireTime: null })]);
        const admit = ({ id }: { id: string }) => {
          if (id === 'b') throw new Error('broken');
          return { as: 'open' } as const;
        };
        const enter = async () => world.store.jobs.enter({ runs: [newRun('a'), newRun('b')], at: T0, admit });

        await expect(enter()).rejects.toThrow('broken');
        expect((await world.store.history.page({ limit: 9 })).runs).toEqual([]);
      },
    },
    {
      name: 'answers noJob for a job that is not there, and goes on with the others',
      async run(world, expect) {
        await world.add('a', { fireTime: null });
        const runs = [newRun('gone'), newRun('a')];
        const results = await world.store.jobs.enter({ runs, at: T0, admit: () => ({ as: 'open' }) });

        expect(results.map((it) => it.kind)).toEqual(['noJob', 'entered']);
        expect(results[0].run).toBeNull();
      },
    },
    {
      name: 'answers the run that is there for the fire time, open or settled (P12, P33)',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        const open = await world.enter(newRun('a', { kind: 'backfill' }));
        await world.settle(outcomeOf(claim));
        const settled = await world.enter(newRun('a', { kind: 'backfill' }));

        expect(open).toMatchObject({ kind: 'exists', run: { id: claim.runId, state: 'running' } });
        expect(settled).toMatchObject({ kind: 'exists', run: { id: claim.runId, state: 'succeeded' } });
      },
    },
    {
      name: 'enters a fire time once, however many enter it at the same moment (P33)',
      async run(world, expect) {
        await world.add('a', { fireTime: null, policy: policyWith({ maxInstances: 9 }) });
        const all = await Promise.all([1, 2, 3].map(() => world.enter(newRun('a', { kind: 'backfill' }))));

        expect(all.map((it) => it.kind).sort()).toEqual(['entered', 'exists', 'exists']);
        expect(new Set(all.map((it) => it.run!.id)).size).toBe(1);
      },
    },
    {
      name: 'enters as many manual runs for one instant as are asked for',
      async run(world, expect) {
        await world.add('a', { fireTime: null });
        const [first, second] = [await world.enter(newRun('a')), await world.enter(newRun('a'))];

        expect([first.kind, second.kind]).toEqual(['entered', 'entered']);
        expect(first.run!.id).not.toBe(second.run!.id);
      },
    },
    {
      name: 'records a run that is not admitted as skipped, with reason and detail',
      async run(world, expect) {
        await world.add('a', { fireTime: null });
        const result = await world.enter(newRun('a'), () => ({
          as: 'skipped',
          reason: 'overlap',
          detail: 'run 7 is open',
        }));

        const fields = { kind: 'manual', state: 'skipped', reason: 'overlap', detail: 'run 7 is open', attempt: 0 };
        expect(result).toMatchObject({ kind: 'skipped', run: { ...fields, settledAt: T0 } });
        expect(await world.runsOf('a')).toMatchObject([fields]);
      },
    },
    {
      name: 'answers a run that is not admitted also where no history is kept',
      async run(world, expect) {
        await world.add('a', { policy: policyWith({ keepHistory: false }) });
        const refuse = () => ({ as: 'skipped', reason: 'overlap', detail: 'in the way' }) as const;

        const { kind, run } = await world.enter(newRun('a'), refuse);
        expect(kind).toBe('skipped');
        expect(run).toMatchObject({ jobId: 'a', state: 'skipped', reason: 'overlap', detail: 'in the way' });
        expect(await world.runsOf('a')).toEqual([]);
      },
    },
    {
      name: 'buffers a run until a place is free',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        const { run } = await world.enter(newRun('a', { fireTime: T0 + 1 }), () => ({ as: 'buffered' }));
        expect(run!.state).toBe('buffered');
        expect((await world.claim({ now: T0 + 30_000 })).claims).toEqual([]);

        await world.settle(outcomeOf(claim, { at: T0 + 31_000 }));
        expect(await world.claimOne({ now: T0 + 31_000 })).toMatchObject({ runId: run!.id, cause: 'waiting' });
      },
    },
    {
      name: 'asks the runs that admit names to stop, and drops the buffered ones it names as overlap',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        const { run: older } = await world.enter(newRun('a', { fireTime: T0 + 1 }), () => ({ as: 'buffered' }));
        await world.enter(newRun('a', { fireTime: T0 + 2 }), () => ({
          as: 'buffered',
          cancel: [claim.runId],
          drop: [older!.id],
        }));

        expect(await world.run(claim.runId)).toMatchObject({ state: 'running', cancelRequested: true });
        expect(await world.run(older!.id)).toMatchObject({ state: 'skipped', reason: 'overlap' });
        expect((await world.runsOf('a', { states: ['buffered'] })).map((it) => it.fireTime)).toEqual([T0 + 2]);
      },
    },
    {
      name: 'does not wait for a place that the admission itself has made free',
      async run(world, expect) {
        await world.settle(retryOf(await world.addClaimed('a'), T0 + 5 * MINUTE));
        const [waiting] = await world.runsOf('a');
        const { run } = await world.enter(newRun('a', { fireTime: T0 + 1 }), () => ({
          as: 'buffered',
          cancel: [waiting.id],
        }));

        expect(await world.run(waiting.id)).toMatchObject({ state: 'cancelled' });
        expect(await world.claimOne()).toMatchObject({ runId: run!.id });
      },
    },
  ],
};

const LISTED = [
  newJob('a', { origin: 'code', tags: ['x', 'nightly'], task: 'T.one' }),
  newJob('b', { status: 'finished', tags: ['x'], task: 'T.two' }),
  newJob('c', { status: 'orphaned', pause: { at: T0, by: null, reason: null, until: null } }),
  newJob('d', { origin: 'code', status: 'unresolved', tags: ['xx'] }),
];

const FILTERS: readonly (readonly [string, JobFilter | undefined, string])[] = [
  ['no filter', undefined, 'abcd'],
  ['ids, with unknown and doubled ones', { ids: ['d', 'none', 'a', 'd'] }, 'ad'],
  ['no ids at all', { ids: [] }, ''],
  ['origin', { origin: 'code' }, 'ad'],
  ['one status', { status: ['finished'] }, 'b'],
  ['several of status', { status: ['active', 'orphaned'] }, 'ac'],
  ['task', { task: 'T.two' }, 'b'],
  ['tag, whole', { tag: 'x' }, 'ab'],
  ['paused', { paused: true }, 'c'],
  ['not paused', { paused: false }, 'abd'],
  ['after an id', { after: 'b' }, 'cd'],
  ['limit', { limit: 2 }, 'ab'],
  ['after and limit', { after: 'a', limit: 2 }, 'bc'],
  ['several fields, all of them', { origin: 'code', tag: 'nightly', status: ['active'], paused: false }, 'a'],
  ['fields that nothing has together', { origin: 'code', status: ['finished'] }, ''],
];

/** Reading jobs. */
export const LIST_CASES: StoreCaseGroup = {
  name: 'list',
  cases: [
    ...(FILTERS.map(([name, filter, ids]) => ({
      name: `goes by ${name}`,
      async run(world, expect) {
        await world.put([LISTED[2], LISTED[0], LISTED[3], LISTED[1]]);

        expect((await world.store.jobs.list(filter)).map((job) => job.id)).toEqual([...ids]);
      },
    })) satisfies StoreCaseGroup['cases']),
    {
      name: 'shows the job as it is after each step, and what was read before stays as it was',
      async run(world, expect) {
        const before = await world.add('a');
        const [read] = await world.store.jobs.list();
        await world.claim({}, (job) => planOf(job, { runs: [plannedRun(T0)] }));

        expect(read).toEqual(before);
        expect(await world.job('a')).toMatchObject({ fireTime: T0 + MINUTE, runCount: 1 });
      },
    },
  ],
};
