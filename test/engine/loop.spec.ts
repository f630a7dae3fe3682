import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { ClaimResult } from '../../lib/core/index.js';
import { DueStarts } from '../../lib/engine/due-starts.js';
import { at as date, cron, every } from '../../lib/triggers/index.js';
import { controlledStore } from './support/stores.js';
import { at, deferred, job, settle, START, World } from './support/world.js';

const DAY = 86_400_000;

afterEach(() => void jest.restoreAllMocks());

describe('the loop and time', () => {
  it('never acts early, not by a millisecond (P15)', () => {
    const world = new World().handle('tick').start(job('tick', every({ seconds: 1 })));
    world.clock.advance(999);
    expect(world.calls).toHaveLength(0);
    world.clock.advance(1);
    expect(world.calls).toHaveLength(1);
  });

  it('fires an interval of 30 days after 30 days, and does nothing before (P6, U18)', () => {
    const world = new World().handle('bill').start(job('bill', every({ days: 30 })));
    world.clock.advance(30 * DAY - 1);
    expect(world.calls).toHaveLength(0);
    world.clock.advance(30 * DAY + 1);
    expect(world.calls.map((call) => call.at - START)).toEqual([30 * DAY, 60 * DAY]);
  });

  it('fires a year of a monthly job on twelve firsts', () => {
    const world = new World().handle('bill').start(job('bill', cron('0 0 1 * *')));
    world.clock.advance(365 * DAY);
    expect(world.calls).toHaveLength(12);
  });

  it('has one timer however many jobs wait', () => {
    const jobs = Array.from({ length: 100 }, (_, index) =>
      job(`job-${index}`, every({ seconds: index + 1 }), {}, { task: 'tick' }),
    );
    const world = new World().handle('tick').start(...jobs);
    world.clock.advance(10);
    expect(world.clock.timerCount()).toBe(1);
  });

  it('goes on behind a turn that failed, whatever went wrong in it', () => {
    const world = new World().handle('tick').start(job('tick', every({ seconds: 1 })));
    jest.spyOn(DueStarts.prototype, 'start').mockImplementationOnce(() => {
      throw new Error('out of order');
    });
    expect(() => world.clock.advance(1_000)).toThrow('out of order');
    world.clock.advance(2_000);
    expect(world.calls.map((call) => call.at - START)).toEqual([1_000, 2_000]);
  });

  it('has no timer while nothing is to come', () => {
    const world = new World().handle('once').start(job('once', date('2026-03-01T00:00:05Z')));
    world.clock.advance(5_000);
    expect(world.calls).toHaveLength(1);
    expect(world.clock.timerCount()).toBe(0);
  });

  it('catches up with one run after the wall clock jumped ahead, however far (P5)', () => {
    const world = new World().handle('tick').start(job('tick', every({ seconds: 1 })));
    world.clock.advance(2_000);
    world.clock.stepWall(3 * DAY);
    world.clock.advance(30_000);

    const [first, second, missed, next] = world.typesOf('run.succeeded').map((fact) => fact.run!);
    expect([first.count, second.count, next.count]).toEqual([1, 1, 1]);
    expect(missed).toMatchObject({ count: 1_000, countIsExact: false });
    expect(world.calls.length).toBeLessThan(40);
  });

  it('notices a wall clock that jumped ahead within 30 s, long before its timer would have ended (P4)', () => {
    const world = new World().handle('daily').start(job('daily', cron('0 12 * * *')));
    world.clock.advance(1_000);
    world.clock.stepWall(12 * 3_600_000);
    world.clock.advance(30_000);
    expect(world.calls).toHaveLength(1);
  });

  it('goes by the wall clock after it was set back: the fire time is waited for, not run twice (P4)', () => {
    const world = new World().handle('tick').start(job('tick', every({ minutes: 1 })));
    world.clock.advance(90_000);
    expect(world.calls).toHaveLength(1);
    world.clock.stepWall(-3_600_000);
    world.clock.advance(3_600_000);
    expect(world.calls).toHaveLength(1);
    world.clock.advance(30_000);
    expect(world.calls).toHaveLength(2);
  });

  it('runs once, for the latest fire time, after the process was suspended', async () => {
    const world = new World().handle('tick').start(job('tick', every({ minutes: 10 })));
    world.clock.jump({ minutes: 35 });

    expect(world.calls).toHaveLength(1);
    expect(await world.runsOf('tick')).toMatchObject([{ fireTime: at('00:30'), firstFireTime: at('00:10'), count: 3 }]);
  });

  it('tolerates a blocked event loop: late by it, never dropped silently (U17)', async () => {
    const world = new World();
    world.handle('slow', () => world.clock.jump(2_500));
    world.handle('tick').start(job('slow', date('2026-03-01T00:00:01Z')), job('tick', every({ seconds: 1 })));
    world.clock.advance(4_000);

    const runs = await world.runsOf('tick');
    expect(runs.reduce((sum, run) => sum + run.count, 0)).toBe(4);
    expect(runs.map((run) => run.state)).toEqual(runs.map(() => 'succeeded'));
  });

  it('records what a short grace time drops while the event loop is blocked (P18, U17)', async () => {
    const world = new World();
    world.handle('slow', () => world.clock.jump(2_500));
    world.handle('tick');
    world.start(
      job('slow', date('2026-03-01T00:00:01Z')),
      job('tick', every({ seconds: 1 }), { misfireGraceTime: 400 }),
    );
    world.clock.advance(4_000);

    const skipped = (await world.runsOf('tick')).filter((run) => run.state === 'skipped');
    expect(skipped.map((run) => [run.reason, run.count])).toEqual([
      ['misfire', 1],
      ['misfire', 2],
    ]);
  });

  it('runs jobs that are due together without one waiting for another (P30)', async () => {
    const world = new World();
    const gate = deferred();
    world.handle('slow', () => gate.promise);
    world.handle('quick');
    world.start(
      job('a-slow', every({ seconds: 1 }), {}, { task: 'slow' }),
      job('b-quick', every({ seconds: 1 }), {}, { task: 'quick' }),
    );
    world.clock.advance(1_000);

    expect(world.calls.map((call) => call.task)).toEqual(['slow', 'quick']);
    gate.resolve();
    await settle();
  });

  it('is woken by a job that is added while it sleeps', () => {
    const world = new World().handle('tick').start(job('late', every({ days: 1 }), {}, { task: 'tick' }));
    void world.scheduler.add([job('soon', every({ seconds: 5 }), {}, { task: 'tick', origin: 'runtime' })], {
      replaceExisting: false,
    });
    world.clock.advance(5_000);
    expect(world.calls.map((call) => call.context.jobId)).toEqual(['soon']);
  });

  it('fires at once what is added with a date in the past at run time', () => {
    const world = new World().handle('tick').start();
    const past = job(
      'past',
      date('2026-02-01T00:00Z'),
      { misfireGraceTime: 1_000 },
      { task: 'tick', origin: 'runtime' },
    );
    void world.scheduler.add([past], { replaceExisting: false });
    world.clock.advance(0);
    expect(world.calls).toHaveLength(1);
  });

  it('does not spin when a claim brings nothing though something is due', () => {
    const control = controlledStore({ isShared: false });
    const { claimDue } = control.store.jobs;
    let claims = 0;
    const jobs = Object.create(control.store.jobs, {
      claimDue: {
        value: (...args: Parameters<typeof claimDue>) => {
          claims++;
          return { ...(claimDue(...args) as ClaimResult), hasMore: true };
        },
      },
    });
    const world = new World({ stores: [{ ...control.store, jobs }] }).start();
    world.clock.advance(10_000);
    expect(claims).toBeLessThan(50);
  });
});

describe('the loop and slots', () => {
  it('starts at most as many attempts as the executor has slots, and the rest when they are free (P17)', async () => {
    const world = new World({ concurrency: 2 });
    const gates = [deferred(), deferred(), deferred()];
    let started = 0;
    world.handle('work', () => gates[started++].promise);
    world.start(...['a', 'b', 'c'].map((id) => job(id, date('2026-03-01T00:00:01Z'), {}, { task: 'work' })));

    world.clock.advance(1_000);
    expect(started).toBe(2);
    expect(world.scheduler.openAttempts().map(({ jobId }) => jobId)).toHaveLength(2);
    gates[0].resolve();
    await settle();
    expect(started).toBe(3);
  });

  it('judges the grace time again when a slot is free at last', async () => {
    const world = new World({ concurrency: 1 });
    const gate = deferred();
    world.handle('long', () => gate.promise).handle('short');
    world.start(
      job('a', date('2026-03-01T00:00:01Z'), {}, { task: 'long' }),
      job('b', date('2026-03-01T00:00:01Z'), { misfireGraceTime: 5_000 }, { task: 'short' }),
    );
    world.clock.advance(10_000);
    gate.resolve();
    await settle();
    expect(await world.runsOf('b')).toMatchObject([{ state: 'skipped', reason: 'misfire' }]);
  });

  it('gives each executor slots of its own', () => {
    const world = new World({ concurrency: 1 });
    world.handle('work', () => deferred().promise);
    const due = date('2026-03-01T00:00:01Z');
    world.start(
      job('a', due, {}, { task: 'work' }),
      job('b', due, {}, { task: 'work' }),
      job('c', due, { executor: 'background' }, { task: 'work' }),
    );
    world.clock.advance(1_000);
    expect(world.calls.map((call) => call.context.jobId)).toEqual(['a', 'c']);
  });

  it('runs thousands of synchronous jobs that are due at once', () => {
    const jobs = Array.from({ length: 6_000 }, (_, index) =>
      job(`job-${index}`, date('2026-03-01T00:00:01Z'), {}, { task: 'work' }),
    );
    const world = new World({ concurrency: 1, deaf: true }).handle('work').start(...jobs);
    world.clock.advance(1_050);
    expect(world.calls).toHaveLength(6_000);
  }, 30_000);
});
