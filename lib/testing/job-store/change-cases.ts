import type { Claim, PlanRuns } from '../../core/index.js';
import type { StoreCaseGroup } from './store-case.js';
import {
  MINUTE,
  newJob,
  newRun,
  outcomeOf,
  plannedRun,
  plannedSkip,
  planOf,
  policyWith,
  retryOf,
  T0,
} from './store-world.js';
import type { StoreWorld } from './store-world.js';

/** Pausing, modifying, removing: what a change may do to a job. */
export const CHANGE_CASES: StoreCaseGroup = {
  name: 'change',
  cases: [
    {
      name: 'applies the answer, raises the version, and answers before and after',
      async run(world, expect) {
        const before = await world.add('a');
        const pause = { at: T0 + 5, by: 'ann', reason: null, until: T0 + MINUTE };
        const [result] = await world.change('a', { pause }, T0 + 5);

        expect(result.before).toEqual(before);
        expect(result.after).toEqual({ ...before, pause, version: result.after!.version, updatedAt: T0 + 5 });
        expect(result.after!.version).toBeGreaterThan(before.version);
        expect(await world.job('a')).toEqual(result.after);
      },
    },
    {
      name: 'leaves a job alone on null, and answers the others in the order of the ids',
      async run(world, expect) {
        const [, { job: b }] = await world.put(['a', 'b', 'c'].map((id) => newJob(id)));
        const results = await world.store.jobs.change({
          ids: ['c', 'none', 'b', 'a'],
          now: () => T0,
          decide: (job) => (job.id === 'b' ? null : { name: 'changed' }),
        });

        expect(results.map((it) => it.before.id)).toEqual(['c', 'a']);
        expect(await world.job('b')).toEqual(b);
      },
    },
    {
      name: 'reaches every job, ordered by id, without ids',
      async run(world, expect) {
        await world.put(['c', 'a', 'b'].map((id) => newJob(id)));
        const results = await world.store.jobs.change({
          ids: null,
          now: () => T0,
          decide: () => ({ status: 'orphaned' }),
        });

        expect(results.map((it) => it.after!.id)).toEqual(['a', 'b', 'c']);
      },
    },
    {
      name: 'decides with the job and its unsettled runs',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        const seen: unknown[] = [];
        await world.store.jobs.change({
          ids: ['a'],
          now: () => T0,
          decide: (job, unsettled) => {
            seen.push(job.id, ...unsettled.map((run) => [run.id, run.state]));
            return null;
          },
        });

        expect(seen).toEqual(['a', [claim.runId, 'running']]);
      },
    },
    {
      name: 'changes nothing when decide throws',
      async run(world, expect) {
        await world.put([newJob('a'), newJob('b')]);
        const before = await world.store.jobs.list();
        const decide = ({ id }: { id: string }) => {
          if (id === 'b') throw new Error('broken');
          return { name: 'changed' };
        };

        await expect((async () => world.store.jobs.change({ ids: null, now: () => T0, decide }))()).rejects.toThrow(
          'broken',
        );
        expect(await world.store.jobs.list()).toEqual(before);
      },
    },
    {
      name: 'writes the skip records that go with it',
      async run(world, expect) {
        await world.add('a');
        const skip = plannedSkip(T0 + 9 * MINUTE, { reason: 'paused', firstFireTime: T0, count: 10, detail: 'by ann' });
        await world.store.jobs.change({
          ids: ['a'],
          now: () => T0,
          decide: () => ({ pause: null }),
          record: () => [skip],
        });

        expect(await world.runsOf('a')).toMatchObject([
          {
            state: 'skipped',
            reason: 'paused',
            detail: 'by ann',
            fireTime: T0 + 9 * MINUTE,
            firstFireTime: T0,
            count: 10,
          },
        ]);
      },
    },
    {
      name: 'removes a job with the runs that have not started; a running one still ends and is kept',
      async run(world, expect) {
        const claim = await world.addClaimed('a', { policy: policyWith({ maxInstances: 5 }) });
        await world.enter(newRun('a', { dueAt: T0 + MINUTE }));
        const [result] = await world.change('a', 'remove');

        expect([result.before.id, result.after]).toEqual(['a', null]);
        expect(await world.store.jobs.list()).toEqual([]);
        expect(await world.settle(outcomeOf(claim))).toEqual([true]);
        expect((await world.runsOf('a')).map((run) => [run.id, run.state])).toEqual([[claim.runId, 'succeeded']]);
        expect((await world.claim({ now: T0 + 5 * MINUTE })).claims).toEqual([]);
      },
    },
    {
      name: 'never tries a run of a removed job again',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        await world.change('a', 'remove');

        expect(await world.settle(retryOf(claim, T0 + 1_000))).toEqual([true]);
        expect((await world.claim({ now: T0 + 5 * MINUTE })).claims).toEqual([]);
      },
    },
    {
      name: 'keeps a run of an older generation from touching the job',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        await world.change('a', { replace: true, losses: 2, fireTime: T0 + MINUTE, dueAt: T0 + MINUTE });
        const afterwards = { fireTime: T0 + 9 * MINUTE, dueAt: T0 + 9 * MINUTE };

        expect(await world.settle(outcomeOf(claim, { afterwards }))).toEqual([true]);
        expect(await world.job('a')).toMatchObject({ losses: 2, fireTime: T0 + MINUTE });
      },
    },
    {
      name: 'lets a fire time run again in a new generation',
      async run(world, expect) {
        await world.settle(outcomeOf(await world.addClaimed('a')));
        await world.change('a', { replace: true, fireTime: T0, dueAt: T0 });

        expect((await world.claimOne()).run.fireTime).toBe(T0);
      },
    },
  ],
};

/** Runs beside each other, of which nothing is kept. */
const NO_TRACE = policyWith({ keepHistory: false, overlap: 'allowAll' });

/** Taking back what was claimed ahead. */
export const WITHDRAW_CASES: StoreCaseGroup = {
  name: 'change that withdraws',
  cases: [
    {
      name: 'deletes a run claimed ahead and takes the job back to before it',
      async run(world, expect) {
        const before = await world.add('a', { fireTime: T0 + 500 });
        const claim = await world.claimOne({ until: T0 + 1_000 });
        const [{ after }] = await world.change('a', { withdraw: true });

        expect(after).toMatchObject({ fireTime: T0 + 500, dueAt: T0 + 500, runCount: before.runCount });
        expect(await world.runsOf('a')).toEqual([]);
        expect(await world.store.jobs.renew([claim], T0 + 20_000)).toMatchObject([{ held: false }]);
        expect(await world.settle(outcomeOf(claim))).toEqual([false]);
      },
    },
    {
      name: 'revives a job that the plan of that run had finished',
      async run(world, expect) {
        await world.add('a', { fireTime: T0 + 500 });
        const last = { fireTime: null, dueAt: null, finished: 'ended' } as const;
        await world.claimOne({ until: T0 + 1_000 }, (job) => planOf(job, last));
        const [{ after }] = await world.change('a', { withdraw: true });

        expect(after).toMatchObject({ status: 'active', statusReason: null, fireTime: T0 + 500 });
        expect((await world.claimOne({ now: T0 + 500 })).run.fireTime).toBe(T0 + 500);
      },
    },
    {
      name: 'lets the patch say otherwise',
      async run(world, expect) {
        await world.add('a', { fireTime: T0 + 500 });
        await world.claimOne({ until: T0 + 1_000 });
        const next = { fireTime: T0 + 7 * MINUTE, dueAt: T0 + 7 * MINUTE };
        const [{ after }] = await world.change('a', { withdraw: true, ...next });

        expect(after).toMatchObject({ ...next, runCount: 0 });
      },
    },
    {
      name: 'leaves a run that is due, and one that is buffered',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        const { run } = await world.enter(newRun('a', { dueAt: T0 + MINUTE }), () => ({ as: 'buffered' }));
        await world.change('a', { withdraw: true });

        expect((await world.runsOf('a')).map((it) => it.id).sort()).toEqual([claim.runId, run!.id].sort());
        expect(await world.settle(outcomeOf(claim))).toEqual([true]);
      },
    },
    {
      name: 'gives back a retry claimed ahead, under a higher token and as if never claimed',
      async run(world, expect) {
        await world.settle(retryOf(await world.addClaimed('a'), T0 + 500));
        const ahead = await world.claimOne({ until: T0 + 1_000 });
        await world.change('a', { withdraw: true });

        expect(await world.run(ahead.runId)).toMatchObject({
          state: 'waiting',
          attempt: 1,
          node: null,
          leaseUntil: null,
        });
        expect(await world.settle(outcomeOf(ahead))).toEqual([false]);
        const again = await world.claimOne({ now: T0 + 500 });
        expect([again.runId, again.run.attempt]).toEqual([ahead.runId, 2]);
        expect(again.token).toBeGreaterThan(ahead.token + 1);
      },
    },
    {
      name: 'leaves a run that has a later one behind it, and the job where it is: both were due',
      async run(world, expect) {
        const [first, second, third] = await threeInARow(world);
        await world.settle(outcomeOf(first, { at: T0 + 9_000 }));
        const [{ before, after }] = await world.change('a', { withdraw: true }, T0 + 8_999);

        expect(await world.run(second)).toMatchObject({ state: 'waiting', dueAt: T0 + 9_000 });
        expect(await world.run(third)).toMatchObject({ state: 'buffered' });
        expect(after).toMatchObject({ fireTime: before.fireTime, dueAt: before.dueAt, runCount: before.runCount });
      },
    },
    {
      name: 'leaves a run that has a later one behind it which has come to its end already',
      async run(world, expect) {
        const [first, second, third] = await threeInARow(world);
        await world.cancel(third);
        await world.settle(outcomeOf(first, { at: T0 + 9_000 }));
        const ahead = await world.claimOne({ now: T0 + 9_000 });
        const [{ before, after }] = await world.change('a', { withdraw: true }, T0 + 8_999);

        expect([ahead.runId, after!.fireTime]).toEqual([second, before.fireTime]);
        expect(await world.settle(outcomeOf(ahead))).toEqual([true]);
      },
    },
    {
      name: 'leaves a run that has a later one behind it which has come to its end and left no row',
      async run(world, expect) {
        await world.add('a', { fireTime: T0 + 500, policy: NO_TRACE });
        const ahead = await world.claimOne({ until: T0 + 1_000 });
        const later = await world.claimOne({ now: T0 + 500 + MINUTE });
        await world.settle(outcomeOf(later, { keepHistory: false }));
        const [{ before, after }] = await world.change('a', { withdraw: true });

        expect([before.fireTime, after!.fireTime, after!.runCount]).toEqual([
          T0 + 500 + 2 * MINUTE,
          before.fireTime,
          2,
        ]);
        expect((await world.claim({ now: T0 + 500 + MINUTE })).claims).toEqual([]);
        expect(await world.settle(outcomeOf(ahead, { keepHistory: false }))).toEqual([true]);
      },
    },
    {
      name: 'takes back two runs that leave no row, and then the first of them alone',
      async run(world, expect) {
        await world.add('a', { fireTime: T0 + 500, policy: NO_TRACE });
        await world.claimOne({ until: T0 + 1_000 });
        await world.claimOne({ until: T0 + 500 + MINUTE });
        const [{ after: first }] = await world.change('a', { withdraw: true });
        const again = await world.claimOne({ until: T0 + 1_000 });
        const [{ after: second }] = await world.change('a', { withdraw: true });

        expect([first, second]).toMatchObject([0, 0].map((runCount) => ({ fireTime: T0 + 500, runCount })));
        expect(await world.settle(outcomeOf(again))).toEqual([false]);
        expect(await world.runsOf('a')).toEqual([]);
      },
    },
    {
      name: 'leaves a run of the job that was there before a replacement: it has started',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        await world.change('a', { replace: true, fireTime: T0 + MINUTE, dueAt: T0 + MINUTE });
        const [{ after }] = await world.change('a', { withdraw: true }, T0 - 1);

        expect(after).toMatchObject({ fireTime: T0 + MINUTE });
        expect(await world.settle(outcomeOf(claim))).toEqual([true]);
      },
    },
    {
      name: 'is made as of the time that it has when its rows are held',
      async run(world, expect) {
        await world.add('a', { fireTime: T0 + 500 });
        const claim = await world.claimOne({ until: T0 + 1_000 });
        const decide = () => ({ withdraw: true });
        const [{ after }] = await world.store.jobs.change({ ids: ['a'], now: () => T0 + 500, decide });

        expect(after).toMatchObject({ fireTime: T0 + 500 + MINUTE, updatedAt: T0 + 500 });
        expect(await world.settle(outcomeOf(claim))).toEqual([true]);
      },
    },
    {
      name: 'takes back one for an earlier fire time, when the job was rescheduled after the first was taken back',
      async run(world, expect) {
        await world.add('a', { fireTime: T0 + 900 });
        await world.claimOne({ until: T0 + 1_000 });
        await world.change('a', { withdraw: true, fireTime: T0 + 600, dueAt: T0 + 600 });
        const earlier = await world.claimOne({ until: T0 + 1_000 });
        const [{ after }] = await world.change('a', { withdraw: true });

        expect(after).toMatchObject({ fireTime: T0 + 600, dueAt: T0 + 600 });
        expect(await world.settle(outcomeOf(earlier))).toEqual([false]);
      },
    },
  ],
};

/** One run that is claimed, and two for later fire times that are buffered behind it. */
async function threeInARow(world: StoreWorld): Promise<readonly [Claim, string, string]> {
  await world.add('a', { policy: policyWith({ overlap: 'bufferAll' }) });
  const behind = [1_000, 2_000].map((after) => plannedRun(T0 + after, { isBuffered: true }));
  const plan: PlanRuns = (job) => planOf(job, { runs: [plannedRun(T0), ...behind] });
  const claim = await world.claimOne({ now: T0 + 3_000 }, plan);
  const [third, second] = await world.runsOf('a', { states: ['buffered'] });
  return [claim, second.id, third.id];
}

/** Stopping one run. */
export const CANCEL_CASES: StoreCaseGroup = {
  name: 'change that cancels a run',
  cases: [
    {
      name: 'settles a run that nobody holds',
      async run(world, expect) {
        await world.add('a', { fireTime: null });
        const { run } = await world.enter(newRun('a'));
        const [result] = await world.cancel(run!.id, T0 + 9);

        const cancelled = { id: run!.id, state: 'cancelled', settledAt: T0 + 9, detail: 'asked to', attempt: 0 };
        expect(result).toMatchObject({ before: { id: 'a' }, after: { id: 'a' }, run: cancelled });
        expect(await world.run(run!.id)).toMatchObject(cancelled);
        expect((await world.claim({ now: T0 + MINUTE })).claims).toEqual([]);
      },
    },
    {
      name: 'leaves word, and the reason, for the node that holds it, which reads it when it renews, and may still settle',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        const [{ run }] = await world.cancel(claim.runId);

        const asked = { state: 'running', cancelRequested: true, token: claim.token, detail: 'asked to' };
        expect(run).toMatchObject(asked);
        expect(await world.run(claim.runId)).toMatchObject(asked);
        expect(await world.store.jobs.renew([claim], T0 + 20_000)).toEqual([{ held: true, cancelRequested: true }]);
        expect(await world.settle(outcomeOf(claim, { outcome: 'cancelled' }))).toEqual([true]);
        expect(await world.run(claim.runId)).toMatchObject({ state: 'cancelled', cancelRequested: true });
      },
    },
    {
      name: 'gives the place of the cancelled run to a buffered one',
      async run(world, expect) {
        await world.settle(retryOf(await world.addClaimed('a'), T0 + 5 * MINUTE));
        const [waiting] = await world.runsOf('a');
        const { run: buffered } = await world.enter(newRun('a', { fireTime: T0 + 1 }), () => ({ as: 'buffered' }));
        await world.cancel(waiting.id, T0 + 10);

        expect(await world.run(buffered!.id)).toMatchObject({ state: 'waiting', dueAt: T0 + 10 });
      },
    },
    {
      name: 'answers a settled run as it is, and an unknown one not at all',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        await world.settle(outcomeOf(claim));
        const [{ run }] = await world.cancel(claim.runId);

        expect(run).toMatchObject({ state: 'succeeded', cancelRequested: false });
        expect(await world.cancel('no-such-run')).toEqual([]);
      },
    },
  ],
};
