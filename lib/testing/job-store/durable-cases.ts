import type { StoreCase, StoreCaseGroup } from './store-case.js';
import { LEASE, MINUTE, newJob, newRun, outcomeOf, planNothing, T0 } from './store-world.js';

/** Opening, closing, and what outlives them. */
export const DURABLE_CASES: StoreCaseGroup = {
  name: 'open and close',
  cases: [
    {
      name: 'may be called twice',
      async run(world, expect) {
        await world.store.jobs.open();
        await world.add('a');
        await world.store.jobs.open();

        expect(await world.store.jobs.list()).toHaveLength(1);
        await world.store.jobs.close();
        await world.store.jobs.close();
      },
    },
    {
      name: 'move nothing: jobs, runs, history, nodes and the paused flag are as they were (P14)',
      needs: 'reopen',
      async run(world, expect, lab) {
        const pause = { at: T0, by: 'ann', reason: 'x', until: null };
        await world.put([newJob('a', { args: [1] }), newJob('b', { pause, fireTime: T0 + 5 * MINUTE })]);
        await world.settle(outcomeOf(await world.claimOne(), { result: [1] }));
        await world.enter(newRun('b', { dueAt: T0 + MINUTE }));
        await world.store.nodes.writePause(pause);
        const jobs = await world.store.jobs.list();
        const runs = await world.store.history.page({ limit: 10 });
        const again = await lab.reopen();

        expect(await again.store.jobs.list()).toEqual(jobs);
        expect(await again.store.history.page({ limit: 10 })).toEqual(runs);
        expect(await again.store.nodes.readPause()).toEqual(pause);
      },
    },
    {
      name: 'leave claims to expire: the run is held until its lease ends, then taken over under a higher token',
      needs: 'reopen',
      async run(world, expect, lab) {
        const claim = await world.addClaimed('a');
        const again = await lab.reopen();
        const early = { now: T0 + LEASE - 1, recoverBefore: T0 + LEASE - 1 };
        expect((await again.claim(early, planNothing)).claims).toEqual([]);

        const taken = await again.claimOne({ now: T0 + LEASE, recoverBefore: T0 + LEASE });
        expect([taken.runId, taken.cause]).toEqual([claim.runId, 'recovered']);
        expect(taken.token).toBeGreaterThan(claim.token);
      },
    },
    {
      name: 'let the owner settle when it is back before anybody took the run over',
      needs: 'reopen',
      async run(world, expect, lab) {
        const claim = await world.addClaimed('a');
        const again = await lab.reopen();

        expect(await again.settle(outcomeOf(claim))).toEqual([true]);
        expect(await again.settle(outcomeOf(claim))).toEqual([true]);
      },
    },
    {
      name: 'do not let generations start again (P28)',
      needs: 'reopen',
      async run(world, expect, lab) {
        const before = await world.add('a');
        await world.change('a', 'remove');
        const again = await lab.reopen();

        expect((await again.add('a')).generation).toBeGreaterThan(before.generation);
      },
    },
  ],
};

/** Two nodes, or two applications, on one place. */
export const SECOND_CASES: StoreCaseGroup = {
  name: 'two nodes on one place',
  cases: [
    {
      name: 'see the same jobs, runs, nodes and paused flag',
      needs: 'second',
      async run(world, expect, lab) {
        const other = await lab.second();
        const claim = await world.addClaimed('a');
        await world.settle(outcomeOf(claim));
        await world.store.nodes.writePause({ at: T0, by: null, reason: 'x', until: null });

        expect(await other.store.jobs.list()).toEqual(await world.store.jobs.list());
        expect(await other.run(claim.runId)).toEqual(await world.run(claim.runId));
        expect(await other.store.nodes.readPause()).toMatchObject({ reason: 'x' });
      },
    },
    {
      name: 'claim each fire time once (P12)',
      needs: 'second',
      async run(world, expect, lab) {
        const other = await lab.second();
        await world.put(Array.from({ length: 120 }, (_, index) => newJob(`job-${String(index)}`)));
        const claimed: string[] = [];
        for (let round = 0; round < 40 && claimed.length < 120; round++) {
          const request = { limit: 7 };
          const results = await Promise.all([
            world.claim({ ...request, node: 'n1' }),
            other.claim({ ...request, node: 'n2' }),
          ]);
          claimed.push(...results.flatMap((it) => it.claims.map((claim) => claim.jobId)));
        }

        expect([claimed.length, new Set(claimed).size]).toEqual([120, 120]);
      },
    },
    {
      name: 'shut out each other’s stale claims (P7)',
      needs: 'second',
      async run(world, expect, lab) {
        const other = await lab.second();
        const stale = await world.addClaimed('a');
        const taken = await other.claimOne({ node: 'n2', now: T0 + LEASE, recoverBefore: T0 + LEASE });

        expect(await world.settle(outcomeOf(stale))).toEqual([false]);
        expect(await other.settle(outcomeOf(taken))).toEqual([true]);
      },
    },
    {
      name: 'add a job once when both put it (P12)',
      needs: 'second',
      async run(world, expect, lab) {
        const other = await lab.second();
        const results = await Promise.all([world.put([newJob('a')]), other.put([newJob('a')])]);

        expect(
          results
            .flat()
            .map((it) => it.kind)
            .sort(),
        ).toEqual(['added', 'unchanged']);
      },
    },
    {
      name: 'of different applications have nothing in common',
      needs: 'second',
      async run(world, expect, lab) {
        const other = await lab.second('another-application');
        const claim = await world.addClaimed('a');
        await other.add('a', { name: 'the other one', fireTime: null });

        expect((await world.job('a'))!.name).toBeNull();
        expect((await other.claim({ now: T0 + LEASE, recoverBefore: T0 + LEASE })).claims).toEqual([]);
        expect(await other.runsOf('a')).toEqual([]);
        expect(await other.run(claim.runId)).toBeNull();
      },
    },
  ],
};

/** An operation, and what must be true once it was done, failed in the middle of, and done again. */
interface Operation {
  readonly name: string;
  prepare(world: Parameters<StoreCase['run']>[0]): Promise<unknown>;
  act(world: Parameters<StoreCase['run']>[0], prepared: unknown): Promise<unknown>;
  /** After the failure: all of it, or nothing. */
  isWhole?(world: Parameters<StoreCase['run']>[0]): Promise<boolean>;
  check(world: Parameters<StoreCase['run']>[0]): Promise<readonly unknown[]>;
  readonly expected: readonly unknown[];
}

const THREE = ['a', 'b', 'c'].map((id) => newJob(id));

const OPERATIONS: readonly Operation[] = [
  {
    name: 'put',
    prepare: () => Promise.resolve(),
    act: async (world) => world.put(THREE),
    isWhole: async (world) => [0, 3].includes((await world.store.jobs.list()).length),
    check: async (world) => (await world.store.jobs.list()).map((job) => job.id),
    expected: ['a', 'b', 'c'],
  },
  {
    name: 'change',
    prepare: async (world) => world.put(THREE),
    act: async (world) => world.store.jobs.change({ ids: null, now: () => T0, decide: () => ({ name: 'new' }) }),
    isWhole: async (world) => new Set((await world.store.jobs.list()).map((job) => job.name)).size === 1,
    check: async (world) => (await world.store.jobs.list()).map((job) => job.name),
    expected: ['new', 'new', 'new'],
  },
  {
    name: 'enter',
    prepare: async (world) => world.add('a', { fireTime: null }),
    act: async (world) => world.enter(newRun('a', { kind: 'backfill' })),
    check: async (world) => (await world.runsOf('a')).map((run) => run.state),
    expected: ['waiting'],
  },
  {
    name: 'claimDue',
    prepare: async (world) => world.put(THREE),
    act: async (world) => world.claim({ now: T0 + LEASE, recoverBefore: T0 + LEASE, leaseUntil: T0 + 2 * LEASE }),
    check: async (world) => (await world.store.history.page({ limit: 9 })).runs.map((run) => [run.fireTime, run.state]),
    expected: [1, 2, 3].map(() => [T0, 'running']),
  },
  {
    name: 'settle',
    prepare: async (world) => world.addClaimed('a'),
    act: async (world, claim) => world.settle(outcomeOf(claim as Parameters<typeof outcomeOf>[0])),
    check: async (world) => (await world.runsOf('a')).map((run) => [run.state, run.attempt]),
    expected: [['succeeded', 1]],
  },
  {
    name: 'cancel',
    prepare: async (world) => {
      await world.add('a', { fireTime: null });
      return (await world.enter(newRun('a'))).run!.id;
    },
    act: async (world, runId) => world.cancel(runId as string),
    check: async (world) => (await world.runsOf('a')).map((run) => run.state),
    expected: ['cancelled'],
  },
];

/** Steps of one operation that are tried, at most. */
const MOST_STEPS = 200;

/** A failure between any two steps of an operation leaves all of it or nothing, and doing it again completes it. */
export const FAULT_CASES: StoreCaseGroup = {
  name: 'a failure between two steps',
  cases: OPERATIONS.map((operation) => ({
    name: `of ${operation.name} leaves it whole, and ${operation.name} again completes it`,
    needs: 'fault',
    async run(_world, expect, lab) {
      let failures = 0;
      for (let step = 1; step <= MOST_STEPS; step++) {
        const { world, arm, steps } = await lab.faulty(step);
        const prepared = await operation.prepare(world);
        arm();
        await operation.act(world, prepared).catch(() => failures++);
        if (operation.isWhole) expect([step, await operation.isWhole(world)]).toEqual([step, true]);
        if (steps() < step) break;
        await operation.act(world, prepared);
        expect([step, await operation.check(world)]).toEqual([step, operation.expected]);
      }
      expect(failures).toBeGreaterThan(0);
    },
  })),
};
