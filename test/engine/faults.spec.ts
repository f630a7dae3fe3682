import { describe, expect, it } from '@jest/globals';
import type { Settlement } from '../../lib/core/index.js';
import { UNSETTLED_LIMIT } from '../../lib/engine/settle-queue.js';
import { at as date, every } from '../../lib/triggers/index.js';
import { controlledStore } from './support/stores.js';
import { job, settle, START, World } from './support/world.js';

const away = (): Error => new Error('no connection');

describe('a store that fails', () => {
  it('is asked again ever less often, told once, and never counts against a job (P25)', async () => {
    const control = controlledStore();
    const world = new World({ stores: [control.store] }).handle('work');
    await world.startAsync(job('work', every({ seconds: 10 })));
    await world.clock.advanceAsync(15_000);
    control.failing = away;
    control.calls.length = 0;
    await world.clock.advanceAsync(600_000);
    expect(control.calls.filter((name) => name === 'jobs.claimDue').length).toBeLessThan(120);
    control.failing = null;
    await world.clock.advanceAsync(60_000);

    expect(world.typesOf('store.failed', 'store.recovered').map((fact) => fact.type)).toEqual([
      'store.failed',
      'store.recovered',
    ]);
    expect(world.typesOf('run.failed', 'run.lost', 'job.quarantined')).toHaveLength(0);
    const runs = await world.runsOf('work');
    expect(runs.every((run) => run.state === 'succeeded')).toBe(true);
    expect(runs.some((run) => run.count > 50)).toBe(true);
  });

  it('is not asked once more for each run that falls due and has to be looked at first (P25)', async () => {
    const control = controlledStore({ turns: 1 });
    const world = new World({ stores: [control.store], concurrency: 300 }).handle('work');
    const jobs = Array.from({ length: 200 }, (_, index) =>
      job(`work-${index}`, date(START + 10_000 + 4 * index), {}, { task: 'work' }),
    );
    await world.startAsync(...jobs);
    await world.clock.advanceAsync(9_990);
    // By a claim half a look-ahead ago, at the earliest.
    expect(world.typesOf('run.claimed').length).toBeGreaterThan(100);
    control.failing = (method) => method === 'jobs.renew' && away();
    control.calls.length = 0;
    await world.clock.advanceAsync(900);
    expect(control.calls.filter((name) => name === 'jobs.renew').length).toBeLessThan(10);
    control.failing = null;
    await world.clock.advanceAsync(5_000);
    expect(world.calls).toHaveLength(200);
  });

  it('keeps an outcome until it can be written; the event comes after that', async () => {
    const control = controlledStore();
    const world = new World({ stores: [control.store] }).handle('work', () => 'done');
    await world.startAsync(job('work', date('2026-03-01T00:00:05Z')));
    control.failing = (method) => method === 'jobs.settle' && away();
    await world.clock.advanceAsync(8_000);
    expect(world.calls).toHaveLength(1);
    expect(world.typesOf('run.succeeded')).toHaveLength(0);
    control.failing = null;
    await world.clock.advanceAsync(20_000);
    expect(await world.runsOf('work')).toMatchObject([{ state: 'succeeded', result: 'done', attempt: 1 }]);
    expect(world.typesOf('run.succeeded')).toHaveLength(1);
  });

  it('lets a node wait one lease before it takes over others’ runs', async () => {
    const control = controlledStore();
    const world = new World({ stores: [control.store] }).handle('work');
    const asked: (number | null)[] = [];
    control.failing = (method, [request]) => {
      if (method === 'jobs.claimDue' && request.now > 0) asked.push(request.recoverBefore);
      return null;
    };
    await world.startAsync(job('work', every({ seconds: 1 })));
    await world.clock.advanceAsync(2_000);
    expect(asked).not.toContain(null);
    control.failing = away;
    await world.clock.advanceAsync(5_000);
    asked.length = 0;
    control.failing = (method, [request]) => {
      if (method === 'jobs.claimDue' && request.now > 0) asked.push(request.recoverBefore);
      return null;
    };
    await world.clock.advanceAsync(8_000);
    expect(new Set(asked)).toEqual(new Set([null]));
    await world.clock.advanceAsync(30_000);
    expect(asked[asked.length - 1]).not.toBeNull();
  });
});

describe('a call that hangs', () => {
  it.each(['jobs.claimDue', 'jobs.renew', 'jobs.settle', 'nodes.beat'])(
    'does not stop everything: %s is asked anew (P24)',
    async (method) => {
      const control = controlledStore({ turns: 1 });
      const world = new World({ stores: [control.store] }).handle('work');
      await world.startAsync(job('work', every({ seconds: 10 })));
      await world.clock.advanceAsync(11_000);
      control.hanging = method;
      await world.clock.advanceAsync(12_000);
      control.hanging = null;
      await world.clock.advanceAsync(90_000);
      const before = world.calls.length;
      await world.clock.advanceAsync(60_000);
      expect(world.calls.length - before).toBeGreaterThanOrEqual(5);
      const stopped = world.scheduler.stop();
      await world.clock.advanceAsync(10_000);
      await stopped;
      expect(world.clock.timerCount()).toBe(0);
    },
  );

  it.each(['nodes.list', 'jobs.list', 'history.prune', 'nodes.forget'])(
    'does not end the upkeep: %s is asked anew (P24)',
    async (method) => {
      const control = controlledStore({ turns: 1 });
      const world = new World({ stores: [control.store] });
      await world.startAsync(job('work', every({ days: 1 })));
      control.hanging = method;
      await world.clock.advanceAsync({ minutes: 3 });
      control.hanging = null;
      const before = control.calls.length;
      await world.clock.advanceAsync({ minutes: 5 });
      expect(control.calls.slice(before)).toContain('nodes.forget');
      const told = world.typesOf('store.failed', 'store.recovered');
      expect(told[0]).toMatchObject({ type: 'store.failed', error: { code: 'STORE_HUNG' } });
      expect(told.at(-1)).toMatchObject({ type: 'store.recovered' });
    },
  );

  it('does not keep a stop from ending, nor a timer alive (U7)', async () => {
    const control = controlledStore({ turns: 1 });
    const world = new World({ stores: [control.store] }).handle('work');
    await world.startAsync(job('work', every({ seconds: 10 })));
    control.hanging = 'jobs.claimDue';
    await world.clock.advanceAsync(12_000);
    const stopped = world.scheduler.stop();
    await world.clock.advanceAsync(10_000);
    await stopped;
    expect(world.clock.timerCount()).toBe(0);
  });
});

describe('bad rows', () => {
  it('are found by halving the batch, and settled as failed with their texts cut; the others are not harmed (P23)', async () => {
    const control = controlledStore({ isShared: true });
    const world = new World({ stores: [control.store], concurrency: 100 }).handle(
      'work',
      (_args, { jobId, logger }) => {
        logger.log('a line');
        return jobId === 'job-13' ? 'bad' : 'good';
      },
    );
    const jobs = Array.from({ length: 40 }, (_, index) =>
      job(`job-${index}`, date('2026-03-01T00:00:05Z'), {}, { task: 'work' }),
    );
    control.failing = (method, [items]) =>
      method === 'jobs.settle' &&
      (items as Settlement[]).some((item) => item.kind === 'outcome' && item.result === 'bad') &&
      new Error('value too long');
    await world.startAsync(...jobs);
    await world.clock.advanceAsync(120_000);

    const { runs } = await world.scheduler.runs({ limit: 100 });
    const bad = runs.filter((run) => run.jobId === 'job-13');
    expect(bad).toMatchObject([{ state: 'failed', result: null, output: null, error: { code: 'UNWRITABLE_OUTCOME' } }]);
    expect(runs.filter((run) => run.state === 'succeeded')).toHaveLength(39);
    expect(world.calls).toHaveLength(40);
  });

  it('are looked for so quickly that no other outcome waits long, the first of a batch too (P23)', async () => {
    const control = controlledStore();
    const world = new World({ stores: [control.store], concurrency: 500 }).handle('work');
    const jobs = Array.from({ length: 400 }, (_, index) =>
      job(`job-${index}`, date('2026-03-01T00:00:05Z'), {}, { task: 'work' }),
    );
    control.failing = (method, [items]) => method === 'jobs.settle' && refusing(items as Settlement[], 'job-0');
    await world.startAsync(...jobs);
    await world.clock.advanceAsync(5_000);
    expect(world.calls).toHaveLength(400);
    await world.clock.advanceAsync(3_000);
    expect(world.typesOf('run.succeeded')).toHaveLength(399);
  });

  it('that can never be written, not even cut, delay no other outcome a second time (P23)', async () => {
    const control = controlledStore();
    const world = new World({ stores: [control.store], concurrency: 100 }).handle('work');
    const jobs = Array.from({ length: 20 }, (_, index) =>
      job(`job-${index}`, every({ seconds: 1 }), {}, { task: 'work' }),
    );
    const sizes: number[] = [];
    control.failing = (method, [items]) => {
      if (method !== 'jobs.settle') return null;
      const refused = refusing(items as Settlement[], 'job-0');
      if (refused !== null) sizes.push((items as Settlement[]).length);
      return refused;
    };
    await world.startAsync(...jobs);
    await world.clock.advanceAsync(10_000);
    const [first] = world.typesOf('run.started').filter(({ job: of }) => of!.id === 'job-0');
    const before = sizes.length;
    world.facts.length = 0;
    await world.clock.advanceAsync(60_000);

    expect(first).toBeDefined();
    expect(sizes.length).toBeGreaterThan(before);
    expect(sizes.slice(before)).toEqual(sizes.slice(before).map(() => 1));
    expect(sizes.length - before).toBeLessThan(20);
    expect(world.typesOf('store.failed')).toEqual([]);
    expect(world.typesOf('run.succeeded')).toHaveLength(19 * 60);
  });

  it('that no trigger can be made of are set aside, and harm no other job (P23)', async () => {
    const control = controlledStore({ isShared: false });
    const world = new World({ stores: [control.store] })
      .handle('work')
      .start(job('good', every({ seconds: 1 }), {}, { task: 'work' }));
    await control.store.jobs.change({ ids: ['good'], now: () => START, decide: () => null });
    await world.scheduler.add([job('bad', every({ seconds: 1 }), {}, { task: 'work', origin: 'runtime' })], {
      replaceExisting: false,
    });
    await control.store.jobs.change({ ids: ['bad'], now: () => START, decide: () => ({ trigger: '{"type":"moon"}' }) });
    world.clock.advance(5_000);

    expect(world.calls).toHaveLength(5);
    expect((await world.scheduler.get('bad'))!.job).toMatchObject({ status: 'unresolved' });
    expect(world.typesOf('job.unresolved')).toMatchObject([{ job: { id: 'bad' } }]);
    await world.scheduler.reschedule('bad', every({ seconds: 1 }));
    world.clock.advance(2_000);
    expect(world.calls.filter((call) => call.context.jobId === 'bad').length).toBeGreaterThan(0);
  });
});

describe('unsettled outcomes', () => {
  it(`stop the claiming at ${UNSETTLED_LIMIT}`, async () => {
    const control = controlledStore({ isShared: false });
    const world = new World({ stores: [control.store], deaf: true }).handle('work');
    const count = UNSETTLED_LIMIT + 3_000;
    const due = date('2026-03-01T00:00:05Z');
    world.start(...Array.from({ length: count }, (_, index) => job(`job-${index}`, due, {}, { task: 'work' })));
    control.failing = (method) => method === 'jobs.settle' && away();
    world.clock.advance(20_000);
    expect(world.calls.length).toBeGreaterThanOrEqual(UNSETTLED_LIMIT);
    expect(world.calls.length).toBeLessThan(count);
    control.failing = null;
    await world.clock.advanceAsync(30_000);
    await settle();
    expect(world.calls).toHaveLength(count);
  }, 30_000);
});

function refusing(items: readonly Settlement[], jobId: string): Error | null {
  return items.some((item) => item.jobId === jobId) ? new Error('value too long') : null;
}

describe('the time of a store, at a start', () => {
  /** A store whose clock is an hour ahead of the node's, and that does not answer the first looks at it. */
  async function started(lost: number) {
    const control = controlledStore();
    const world = new World({ stores: [control.store] }).handle('work');
    control.clock = () => world.clock.now() + 3_600_000;
    let left = lost;
    control.failing = (method) =>
      method === 'jobs.claimDue' && left-- > 0 ? new Error('connection terminated') : undefined;
    await world.startAsync(job('work', every({ minutes: 10 })));
    return world;
  }

  it('is asked for again when the answer was lost: nothing is judged by the clock of the machine', async () => {
    const world = await started(2);
    expect((await world.scheduler.get('work'))!.job.fireTime).toBe(START + 3_600_000 + 600_000);
  });

  it('is good enough from an answer that was long on its way, when no other one comes', async () => {
    const control = controlledStore();
    const world = new World({ stores: [control.store] }).handle('work');
    control.clock = () => world.clock.now() + 3_600_000;
    let asked = 0;
    control.failing = (method) => {
      if (method !== 'jobs.claimDue' || ++asked > 4) return undefined;
      if (asked > 1) return new Error('connection terminated');
      world.clock.advance(2_000);
      return undefined;
    };
    await world.startAsync(job('work', every({ minutes: 10 })));
    expect(asked).toBeGreaterThan(1);
    expect(world.typesOf('scheduler.started')).toHaveLength(1);
  });

  it('is needed: without it the start fails', async () => {
    await expect(started(100)).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringMatching(/when its time was asked for: connection terminated/),
    });
  });
});
