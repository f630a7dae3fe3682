import { describe, expect, it } from '@jest/globals';
import type { JobContext, JobStore, RunPage } from '../../lib/core/index.js';
import { at as date, every } from '../../lib/triggers/index.js';
import { ManualClock } from '../../lib/testing/index.js';
import { remotes } from './support/remote.js';
import { controlledStore, sharedViews } from './support/stores.js';
import type { StoreControl } from './support/stores.js';
import { deferred, executorOf, job, settle, START, World } from './support/world.js';

const due = date('2026-03-01T00:00:05Z');
const heeding = (_args: unknown, { signal }: JobContext): Promise<void> =>
  new Promise((_yes, no) => signal.addEventListener('abort', () => no(signal.reason as Error)));

describe('stop', () => {
  it('leaves no run in the way of the fire times that pass until the next start', async () => {
    const { store } = controlledStore();
    const often = job('often', every({ seconds: 2 }), {}, { task: 'work' });
    const first = await new World({ stores: [store] }).handle('work').startAsync(often);
    const { clock } = first;
    await clock.advanceAsync(5_500);
    expect(first.typesOf('run.claimed')).toHaveLength(3);
    await first.scheduler.stop();
    await clock.advanceAsync(10_000);
    const second = await new World({ stores: [store], clock, node: 'node-2' }).handle('work').startAsync(often);
    await clock.advanceAsync(100);

    expect([first, second].flatMap((world) => world.typesOf('run.skipped'))).toEqual([]);
    const runs = await second.runsOf('often');
    expect(runs.map(({ state, count }) => [state, count])).toEqual([
      ['succeeded', 1],
      ['succeeded', 1],
      ['succeeded', 5],
    ]);
  });

  it('claims no more, and really waits for a handler of two seconds (P32, U7)', async () => {
    const world = new World();
    const gate = deferred<string>();
    world.handle('work', () => gate.promise).handle('other');
    world.start(job('work', due), job('other', every({ seconds: 1 })));
    world.clock.advance(5_000);
    const before = world.calls.length;
    let isStopped = false;
    const stopped = world.scheduler.stop().then(() => {
      isStopped = true;
    });
    await world.clock.advanceAsync(2_000);
    expect(isStopped).toBe(false);
    expect(world.calls).toHaveLength(before);
    gate.resolve('done');
    await stopped;
    expect(await world.runsOf('work')).toMatchObject([{ state: 'succeeded', result: 'done' }]);
    expect(world.clock.timerCount()).toBe(0);
    expect(world.scheduler.state).toBe('stopped');
  });

  it('aborts at the deadline, and records the run', async () => {
    const world = new World({ options: { shutdownTimeout: 3_000 } }).handle('work', heeding);
    world.start(job('work', due));
    world.clock.advance(5_000);
    const stopped = world.scheduler.stop();
    await world.clock.advanceAsync(2_999);
    expect(world.calls[0].context.signal.aborted).toBe(false);
    await world.clock.advanceAsync(1);
    await stopped;
    expect(await world.runsOf('work')).toMatchObject([{ state: 'cancelled', error: { code: 'SCHEDULER_STOPPED' } }]);
    expect(world.clock.timerCount()).toBe(0);
  });

  it('gives a stuck handler up after its grace', async () => {
    const world = new World({ options: { shutdownTimeout: 3_000 } }).handle('work', () => deferred().promise);
    world.start(job('work', due, { abortGrace: 1_000 }));
    world.clock.advance(5_000);
    const stopped = world.scheduler.stop();
    await world.clock.advanceAsync(4_000);
    await stopped;
    expect(world.typesOf('run.abandoned')).toHaveLength(1);
    expect(await world.runsOf('work')).toMatchObject([{ state: 'cancelled' }]);
    expect(world.clock.timerCount()).toBe(0);
  });

  it('gives back one by one what it cannot take back, and leaves no timer', async () => {
    const control = controlledStore({ turns: 1 });
    const often = job('often', every({ seconds: 2 }), {}, { task: 'work' });
    const world = new World({ stores: [control.store] }).handle('work');
    const started = world.startAsync(often);
    await world.clock.advanceAsync(5_500);
    await started;
    expect(world.typesOf('run.claimed')).toHaveLength(3);
    control.hanging = 'jobs.change';
    const stopped = world.scheduler.stop();
    await world.clock.advanceAsync(20_000);
    await stopped;
    expect(world.clock.timerCount()).toBe(0);
    expect((await world.runsOf('often')).at(-1)).toMatchObject({ state: 'waiting', node: null, attempt: 0 });
  });

  it('gives back one by one what the store refuses to take back', async () => {
    const { store } = controlledStore({ turns: 1 });
    const change: JobStore['change'] = (request) => {
      if (!('decide' in request)) return store.jobs.change(request);
      const decide: typeof request.decide = (...given) => {
        const decided = request.decide(...given);
        return decided !== null && typeof decided === 'object' && 'withdraw' in decided ? {} : decided;
      };
      return store.jobs.change({ ...request, decide });
    };
    const jobs = new Proxy(store.jobs, {
      get: (target, key) => (key === 'change' ? change : Reflect.get(target, key)),
    });
    const often = job('often', every({ seconds: 2 }), {}, { task: 'work' });
    const world = new World({ stores: [{ ...store, jobs }] }).handle('work');
    const started = world.startAsync(often);
    await world.clock.advanceAsync(5_500);
    await started;
    expect(world.typesOf('run.claimed')).toHaveLength(3);
    const stopped = world.scheduler.stop();
    await world.clock.advanceAsync(20_000);
    await stopped;
    expect((await world.runsOf('often')).at(-1)).toMatchObject({ state: 'waiting', node: null, attempt: 0 });
  });

  it('says of one that failed to start that it did not', async () => {
    const control = controlledStore();
    const world = new World({ stores: [control.store] }).handle('work');
    control.failing = (method) => (method === 'nodes.beat' ? new Error('no such table') : undefined);
    await expect(world.startAsync(job('work', due))).rejects.toThrow(/no such table/);
    control.failing = null;
    await world.scheduler.stop();
    expect(world.typesOf('scheduler.started')).toEqual([]);
    expect(world.typesOf('scheduler.stopped')).toMatchObject([{ data: { hasStarted: false } }]);
  });

  it('kills what can be killed, though the timer of its grace comes late', async () => {
    /** A timer that came too early is armed anew, as that of the system's clock is. */
    class Tardy extends ManualClock {
      override after(delay: number, callback: () => void) {
        return super.after(delay === 1_000 ? delay + 5 : delay, callback);
      }
    }
    const clock = new Tardy(START);
    const killed: string[] = [];
    const kill = ({ context }: { context: JobContext }) => Promise.resolve(killed.push(context.jobId) > 0);
    const executors = { default: { ...executorOf(5), kill } };
    const world = new World({ clock, executors, options: { shutdownTimeout: 3_000 } });
    world.handle('work', () => deferred().promise).start(job('work', due, { abortGrace: 1_000 }));
    clock.advance(5_000);
    const stopped = world.scheduler.stop();
    await clock.advanceAsync(4_010);
    await stopped;
    expect(killed).toEqual(['work']);
  });

  it('ends even when a hook after the attempt hangs', async () => {
    const after = [{ name: 'hang', call: () => deferred().promise }];
    const world = new World({ options: { shutdownTimeout: 1_000 }, hooks: { work: { after } } }).handle('work');
    world.start(job('work', due, { abortGrace: 1_000 }));
    world.clock.advance(5_000);
    const stopped = world.scheduler.stop();
    await world.clock.advanceAsync(3_000);
    await stopped;
    expect(world.clock.timerCount()).toBe(0);
  });

  it('gives back what has not started, so that another node runs it (R10)', async () => {
    const views = sharedViews(2);
    const first = new World({ stores: [views[0].store] }).handle('work');
    await first.startAsync(job('work', date('2026-03-01T00:00:10Z')));
    await first.clock.advanceAsync(9_500);
    expect(first.typesOf('run.claimed')).toHaveLength(1);
    await first.scheduler.stop();
    expect(first.calls).toHaveLength(0);
    const second = new World({ stores: [views[1].store], clock: first.clock, node: 'node-2' }).handle('work');
    await second.startAsync(job('work', date('2026-03-01T00:00:10Z')));
    await first.clock.advanceAsync(1_000);
    expect(await second.runsOf('work')).toMatchObject([{ state: 'succeeded', attempt: 1 }]);
    expect((await second.scheduler.get('work'))!.job.losses).toBe(0);
  });

  it('gives back what a claim brought that was on its way', async () => {
    const { clock } = new World();
    const { remotes: all, base } = remotes(2, clock);
    const [first, second] = all.map(({ store }, index) =>
      new World({ stores: [store], clock, node: `node-${index + 1}` }).handle('work'),
    );
    const started = first.startAsync(job('work', due));
    await clock.advanceAsync(1_000);
    await started;
    const runs = () => (base.history.page({ jobId: 'work', limit: 1 }) as RunPage).runs;
    while (runs().length === 0) await clock.advanceAsync(1);
    // The store has granted it, and the node does not know yet.
    expect(runs()).toMatchObject([{ state: 'running', node: 'node-1', attempt: 1 }]);
    expect(first.typesOf('run.claimed')).toHaveLength(0);
    const stopped = first.scheduler.stop();
    await clock.advanceAsync(500);
    await stopped;
    expect(runs()).toMatchObject([{ state: 'waiting', node: null, attempt: 0 }]);
    expect(clock.timerCount()).toBe(0);
    const next = second.startAsync(job('work', due));
    await clock.advanceAsync(5_000);
    await next;
    expect([first.calls.length, second.calls.length]).toEqual([0, 1]);
    expect(runs()).toMatchObject([{ state: 'succeeded', attempt: 1 }]);
  });

  it('renews leases while it drains (P32)', async () => {
    const views = sharedViews(2);
    const gate = deferred<string>();
    const first = new World({ stores: [views[0].store], options: { shutdownTimeout: 60_000 } }).handle(
      'work',
      () => gate.promise,
    );
    const second = new World({ stores: [views[1].store], clock: first.clock, node: 'node-2' }).handle(
      'work',
      () => 'stolen',
    );
    await first.startAsync(job('work', due));
    await first.clock.advanceAsync(6_000);
    await second.startAsync(job('work', due));
    const stopped = first.scheduler.stop();
    await first.clock.advanceAsync(40_000);
    gate.resolve('mine');
    await first.clock.advanceAsync(1_000);
    await stopped;
    expect(await second.runsOf('work')).toMatchObject([{ state: 'succeeded', result: 'mine' }]);
  });

  it('leaves a run it had to abort to the other nodes when recovery is retry', async () => {
    const views = sharedViews(2);
    const first = new World({ stores: [views[0].store], options: { shutdownTimeout: 1_000 } }).handle('work', heeding);
    await first.startAsync(job('work', due));
    await first.clock.advanceAsync(6_000);
    const stopped = first.scheduler.stop();
    await first.clock.advanceAsync(2_000);
    await stopped;
    const second = new World({ stores: [views[1].store], clock: first.clock, node: 'node-2' }).handle(
      'work',
      () => 'second',
    );
    await second.startAsync(job('work', due));
    await first.clock.advanceAsync(2_000);
    expect(await second.runsOf('work')).toMatchObject([{ state: 'succeeded', result: 'second', attempt: 1 }]);
  });

  it('leaves no timer and no entry in the node list of a shared store (U7)', async () => {
    const control = controlledStore();
    const world = new World({ stores: [control.store] }).handle('work');
    await world.startAsync(job('work', every({ seconds: 1 })));
    await world.clock.advanceAsync(70_000);
    expect(await world.scheduler.nodes()).toMatchObject([{ id: 'node-1', tasks: ['work'], jobIds: ['work'] }]);
    const stopped = world.scheduler.stop();
    await settle();
    await stopped;
    expect(world.clock.timerCount()).toBe(0);
    expect(await control.store.nodes.list(0)).toEqual([]);
  });

  it('ends in bounded time when the store is away', async () => {
    const control = controlledStore();
    const world = new World({ stores: [control.store] }).handle('work');
    await world.startAsync(job('work', every({ seconds: 1 })));
    await world.clock.advanceAsync(1_500);
    control.failing = (method) => method !== 'jobs.close' && method !== 'nodes.leave' && new Error('away');
    await world.clock.advanceAsync(1_500);
    const stopped = world.scheduler.stop();
    await world.clock.advanceAsync(60_000);
    await stopped;
    expect(world.clock.timerCount()).toBe(0);
  });

  it.each<[string, (control: StoreControl) => unknown]>([
    ['fails', (control) => (control.failing = (method) => method === 'nodes.leave' && new Error('connection refused'))],
    ['hangs', (control) => (control.hanging = 'nodes.leave')],
  ])('closes every store, and says what failed, when leaving one of them %s', async (_how, take) => {
    const [away, here] = [controlledStore(), controlledStore({ alias: 'other' })];
    const closed: string[] = [];
    const executor = { ...executorOf(5), close: () => void closed.push('executor') };
    const world = new World({ stores: [away.store, here.store], executors: { default: executor } }).handle('work');
    await world.startAsync(job('work', every({ hours: 1 })));
    take(away);
    const stopped = world.scheduler.stop().catch((error: unknown) => error);
    await world.clock.advanceAsync(60_000);
    expect(await stopped).toMatchObject({
      code: 'UNCLEAN_STOP',
      message: expect.stringContaining('leaving the store "default"'),
    });
    expect([away.calls.at(-1), here.calls.at(-1), ...closed]).toEqual(['jobs.close', 'jobs.close', 'executor']);
    expect(world.scheduler.state).toBe('stopped');
    expect(world.clock.timerCount()).toBe(0);
  });

  it('is over in bounded time when a store never closes', async () => {
    const control = controlledStore();
    const world = await new World({ stores: [control.store] }).startAsync();
    control.hanging = 'jobs.close';
    const stopped = world.scheduler.stop().catch((error: unknown) => error);
    await world.clock.advanceAsync(60_000);
    expect(await stopped).toMatchObject({ code: 'UNCLEAN_STOP', cause: { code: 'STORE_HUNG' } });
    expect(world.clock.timerCount()).toBe(0);
  });

  it('may be called twice, and without a start', async () => {
    const world = new World().handle('work').start(job('work', every({ seconds: 1 })));
    await Promise.all([world.scheduler.stop(), world.scheduler.stop()]);
    const passive = new World({ options: { enabled: false } }).handle('work').start(job('work', every({ seconds: 1 })));
    passive.clock.advance(10_000);
    expect(passive.calls).toHaveLength(0);
    expect(passive.clock.timerCount()).toBe(0);
    await passive.scheduler.stop();
  });
});

describe('start', () => {
  it.each([{ enabled: false }, { role: 'client' }, { role: 'worker' }] as const)(
    'claims nothing and arms no timer with %j',
    async (options) => {
      const world = new World({ options }).handle('work').start(job('work', every({ seconds: 1 })));
      world.clock.advance(5_000);
      expect(world.calls).toHaveLength(0);
      expect(world.clock.timerCount()).toBe(0);
      expect((await world.scheduler.list()).map(({ job: row }) => row.id)).toEqual(['work']);
    },
  );

  it('runs a job with runOnStart at each start of a process in memory', async () => {
    const world = new World().handle('work').start(job('work', every({ hours: 1 }, { runOnStart: true })));
    world.clock.advance(0);
    expect(await world.runsOf('work')).toMatchObject([{ kind: 'start', state: 'succeeded', fireTime: START }]);
  });

  it('runs it in a shared store only when no other node is live', async () => {
    const views = sharedViews(2);
    const work = job('work', every({ hours: 1 }, { runOnStart: true }));
    const first = new World({ stores: [views[0].store] }).handle('work');
    await first.startAsync(work);
    await first.clock.advanceAsync(1_000);
    const second = new World({ stores: [views[1].store], clock: first.clock, node: 'node-2' }).handle('work');
    await second.startAsync(work);
    await first.clock.advanceAsync(1_000);
    expect(first.calls.length + second.calls.length).toBe(1);
  });

  it('refuses to be called in the wrong order, naming the state', () => {
    const world = new World();
    expect(() => world.scheduler.start()).toThrow(/start\(\) was called while the scheduler is new; it must be open/);
  });

  it('says when it is idle', async () => {
    const world = new World();
    const gate = deferred();
    world.handle('work', () => gate.promise).start(job('work', due));
    world.clock.advance(5_000);
    let isIdle = false;
    const idle = world.scheduler.idle().then(() => {
      isIdle = true;
    });
    await settle();
    expect(isIdle).toBe(false);
    gate.resolve();
    await settle();
    world.clock.advance(0);
    await idle;
    expect(world.scheduler.openAttempts()).toEqual([]);
  });
});
