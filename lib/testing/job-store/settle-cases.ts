import type { JsonValue, Outcome } from '../../core/index.js';
import type { StoreCaseGroup } from './store-case.js';
import {
  MINUTE,
  newJob,
  newRun,
  outcomeOf,
  planNothing,
  planOf,
  plannedRun,
  policyWith,
  releaseOf,
  retryOf,
  T0,
} from './store-world.js';

const OUTCOMES: readonly Outcome[] = ['succeeded', 'failed', 'timedOut', 'cancelled', 'lost', 'skipped'];

/** Ending a claim. */
export const SETTLE_CASES: StoreCaseGroup = {
  name: 'settle',
  cases: [
    ...(OUTCOMES.map((outcome) => ({
      name: `writes the outcome ${outcome} with all that belongs to it, and ends the claim`,
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        const error = { name: 'TypeError', message: 'x', stack: 'at y', code: 'E_X' };
        const fields = {
          outcome,
          reason: 'condition',
          detail: 'isOpen',
          error,
          result: { n: [1] },
          output: 'said',
        } as const;
        expect(await world.settle(outcomeOf(claim, { ...fields, attempt: 2, at: T0 + 70 }))).toEqual([true]);

        const { outcome: state, ...written } = fields;
        const run = { state, ...written, attempt: 2, startedAt: T0 + 5, settledAt: T0 + 70, leaseUntil: null };
        expect(await world.run(claim.runId)).toMatchObject({ ...run, node: 'node-a', token: claim.token });
        expect(await world.store.jobs.renew([claim], T0 + MINUTE)).toMatchObject([{ held: false }]);
      },
    })) satisfies StoreCaseGroup['cases']),
    {
      name: 'answers each item in order, and one that is refused keeps no other from being written',
      async run(world, expect) {
        await world.put(['a', 'b', 'c'].map((id) => newJob(id)));
        const { claims } = await world.claim();
        const stale = outcomeOf({ ...claims[1], token: claims[1].token - 1 });
        const answers = await world.settle(outcomeOf(claims[0]), stale, retryOf(claims[2], T0 + 9));

        expect(answers).toEqual([true, false, true]);
        const states = await Promise.all(claims.map(async (it) => (await world.run(it.runId))!.state));
        expect(states).toEqual(['succeeded', 'running', 'waiting']);
      },
    },
    {
      name: 'answers true to the same settlement again, and writes it once',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        const settlement = outcomeOf(claim);
        await world.settle(settlement);
        const before = await world.run(claim.runId);

        expect(await world.settle(settlement, settlement)).toEqual([true, true]);
        expect(await world.run(claim.runId)).toEqual(before);
      },
    },
    {
      name: 'answers true to the same retry or release again',
      async run(world, expect) {
        const first = await world.addClaimed('a');
        expect(await world.settle(retryOf(first, T0 + 50))).toEqual([true]);
        expect(await world.settle(retryOf(first, T0 + 50))).toEqual([true]);
        const second = await world.claimOne({ now: T0 + 50 });
        expect(await world.settle(releaseOf(second, T0 + 60, 1))).toEqual([true]);
        expect(await world.settle(releaseOf(second, T0 + 60, 1))).toEqual([true]);

        expect(await world.run(first.runId)).toMatchObject({ state: 'waiting', dueAt: T0 + 60, attempt: 1 });
      },
    },
    {
      name: 'gives back runs together, each for its own time, and none that another one holds by now',
      async run(world, expect) {
        await world.put(['a', 'b', 'c'].map((id) => newJob(id)));
        const { claims } = await world.claim();
        const stale = releaseOf({ ...claims[1], token: claims[1].token - 1 }, T0 + 20);
        const answers = await world.settle(releaseOf(claims[0], T0 + 10), stale, releaseOf(claims[2], T0 + 30, 1));

        expect(answers).toEqual([true, false, true]);
        const runs = await Promise.all(claims.map(async (it) => await world.run(it.runId)));
        expect(runs.map((run) => [run!.state, run!.dueAt, run!.attempt])).toEqual([
          ['waiting', T0 + 10, 0],
          ['running', T0, 1],
          ['waiting', T0 + 30, 1],
        ]);
      },
    },
    {
      name: 'answers false for a run that is not known',
      async run(world, expect) {
        await world.add('a');

        expect(await world.settle(outcomeOf({ runId: 'none', jobId: 'a', token: 1 }))).toEqual([false]);
      },
    },
    {
      name: 'sets on the job what comes afterwards: the next fire time',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        await world.change('a', { fireTime: null, dueAt: null });
        const { version } = (await world.job('a'))!;
        const afterwards = { fireTime: T0 + 5_000, dueAt: T0 + 5_001 };
        await world.settle(outcomeOf(claim, { afterwards }));

        expect(await world.job('a')).toMatchObject(afterwards);
        expect((await world.job('a'))!.version).toBeGreaterThan(version);
        expect(await world.claimOne({ now: T0 + 5_001 })).toMatchObject({ run: { fireTime: T0 + 5_000 } });
      },
    },
    {
      name: 'leaves a fire time that the job was given while the run was open',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        await world.change('a', { fireTime: T0 + 9_000, dueAt: T0 + 9_001 });
        await world.settle(outcomeOf(claim, { afterwards: { fireTime: T0 + 5_000, dueAt: T0 + 5_001 } }));

        expect(await world.job('a')).toMatchObject({ fireTime: T0 + 9_000, dueAt: T0 + 9_001 });
      },
    },
    {
      name: 'sets on the job what comes afterwards: its end, or its pause',
      async run(world, expect) {
        await world.put([newJob('a'), newJob('b')]);
        const { claims } = await world.claim();
        await world.change('a', { fireTime: null, dueAt: null });
        const pause = { at: T0 + 9, by: 'quarantine', reason: 'lost three times', until: null };
        const [a, b] = ['a', 'b'].map((id) => claims.find((it) => it.jobId === id)!);
        await world.settle(
          outcomeOf(a, { at: T0 + 8, afterwards: { fireTime: null, dueAt: null, finished: 'ended' } }),
          outcomeOf(b, { outcome: 'lost', afterwards: { pause } }),
        );

        const ended = { status: 'finished', statusReason: 'ended', statusAt: T0 + 8, fireTime: null };
        expect(await world.job('a')).toMatchObject(ended);
        expect(await world.job('b')).toMatchObject({ pause, fireTime: T0 + MINUTE });
        expect((await world.claim({ now: T0 + 5 * MINUTE })).claims).toEqual([]);
      },
    },
    {
      name: 'ends no job that was given a fire time while the run was open',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        await world.change('a', { fireTime: T0 + 9_000, dueAt: T0 + 9_001 });
        await world.settle(outcomeOf(claim, { afterwards: { fireTime: null, dueAt: null, finished: 'ended' } }));

        expect(await world.job('a')).toMatchObject({ status: 'active', fireTime: T0 + 9_000, dueAt: T0 + 9_001 });
      },
    },
    {
      name: 'leaves the reason for which the job came to its end while the run was open',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        const ended = {
          status: 'finished',
          statusReason: 'limit',
          statusAt: T0 + 1,
          fireTime: null,
          dueAt: null,
        } as const;
        await world.change('a', ended);
        await world.settle(outcomeOf(claim, { afterwards: { fireTime: T0 + 5_000, dueAt: T0 + 5_001 } }));

        expect(await world.job('a')).toMatchObject(ended);
      },
    },
    ...(OUTCOMES.map((outcome) => ({
      name: `${outcome === 'lost' ? 'keeps the losses of the job' : 'zeroes the losses of the job'} with ${outcome}`,
      async run(world, expect) {
        const claim = await world.addClaimed('a', { losses: 2 });
        await world.settle(outcomeOf(claim, { outcome }));

        expect((await world.job('a'))!.losses).toBe(outcome === 'lost' ? 2 : 0);
      },
    })) satisfies StoreCaseGroup['cases']),
    {
      name: 'keeps the losses of the job with a release',
      async run(world, expect) {
        const claim = await world.addClaimed('a', { losses: 2 });
        await world.settle(releaseOf(claim, T0));

        expect((await world.job('a'))!.losses).toBe(2);
      },
    },
    {
      name: 'makes the first buffered run due, in the same step',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        const entered = [];
        for (const offset of [1, 2]) {
          entered.push(await world.enter(newRun('a', { fireTime: T0 + offset }), () => ({ as: 'buffered' })));
        }
        await world.settle(outcomeOf(claim, { at: T0 + 900 }));

        const [first, second] = await Promise.all(entered.map((it) => world.run(it.run!.id)));
        expect(first).toMatchObject({ state: 'waiting', dueAt: T0 + 900 });
        expect(second).toMatchObject({ state: 'buffered' });
      },
    },
    {
      name: 'makes one buffered run due for each run that it closes, however many places are free',
      async run(world, expect) {
        await world.add('a', { policy: policyWith({ maxInstances: 3 }) });
        const caughtUp = [1, 2, 3].map((offset) => plannedRun(T0 + offset, { isBuffered: true }));
        const claim = await world.claimOne({}, (job) => planOf(job, { runs: [plannedRun(T0), ...caughtUp] }));
        await world.settle(outcomeOf(claim));

        const states = (await world.runsOf('a')).map((run) => run.state);
        expect(states).toEqual(['buffered', 'buffered', 'waiting', 'succeeded']);
      },
    },
    {
      name: 'makes no buffered run due while one is open that the same step made: they run one after another',
      async run(world, expect) {
        await world.add('a', { policy: policyWith({ maxInstances: 3 }) });
        const caughtUp = [1, 2].map((offset) => plannedRun(T0 + offset, { isBuffered: true }));
        const first = await world.claimOne({}, (job) => planOf(job, { runs: [plannedRun(T0), ...caughtUp] }));
        await world.enter(newRun('a', { fireTime: T0 + 3, forced: true }));
        const other = await world.claimOne({ now: T0 + 10 }, planNothing);
        const states = async (): Promise<unknown[]> =>
          (await world.runsOf('a')).filter((run) => run.kind === 'scheduled').map((run) => run.state);

        await world.settle(outcomeOf(other));
        expect(await states()).toEqual(['buffered', 'buffered', 'running']);
        await world.settle(outcomeOf(first));
        expect(await states()).toEqual(['buffered', 'waiting', 'succeeded']);
      },
    },
    {
      name: 'makes no buffered run due while maxInstances others are open',
      async run(world, expect) {
        const policy = policyWith({ maxInstances: 2 });
        await world.add('a', { policy });
        for (const offset of [1, 2]) await world.enter(newRun('a', { fireTime: T0 + offset, forced: true }));
        const { claims } = await world.claim({ now: T0 + 10 });
        const { run } = await world.enter(newRun('a', { fireTime: T0 + 3 }), () => ({ as: 'buffered' }));

        const states: unknown[] = [];
        for (const claim of claims) {
          await world.settle(outcomeOf(claim));
          states.push((await world.run(run!.id))!.state);
        }
        expect([claims.length, ...states]).toEqual([3, 'buffered', 'waiting', 'waiting']);
      },
    },
    {
      name: 'leaves no row of a run whose history is not kept',
      async run(world, expect) {
        const claim = await world.addClaimed('a');

        expect(await world.settle(outcomeOf(claim, { keepHistory: false }))).toEqual([true]);
        expect(await world.run(claim.runId)).toBeNull();
        expect(await world.runsOf('a')).toEqual([]);
      },
    },
    {
      name: 'takes a batch of 300',
      async run(world, expect) {
        await world.put(Array.from({ length: 300 }, (_, index) => newJob(`job-${index}`)));
        const { claims } = await world.claim({ limit: 300 });
        const answers = await world.settle(...claims.map((claim) => outcomeOf(claim)));

        expect([claims.length, answers.every(Boolean)]).toEqual([300, true]);
        expect((await world.store.history.page({ states: ['succeeded'], limit: 1_000 })).runs).toHaveLength(300);
      },
    },
    {
      name: 'keeps results of every kind of JSON as they were',
      async run(world, expect) {
        const results: JsonValue[] = [null, 0, -1.5, '', 'ü', true, [], {}, [1, [2, { a: null }]], { z: 1, a: [] }];
        const kept: unknown[] = [];
        for (const [index, result] of results.entries()) {
          const claim = await world.addClaimed(`job-${index}`);
          await world.settle(outcomeOf(claim, { result }));
          kept.push((await world.run(claim.runId))!.result);
          await world.change(`job-${index}`, 'remove');
        }

        expect(kept).toEqual(results);
      },
    },
  ],
};
