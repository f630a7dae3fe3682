import { describe, expect, it } from '@jest/globals';
import { at as date, every } from '../../lib/triggers/index.js';
import { controlledStore } from './support/stores.js';
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
