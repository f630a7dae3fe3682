import type { Claim, JobPlan, JobRecord, PlanRuns } from '../../core/index.js';
import type { StoreCaseGroup } from './store-case.js';
import { HOUR, MINUTE, newJob, plannedSkip, planNothing, planOf, policyWith, T0 } from './store-world.js';

const jobIdsOf = (claims: readonly Claim[]): string[] => claims.map((claim) => claim.jobId);

/** What is due, in what order, how much at once. */
export const CLAIM_CASES: StoreCaseGroup = {
  name: 'claimDue',
  cases: [
    {
      name: 'claims the run that the plan makes: running, held, with attempt, token and lease, and moves the job on',
      async run(world, expect) {
        const before = await world.add('a', { args: ['x'] });
        const result = await world.claim({ node: 'node-1', now: T0 + 3, leaseUntil: T0 + 99 });

        const [claim] = result.claims;
        const held = { state: 'running', attempt: 1, token: claim.token, node: 'node-1', leaseUntil: T0 + 99 };
        const made = { kind: 'scheduled', fireTime: T0, firstFireTime: T0, count: 1, countIsExact: true, dueAt: T0 };
        expect(claim).toMatchObject({ jobId: 'a', leaseUntil: T0 + 99, cause: 'planned', runId: claim.run.id });
        expect(claim.run).toMatchObject({ ...held, ...made, jobId: 'a', task: 'Reports.send', args: null });
        expect(claim.run).toMatchObject({ createdAt: T0 + 3, startedAt: null, settledAt: null, forced: false });
        expect(claim.token).toBeGreaterThan(0);
        expect(claim.job).toMatchObject({ id: 'a', args: ['x'], fireTime: T0 + MINUTE, runCount: 1 });
        expect(await world.run(claim.runId)).toMatchObject({ ...held, ...made });
        const job = await world.job('a');
        expect(job).toMatchObject({ fireTime: T0 + MINUTE, dueAt: T0 + MINUTE, runCount: 1 });
        expect(job!.version).toBeGreaterThan(before.version);
      },
    },
    {
      name: 'claims nothing before its time, and says when that is',
      async run(world, expect) {
        await world.put([
          newJob('a', { fireTime: T0 + 5 }),
          newJob('b', { fireTime: T0 + 7 }),
          newJob('c', { fireTime: null }),
        ]);

        const nothing = { claims: [], skipped: [], finished: [], cancelled: [], hasMore: false };
        expect(await world.claim({ now: T0 + 4 })).toMatchObject({ ...nothing, nextDueAt: T0 + 5 });
        expect(jobIdsOf((await world.claim({ now: T0 + 5 })).claims)).toEqual(['a']);
      },
    },
    {
      name: 'answers null when nothing is to come',
      async run(world, expect) {
        await world.add('a', { fireTime: null });

        expect(await world.claim()).toMatchObject({ claims: [], hasMore: false, nextDueAt: null });
      },
    },
    {
      name: 'goes by dueAt, not by the fire time',
      async run(world, expect) {
        await world.add('a', { fireTime: T0, dueAt: T0 + 9 });

        expect(await world.claim({ now: T0 + 8 })).toMatchObject({ claims: [], nextDueAt: T0 + 9 });
        expect((await world.claimOne({ now: T0 + 9 })).run).toMatchObject({ fireTime: T0, dueAt: T0 + 9 });
      },
    },
    {
      name: 'gives the plan the job, its unsettled runs and the window',
      async run(world, expect) {
        const first = await world.addClaimed('a');
        const asked: unknown[] = [];
        await world.claim({ now: T0 + MINUTE, until: T0 + MINUTE + 9 }, (job, unsettled, window) => {
          asked.push([job.id, job.fireTime, unsettled.map((run) => run.id), window.now, window.until]);
          return null;
        });

        expect(asked).toEqual([['a', T0 + MINUTE, [first.runId], T0 + MINUTE, T0 + MINUTE + 9]]);
      },
    },
    {
      name: 'hands out in the order of due times, at most the limit, and says that there is more',
      async run(world, expect) {
        const offsets = [40, 10, 50, 0, 30, 20];
        await world.put(offsets.map((offset) => newJob(`job-${offset}`, { fireTime: T0 + offset })));
        const now = T0 + 55;
        const rounds = [];
        const request = { now, limit: 2, leaseUntil: T0 + HOUR };
        for (let round = 0; round < 3; round++) rounds.push(await world.claim(request));

        expect(rounds.map((it) => jobIdsOf(it.claims))).toEqual([
          ['job-0', 'job-10'],
          ['job-20', 'job-30'],
          ['job-40', 'job-50'],
        ]);
        expect(rounds.slice(0, 2).map((it) => it.hasMore)).toEqual([true, true]);
        expect(await world.claim(request)).toMatchObject({
          claims: [],
          hasMore: false,
          nextDueAt: T0 + MINUTE,
        });
      },
    },
    {
      name: 'tells of a job ahead that its plan left alone, though there is more behind it',
      async run(world, expect) {
        await world.put([
          newJob('waits', { fireTime: T0 + 300 }),
          newJob('first', { fireTime: T0 + 400 }),
          newJob('later', { fireTime: T0 + 900 }),
        ]);
        const leaveAlone: PlanRuns = (job) => (job.id === 'waits' ? null : planOf(job));
        const { claims, hasMore, nextDueAt } = await world.claim({ now: T0, until: T0 + 1_000, limit: 1 }, leaveAlone);

        expect(jobIdsOf(claims)).toEqual(['first']);
        expect([hasMore, nextDueAt]).toEqual([true, T0 + 300]);
      },
    },
    {
      name: 'loses nothing of what is due, however small the limit',
      async run(world, expect) {
        await world.put(
          Array.from({ length: 250 }, (_, index) => newJob(`job-${index}`, { fireTime: T0 - (index % 7) })),
        );
        const claimed: string[] = [];
        for (let more = true; more;) {
          const result = await world.claim({ limit: 16 });
          claimed.push(...jobIdsOf(result.claims));
          more = result.hasMore;
        }

        expect(claimed).toHaveLength(250);
        expect(new Set(claimed).size).toBe(250);
      },
    },
    {
      name: 'reaches what is due behind many jobs whose plans make no run, or says that there is more',
      async run(world, expect) {
        const jobs = Array.from({ length: 40 }, (_, index) =>
          newJob(`job-${index + 10}`, { fireTime: T0 - 100 + index }),
        );
        await world.put(jobs);
        const skipAllButLast: PlanRuns = (job) =>
          job.id === 'job-49' ? planOf(job) : planOf(job, { runs: [], skips: [plannedSkip(job.fireTime!)] });
        const claimed: string[] = [];
        for (let isMore = true; isMore;) {
          const { claims, hasMore } = await world.claim({ limit: 1 }, skipAllButLast);
          claimed.push(...claims.map((claim) => claim.jobId));
          isMore = hasMore;
        }

        expect(claimed).toEqual(['job-49']);
      },
    },
    {
      name: 'looks ahead: claims what is due up to until, at once',
      async run(world, expect) {
        await world.put([newJob('a', { fireTime: T0 + 900 }), newJob('b', { fireTime: T0 + 1_100 })]);
        const result = await world.claim({ until: T0 + 1_000 });

        expect(jobIdsOf(result.claims)).toEqual(['a']);
        expect(result.claims[0].run.dueAt).toBe(T0 + 900);
        expect(result.nextDueAt).toBe(T0 + 1_100);
      },
    },
    {
      name: 'answers its own time, or the one it was asked with',
      async run(world, expect) {
        expect(Number.isFinite((await world.claim({ now: T0 + 77 })).storeNow)).toBe(true);
      },
    },
    {
      name: 'hands a fire time to one node only, however many ask at the same moment (P12)',
      async run(world, expect) {
        await world.put(Array.from({ length: 60 }, (_, index) => newJob(`job-${index}`)));
        const nodes = ['n1', 'n2', 'n3', 'n4'];
        const results = await Promise.all(nodes.map((node) => world.claim({ node, limit: 60 })));
        const claims = results.flatMap((it) => it.claims);

        expect(new Set(jobIdsOf(claims)).size).toBe(claims.length);
        const rest = await world.claim({ limit: 60 });
        expect(claims.length + rest.claims.length).toBe(60);
      },
    },
  ],
};

/** Jobs and runs that a claim passes over. */
export const LEFT_ALONE_CASES: StoreCaseGroup = {
  name: 'claimDue leaves alone',
  cases: [
    ...((['finished', 'orphaned', 'unresolved'] as const).map((status) => ({
      name: `a job that is ${status}`,
      async run(world, expect) {
        await world.add('a', { status });

        expect(await world.claim()).toMatchObject({ claims: [], hasMore: false, nextDueAt: null });
      },
    })) satisfies StoreCaseGroup['cases']),
    ...((['orphaned', 'unresolved'] as const).map((status) => ({
      name: `a waiting run of a job that is ${status}, until it is active again`,
      async run(world, expect) {
        await world.add('a', { status, fireTime: null });
        await world.enter({ jobId: 'a', kind: 'manual', fireTime: T0, dueAt: T0, forced: false, args: null });
        expect(await world.claim()).toMatchObject({ claims: [], hasMore: false, nextDueAt: null });

        await world.change('a', { status: 'active' });
        expect((await world.claim()).claims).toHaveLength(1);
      },
    })) satisfies StoreCaseGroup['cases']),
    {
      name: 'what a finished or paused job would plan, but not the run that somebody asked for',
      async run(world, expect) {
        const pause = { at: T0, by: null, reason: null, until: null };
        await world.put([newJob('a', { status: 'finished' }), newJob('b', { pause })]);
        for (const jobId of ['a', 'b']) {
          await world.enter({ jobId, kind: 'manual', fireTime: T0, dueAt: T0, forced: false, args: null });
        }

        const { claims, nextDueAt } = await world.claim();
        expect(claims.map((it) => [it.jobId, it.cause]).sort()).toEqual([
          ['a', 'waiting'],
          ['b', 'waiting'],
        ]);
        expect(nextDueAt === null || nextDueAt > T0).toBe(true);
      },
    },
    {
      name: 'a paused job until its pause ends; then plans it, without the pause, once the plan is applied',
      async run(world, expect) {
        await world.add('a', { pause: { at: T0, by: null, reason: null, until: T0 + MINUTE } });
        expect(await world.claim()).toMatchObject({ claims: [], hasMore: false, nextDueAt: T0 + MINUTE });

        await world.claim({ now: T0 + MINUTE }, planNothing);
        expect((await world.job('a'))!.pause).not.toBeNull();
        await world.claimOne({ now: T0 + MINUTE }, (job) => planOf(job, { fireTime: T0 + HOUR, dueAt: T0 + HOUR }));
        expect((await world.job('a'))!.pause).toBeNull();
      },
    },
    {
      name: 'a job whose pause ends within the look-ahead, but not yet',
      async run(world, expect) {
        await world.add('a', { pause: { at: T0, by: null, reason: null, until: T0 + 500 } });

        expect(await world.claim({ until: T0 + 1_000 })).toMatchObject({ claims: [], nextDueAt: T0 + 500 });
      },
    },
    {
      name: 'tasks and executors that the request excepts, without counting them as to come',
      async run(world, expect) {
        const policy = policyWith({ executor: 'threads' });
        await world.put([
          newJob('a', { task: 'T.a' }),
          newJob('b', { task: 'T.b' }),
          newJob('c', { task: 'T.a', policy }),
        ]);
        await world.enter({ jobId: 'b', kind: 'manual', fireTime: T0, dueAt: T0, forced: false, args: null });
        const without = { exceptTasks: new Set(['T.b']), exceptExecutors: new Set(['threads']), leaseUntil: T0 + HOUR };
        const result = await world.claim(without);

        expect(jobIdsOf(result.claims)).toEqual(['a']);
        expect(result).toMatchObject({ hasMore: false, nextDueAt: T0 + MINUTE });
        expect(jobIdsOf((await world.claim()).claims).sort()).toEqual(['b', 'b', 'c']);
      },
    },
    {
      name: 'executors that the request comes to except while plans are asked, and not what others have due behind them',
      async run(world, expect) {
        const policy = policyWith({ executor: 'threads' });
        const first = Array.from({ length: 150 }, (_, n) => newJob(`threads-${n}`, { policy, fireTime: T0 - MINUTE }));
        await world.put([...first, newJob('a'), newJob('b')]);
        const exceptExecutors = new Set<string>();
        const plan = (job: JobRecord): JobPlan | null => {
          if (job.policy.executor !== 'threads') return planOf(job);
          exceptExecutors.add('threads');
          return null;
        };
        const result = await world.claim({ exceptExecutors, limit: 5 }, plan);

        expect(jobIdsOf(result.claims).sort()).toEqual(['a', 'b']);
        expect((await world.job('threads-0'))!.runCount).toBe(0);
      },
    },
    {
      name: 'jobs that stop in maintenance mode; runs that are there go on',
      async run(world, expect) {
        await world.put([newJob('a'), newJob('b', { policy: policyWith({ evenInMaintenanceMode: true }) })]);
        await world.enter({ jobId: 'a', kind: 'manual', fireTime: T0, dueAt: T0, forced: false, args: null });
        const result = await world.claim({ isPaused: true, leaseUntil: T0 + HOUR });

        expect(result.claims.map((it) => [it.jobId, it.cause]).sort()).toEqual([
          ['a', 'waiting'],
          ['b', 'planned'],
        ]);
        expect(result).toMatchObject({ hasMore: false, nextDueAt: T0 + MINUTE });
      },
    },
    {
      name: 'a job for which the plan answers null; it is as it was, and due for the next claim',
      async run(world, expect) {
        const before = await world.add('a');
        expect(await world.claim({}, planNothing)).toMatchObject({ claims: [], hasMore: false, nextDueAt: null });

        expect(await world.job('a')).toEqual(before);
        expect((await world.claim()).claims).toHaveLength(1);
      },
    },
    {
      name: 'a job still to come for which the plan answers null, and says when it is due',
      async run(world, expect) {
        await world.add('a', { fireTime: T0 + 500 });

        expect(await world.claim({ until: T0 + 1_000 }, planNothing)).toMatchObject({ nextDueAt: T0 + 500 });
      },
    },
    {
      name: 'a job whose plan throws, and claims the others (P23)',
      async run(world, expect) {
        await world.put(['a', 'b', 'c'].map((id) => newJob(id)));
        const { claims } = await world.claim({}, (job) => {
          if (job.id === 'b') throw new Error('broken');
          return planOf(job);
        });

        expect(jobIdsOf(claims).sort()).toEqual(['a', 'c']);
        expect((await world.claim()).claims).toHaveLength(1);
      },
    },
    {
      name: 'a job whose row cannot be read, and claims and lists the others (P23)',
      needs: 'corrupt',
      async run(world, expect, lab) {
        await world.put(['a', 'b', 'c'].map((id) => newJob(id)));
        await lab.corrupt('b');

        expect(jobIdsOf((await world.claim()).claims).sort()).toEqual(['a', 'c']);
        expect((await world.store.jobs.list()).map((job) => job.id)).toEqual(expect.arrayContaining(['a', 'c']));
      },
    },
    {
      name: 'a job whose row cannot be read, which is listed as unresolved from then on (P23)',
      needs: 'corrupt',
      async run(world, expect, lab) {
        await world.put(['a', 'b', 'c'].map((id) => newJob(id)));
        await lab.corrupt('b');
        await world.claim();

        const unresolved = await world.store.jobs.list({ status: ['unresolved'] });
        expect(unresolved).toMatchObject([{ id: 'b', statusReason: expect.stringContaining('cannot be read') }]);
        expect((await world.claim({ now: T0 + MINUTE })).claims).toHaveLength(2);
      },
    },
  ],
};
