import type { StoreCaseGroup } from './store-case.js';
import {
  LEASE,
  MINUTE,
  newJob,
  newRun,
  outcomeOf,
  planNothing,
  policyWith,
  releaseOf,
  retryOf,
  T0,
} from './store-world.js';

const ENDED = T0 + LEASE;

/** Holding a run, losing it, taking it over. */
export const LEASE_CASES: StoreCaseGroup = {
  name: 'leases',
  cases: [
    {
      name: 'are extended by a renewal with the latest token; each item is answered in order',
      async run(world, expect) {
        await world.put([newJob('a'), newJob('b')]);
        const { claims } = await world.claim();
        const stale = { ...claims[0], token: claims[0].token - 1 };
        const unknown = { runId: 'none', jobId: 'a', token: 1 };
        const renewals = await world.store.jobs.renew([unknown, claims[1], stale, claims[0]], T0 + MINUTE);

        expect(renewals.map((it) => it.held)).toEqual([false, true, false, true]);
        expect((await world.run(claims[0].runId))!.leaseUntil).toBe(T0 + MINUTE);
      },
    },
    {
      name: 'that ended are still renewed while nobody took the run over',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        const renewed = await world.store.jobs.renew([claim], T0 + 5 * MINUTE);

        expect(renewed).toMatchObject([{ held: true }]);
        expect((await world.claim({ now: T0 + MINUTE, recoverBefore: T0 + MINUTE }, planNothing)).claims).toEqual([]);
      },
    },
    {
      name: 'that ended are taken over: higher token, next attempt, new node, and the job has one more loss',
      async run(world, expect) {
        const lost = await world.addClaimed('a');
        const request = { node: 'node-b', now: ENDED, recoverBefore: ENDED, leaseUntil: ENDED + LEASE };
        const claim = await world.claimOne(request);

        expect(claim).toMatchObject({ runId: lost.runId, cause: 'recovered', job: { losses: 1 } });
        expect(claim.run).toMatchObject({ node: 'node-b', attempt: 2, state: 'running', leaseUntil: ENDED + LEASE });
        expect(claim.token).toBeGreaterThan(lost.token);
        expect(await world.job('a')).toMatchObject({ losses: 1 });
      },
    },
    {
      name: 'of one claim are taken over once each, also where one of them was renewed by itself (P22)',
      async run(world, expect) {
        await world.put(['a', 'b', 'c'].map((id) => newJob(id)));
        const { claims } = await world.claim();
        await world.store.jobs.renew([claims[1]], ENDED + 1);
        const request = { node: 'node-b', now: T0 + MINUTE, recoverBefore: T0 + MINUTE };
        const recovered = (await world.claim(request, planNothing)).claims;

        expect(recovered.map((it) => it.runId).sort()).toEqual(claims.map((it) => it.runId).sort());
        expect(recovered.map((it) => [it.job.losses, it.run.attempt])).toEqual(claims.map(() => [1, 2]));
        expect(await world.settle(...recovered.map((it) => outcomeOf(it, { attempt: 2 })))).toEqual([true, true, true]);
      },
    },
    {
      name: 'that have not ended are left, and nobody is recovered without being asked',
      async run(world, expect) {
        await world.addClaimed('a');

        for (const request of [
          { now: ENDED - 1, recoverBefore: ENDED - 1 },
          { now: ENDED, recoverBefore: null },
        ]) {
          expect((await world.claim(request, planNothing)).claims).toEqual([]);
        }
      },
    },
    {
      name: 'count as to come',
      async run(world, expect) {
        await world.add('a');
        await world.claim({ leaseUntil: T0 + 7_000 });

        expect((await world.claim({ recoverBefore: T0 })).nextDueAt).toBe(T0 + 7_000);
      },
    },
    {
      name: 'shut a zombie out: it can neither settle nor renew what another node has taken over (P7)',
      async run(world, expect) {
        const zombie = await world.addClaimed('a');
        const claim = await world.claimOne({ node: 'node-b', now: ENDED, recoverBefore: ENDED });

        expect(await world.settle(outcomeOf(zombie))).toEqual([false]);
        expect(await world.settle(retryOf(zombie, T0))).toEqual([false]);
        expect(await world.settle(releaseOf(zombie, T0))).toEqual([false]);
        expect(await world.store.jobs.renew([zombie], T0 + MINUTE)).toMatchObject([{ held: false }]);
        expect(await world.run(claim.runId)).toMatchObject({ state: 'running', node: 'node-b' });
        expect(await world.settle(outcomeOf(claim, { attempt: 2 }))).toEqual([true]);
        expect(await world.settle(outcomeOf(zombie, { outcome: 'failed' }))).toEqual([false]);
        expect(await world.run(claim.runId)).toMatchObject({ state: 'succeeded', attempt: 2 });
      },
    },
    {
      name: 'let the owner settle after their end, as long as nobody took the run over',
      async run(world, expect) {
        const claim = await world.addClaimed('a');

        expect(await world.settle(outcomeOf(claim, { at: T0 + MINUTE }))).toEqual([true]);
      },
    },
    {
      name: 'lost again and again only ever raise the token, and count each loss (P22)',
      async run(world, expect) {
        await world.addClaimed('a');
        const tokens: number[] = [];
        for (let loss = 1; loss <= 3; loss++) {
          const now = T0 + loss * LEASE;
          const [claim] = (await world.claim({ now, recoverBefore: now, leaseUntil: now + LEASE }, planNothing)).claims;
          expect([claim.job.losses, claim.run.attempt]).toEqual([loss, loss + 1]);
          tokens.push(claim.token);
        }

        expect([...tokens].sort((a, b) => a - b)).toEqual(tokens);
        expect(new Set(tokens).size).toBe(3);
      },
    },
    {
      name: 'that were lost stay counted when the outcome of a former owner is refused (P22)',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        await world.claimOne({ now: ENDED, recoverBefore: ENDED, node: 'node-b' }, planNothing);

        expect(await world.settle(outcomeOf(claim))).toEqual([false]);
        expect((await world.job('a'))!.losses).toBe(1);
      },
    },
    {
      name: 'are recovered whatever the state of the rest: paused, finished, no fire time (P8)',
      async run(world, expect) {
        await world.put([newJob('a'), newJob('b')]);
        await world.claim();
        await world.change('a', { pause: { at: T0, by: null, reason: null, until: null } });
        await world.change('b', { status: 'finished', fireTime: null, dueAt: null });
        const { claims } = await world.claim({ now: ENDED, recoverBefore: ENDED, isPaused: true });

        expect(claims.map((it) => it.jobId).sort()).toEqual(['a', 'b']);
      },
    },
    {
      name: 'are not taken over for tasks and executors that the request excepts',
      async run(world, expect) {
        const policy = policyWith({ executor: 'threads' });
        await world.put([newJob('a', { task: 'T.a' }), newJob('b', { task: 'T.b', policy })]);
        await world.claim();
        const except = { exceptTasks: new Set(['T.a']), exceptExecutors: new Set(['threads']) };

        expect((await world.claim({ now: ENDED, recoverBefore: ENDED, ...except }, planNothing)).claims).toEqual([]);
        expect((await world.claim({ now: ENDED, recoverBefore: ENDED }, planNothing)).claims).toHaveLength(2);
      },
    },
    {
      name: 'are handed to one node only when several recover at the same moment',
      async run(world, expect) {
        await world.put(Array.from({ length: 30 }, (_, index) => newJob(`job-${index}`)));
        await world.claim();
        const request = { now: ENDED, recoverBefore: ENDED, leaseUntil: ENDED + LEASE };
        const results = await Promise.all(
          ['n1', 'n2', 'n3'].map((node) => world.claim({ ...request, node }, planNothing)),
        );

        const runIds = results.flatMap((it) => it.claims.map((claim) => claim.runId));
        expect([runIds.length, new Set(runIds).size]).toEqual([30, 30]);
      },
    },
  ],
};

/** Runs that wait: entered, given back, to be retried, promoted. */
export const WAITING_CASES: StoreCaseGroup = {
  name: 'waiting runs',
  cases: [
    {
      name: 'are claimed when they are due and not before, up to until',
      async run(world, expect) {
        await world.add('a', { fireTime: null });
        await world.enter(newRun('a', { dueAt: T0 + 50 }));

        expect(await world.claim({ now: T0 + 49 })).toMatchObject({ claims: [], nextDueAt: T0 + 50 });
        expect((await world.claim({ now: T0 + 20, until: T0 + 50 })).claims).toMatchObject([{ cause: 'waiting' }]);
      },
    },
    {
      name: 'come in the order of due times, before or after what is planned',
      async run(world, expect) {
        await world.add('a', { fireTime: T0 + 20 });
        await world.add('b', { fireTime: null });
        await world.enter(newRun('b', { fireTime: T0 + 1, dueAt: T0 + 30 }));
        await world.enter(newRun('b', { fireTime: T0 + 2, dueAt: T0 + 10 }));
        const order: number[] = [];
        for (let round = 0; round < 3; round++) {
          const [claim] = (await world.claim({ now: T0 + 40, limit: 1 })).claims;
          order.push(claim.run.dueAt - T0);
        }

        expect(order).toEqual([10, 20, 30]);
      },
    },
    {
      name: 'for a retry keep the error, the attempt and the start, and come back with the next attempt',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        expect(await world.settle(retryOf(claim, T0 + 2_000))).toEqual([true]);

        const waiting = {
          state: 'waiting',
          attempt: 1,
          dueAt: T0 + 2_000,
          startedAt: T0 + 5,
          node: null,
          leaseUntil: null,
        };
        expect(await world.run(claim.runId)).toMatchObject({
          ...waiting,
          error: { message: 'no luck' },
          settledAt: null,
        });
        const again = await world.claimOne({ now: T0 + 2_000 });
        expect(again).toMatchObject({ runId: claim.runId, cause: 'waiting', run: { attempt: 2, fireTime: T0 } });
        expect(again.token).toBeGreaterThan(claim.token);
        expect((await world.job('a'))!.losses).toBe(0);
      },
    },
    {
      name: 'given back unstarted count as never claimed',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        expect(await world.settle(releaseOf(claim, T0 + 40))).toEqual([true]);

        expect(await world.run(claim.runId)).toMatchObject({
          state: 'waiting',
          attempt: 0,
          startedAt: null,
          error: null,
        });
        expect(await world.claimOne({ now: T0 + 40 })).toMatchObject({ runId: claim.runId, run: { attempt: 1 } });
        expect((await world.job('a'))!.losses).toBe(0);
      },
    },
    {
      name: 'take up a place: a buffered run goes on waiting while another waits for its retry',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        const { run } = await world.enter(newRun('a', { fireTime: T0 + 1 }), () => ({ as: 'buffered' }));
        await world.settle(retryOf(claim, T0 + 2_000));

        expect((await world.run(run!.id))!.state).toBe('buffered');
      },
    },
  ],
};
