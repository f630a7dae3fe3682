import { describe, expect, it } from '@jest/globals';
import type { Instant, JobPolicy, JobStore, Millis, Store } from '../../lib/core/index.js';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { at as date, cron } from '../../lib/triggers/index.js';
import { controlledStore } from './support/stores.js';
import { job, START, World } from './support/world.js';

/** Puts and changes as of a moment later, as stores do whose messages take a while. */
function decidingLater(base: Store, wait: Millis): Store {
  const { store } = controlledStore({ base });
  const later = <T extends object>(request: T): T =>
    'now' in request ? { ...request, now: () => (request.now as () => Instant)() + wait } : request;
  const put: JobStore['put'] = (jobs, options) => store.jobs.put(jobs, later(options));
  const change: JobStore['change'] = (request) => store.jobs.change(later(request));
  const own: Partial<JobStore> = { put, change };
  const jobs = new Proxy(store.jobs, { get: (target, key: keyof JobStore) => own[key] ?? target[key] });
  return { ...store, jobs };
}

/** What was run: the task, and the second of its fire time. */
function runsOf(...worlds: World[]): string[] {
  const calls = worlds.flatMap((world) => world.calls);
  return calls.map(({ task, context }) => `${task} :${context.fireTime.getUTCSeconds()}`).sort();
}

const POLICY: Partial<JobPolicy> = { maxInstances: 2, keepHistory: false };

describe('a fire time that was to come when a job was put, and has begun by the time that counts', () => {
  it.each([
    { wait: 0, runs: ['new :10', 'new :20'] },
    { wait: 100, runs: ['new :20', 'old :10'] },
  ])('has one run where the job is replaced (as of $wait ms later)', async ({ wait, runs }) => {
    const store = decidingLater(createMemoryStore({ alias: 'default' }), wait);
    const world = await new World({ stores: [store] }).handle('old').handle('new').startAsync();
    const replace = (task: string) =>
      world.scheduler.add([job('a', cron('*/10 * * * * *'), POLICY, { origin: 'runtime', task })], {
        replaceExisting: true,
      });
    await replace('old');
    await world.clock.advanceAsync(9_950);
    await replace('new');
    await world.clock.advanceAsync(15_000);

    expect(runsOf(world)).toEqual(runs);
  });

  it.each([0, 100])('has one run where a deploy brings another trigger (as of %s ms later)', async (wait) => {
    const base = createMemoryStore({ alias: 'default' });
    const node = (options: object = {}) => new World({ stores: [decidingLater(base, wait)], ...options }).handle('a');
    const one = await node().startAsync(job('a', cron('*/10 * * * * *'), POLICY));
    await one.clock.advanceAsync(9_950);
    const two = node({ clock: one.clock, node: 'node-2', appVersion: '1.0.1' });
    await two.startAsync(job('a', cron('*/5 * * * * *'), POLICY));
    await one.clock.advanceAsync(15_000);

    expect(runsOf(one, two)).toEqual(['a :10', 'a :15', 'a :20']);
  });

  it('is run where only the new trigger has it', async () => {
    const world = new World({ stores: [decidingLater(createMemoryStore({ alias: 'default' }), 100)] }).handle('a');
    await world.startAsync();
    const add = (rule: string) =>
      world.scheduler.add([job('a', cron(rule), POLICY, { origin: 'runtime' })], { replaceExisting: true });
    await add('*/20 * * * * *');
    await world.clock.advanceAsync(9_950);
    await add('*/10 * * * * *');
    await world.clock.advanceAsync(15_000);

    expect(runsOf(world)).toEqual(['a :10', 'a :20']);
  });

  it.each([0, 100])('has one run where the job is rescheduled to the date it has (as of %s ms later)', async (wait) => {
    const store = decidingLater(createMemoryStore({ alias: 'default' }), wait);
    const world = new World({ stores: [store] }).handle('a');
    await world.startAsync(job('a', date(START + 10_000), POLICY));
    await world.clock.advanceAsync(9_950);
    const { fireTime } = await world.scheduler.reschedule('a', date(START + 10_000));
    await world.clock.advanceAsync(15_000);

    expect([fireTime, runsOf(world)]).toEqual([wait === 0 ? START + 10_000 : null, ['a :10']]);
  });

  it('has another run where the run of then is of a job that was replaced since', async () => {
    const world = new World();
    let end = (): void => undefined;
    world.handle('a', () => new Promise<void>((resolve) => (end = resolve)));
    await world.startAsync();
    const add = (second: number) =>
      world.scheduler.add([job('a', date(START + second * 1_000), POLICY, { origin: 'runtime' })], {
        replaceExisting: true,
      });
    await add(10);
    await world.clock.advanceAsync(10_000);
    await add(60);
    await world.scheduler.reschedule('a', date(START + 10_000));
    await world.clock.advanceAsync(1_000);
    end();

    expect(runsOf(world)).toEqual(['a :10', 'a :10']);
  });
});
