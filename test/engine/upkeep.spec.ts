import { describe, expect, it } from '@jest/globals';
import type { Awaitable, Trigger } from '../../lib/core/index.js';
import { at as date, cron, every } from '../../lib/triggers/index.js';
import { FINISHED_KEPT } from '../../lib/engine/upkeep/finished-jobs.js';
import { sharedViews } from './support/stores.js';
import { job, START, World } from './support/world.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const rowOf = async (world: World, id: string) => (await world.scheduler.get(id))?.job ?? null;

/** Two nodes of one application whose code differs. */
async function differing() {
  const views = sharedViews(3);
  const old = new World({ stores: [views[0].store], node: 'old' }).handle('kept').handle('gone');
  const { clock } = old;
  await old.startAsync(job('kept', every({ hours: 1 })), job('gone', every({ hours: 1 })));
  const young = new World({ stores: [views[1].store], clock, node: 'young', appVersion: '2.0.0' }).handle('kept');
  await young.startAsync(job('kept', every({ hours: 1 })));
  const third = new World({ stores: [views[2].store], clock, node: 'third', appVersion: '2.0.0' })
    .handle('kept')
    .handle('gone');
  return { old, young, third, clock };
}

async function stop(world: World) {
  const stopped = world.scheduler.stop();
  await world.clock.advanceAsync(100);
  await stopped;
}

describe('jobs that no live node knows', () => {
  it('stay while a node that has them in its code lives', async () => {
    const { young, clock } = await differing();
    await clock.advanceAsync(20 * MINUTE);
    expect(await rowOf(young, 'gone')).toMatchObject({ status: 'active' });
  });

  it('are orphaned after five minutes: kept, shown, not fired, until a node lists them again (P10)', async () => {
    const { old, young, third, clock } = await differing();
    await clock.advanceAsync(MINUTE);
    await stop(old);
    await clock.advanceAsync(3 * MINUTE);
    expect(await rowOf(young, 'gone')).toMatchObject({ status: 'active' });
    await clock.advanceAsync(10 * MINUTE);
    expect(await rowOf(young, 'gone')).toMatchObject({ status: 'orphaned' });
    expect(young.typesOf('job.orphaned')).toMatchObject([{ job: { id: 'gone' } }]);
    await clock.advanceAsync(120 * MINUTE);
    expect(await young.runsOf('gone')).toEqual([]);
    await third.startAsync(job('kept', every({ hours: 1 })), job('gone', every({ hours: 1 })));
    expect(await rowOf(young, 'gone')).toMatchObject({ status: 'active' });
    await clock.advanceAsync(61 * MINUTE);
    expect(third.calls.filter((call) => call.task === 'gone')).toHaveLength(1);
  });

  it('run until then where their task is still known, as of a job that was renamed', async () => {
    const views = sharedViews(2);
    const before = new World({ stores: [views[0].store], node: 'before' }).handle('work');
    await before.startAsync(job('work', every({ minutes: 1 })));
    await stop(before);
    const after = new World({ stores: [views[1].store], clock: before.clock, node: 'after' }).handle('work');
    await after.startAsync();
    await before.clock.advanceAsync(4 * MINUTE);
    expect(await rowOf(after, 'work')).toMatchObject({ status: 'active' });
    expect(after.calls).toHaveLength(4);
    await before.clock.advanceAsync(3 * MINUTE);
    const made = after.calls.length;
    await before.clock.advanceAsync(10 * MINUTE);
    expect(await rowOf(after, 'work')).toMatchObject({ status: 'orphaned' });
    expect(after.calls).toHaveLength(made);
  });

  it('are removed after fourteen days', async () => {
    const { old, young, clock } = await differing();
    await stop(old);
    await clock.advanceAsync(15 * MINUTE);
    clock.jump({ days: 14 });
    await clock.advanceAsync(15 * MINUTE);
    expect(await rowOf(young, 'gone')).toBeNull();
    expect(await rowOf(young, 'kept')).not.toBeNull();
  });

  it('are unresolved after ten minutes without a node that has the task, and go on when one has (P9)', async () => {
    const [view] = sharedViews(1);
    const world = new World({ stores: [view.store] });
    await world.startAsync();
    await world.scheduler.add([job('mail', every({ minutes: 1 }), {}, { origin: 'runtime', task: 'Mail.send' })], {
      replaceExisting: false,
    });
    await world.clock.advanceAsync(8 * MINUTE);
    expect(await rowOf(world, 'mail')).toMatchObject({ status: 'active' });
    await world.clock.advanceAsync(8 * MINUTE);
    expect(await rowOf(world, 'mail')).toMatchObject({
      status: 'unresolved',
      statusReason: 'no live node knows the task Mail.send',
    });
    expect(world.typesOf('job.unresolved')).toHaveLength(1);
    world.handle('Mail.send');
    await world.clock.advanceAsync(5 * MINUTE);
    expect(await rowOf(world, 'mail')).toMatchObject({ status: 'active' });
    expect(world.calls.length).toBeGreaterThan(0);
  });
});

describe('retention', () => {
  it('deletes history beyond its age, in batches, and finished jobs of the registry with it', async () => {
    const [view] = sharedViews(1);
    const world = new World({ stores: [view.store], options: { history: { age: DAY, count: 1_000 } } }).handle('work');
    await world.startAsync(job('code', date('2026-03-01T00:00:05Z'), {}, { task: 'work' }));
    await world.scheduler.add([job('once', date('2026-03-01T00:00:05Z'), {}, { origin: 'runtime', task: 'work' })], {
      replaceExisting: false,
    });
    await world.clock.advanceAsync(MINUTE);
    expect(await world.runsOf('once')).toHaveLength(1);
    world.clock.jump({ days: 1 });
    await world.clock.advanceAsync(10 * MINUTE);
    expect(await rowOf(world, 'once')).toBeNull();
    expect(await world.runsOf('code')).toEqual([]);
    expect(await rowOf(world, 'code')).toMatchObject({ status: 'finished' });
  });

  it('forgets nodes that have not been seen for a day', async () => {
    const views = sharedViews(2);
    const dead = new World({ stores: [views[0].store], node: 'dead' });
    await dead.startAsync();
    views[0].failing = () => new Error('gone');
    const world = new World({ stores: [views[1].store], clock: dead.clock });
    await world.startAsync();
    dead.clock.jump({ days: 2 });
    await dead.clock.advanceAsync(5 * MINUTE);
    expect((await views[1].store.nodes.list(0)).map((node) => node.id)).toEqual(['node-1']);
    expect(dead.clock.now()).toBeGreaterThan(START);
  });

  it('looks for what nobody needs less often than for what somebody waits for', async () => {
    const asked: string[] = [];
    const [view] = sharedViews(1);
    view.failing = (method, [filter]) => void asked.push(`${method} ${filter?.status ?? ''}`);
    const world = new World({ stores: [view.store] }).handle('work');
    await world.startAsync(job('work', every({ hours: 1 })));
    await world.clock.advanceAsync(30 * MINUTE);
    const count = (start: string) => asked.filter((call) => call.startsWith(start)).length;
    expect(count('jobs.list active')).toBeGreaterThan(20);
    expect(count('jobs.list finished')).toBeLessThan(10);
    expect(count('nodes.forget')).toBe(1);
  });

  it('keeps a process that adds one-off jobs for ever from growing for ever', async () => {
    const world = new World({ deaf: true })
      .handle('work')
      .start(job('code', date('2026-03-01T00:00:01Z'), {}, { task: 'work' }));
    const once = date('2026-03-01T00:00:01Z');
    const count = 2 * FINISHED_KEPT + 10;
    const jobs = Array.from({ length: count }, (_, index) =>
      job(`once-${index}`, once, {}, { origin: 'runtime', task: 'work' }),
    );
    await world.scheduler.add(jobs, { replaceExisting: false });
    await world.clock.advanceAsync(2_000);
    expect(world.calls).toHaveLength(count + 1);
    const kept = await world.scheduler.list();
    expect(kept.length).toBeGreaterThan(FINISHED_KEPT);
    expect(kept.length).toBeLessThanOrEqual(2 * FINISHED_KEPT + 1);
    expect(kept.map((found) => found.job.id)).toContain('code');
  });

  const added = (id: string, trigger: Trigger) => job(id, trigger, {}, { origin: 'runtime', task: 'work' });
  const CAME_TO_END: [string, Trigger, (world: World) => Awaitable<unknown>][] = [
    ['were over when they were added', cron('* * * * *', { end: '2026-02-01' }), () => null],
    [
      'end with the run after which no other comes',
      every({ seconds: 1 }, { fixedDelay: true, end: '2026-03-01T00:00:01' }),
      () => null,
    ],
    [
      'were rescheduled to a time that is over',
      every({ days: 1 }),
      async ({ scheduler }) => {
        const over = cron('* * * * *', { end: '2026-02-01' });
        for (const { job: row } of await scheduler.list()) await scheduler.reschedule(row.id, over);
      },
    ],
  ];

  it.each(CAME_TO_END)('nor do jobs stay that %s', async (_how, trigger, end) => {
    const world = new World({ deaf: true }).handle('work').start();
    const jobs = Array.from({ length: 2 * FINISHED_KEPT + 10 }, (_, index) => added(`job-${index}`, trigger));
    await world.scheduler.add(jobs, { replaceExisting: false });
    await end(world);
    await world.clock.advanceAsync(3_000);
    const kept = await world.scheduler.list();
    expect(kept.every((found) => found.job.status === 'finished')).toBe(true);
    expect(kept.length).toBeLessThanOrEqual(2 * FINISHED_KEPT);
  });

  it('leaves the history of those that went, and why they ran', async () => {
    const world = new World({ deaf: true }).handle('work').start();
    await world.scheduler.add([added('first', date(START + 1_000))], { replaceExisting: false });
    world.clock.advance(1_000);
    const others = Array.from({ length: 2 * FINISHED_KEPT }, (_, index) => added(`job-${index}`, date(START + 2_000)));
    await world.scheduler.add(others, { replaceExisting: false });
    await world.clock.advanceAsync(2_000);
    expect(await world.scheduler.get('first')).toBeNull();
    expect(await world.runsOf('first')).toMatchObject([{ state: 'succeeded', fireTime: START + 1_000 }]);
    expect(await world.scheduler.why('first', START + 1_000)).toMatchObject({
      verdict: 'ran',
      runs: [{ jobId: 'first' }],
    });
    expect(await world.scheduler.why('first', START + 2_000)).toMatchObject({ verdict: 'unknownJob' });
  });
});
