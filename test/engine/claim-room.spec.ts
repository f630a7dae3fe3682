import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY } from '../../lib/core/index.js';
import type { JobPlan, JobRecord, RetryPolicy } from '../../lib/core/index.js';
import { ClaimRoom } from '../../lib/engine/claim-room.js';
import { at as date } from '../../lib/triggers/index.js';
import { remotes } from './support/remote.js';
import { sharedViews } from './support/stores.js';
import { deferred, executorOf, job, World } from './support/world.js';

const RETRY: RetryPolicy = {
  attempts: 2,
  backoff: 'fixed',
  delay: 5_000,
  maxDelay: 5_000,
  jitter: 0,
};

type Room = Readonly<Record<string, number>>;

/** Nodes on one store that cannot wake them, with so many slots each; every handler goes on for ever. */
async function nodes(count: number, room: Room, jobs: ReturnType<typeof job>[]) {
  const views = sharedViews(count);
  const { clock } = new World();
  const worlds: World[] = [];
  for (const [index, view] of views.entries()) {
    const executors = Object.fromEntries(Object.entries(room).map(([name, slots]) => [name, executorOf(slots)]));
    const world = new World({ stores: [view.store], clock, executors, node: `node-${index + 1}` });
    worlds.push(await world.handle('work', () => deferred().promise).startAsync(...jobs));
  }
  return { worlds, views, clock };
}

function work(id: string, second: number, executor = 'default') {
  return job(id, date(`2026-03-01T00:00:${second.toFixed(3).padStart(6, '0')}Z`), { executor }, { task: 'work' });
}

describe('a node with a shared store', () => {
  it('claims ahead no more than it can start: what waits for its time has its slot already', async () => {
    const jobs = [work('a', 10), work('b', 10), work('c', 10.4), work('d', 10.4)];
    const { worlds, clock } = await nodes(1, { default: 2 }, jobs);
    await clock.advanceAsync(9_990);
    expect(worlds[0].typesOf('run.claimed').map((fact) => fact.run!.jobId)).toEqual(['a', 'b']);
  });

  it('leaves to the others what it cannot start, so that no slot idles', async () => {
    const jobs = [work('a', 10), work('b', 10), work('c', 10.4), work('d', 10.4)];
    const { worlds, clock } = await nodes(2, { default: 2 }, jobs);
    await clock.advanceAsync(11_500);
    expect(worlds.map((world) => world.calls.length)).toEqual([2, 2]);
  });

  it('counts by executor: room for one kind of run is none for another', async () => {
    const jobs = ['a', 'b', 'c', 'd'].map((id) => work(id, 10, 'single'));
    const { worlds, clock } = await nodes(2, { default: 5, single: 1 }, [...jobs, work('e', 10)]);
    await clock.advanceAsync(12_000);
    expect(worlds.map((world) => world.typesOf('run.started').filter((it) => it.run!.jobId !== 'e').length)).toEqual([
      1, 1,
    ]);
    const claimed = worlds.flatMap((world) => world.typesOf('run.claimed').map((fact) => fact.run!.jobId));
    expect(claimed).toHaveLength(3);
    expect(claimed).toContain('e');
  });

  it('gives back retries for which there is no slot, uncounted', async () => {
    const policy = { executor: 'single', retry: RETRY };
    const jobs = ['a', 'b', 'c'].map((id, index) =>
      job(id, date(`2026-03-01T00:00:05.${index}00Z`), policy, { task: 'fails' }),
    );
    const { worlds, clock } = await nodes(1, { default: 5, single: 1 }, jobs);
    worlds[0].handle('fails', (_args, { attempt }) => {
      if (attempt === 1) throw new Error('first');
      return deferred().promise;
    });
    await clock.advanceAsync(20_000);
    expect(worlds[0].typesOf('run.started').filter((fact) => fact.run!.attempt === 2)).toHaveLength(1);
    const runs = (await Promise.all(['a', 'b', 'c'].map((id) => worlds[0].runsOf(id)))).flat();
    expect(runs.filter((run) => run.state === 'waiting')).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
    expect(runs.filter((run) => run.node !== null)).toHaveLength(1);
  });

  it('claims again when what it held was withdrawn', async () => {
    const { worlds, clock } = await nodes(1, { default: 1 }, [work('a', 10), work('b', 10.2)]);
    await clock.advanceAsync(9_500);
    expect(worlds[0].typesOf('run.claimed')).toHaveLength(1);
    await worlds[0].scheduler.pause('a', { by: null, reason: null, until: null });
    await clock.advanceAsync(700);
    expect(worlds[0].calls.map((call) => call.context.jobId)).toEqual(['b']);
  });

  it.each(['at once', 'later'])('leaves nothing due to the next poll when handlers end %s', async (when) => {
    const jobs = Array.from({ length: 6 }, (_, index) => work(`job-${index}`, 10, 'single'));
    const { worlds, clock } = await nodes(1, { default: 5, single: 1 }, jobs);
    worlds[0].handle('work', when === 'later' ? async () => Promise.resolve() : () => undefined);
    await clock.advanceAsync(10_000);
    expect(worlds[0].calls).toHaveLength(6);
  });

  it.each(['at once', 'later'])(
    'runs retries it gave back as soon as there is a slot, with handlers that end %s',
    async (when) => {
      const policy = { executor: 'single', retry: RETRY };
      const jobs = ['a', 'b', 'c', 'd'].map((id) => job(id, date('2026-03-01T00:00:05Z'), policy, { task: 'fails' }));
      const { worlds, clock } = await nodes(1, { default: 5, single: 1 }, jobs);
      worlds[0].handle('fails', (_args, { attempt }) => {
        if (attempt === 1) throw new Error('first');
        return when === 'later' ? Promise.resolve() : undefined;
      });
      await clock.advanceAsync(10_000);
      expect(worlds[0].typesOf('run.succeeded')).toHaveLength(4);
    },
  );

  it('leaves nothing due to the next poll when slots become free while a claim is on its way', async () => {
    const { clock } = new World();
    const [remote] = remotes(1, clock, { watches: true }).remotes;
    const executors = { default: executorOf(2), background: executorOf(2) };
    const world = new World({ stores: [remote.store], clock, executors });
    // The first claim reaches its limit, the second one is on its way when these end: it was sent while no slot was free.
    world.handle('work', () => new Promise<void>((resolve) => void clock.after(10, resolve)));
    const started = world.startAsync(...Array.from({ length: 6 }, (_, index) => work(`job-${index}`, 10)));
    await clock.advanceAsync(11_000);
    await started;
    expect(world.calls).toHaveLength(6);
  });
});

describe('the room of a claim', () => {
  const policy = { ...DEFAULT_POLICY, executor: 'single' };
  const jobOf = (id: string): JobRecord => ({ id, policy }) as JobRecord;
  const plan = { runs: [{ isBuffered: false }] } as unknown as JobPlan;

  it('tells the store of an executor for which it has refused a job: no other one of it is to be looked at', () => {
    const room = new ClaimRoom();
    const except = new Set(['unknown']);
    const leftOut = room.begin(
      new Map([
        ['default', { room: 5 }],
        ['single', { room: 1 }],
        ['full', { room: 0 }],
      ]),
      except,
    );
    expect([...leftOut]).toEqual(['unknown', 'full']);
    expect(room.admits(jobOf('a'), plan)).toBe(true);
    expect([...leftOut]).toEqual(['unknown', 'full']);
    expect(room.admits(jobOf('b'), plan)).toBe(false);
    expect([...leftOut]).toEqual(['unknown', 'full', 'single']);
    expect([...except]).toEqual(['unknown']);
  });

  it('is as wide as the widest executor, and narrow for some claims after one that brought too much', () => {
    const room = new ClaimRoom();
    const rooms = new Map([
      ['default', { room: 100 }],
      ['single', { room: 20 }],
    ]);
    const limits = (count: number): number[] =>
      Array.from({ length: count }, () => {
        room.begin(rooms, new Set());
        return room.limit;
      });
    expect(limits(2)).toEqual([100, 100]);
    room.broughtTooMuch();
    expect(limits(10)).toEqual([...Array<number>(8).fill(20), 100, 100]);
    rooms.set('single', { room: 1 });
    room.broughtTooMuch();
    expect(limits(1)).toEqual([16]);
    rooms.set('default', { room: 3 });
    expect(limits(1)).toEqual([3]);
  });
});
