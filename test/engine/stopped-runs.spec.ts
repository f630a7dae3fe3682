import { describe, expect, it } from '@jest/globals';
import type { Store } from '../../lib/core/index.js';
import { every } from '../../lib/triggers/index.js';
import { controlledStore, sharedViews } from './support/stores.js';
import { World, deferred, job, settle } from './support/world.js';

const SECOND = 1_000;

/** What a store that can still be read refuses, such as one on a full disk. */
const WRITES = new Set(['jobs.settle', 'jobs.renew', 'jobs.change', 'nodes.beat']);

describe('a run that is stopped before its handler was called', () => {
  it.each(['when', 'before'] as const)('never calls it when a slow %s hook ends later', async (kind) => {
    const gate = deferred<boolean>();
    const hooks = { slow: { [kind]: [{ name: 'gate', call: () => gate.promise }] } };
    const world = new World({ hooks }).handle('slow').start(job('slow', every({ minutes: 5 })));
    world.clock.advance({ minutes: 5 });
    const [{ id }] = await world.runsOf('slow');
    await world.scheduler.cancel(id);
    world.clock.advance(6 * SECOND); // past abortGrace: the outcome is written
    await settle();
    gate.resolve(true);
    await settle();
    expect(world.calls.length).toBe(0);
    expect((await world.runsOf('slow')).map((run) => run.state)).toEqual(['cancelled']);
  });

  it('is not begun when it was asked to stop while a condition was asked', async () => {
    const gate = deferred<boolean>();
    const hooks = { slow: { when: [{ name: 'gate', call: () => gate.promise }] } };
    const world = new World({ hooks }).handle('slow').start(job('slow', every({ minutes: 5 })));
    world.clock.advance({ minutes: 5 });
    const [{ id }] = await world.runsOf('slow');
    await world.scheduler.cancel(id);
    gate.resolve(true);
    await settle();
    expect(world.calls.length).toBe(0);
    expect(world.typesOf('run.started')).toEqual([]);
    expect((await world.runsOf('slow')).map((run) => run.state)).toEqual(['cancelled']);
  });
});

describe('a stop', () => {
  it('arms no timer when a settlement fails after the store was closed (U7)', async () => {
    const control = controlledStore();
    const answer = deferred<boolean[]>();
    const jobs = Object.assign(Object.create(control.store.jobs), { settle: () => answer.promise });
    const store: Store = { ...control.store, jobs };
    const world = await new World({ stores: [store] }).handle('a').startAsync(job('a', every({ minutes: 1 })));
    await world.clock.advanceAsync({ minutes: 1 });
    const stopped = world.scheduler.stop(0);
    await world.clock.advanceAsync({ seconds: 10 });
    await stopped;
    answer.reject(new Error('the store is closed'));
    await settle();

    expect(world.clock.timerCount()).toBe(0);
  });

  it('leaves no timer when a hook after the attempt hangs in a job with a timeout (U7)', async () => {
    const hooks = { a: { after: [{ name: 'hang', call: () => new Promise(() => {}) }] } };
    const world = new World({ hooks }).handle('a').start(job('a', every({ minutes: 1 }), { timeout: 3_600_000 }));
    world.clock.advance({ minutes: 1 });
    const stopped = world.scheduler.stop(0);
    await world.clock.advanceAsync({ seconds: 30 });
    await stopped;
    expect(world.clock.timerCount()).toBe(0);
  });

  it('keeps the outcome of a handler that has ended, though a hook after it hangs', async () => {
    const hooks = { a: { after: [{ name: 'hang', call: () => new Promise(() => {}) }] } };
    const control = controlledStore();
    const world = await new World({ stores: [control.store], hooks })
      .handle('a')
      .startAsync(job('a', every({ minutes: 1 })));
    await world.clock.advanceAsync({ minutes: 1 });
    const stopped = world.scheduler.stop(0);
    await world.clock.advanceAsync({ seconds: 30 });
    await stopped;

    expect((await world.runsOf('a')).map((run) => run.state)).toEqual(['succeeded']);
  });

  it('is not kept waiting by a hook after the attempt for longer than abortGrace', async () => {
    const hooks = { a: { after: [{ name: 'hang', call: () => new Promise(() => {}) }] } };
    const world = new World({ hooks, options: { shutdownTimeout: SECOND } })
      .handle('a')
      .handle('b', () => new Promise(() => {}))
      .start(
        job('a', every({ minutes: 1 }), { abortGrace: 2 * SECOND }),
        job('b', every({ minutes: 1 }), { abortGrace: 60 * SECOND }),
      );
    world.clock.advance({ minutes: 1 });
    const stopped = world.scheduler.stop();
    await world.clock.advanceAsync({ seconds: 4 });
    expect((await world.runsOf('a')).map((run) => run.state)).toEqual(['succeeded']);
    await world.clock.advanceAsync({ minutes: 2 });
    await stopped;
  });

  it('while the scheduler still starts leaves nothing that claims', async () => {
    const control = controlledStore({ turns: 3 });
    const world = new World({ stores: [control.store] }).handle('a');
    await world.scheduler.open();
    await world.scheduler.putCode([job('a', every({ minutes: 1 }))]);
    const started = world.scheduler.start();
    await world.scheduler.stop(0);
    await started;
    await settle();
    await world.clock.advanceAsync({ minutes: 5 });
    expect(world.calls.length).toBe(0);
    expect(world.clock.timerCount()).toBe(0);
  });
});

describe('a run that a stopping node had to abort', () => {
  it('is tried again however late that is: grace is for what never began', async () => {
    const [one, two] = sharedViews(2);
    const clock = new World().clock;
    const a = await new World({ stores: [one.store], clock, node: 'a', options: { shutdownTimeout: SECOND } })
      .handle(
        'long',
        (_args, context) =>
          new Promise((_, no) => context.signal.addEventListener('abort', () => no(new Error('stop')))),
      )
      .startAsync(job('long', every({ hours: 1 }), { misfireGraceTime: 60 * SECOND }));
    await clock.advanceAsync({ hours: 1 });
    expect(a.calls).toHaveLength(1);
    await clock.advanceAsync({ minutes: 10 });
    const stopped = a.scheduler.stop();
    await clock.advanceAsync({ seconds: 5 });
    await stopped;
    const b = await new World({ stores: [two.store], clock, node: 'b' })
      .handle('long')
      .startAsync(job('long', every({ hours: 1 }), { misfireGraceTime: 60 * SECOND }));
    await clock.advanceAsync({ seconds: 30 });
    expect((await b.runsOf('long')).map((run) => [run.state, run.reason])).toEqual([['succeeded', null]]);
  });

  it('has its conditions asked when it was aborted before they had answered', async () => {
    const [one, two] = sharedViews(2);
    const clock = new World().clock;
    const hanging = { long: { when: [{ name: 'gate', call: () => new Promise(() => {}) }] } };
    const a = await new World({ stores: [one.store], clock, node: 'a', hooks: hanging })
      .handle('long')
      .startAsync(job('long', every({ hours: 1 })));
    await clock.advanceAsync({ hours: 1 });
    const stopped = a.scheduler.stop(0);
    await clock.advanceAsync({ seconds: 6 });
    await stopped;
    const closed = { long: { when: [{ name: 'gate', call: () => false }] } };
    const b = await new World({ stores: [two.store], clock, node: 'b', hooks: closed })
      .handle('long')
      .startAsync(job('long', every({ hours: 1 })));
    await clock.advanceAsync({ seconds: 30 });

    expect((await b.runsOf('long')).map((run) => [run.state, run.reason])).toEqual([['skipped', 'condition']]);
  });
});

describe('an outcome that waits alone for a store that is away', () => {
  it.each([30, 60, 90, 120, 180])('is written as it was after %i s (P25)', async (away) => {
    const control = controlledStore();
    const world = await new World({ stores: [control.store] }).handle('a').startAsync(job('a', every({ hours: 1 })));
    await world.clock.advanceAsync({ minutes: 59 });
    await world.clock.advanceAsync({ seconds: 59.5 });
    control.failing = (method) => (WRITES.has(method) ? new Error('away') : null);
    await world.clock.advanceAsync({ seconds: 1 });
    await world.clock.advanceAsync({ seconds: away });
    control.failing = null;
    await world.clock.advanceAsync({ seconds: 40 });
    expect((await world.runsOf('a')).map((run) => run.state)).toEqual(['succeeded']);
  });
});

describe('a hook after the attempt that never ends', () => {
  function hanging() {
    const hooks = { a: { after: [{ name: 'hang', call: () => new Promise(() => {}) }] } };
    const control = controlledStore();
    return new World({ stores: [control.store], hooks }).handle('a').startAsync(job('a', every({ hours: 1 })));
  }

  it('is reported while its run stays open, ever less often', async () => {
    const world = await hanging();
    await world.clock.advanceAsync({ hours: 1 });
    await world.clock.advanceAsync({ minutes: 20 });
    const lines = world.lines.filter((line) => line.includes('The hooks after the attempt'));
    expect(lines).toEqual(
      [1, 3, 7, 15].map((minutes) =>
        expect.stringContaining(`have not ended after ${minutes * 60} s, and its run stays open`),
      ),
    );
    expect((await world.runsOf('a')).map((run) => run.state)).toEqual(['running']);
  });

  it('is waited for no longer than abortGrace once its run is cancelled; the outcome stays true', async () => {
    const world = await hanging();
    await world.clock.advanceAsync({ hours: 1 });
    const [{ id }] = await world.runsOf('a');
    await world.scheduler.cancel(id);
    await world.clock.advanceAsync({ seconds: 6 });
    expect((await world.runsOf('a')).map((run) => run.state)).toEqual(['succeeded']);
    expect(world.lines.at(-1)).toMatch(/hooks after the attempt took longer than 5000 ms and are not waited for/);
  });
});
