import type { NodeRecord, RunFilter, RunRecord } from '../../core/index.js';
import type { StoreCaseGroup } from './store-case.js';
import type { StoreWorld } from './store-world.js';
import { MINUTE, newRun, outcomeOf, plannedSkip, planOf, policyWith, T0 } from './store-world.js';

/** `count` runs of a job, a minute apart from T0 on, settled half a second after their fire time. */
async function settledRuns(world: StoreWorld, jobId: string, count: number): Promise<void> {
  await world.add(jobId);
  for (let index = 0; index < count; index++) {
    const now = T0 + index * MINUTE;
    await world.settle(outcomeOf(await world.claimOne({ now }), { at: now + 500 }));
  }
}

/** a: succeeded at 0, failed at 1, skipped 2 to 4, running at 5, by node-b; b: manual at 3, waiting. */
async function mixedRuns(world: StoreWorld): Promise<void> {
  await world.add('a');
  await world.settle(outcomeOf(await world.claimOne()));
  await world.settle(outcomeOf(await world.claimOne({ now: T0 + MINUTE }), { outcome: 'failed' }));
  const skips = [plannedSkip(T0 + 4 * MINUTE, { firstFireTime: T0 + 2 * MINUTE, count: 3 })];
  const next = { fireTime: T0 + 5 * MINUTE, dueAt: T0 + 5 * MINUTE };
  await world.claim({ now: T0 + 4 * MINUTE }, (job) => planOf(job, { runs: [], skips, ...next }));
  await world.claimOne({ now: T0 + 5 * MINUTE, node: 'node-b' });
  await world.add('b', { fireTime: null });
  await world.enter(newRun('b', { fireTime: T0 + 3 * MINUTE, dueAt: T0 + 99 * MINUTE }));
}

const FILTERS: readonly (readonly [string, Partial<RunFilter>, string])[] = [
  ['nothing', {}, 'a5 a4 b3 a1 a0'],
  ['a job', { jobId: 'a' }, 'a5 a4 a1 a0'],
  ['a job that is not there', { jobId: 'none' }, ''],
  ['one state', { states: ['failed'] }, 'a1'],
  ['several states', { states: ['running', 'waiting', 'skipped'] }, 'a5 a4 b3'],
  ['a reason', { reason: 'misfire' }, 'a4'],
  ['a node', { node: 'node-b' }, 'a5'],
  ['a kind', { kind: 'manual' }, 'b3'],
  ['from, touching a range', { from: T0 + 4 * MINUTE }, 'a5 a4'],
  ['from, just behind a range', { from: T0 + 4 * MINUTE + 1 }, 'a5'],
  ['to, touching a range', { to: T0 + 2 * MINUTE }, 'a4 a1 a0'],
  ['to, just before a range', { to: T0 + 2 * MINUTE - 1 }, 'a1 a0'],
  ['from and to within a range', { from: T0 + 3 * MINUTE, to: T0 + 3 * MINUTE }, 'a4 b3'],
  ['several fields, all of them', { jobId: 'a', states: ['succeeded', 'failed'], to: T0 }, 'a0'],
];

const short = (run: RunRecord): string => `${run.jobId}${(run.fireTime - T0) / MINUTE}`;

/** Reading and pruning runs. */
export const HISTORY_CASES: StoreCaseGroup = {
  name: 'history',
  cases: [
    {
      name: 'finds a run in every state, and null for an unknown id',
      async run(world, expect) {
        const claim = await world.addClaimed('a');
        expect(await world.run(claim.runId)).toMatchObject({ id: claim.runId, state: 'running' });
        await world.settle(outcomeOf(claim));

        expect(await world.run(claim.runId)).toMatchObject({ id: claim.runId, state: 'succeeded' });
        expect(await world.run('none')).toBeNull();
      },
    },
    ...(FILTERS.map(([name, filter, expected]) => ({
      name: `pages by ${name}, newest fire time first`,
      async run(world, expect) {
        await mixedRuns(world);
        const { runs, cursor } = await world.store.history.page({ limit: 100, ...filter });

        expect([runs.map(short).join(' '), cursor]).toEqual([expected, null]);
      },
    })) satisfies StoreCaseGroup['cases']),
    {
      name: 'gives the newest run first where fire times are equal',
      async run(world, expect) {
        await world.add('a', { fireTime: null });
        const ids: string[] = [];
        for (let index = 0; index < 12; index++) ids.unshift((await world.enter(newRun('a'))).run!.id);

        expect((await world.runsOf('a')).map((run) => run.id)).toEqual(ids);
      },
    },
    {
      name: 'goes on from the cursor: no run twice, none left out, also when newer ones come in between',
      async run(world, expect) {
        await settledRuns(world, 'a', 7);
        const pages: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await world.store.history.page({ limit: 3, cursor });
          pages.push(page.runs.map(short).join(' '));
          cursor = page.cursor ?? undefined;
          await world.enter(newRun('a', { fireTime: T0 + 50 * MINUTE, dueAt: T0 + 99 * MINUTE }));
        } while (cursor !== undefined);

        expect(pages).toEqual(['a6 a5 a4', 'a3 a2 a1', 'a0']);
      },
    },
    {
      name: 'has no cursor after the last page, also when it is full',
      async run(world, expect) {
        await settledRuns(world, 'a', 4);
        const first = await world.store.history.page({ limit: 2 });
        const second = await world.store.history.page({ limit: 2, cursor: first.cursor! });

        expect([first.runs.length, second.runs.length, second.cursor]).toEqual([2, 2, null]);
      },
    },
    {
      name: 'keeps a range of skips as one row',
      async run(world, expect) {
        await mixedRuns(world);
        const [skip] = await world.runsOf('a', { states: ['skipped'] });

        expect(skip).toMatchObject({ count: 3, firstFireTime: T0 + 2 * MINUTE, fireTime: T0 + 4 * MINUTE, node: null });
      },
    },
    {
      name: 'is pruned by age, settled runs only',
      async run(world, expect) {
        await settledRuns(world, 'a', 5);
        await world.enter(newRun('a', { dueAt: T0 + 99 * MINUTE }));
        const request = { at: T0 + 9 * MINUTE, settledBefore: T0 + 2 * MINUTE + 500, keepPerJob: null, limit: 100 };

        expect(await world.store.history.prune(request)).toBe(2);
        expect((await world.runsOf('a')).map((run) => [short(run), run.state === 'waiting'])).toEqual([
          ['a4', false],
          ['a3', false],
          ['a2', false],
          ['a0', true],
        ]);
        expect(await world.store.history.prune(request)).toBe(0);
      },
    },
    {
      name: 'is pruned by count, for each job by itself, the oldest first',
      async run(world, expect) {
        await settledRuns(world, 'a', 5);
        await world.change('a', { pause: { at: T0, by: null, reason: null, until: null } });
        await settledRuns(world, 'b', 3);

        const request = { at: T0 + 9 * MINUTE, settledBefore: null, keepPerJob: 2, limit: 100 };
        expect(await world.store.history.prune(request)).toBe(4);
        expect((await world.store.history.page({ limit: 100 })).runs.map(short)).toEqual(['a4', 'a3', 'b2', 'b1']);
      },
    },
    {
      name: 'is pruned in bounded steps',
      async run(world, expect) {
        await settledRuns(world, 'a', 5);
        const request = { at: T0, settledBefore: T0 + 99 * MINUTE, keepPerJob: null, limit: 2 };
        const counts = [];
        for (let step = 0; step < 4; step++) counts.push(await world.store.history.prune(request));

        expect(counts).toEqual([2, 2, 1, 0]);
      },
    },
    {
      name: 'is not pruned without a bound',
      async run(world, expect) {
        await settledRuns(world, 'a', 3);

        expect(await world.store.history.prune({ at: T0, settledBefore: null, keepPerJob: null, limit: 10 })).toBe(0);
      },
    },
    {
      name: "is pruned by the job's own bounds where its policy names them",
      async run(world, expect) {
        await settledRuns(world, 'a', 4);
        const history = { age: 2 * MINUTE, count: null };
        await world.change('a', {
          policy: policyWith({ history }),
          pause: { at: T0, by: null, reason: null, until: null },
        });
        await settledRuns(world, 'b', 4);
        await world.change('b', { policy: policyWith({ history: { age: null, count: 3 } }) });

        const at = T0 + 4 * MINUTE;
        expect(await world.store.history.prune({ at, settledBefore: null, keepPerJob: null, limit: 100 })).toBe(3);
        expect((await world.runsOf('a')).map(short)).toEqual(['a3', 'a2']);
        expect((await world.runsOf('b')).map(short)).toEqual(['b3', 'b2', 'b1']);
      },
    },
  ],
};

function node(id: string, fields: Partial<NodeRecord> = {}): NodeRecord {
  const where = { host: 'host', pid: 7, appVersion: '1.2.3', startedAt: T0, seenAt: T0 };
  return { id, ...where, jobsDigest: 'd1', jobIds: ['a', 'b'], tasks: ['T.one'], ...fields };
}

/** Heartbeats, the node list, the paused flag. */
export const NODE_CASES: StoreCaseGroup = {
  name: 'nodes',
  cases: [
    {
      name: 'are listed with their latest heartbeat, ordered by id, those seen since',
      async run(world, expect) {
        const { nodes } = world.store;
        for (const it of [node('c'), node('a', { seenAt: T0 - 1 }), node('b')]) await nodes.beat(it);
        await nodes.beat(node('c', { seenAt: T0 + 5, jobsDigest: 'd2', jobIds: [], tasks: ['T.two'] }));

        const latest = node('c', { seenAt: T0 + 5, jobsDigest: 'd2', jobIds: [], tasks: ['T.two'] });
        expect(await nodes.list(T0)).toEqual([node('b'), latest]);
        expect((await nodes.list(T0 - 1)).map((it) => it.id)).toEqual(['a', 'b', 'c']);
      },
    },
    {
      name: 'leave, also twice',
      async run(world, expect) {
        const { nodes } = world.store;
        await nodes.beat(node('a'));
        await nodes.leave('a');
        await nodes.leave('a');

        expect(await nodes.list(0)).toEqual([]);
      },
    },
    {
      name: 'not seen for long are forgotten, and counted',
      async run(world, expect) {
        const { nodes } = world.store;
        for (const [id, seenAt] of [
          ['a', T0 - 2],
          ['b', T0 - 1],
          ['c', T0],
        ] as const)
          await nodes.beat(node(id, { seenAt }));

        expect([await nodes.forget(T0), await nodes.forget(T0)]).toEqual([2, 0]);
        expect((await nodes.list(0)).map((it) => it.id)).toEqual(['c']);
      },
    },
    {
      name: 'read the paused flag with their heartbeat',
      async run(world, expect) {
        const { nodes } = world.store;
        expect([await nodes.readPause(), await nodes.beat(node('a'))]).toEqual([null, null]);
        const pause = { at: T0, by: 'ann', reason: 'deploy – ü', until: T0 + 5 };
        await nodes.writePause(pause);
        expect([await nodes.readPause(), await nodes.beat(node('a'))]).toEqual([pause, pause]);
        await nodes.writePause(null);

        expect([await nodes.readPause(), await nodes.beat(node('a'))]).toEqual([null, null]);
      },
    },
    {
      name: 'are no jobs: an empty store lists none, has no history and nothing due',
      async run(world, expect) {
        await world.store.nodes.beat(node('a'));

        expect(await world.store.jobs.list()).toEqual([]);
        expect(await world.store.history.page({ limit: 10 })).toEqual({ runs: [], cursor: null });
      },
    },
  ],
};
