import type { StoreCaseGroup } from './store-case.js';
import { MINUTE, newJob, outcomeOf, policyWith, T0 } from './store-world.js';

const PAUSE = { at: T0, by: 'ann', reason: 'holiday', until: null };

/** Adding, reconciling, refusing, renaming. */
export const PUT_CASES: StoreCaseGroup = {
  name: 'put',
  cases: [
    {
      name: 'adds a job as it was given, with a generation and a version of its own',
      async run(world, expect) {
        const given = newJob('a', { name: 'A', tags: ['x', 'y'], args: [1, 'two', { three: [null] }], runCount: 3 });
        const [result] = await world.put([given]);

        const { aliases, ...fields } = given;
        expect(aliases).toEqual([]);
        expect(result).toMatchObject({ kind: 'added', before: null });
        expect(result.job).toEqual({ ...fields, generation: result.job.generation, version: result.job.version });
        expect([typeof result.job.generation, typeof result.job.version]).toEqual(['number', 'number']);
        expect(await world.job('a')).toEqual(result.job);
      },
    },
    {
      name: 'answers each item in order: added, unchanged, changed, refused',
      async run(world, expect) {
        await world.put([newJob('b'), newJob('c'), newJob('d')]);
        const answers = { b: null, c: { name: 'C' }, d: 'refuse' } as const;
        const results = await world.put(
          ['c', 'a', 'd', 'b'].map((id) => newJob(id)),
          { reconcile: (existing) => answers[existing.id as keyof typeof answers] },
        );

        expect(results.map(({ kind, job }) => [job.id, kind])).toEqual([
          ['c', 'changed'],
          ['a', 'added'],
          ['d', 'refused'],
          ['b', 'unchanged'],
        ]);
      },
    },
    {
      name: 'asks reconcile with the row that is there, the job that comes and the time, and for no new job',
      async run(world, expect) {
        const before = await world.add('a', { name: 'old' });
        const asked: unknown[] = [];
        await world.put([newJob('a', { name: 'new' }), newJob('b')], {
          now: () => T0 + 700,
          reconcile: (existing, incoming, now) => {
            asked.push([existing, incoming.name, now]);
            return null;
          },
        });

        expect(asked).toEqual([[before, 'new', T0 + 700]]);
      },
    },
    {
      name: 'leaves a row as it is on null, and on refuse',
      async run(world, expect) {
        const before = await world.add('a', { pause: PAUSE });
        for (const answer of [null, 'refuse'] as const) {
          const [result] = await world.put([newJob('a', { name: 'new' })], { reconcile: () => answer });
          expect(result).toEqual({ kind: answer === null ? 'unchanged' : 'refused', job: before, before });
        }
        expect(await world.job('a')).toEqual(before);
      },
    },
    {
      name: 'applies a patch: its fields and the version alone, an undefined field is none',
      async run(world, expect) {
        const before = await world.add('a', { pause: PAUSE });
        const patch = { name: 'new', fireTime: T0 + MINUTE, task: undefined, updatedAt: T0 + 7 };
        const [result] = await world.put([newJob('a')], { reconcile: () => patch });

        const after = { ...before, name: 'new', fireTime: T0 + MINUTE, updatedAt: T0 + 7, version: result.job.version };
        expect(result).toEqual({ kind: 'changed', before, job: after });
        expect(result.job.version).toBeGreaterThan(before.version);
        expect(await world.job('a')).toEqual(after);
      },
    },
    {
      name: 'lets the second of two jobs with one id meet the first',
      async run(world, expect) {
        const results = await world.put([newJob('a', { name: 'first' }), newJob('a', { name: 'second' })]);

        expect(results.map(({ kind, job }) => [kind, job.name])).toEqual([
          ['added', 'first'],
          ['unchanged', 'first'],
        ]);
      },
    },
    {
      name: 'adds a job once, however many put it at the same moment (P12)',
      async run(world, expect) {
        const all = await Promise.all([1, 2, 3, 4].map(() => world.put([newJob('a'), newJob('b')])));

        expect(all.flat().filter((it) => it.kind === 'added')).toHaveLength(2);
        expect(await world.store.jobs.list()).toHaveLength(2);
      },
    },
    {
      name: 'stores nothing when reconcile throws',
      async run(world, expect) {
        const before = await world.add('b');
        const broken = (): never => {
          throw new Error('broken');
        };
        const put = async () => world.put([newJob('a'), newJob('b'), newJob('c')], { reconcile: broken });

        await expect(put()).rejects.toThrow('broken');
        expect(await world.store.jobs.list()).toEqual([before]);
      },
    },
    {
      name: 'takes 1,200 jobs in one step',
      async run(world, expect) {
        const ids = Array.from({ length: 1_200 }, (_, index) => `job-${String(index).padStart(4, '0')}`);
        const results = await world.put(ids.map((id) => newJob(id)));

        expect(results.every((it) => it.kind === 'added')).toBe(true);
        expect((await world.store.jobs.list()).map((job) => job.id)).toEqual(ids);
        expect(new Set(results.map((it) => it.job.generation)).size).toBeGreaterThan(0);
      },
    },
    {
      name: 'gives a generation greater than any before when a job is removed and added again (P28)',
      async run(world, expect) {
        const first = await world.add('a');
        await world.change('a', 'remove');
        const second = await world.add('a');

        expect(second.generation).toBeGreaterThan(first.generation);
      },
    },
    {
      name: 'gives a new generation to a replaced job, and deletes its runs that have not started',
      async run(world, expect) {
        const claim = await world.addClaimed('a', { policy: policyWith({ maxInstances: 5 }) });
        await world.enter({ jobId: 'a', kind: 'manual', fireTime: T0, dueAt: T0, forced: false, args: null });
        const [{ job, before }] = await world.put([newJob('a')], { reconcile: () => ({ replace: true, name: 'new' }) });

        expect(job.generation).toBeGreaterThan(before!.generation);
        expect((await world.runsOf('a')).map((run) => run.id)).toEqual([claim.runId]);
      },
    },
  ],
};

/** Former ids of a job. */
export const ALIAS_CASES: StoreCaseGroup = {
  name: 'put under a new id',
  cases: [
    {
      name: 'renames the row that an alias finds, and nothing else moves',
      async run(world, expect) {
        const before = await world.add('old', { pause: PAUSE, fireTime: T0 + MINUTE });
        const [result] = await world.put([newJob('new', { aliases: ['older', 'old'] })]);

        expect(result).toMatchObject({ kind: 'changed', before });
        expect(result.job).toEqual({ ...before, id: 'new', version: result.job.version, updatedAt: T0 });
        expect((await world.store.jobs.list()).map((job) => job.id)).toEqual(['new']);
      },
    },
    {
      name: 'takes runs and history along',
      async run(world, expect) {
        const claim = await world.addClaimed('old');
        await world.settle(outcomeOf(claim));
        const open = await world.claimOne({ now: T0 + MINUTE });
        await world.put([newJob('new', { aliases: ['old'] })]);

        expect((await world.runsOf('new')).map((run) => [run.id, run.jobId, run.state])).toEqual([
          [open.runId, 'new', 'running'],
          [claim.runId, 'new', 'succeeded'],
        ]);
        expect(await world.runsOf('old')).toEqual([]);
      },
    },
    {
      name: 'lets a run that was claimed under the old id be settled and renewed',
      async run(world, expect) {
        const claim = await world.addClaimed('old');
        await world.put([newJob('new', { aliases: ['old'] })]);

        expect(await world.store.jobs.renew([claim], T0 + 60_000)).toEqual([{ held: true, cancelRequested: false }]);
        expect(await world.settle(outcomeOf(claim))).toEqual([true]);
        expect(await world.settle(outcomeOf(claim))).toEqual([true]);
        expect(await world.run(claim.runId)).toMatchObject({ jobId: 'new', state: 'succeeded' });
      },
    },
    {
      name: 'applies the patch to the renamed row',
      async run(world, expect) {
        await world.add('old');
        const [{ job }] = await world.put([newJob('new', { aliases: ['old'] })], { reconcile: () => ({ name: 'N' }) });

        expect([job.id, job.name]).toEqual(['new', 'N']);
      },
    },
    {
      name: 'goes by the id where both are there, and leaves the row of the alias',
      async run(world, expect) {
        await world.put([newJob('new'), newJob('old')]);
        const [result] = await world.put([newJob('new', { aliases: ['old'] })]);

        expect([result.kind, result.job.id]).toEqual(['unchanged', 'new']);
        expect((await world.store.jobs.list()).map((job) => job.id)).toEqual(['new', 'old']);
      },
    },
    {
      name: 'gives a former id to another job of the same put',
      async run(world, expect) {
        const [{ generation }] = [await world.add('old', { fireTime: T0 + MINUTE })];
        await world.put([newJob('new', { aliases: ['old'] }), newJob('old', { fireTime: T0 })]);

        const jobs = await world.store.jobs.list();
        expect(jobs.map(({ id, fireTime }) => [id, fireTime])).toEqual([
          ['new', T0 + MINUTE],
          ['old', T0],
        ]);
        expect(jobs.map((job) => job.generation === generation)).toEqual([true, false]);
        expect((await world.claimOne()).jobId).toBe('old');
      },
    },
    {
      name: 'does not rename what is refused',
      async run(world, expect) {
        const before = await world.add('old');
        const [result] = await world.put([newJob('new', { aliases: ['old'] })], { reconcile: () => 'refuse' });

        expect(result).toEqual({ kind: 'refused', job: before, before });
        expect(await world.store.jobs.list()).toEqual([before]);
      },
    },
  ],
};
