import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY } from '../../lib/core/index.js';
import { at as date, every } from '../../lib/triggers/index.js';
import { controlledStore, sharedViews } from './support/stores.js';
import { at, deferred, job, settle, World } from './support/world.js';

const SECOND = 1_000;

describe('the end of a job', () => {
  it.each([true, false])(
    'is told when its last run has run, not when it is claimed (shared store: %s)',
    async (isShared) => {
      const gate = deferred();
      const world = new World({ stores: [controlledStore({ isShared }).store] }).handle('work', () => gate.promise);
      await world.startAsync(job('work', date('2026-03-01T00:00:10Z')));
      await world.clock.advanceAsync(12 * SECOND);
      expect(world.calls).toHaveLength(1);
      expect(world.typesOf('job.finished')).toEqual([]);
      gate.resolve();
      await settle();
      expect(world.typesOf('run.succeeded', 'job.finished').map((fact) => fact.type)).toEqual([
        'run.succeeded',
        'job.finished',
      ]);
      expect(world.typesOf('job.finished')).toMatchObject([{ job: { status: 'finished' }, detail: 'ended' }]);
    },
  );

  it('is not told when its last run was taken back', async () => {
    const world = new World({ stores: [controlledStore().store] }).handle('work');
    await world.startAsync(job('work', date('2026-03-01T00:00:10Z')));
    await world.clock.advanceAsync(9.5 * SECOND);
    expect(world.typesOf('run.claimed')).toHaveLength(1);
    await world.scheduler.reschedule('work', every({ hours: 1 }));
    await world.clock.advanceAsync(10 * SECOND);
    expect(world.typesOf('job.finished')).toEqual([]);
    expect(world.calls).toEqual([]);
  });
});

describe('the end of a job whose last run moves', () => {
  const once = job('work', date('2026-03-01T00:00:10Z'), { retry: { ...DEFAULT_POLICY.retry, attempts: 2 } });

  async function pair() {
    const views = sharedViews(2);
    const first = new World({ stores: [views[0].store], node: 'node-1' });
    const second = new World({ stores: [views[1].store], clock: first.clock, node: 'node-2' });
    const ends = () =>
      [first, second].flatMap((world) =>
        world.typesOf('job.finished', 'run.succeeded').map(({ type, node }) => `${type} ${node}`),
      );
    return { views, first, second, ends, clock: first.clock };
  }

  const TOLD = ['run.succeeded node-2', 'job.finished node-2'];

  it('is told by the node that takes it over after a crash', async () => {
    const { views, first, second, ends, clock } = await pair();
    await first.handle('work', () => deferred().promise).startAsync(once);
    await clock.advanceAsync(12 * SECOND);
    views[0].failing = () => new Error('this process is gone');
    await second.handle('work').startAsync(once);
    await clock.advanceAsync(60 * SECOND);
    expect(ends()).toEqual(TOLD);
  });

  it('is told by the node that tries it again, and not before', async () => {
    const { views, first, second, ends, clock } = await pair();
    await first.handle('work', () => Promise.reject(new Error('not yet'))).startAsync(once);
    await clock.advanceAsync(10_100);
    expect(first.typesOf('run.retrying')).toHaveLength(1);
    views[0].failing = () => new Error('this process is gone');
    await second.handle('work').startAsync(once);
    await clock.advanceAsync(120 * SECOND);
    expect(ends()).toEqual(TOLD);
  });

  it('is told by the node that gets it from one that stopped', async () => {
    const { first, second, ends, clock } = await pair();
    await first.handle('work').startAsync(once);
    await clock.advanceAsync(9.5 * SECOND);
    expect(first.typesOf('run.claimed')).toHaveLength(1);
    void first.scheduler.stop();
    await clock.advanceAsync(100);
    await second.handle('work').startAsync(once);
    await clock.advanceAsync(60 * SECOND);
    expect(ends()).toEqual(TOLD);
  });

  it('is told when it is cancelled while it waits for its next try', async () => {
    const world = await new World().handle('work', () => Promise.reject(new Error('not yet'))).startAsync(once);
    await world.clock.advanceAsync(10_100);
    const [{ run }] = world.typesOf('run.retrying');
    await world.scheduler.cancel(run!.id);
    const types = world.typesOf('run.cancelled', 'job.finished').map(({ type }) => type);
    expect(types).toEqual(['run.cancelled', 'job.finished']);
  });
});

describe('the end of a job with several last runs', () => {
  const several = job('work', every({ seconds: 10 }, { end: new Date(at('00:01')) }), { coalesce: false });

  it.each([true, false])('is told once, behind the last of them (shared store: %s)', async (isShared) => {
    const { store } = controlledStore({ isShared });
    const world = await new World({ stores: [store] }).handle('work').startAsync(several);
    world.clock.jump(300 * SECOND);
    await world.clock.advanceAsync(60 * SECOND);
    const types = world.typesOf('run.succeeded', 'job.finished').map(({ type }) => type);
    expect(types).toEqual([...Array<string>(6).fill('run.succeeded'), 'job.finished']);
  });

  it('is told at once when its last fire times make no run', async () => {
    const skipped = { ...several, policy: { ...several.policy, misfireGraceTime: SECOND } };
    const world = await new World().handle('work').startAsync(skipped);
    world.clock.jump(300 * SECOND);
    await world.clock.advanceAsync(SECOND);
    expect(world.typesOf('run.succeeded')).toEqual([]);
    expect(world.typesOf('job.finished')).toHaveLength(1);
  });

  it('is not told again by a run that was asked for later', async () => {
    const world = await new World().handle('work').startAsync(job('work', date('2026-03-01T00:00:10Z')));
    await world.clock.advanceAsync(10 * SECOND);
    await world.scheduler.runNow('work', { args: null, force: false });
    await world.clock.advanceAsync(10 * SECOND);
    expect(world.calls).toHaveLength(2);
    expect(world.typesOf('job.finished')).toHaveLength(1);
  });
});

describe('what a pause covered', () => {
  it('is told at resume, with its record (M7)', async () => {
    const world = new World().handle('work').start(job('work', every({ minutes: 1 })));
    world.clock.advance(30 * SECOND);
    await world.scheduler.pause('work', { by: 'ann', reason: 'audit', until: null });
    world.clock.advance(300 * SECOND);
    expect(world.typesOf('run.skipped')).toEqual([]);
    await world.scheduler.resume('work', { catchUp: false });
    expect(world.typesOf('run.skipped')).toMatchObject([
      {
        job: { id: 'work' },
        run: { reason: 'paused', count: 5, firstFireTime: at('00:01'), fireTime: at('00:05') },
        detail: 'paused by ann: audit',
      },
    ]);
  });

  it('is not told where nothing was missed, or all is made up for', async () => {
    const world = new World().handle('work').start(job('work', every({ minutes: 1 })));
    await world.scheduler.pause('work', { by: null, reason: null, until: null });
    await world.scheduler.resume('work', { catchUp: false });
    await world.scheduler.pause('work', { by: null, reason: null, until: null });
    world.clock.advance(300 * SECOND);
    await world.scheduler.resume('work', { catchUp: true });
    expect(world.typesOf('run.skipped')).toEqual([]);
  });
});
