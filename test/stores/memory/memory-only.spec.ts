import { describe, expect, it } from '@jest/globals';
import type { Claim, ClaimResult, PutResult, Store } from '../../../lib/core/index.js';
import { createMemoryStore } from '../../../lib/stores/memory/index.js';
import {
  HOUR,
  MINUTE,
  newJob,
  newRun,
  NO_NAMES,
  outcomeOf,
  planMinutes,
  planNothing,
  plannedSkip,
  planOf,
  policyWith,
  StoreWorld,
  T0,
} from '../../../lib/testing/job-store/store-world.js';

const worldOf = (store: Store = createMemoryStore({ alias: 'default' })) => new StoreWorld(store);

/** `count` runs of a job, a minute apart, each settled at once. */
async function runTimes(world: StoreWorld, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    for (const claim of (await world.claim({ now: T0 + index * MINUTE })).claims) await world.settle(outcomeOf(claim));
  }
}

describe('the memory store', () => {
  it('answers at once, so that nothing is awaited between a timer and its handler', () => {
    const { jobs, history, nodes } = createMemoryStore({ alias: 'default' });
    const request = {
      node: 'n',
      now: T0,
      until: T0,
      limit: 9,
      leaseUntil: T0 + HOUR,
      isPaused: false,
      recoverBefore: null,
    };
    const answers = [
      jobs.open(),
      jobs.put([newJob('a')], { now: () => T0, reconcile: () => null }),
      jobs.list(),
      jobs.claimDue({ ...request, exceptTasks: NO_NAMES, exceptExecutors: NO_NAMES }, planMinutes),
      jobs.change({ ids: null, now: () => T0, decide: () => null }),
      jobs.enter({ runs: [], at: T0, admit: () => ({ as: 'open' }) }),
      jobs.renew([], T0),
      jobs.settle([]),
      history.page({ limit: 1 }),
      nodes.readPause(),
      jobs.close(),
    ];

    expect(answers.filter((answer) => answer instanceof Promise)).toEqual([]);
  });

  it('is of one process: no leases need be renewed, no polling', () => {
    const store = createMemoryStore({ alias: 'cache', application: 'billing' });

    expect([store.alias, store.isShared, store.jobs.watch]).toEqual(['cache', false, undefined]);
  });

  it('gives runs ids that no other store gives', async () => {
    const ids = await Promise.all([worldOf(), worldOf()].map(async (world) => (await world.addClaimed('a')).runId));

    expect(new Set(ids).size).toBe(2);
  });

  it.each([
    ['20 by default', null, 20],
    ['as many as the policy says', 3, 3],
    ['more than 20 where the policy says so', 25, 25],
    ['none where the policy says so', 0, 0],
  ])('keeps the newest settled runs of a job: %s', async (_name, count, kept) => {
    const world = worldOf();
    await world.add('a', { policy: policyWith({ history: { age: null, count } }) });
    await runTimes(world, 30);

    const times = (await world.runsOf('a')).map((run) => (run.fireTime - T0) / MINUTE);
    expect(times).toEqual(Array.from({ length: kept }, (_, index) => 29 - index));
  });

  it('keeps as many as the store was told of a job that says nothing, and none that is too old', async () => {
    const world = worldOf(createMemoryStore({ alias: 'default', history: { count: 100, age: 10 * MINUTE } }));
    await world.add('a');
    for (let minute = 0; minute < 30; minute++) {
      const { claims } = await world.claim({ now: T0 + minute * MINUTE });
      for (const claim of claims) await world.settle(outcomeOf(claim, { at: T0 + minute * MINUTE }));
    }
    const { runs } = await world.store.history.page({ limit: 100 });
    expect(runs).toHaveLength(11);
    const countOnly = worldOf(createMemoryStore({ alias: 'default', history: { count: 25, age: null } }));
    await countOnly.add('a');
    await runTimes(countOnly, 30);
    expect((await countOnly.store.history.page({ limit: 100 })).runs).toHaveLength(25);
  });

  it('uses the place of dropped runs again, and mixes up no two', async () => {
    const world = worldOf();
    await world.put(
      ['a', 'b', 'c'].map((id) => newJob(id, { policy: policyWith({ history: { age: null, count: 2 } }) })),
    );
    await runTimes(world, 50);
    await world.store.history.prune({ at: T0, settledBefore: T0 + HOUR, keepPerJob: null, limit: 2 });
    await runTimes(world, 55);

    const { runs } = await world.store.history.page({ limit: 100 });
    expect(runs.map((run) => `${run.jobId}${(run.fireTime - T0) / MINUTE}`).sort()).toEqual([
      'a53',
      'a54',
      'b53',
      'b54',
      'c53',
      'c54',
    ]);
  });

  it('lets a claim show the scheduling fields as they are, and the definition as it was', async () => {
    const world = worldOf();
    const claim = await world.addClaimed('a');
    await world.claim({ now: T0 + MINUTE }, (job) => planOf(job, { runs: [] }));
    expect(claim.job.fireTime).toBe(T0 + 2 * MINUTE);

    await world.change('a', { name: 'new', fireTime: T0 + HOUR, dueAt: T0 + HOUR });
    expect([claim.job.name, claim.job.fireTime]).toEqual([null, T0 + 2 * MINUTE]);
  });

  it('gives away records that can be printed: nothing of the store hangs on them', async () => {
    const world = worldOf();
    const claim = await world.addClaimed('a');

    expect(() => JSON.stringify(claim)).not.toThrow();
    expect(Object.keys(claim.run).sort()).toEqual(Object.keys((await world.run(claim.runId))!).sort());
    expect(Object.keys(claim.job).sort()).toEqual(Object.keys((await world.job('a'))!).sort());
  });

  it('keeps the history of a removed job, and goes on with it when the job comes back', async () => {
    const world = worldOf();
    const first = await world.addClaimed('a');
    await world.settle(outcomeOf(first));
    await world.change('a', 'remove');
    expect((await world.runsOf('a')).map((run) => run.id)).toEqual([first.runId]);
    await world.add('a', { fireTime: T0 + MINUTE });
    const second = await world.claimOne({ now: T0 + MINUTE });
    await world.settle(outcomeOf(second));

    expect((await world.runsOf('a')).map((run) => run.id)).toEqual([second.runId, first.runId]);
  });

  it('keeps the history of 1,000 removed jobs, the latest', async () => {
    const world = worldOf();
    for (let index = 0; index < 1_002; index++) {
      await world.settle(outcomeOf(await world.addClaimed(`job-${index}`)));
      await world.change(`job-${index}`, 'remove');
    }

    expect((await world.store.history.page({ limit: 2_000 })).runs).toHaveLength(1_000);
    expect(await world.runsOf('job-1')).toEqual([]);
    expect(await world.runsOf('job-2')).toHaveLength(1);
  });

  it('passes over an executor without a slot without looking at what waits for it', async () => {
    const world = worldOf();
    const threads = policyWith({ executor: 'threads' });
    await world.put(Array.from({ length: 5_000 }, (_, index) => newJob(`job-${index}`, { policy: threads })));
    await world.add('other');
    const asked: string[] = [];
    const { claims } = await world.claim({ exceptExecutors: new Set(['threads']) }, (job) => {
      asked.push(job.id);
      return planOf(job);
    });

    expect([asked, claims.length]).toEqual([['other'], 1]);
  });

  it('moves a job and its waiting runs when its executor changes', async () => {
    const world = worldOf();
    await world.add('a', { fireTime: T0 + MINUTE });
    await world.enter(newRun('a', { dueAt: T0 + MINUTE }));
    await world.change('a', { policy: policyWith({ executor: 'threads', maxInstances: 2 }) });
    const at = { now: T0 + MINUTE };

    expect((await world.claim({ ...at, exceptExecutors: new Set(['threads']) })).claims).toEqual([]);
    expect((await world.claim({ ...at, exceptExecutors: new Set(['default']) })).claims).toHaveLength(2);
    expect((await world.claim(at, planNothing)).claims).toEqual([]);
  });

  it('ends a claim that finds only skips after a bounded number of jobs, and says that there is more', async () => {
    const world = worldOf();
    await world.put(Array.from({ length: 2_500 }, (_, index) => newJob(`job-${index}`)));
    const results: ClaimResult[] = [];
    const plan = { runs: [], skips: [plannedSkip(T0)] };
    do results.push(await world.claim({}, (job) => planOf(job, plan)));
    while (results.at(-1)!.hasMore);

    expect(results.length).toBeGreaterThan(1);
    expect(results.reduce((sum, it) => sum + it.skipped.length, 0)).toBe(2_500);
  });
});

describe('the due queue of the memory store', () => {
  /** Small and repeatable; good enough to mix operations. */
  function randomOf(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return state % below;
    };
  }

  it.each([1, 2, 3, 4, 5])('agrees with a plain list over 2,000 random steps, seed %p', (seed) => {
    const random = randomOf(seed);
    const { jobs } = createMemoryStore({ alias: 'default' });
    const model = new Map<string, number | null>();
    const put = (id: string, dueAt: number | null): void => {
      const reconcile = () => ({ fireTime: dueAt, dueAt });
      const [{ job }] = jobs.put([newJob(id, { fireTime: dueAt })], { now: () => T0, reconcile }) as PutResult[];
      model.set(id, job.dueAt);
    };
    const request = { node: 'n', limit: 7, leaseUntil: 8.64e15, isPaused: false, recoverBefore: null };
    const names = { exceptTasks: NO_NAMES, exceptExecutors: NO_NAMES };
    let now = T0;
    for (let step = 0; step < 2_000; step++) {
      const id = `job-${random(60)}`;
      const what = random(10);
      if (what < 4) put(id, random(9) === 0 ? null : now + random(500));
      else if (what < 5 && model.delete(id)) void jobs.change({ ids: [id], now: () => now, decide: () => 'remove' });
      else {
        now += random(40);
        const result = jobs.claimDue({ ...request, ...names, now, until: now }, (job) => {
          const next = { fireTime: now + 1 + random(300), runs: [] };
          return planOf(job, { ...next, dueAt: next.fireTime, skips: [plannedSkip(job.fireTime!)] });
        }) as ClaimResult;
        const due = [...model].filter(([, dueAt]) => dueAt !== null && dueAt <= now);
        expect(result.skipped.map((run) => run.jobId).sort()).toEqual(due.map(([it]) => it).sort());
        for (const run of result.skipped) model.set(run.jobId, listedDueAt(jobs, run.jobId));
        const coming = [...model.values()].filter((dueAt) => dueAt !== null);
        expect(result.nextDueAt).toBe(coming.length === 0 ? null : Math.min(...coming));
      }
    }
  });

  function listedDueAt(jobs: Store['jobs'], id: string): number | null {
    const [job] = jobs.list({ ids: [id] }) as { dueAt: number | null }[];
    return job.dueAt;
  }
});

describe('leases in the memory store', () => {
  it('are taken over in the order of their ends, also after renewals out of order', async () => {
    const world = worldOf();
    const claims: Claim[] = [];
    for (const id of ['a', 'b', 'c', 'd']) {
      await world.add(id);
      claims.push(
        ...(await world.claim({ leaseUntil: T0 + 10 }, (job) => planOf(job, { fireTime: null, dueAt: null }))).claims,
      );
    }
    const [a, b, c, d] = claims;
    for (const [claim, end] of [
      [b, 40],
      [a, 30],
      [d, 20],
      [c, 35],
    ] as const) {
      await world.store.jobs.renew([claim], T0 + end);
    }
    const taken: string[] = [];
    for (let end = 20; end <= 40; end += 5) {
      const now = T0 + end;
      taken.push(
        ...(await world.claim({ now, recoverBefore: now, leaseUntil: T0 + HOUR })).claims.map((it) => it.jobId),
      );
    }

    expect(taken).toEqual(['d', 'a', 'c', 'b']);
  });

  it('that never end are never to come', async () => {
    const world = worldOf();
    await world.add('a');
    const once = (job: Parameters<typeof planOf>[0]) => planOf(job, { fireTime: null, dueAt: null });

    expect((await world.claim({ leaseUntil: 8.64e15 }, once)).nextDueAt).toBeNull();
    const page = await world.store.history.page({ limit: 1 });
    expect(page.runs[0].state).toBe('running');
  });
});
