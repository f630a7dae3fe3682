import { afterEach, describe, expect, it } from '@jest/globals';
import type { Store } from '../../lib/core/index.js';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { at as dateAt, cron, every, NeverTrigger } from '../../lib/triggers/index.js';
import { SqlitePlace } from '../stores/typeorm/sqlite-place.js';
import { at, deferred, job, START, World, type WorldOptions } from './support/world.js';

const END = at('00:01');
const MINUTE = 60_000;
const retry = { attempts: 2, backoff: 'fixed', delay: 30_000, maxDelay: 30_000, jitter: 0 } as const;

const places: SqlitePlace[] = [];
afterEach(async () => {
  for (const place of places.splice(0)) await place.clear();
});

/** A process that a system cron starts in each minute: this one a moment after its begin. */
function called(given: WorldOptions = {}, begin = START): World {
  const options = { since: begin, before: begin + MINUTE, ...given.options };
  return new World({ now: begin + 2_000, ...given, options });
}

/** Lets a handler take so long. */
const takes = (world: World, seconds: number) => () =>
  new Promise<void>((resolve) => void world.clock.after(seconds * 1_000, resolve));

const throughOf = (world: World, begin = START) => world.scheduler.runThrough({ end: begin + MINUTE - 1 });

async function fireTimesOf(world: World, id: string): Promise<string[]> {
  const runs = await world.runsOf(id);
  return runs.map((run) => `${new Date(run.fireTime).toISOString().slice(11, 19)} ${run.state}`);
}

describe('a process that was started for one minute and goes on beyond it', () => {
  it('makes no run for a fire time behind its minute, while one of its minute goes on', async () => {
    const world = called();
    world.handle('work', takes(world, 200)).start(job('work', cron('* * * * *'), { maxInstances: 5 }));
    let hasEnded = false;
    void throughOf(world).then(() => (hasEnded = true));
    await world.clock.advanceAsync(190_000);
    expect(hasEnded).toBe(false);
    await world.clock.advanceAsync(20_000);
    expect(hasEnded).toBe(true);
    expect(await fireTimesOf(world, 'work')).toEqual(['00:00:00 succeeded']);
  });

  it('records none as skipped either: it is not of this process', async () => {
    const world = called();
    world.handle('work', takes(world, 200)).start(job('work', cron('* * * * *')));
    await world.clock.advanceAsync(300_000);
    expect(await fireTimesOf(world, 'work')).toEqual(['00:00:00 succeeded']);
  });

  it('makes what falls in its minute to the end of it', async () => {
    const world = called();
    world.handle('work').start(job('work', cron('*/20 * * * * *'), {}));
    await world.clock.advanceAsync(300_000);
    expect(world.calls.map((call) => call.at)).toEqual([START + 2_000, at('00:00:20'), at('00:00:40')]);
  });

  it('tries again what its minute began', async () => {
    const world = called();
    world
      .handle('work', async () => {
        await takes(world, 45)();
        throw new Error('not yet');
      })
      .start(job('work', cron('* * * * *'), { retry }));
    await world.clock.advanceAsync(300_000);
    expect(world.calls.map(({ context }) => [context.fireTime.getTime(), context.attempt])).toEqual([
      [START, 1],
      [START, 2],
    ]);
    expect(world.calls[1].at).toBeGreaterThan(END);
  });

  it('tries again, however many jobs fall due meanwhile that are not for it', async () => {
    const world = called();
    world.handle('other').handle('work', () => {
      throw new Error('not yet');
    });
    const others = Array.from({ length: 2_500 }, (_, n) =>
      job(`other-${n}`, cron('0 * * * * *'), {}, { task: 'other' }),
    );
    world.start(job('work', cron('59 * * * * *'), { retry }), ...others);
    await world.clock.advanceAsync(300_000);
    const { calls } = world;
    expect(calls.filter(({ task }) => task === 'work')).toHaveLength(2);
    expect(calls.filter(({ task }) => task === 'other')).toHaveLength(2_500);
  });

  it('starts a run of its minute that was buffered, and one that is due later for its jitter', async () => {
    const world = called();
    world.handle('long', takes(world, 40)).handle('late');
    world.start(
      job('long', cron('*/30 * * * * *'), { overlap: 'bufferOne' }),
      ...['a', 'b', 'c', 'd'].map((id) => job(id, cron('50 * * * * *', { jitter: '50s' }), {}, { task: 'late' })),
    );
    const dues = (await world.scheduler.list()).filter(({ job: { id } }) => id !== 'long').map((it) => it.job.dueAt!);
    expect(dues.some((dueAt) => dueAt > END)).toBe(true);
    await world.clock.advanceAsync(300_000);
    expect(await fireTimesOf(world, 'long')).toEqual(['00:00:00 succeeded', '00:00:30 succeeded']);
    expect(world.calls.filter(({ task }) => task === 'late').map((call) => call.at)).toEqual(
      [...dues].sort((a, b) => a - b),
    );
  });

  it('makes one run of what it missed, for the last fire time of its minute', async () => {
    const gate = deferred();
    const world = called({ concurrency: 1, options: { claimBatch: 1 } });
    world.handle('block', () => gate.promise).handle('work');
    world.start(job('block', cron('* * * * *')), job('work', cron('*/20 * * * * *')));
    world.clock.jump(90_000);
    gate.resolve();
    await world.clock.advanceAsync(1_000);
    const runs = await world.runsOf('work');
    expect(runs.every(({ fireTime }) => fireTime < END)).toBe(true);
    expect(runs.at(-1)).toMatchObject({ fireTime: at('00:00:40'), state: 'succeeded' });
  });

  it('runs what is asked for, and what a handler adds then in memory: nobody else would', async () => {
    const world = called();
    world
      .handle('work', takes(world, 75))
      .handle('after')
      .start(job('work', cron('* * * * *')));
    await world.clock.advanceAsync(70_000);
    const added = job('added', dateAt(), {}, { task: 'after', origin: 'runtime' });
    await world.scheduler.add([added], { replaceExisting: false });
    await world.scheduler.runNow('work', { args: null, force: true });
    await world.clock.advanceAsync(200_000);
    expect(world.calls.map(({ context }) => [context.jobId, context.kind])).toEqual([
      ['work', 'scheduled'],
      ['added', 'scheduled'],
      ['work', 'manual'],
    ]);
  });

  it('makes no run of a timer that fires behind it', async () => {
    const world = called();
    world.handle('work').start(job('work', new NeverTrigger({}, 'a timer')));
    for (const fireTime of [END - 1, END]) {
      await world.clock.advanceAsync(fireTime - world.clock.now());
      void world.scheduler.tick('work', { fireTime, isLast: false });
    }
    await world.clock.advanceAsync(1_000);
    expect(world.calls.map((call) => call.at)).toEqual([END - 1]);
  });

  it('counts no fixed delay of a job on beyond it', async () => {
    const world = called();
    world.handle('work').start(job('work', every({ seconds: 20 }, { fixedDelay: true })));
    await world.clock.advanceAsync(300_000);
    expect(world.calls.map((call) => call.at)).toEqual([at('00:00:22'), at('00:00:42')]);
  });
});

describe('calls of each minute on one file', () => {
  const work = { store: 'db' };

  /** A node that is gone has put the job: it is due at the begin of the minute. */
  async function place(...jobs: ReturnType<typeof job>[]): Promise<(clock: World['clock']) => Promise<Store[]>> {
    const file = new SqlitePlace();
    places.push(file);
    const stores = (clock: World['clock']): Promise<Store[]> =>
      Promise.resolve([createMemoryStore({ alias: 'default' }), file.store({ clock })]);
    const before = new World({ now: START - 30_000 });
    const first = new World({ clock: before.clock, stores: await stores(before.clock), node: 'first' }).handle('work');
    await first.startAsync(...jobs);
    await first.scheduler.stop();
    return stores;
  }

  async function call(stores: Awaited<ReturnType<typeof place>>, node: string, clock: World['clock'], begin: number) {
    return called({ clock, stores: await stores(clock), node }, begin);
  }

  it('each makes the runs of its own minute, also while the one before goes on', async () => {
    const jobs = [job('work', cron('* * * * *'), { maxInstances: 5 }, work)];
    const stores = await place(...jobs);
    const { clock } = called();
    const one = await call(stores, 'one', clock, START);
    one.handle('work', takes(one, 200));
    await one.startAsync(...jobs);
    const through = throughOf(one);
    // Well into the next minute nobody else is there.
    await clock.advanceAsync(75_000);
    expect(await fireTimesOf(one, 'work')).toEqual(['00:00:00 running']);
    expect((await one.scheduler.get('work'))!.job.fireTime).toBe(END);
    const two = await call(stores, 'two', clock, END);
    two.handle('work', takes(two, 5));
    await two.startAsync(...jobs);
    await clock.advanceAsync(150_000);
    await through;
    expect(one.calls.map(({ context }) => context.fireTime.getTime())).toEqual([START]);
    expect(two.calls.map(({ context }) => context.fireTime.getTime())).toEqual([END]);
    expect(await fireTimesOf(two, 'work')).toEqual(['00:00:00 succeeded', '00:01:00 succeeded']);
    await one.scheduler.stop();
    await two.scheduler.stop();
  });

  it('claims none ahead that falls in the next minute, and tries again what its own began', async () => {
    const jobs = [job('work', cron('* * * * *'), { retry, maxInstances: 5 }, work), job('long', cron('* * * * *'))];
    const stores = await place(...jobs);
    const { clock } = called();
    const one = await call(stores, 'one', clock, START);
    one.handle('long', takes(one, 100)).handle('work', async (_, { attempt }) => {
      await takes(one, 45)();
      if (attempt === 1) throw new Error('not yet');
    });
    await one.startAsync(...jobs);
    const through = throughOf(one);
    await clock.advanceAsync(57_500);
    expect(one.typesOf('run.claimed').filter(({ job: it }) => it?.id === 'work')).toHaveLength(1);
    await clock.advanceAsync(100_000);
    await through;
    expect(one.calls.filter(({ task }) => task === 'work').map(({ context }) => context.attempt)).toEqual([1, 2]);
    expect(await fireTimesOf(one, 'work')).toEqual(['00:00:00 succeeded']);
    await one.scheduler.stop();
  });
});
