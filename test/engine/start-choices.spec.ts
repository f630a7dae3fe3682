import { describe, expect, it } from '@jest/globals';
import { at as dateAt, cron, every } from '../../lib/triggers/index.js';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { sharedViews } from './support/stores.js';
import { at, job, World } from './support/world.js';

const NOW = at('00:00:35');
const asked = { args: null, force: true };

/** A world that is started for the minute in which it starts. */
function minuteWorld(...stores: ConstructorParameters<typeof World>[0][]) {
  return new World({ now: NOW, options: { since: at('00:00') }, ...stores[0] });
}

describe('a start that only makes runs that are asked for', () => {
  const world = () => new World({ options: { plans: false } }).handle('work').handle('other');

  it('makes none at its start, nor when something falls due, nor in maintenance mode', async () => {
    const { scheduler, clock, calls } = world().start(
      job('work', every({ minutes: 1 }, { runOnStart: true })),
      job('other', every({ minutes: 1 }), { evenInMaintenanceMode: true }),
      job('now', dateAt(), {}, { task: 'other' }),
    );
    await clock.advanceAsync(600_000);
    expect(calls.map(({ context }) => context.jobId)).toEqual([]);
    await scheduler.runNow('work', asked);
    await clock.advanceAsync(1);
    expect(calls.map(({ task, context }) => [task, context.kind])).toEqual([['work', 'manual']]);
  });

  it('still tries again what it was asked for', async () => {
    const { scheduler, clock, calls } = world()
      .handle('work', () => {
        throw new Error('no');
      })
      .start(job('work', cron('0 9 * * *'), { retry: { ...job('x', every({ hours: 1 })).policy.retry, attempts: 2 } }));
    await scheduler.runNow('work', asked);
    await clock.advanceAsync(3_600_000);
    expect(calls.map(({ context }) => context.attempt)).toEqual([1, 2]);
  });
});

describe('a start for one minute', () => {
  it('makes what fell in it before the start, as scheduled runs under the policy of the job', async () => {
    const world = minuteWorld()
      .handle('work')
      .start(
        job('due', cron('* * * * *'), {}, { task: 'work' }),
        job('often', cron('*/10 * * * * *'), {}, { task: 'work' }),
        job('graceful', cron('* * * * *'), { misfireGraceTime: 10_000 }, { task: 'work' }),
        job('later', cron('5 * * * *'), {}, { task: 'work' }),
      );
    await world.clock.advanceAsync(1);
    const runs = (await world.scheduler.runs({ limit: 100 })).runs;
    expect(runs.map(({ jobId, kind, state, reason, count }) => [jobId, kind, state, reason, count]).sort()).toEqual([
      ['due', 'scheduled', 'succeeded', null, 1],
      ['graceful', 'scheduled', 'skipped', 'misfire', 1],
      ['often', 'scheduled', 'succeeded', null, 4],
    ]);
  });

  it('leaves jobs of shared stores where they are, and counts intervals from now', async () => {
    const [{ store }] = sharedViews(1);
    const world = minuteWorld({ stores: [createMemoryStore({ alias: 'default' }), store] }).handle('work');
    await world.startAsync(
      job('shared', cron('* * * * *'), {}, { task: 'work', store: store.alias }),
      job('delay', every({ seconds: 20 }, { fixedDelay: true }), {}, { task: 'work' }),
    );
    const next = async (id: string) => (await world.scheduler.get(id))!.job.fireTime;
    expect([await next('shared'), await next('delay')]).toEqual([at('00:01'), at('00:00:55')]);
  });

  it('obeys a pause of the application, which another process wrote into the shared store', async () => {
    const [one, two] = sharedViews(2);
    const other = new World({ stores: [one.store], now: NOW });
    await other.startAsync();
    await other.scheduler.pauseAll({ by: null, reason: null, until: null });
    // The memory store comes first, as it does in an application without other configuration.
    const memory = createMemoryStore({ alias: 'memory' });
    const world = minuteWorld({ stores: [memory, two.store], clock: other.clock, node: 'node-2' }).handle('work');
    await world.startAsync(
      job('due', cron('* * * * *'), {}, { task: 'work', store: 'memory' }),
      job('kept', cron('* * * * *'), { evenInMaintenanceMode: true }, { task: 'work', store: 'memory' }),
      job('start', every({ hours: 1 }, { runOnStart: false }), {}, { task: 'work', store: 'memory' }),
    );
    await world.clock.advanceAsync(1);
    expect(world.calls.map(({ context }) => context.jobId)).toEqual(['kept']);
  });
});
