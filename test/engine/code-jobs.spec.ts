import { describe, expect, it } from '@jest/globals';
import type { JobDefinition } from '../../lib/core/index.js';
import { compareVersions } from '../../lib/engine/index.js';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { at as date, cron, every } from '../../lib/triggers/index.js';
import { controlledStore } from './support/stores.js';
import { at, job, START, World } from './support/world.js';

/** An application that starts, again and again, on one durable store. */
class Deploys {
  private readonly base = createMemoryStore({ alias: 'default' });
  private readonly first = new World({ stores: [controlledStore({ base: this.base }).store] });
  private count = 0;

  readonly clock = this.first.clock;

  async start(jobs: readonly JobDefinition[], appVersion = '1.0.0') {
    this.count++;
    const store = controlledStore({ base: this.base }).store;
    const world = new World({ stores: [store], clock: this.clock, appVersion, node: `node-${this.count}` });
    for (const { task } of jobs) world.handle(task);
    await world.scheduler.open();
    const report = await world.scheduler.putCode(jobs);
    await world.scheduler.start();
    return { world, report };
  }

  async restart(from: World, jobs: readonly JobDefinition[], appVersion?: string) {
    const stopped = from.scheduler.stop();
    await this.clock.advanceAsync(100);
    await stopped;
    return this.start(jobs, appVersion);
  }
}

const rowOf = async (world: World, id: string) => (await world.scheduler.get(id))!.job;

describe('a start', () => {
  it('moves nothing of a job whose definition is the same (P14, U33, K3)', async () => {
    const deploys = new Deploys();
    const jobs = [job('work', every({ minutes: 10 })), job('paused', cron('0 9 * * *'))];
    const { world, report } = await deploys.start(jobs);
    expect(report).toMatchObject({ added: ['work', 'paused'], changed: [], unchanged: [] });
    await world.scheduler.pause('paused', { by: 'ann', reason: null, until: null });
    await deploys.clock.advanceAsync(300_000);
    const before = [await rowOf(world, 'work'), await rowOf(world, 'paused')];

    const again = await deploys.restart(world, [job('work', every('10m')), job('paused', cron('0 9 * * *'))]);

    expect(again.report).toMatchObject({ added: [], changed: [], unchanged: ['work', 'paused'] });
    expect([await rowOf(again.world, 'work'), await rowOf(again.world, 'paused')]).toEqual(before);
  });

  it('computes the next fire time anew when the trigger or the zone changed, and reports it', async () => {
    const deploys = new Deploys();
    const { world } = await deploys.start([job('work', cron('0 9 * * *'))]);
    const { report } = await deploys.restart(world, [job('work', cron('0 8 * * *'))]);
    expect(report.changed).toEqual([
      { id: 'work', store: 'default', what: ['trigger'], fireTimeBefore: at('09:00'), fireTimeAfter: at('08:00') },
    ]);
  });

  it('leaves a fire time that is due already due when the trigger changed', async () => {
    const deploys = new Deploys();
    const { world } = await deploys.start([job('work', every({ minutes: 10 }))]);
    const stopped = world.scheduler.stop();
    await deploys.clock.advanceAsync(100);
    await stopped;
    await deploys.clock.advanceAsync(900_000);
    const { world: second } = await deploys.start([job('work', every({ hours: 5 }))]);
    await deploys.clock.advanceAsync(1_000);
    expect(await second.runsOf('work')).toMatchObject([{ fireTime: START + 600_000, state: 'succeeded' }]);
  });

  it('updates other options without moving the fire time', async () => {
    const deploys = new Deploys();
    const { world } = await deploys.start([job('work', every({ minutes: 10 }))]);
    await deploys.clock.advanceAsync(60_000);
    const { world: second, report } = await deploys.restart(world, [
      job('work', every({ minutes: 10 }), { maxInstances: 7 }),
    ]);
    expect(report.changed).toMatchObject([{ id: 'work', what: ['options'] }]);
    expect(await rowOf(second, 'work')).toMatchObject({ fireTime: START + 600_000, policy: { maxInstances: 7 } });
  });

  it('never changes a definition with a lower version; with an equal one the latest start wins (P11)', async () => {
    const deploys = new Deploys();
    await deploys.start([job('work', every({ minutes: 10 }))], '2.0.0');
    const old = await deploys.start([job('work', every({ minutes: 5 }))], '1.9.9');
    expect(old.report.unchanged).toEqual(['work']);
    expect(await rowOf(old.world, 'work')).toMatchObject({ fireTime: START + 600_000, appVersion: '2.0.0' });
    const same = await deploys.start([job('work', every({ minutes: 5 }))], '2.0.0');
    expect(same.report.changed).toHaveLength(1);
  });

  it('keeps a change made at run time until the code changes', async () => {
    const deploys = new Deploys();
    const { world } = await deploys.start([job('work', every({ minutes: 10 }))]);
    await world.scheduler.reschedule('work', every({ minutes: 3 }));
    const second = await deploys.restart(world, [job('work', every({ minutes: 10 }))]);
    expect(second.report.unchanged).toEqual(['work']);
    expect((await rowOf(second.world, 'work')).trigger).toContain('"length":180000');
    const third = await deploys.restart(second.world, [job('work', every({ minutes: 20 }))]);
    expect(third.report.changed).toHaveLength(1);
    expect((await rowOf(third.world, 'work')).trigger).toContain('"length":1200000');
  });

  it('renames a row found under an alias, and nothing else moves (P9)', async () => {
    const deploys = new Deploys();
    const { world } = await deploys.start([job('old-name', every({ minutes: 10 }), {}, { task: 'work' })]);
    await deploys.clock.advanceAsync(660_000);
    const renamed = job('new-name', every({ minutes: 10 }), {}, { task: 'work', aliases: ['old-name'] });
    const { world: second, report } = await deploys.restart(world, [renamed]);
    expect(report.changed).toMatchObject([{ id: 'new-name', what: ['id'] }]);
    expect(await second.scheduler.get('old-name')).toBeNull();
    expect((await rowOf(second, 'new-name')).fireTime).toBe(START + 1_200_000);
    expect(await second.runsOf('new-name')).toHaveLength(1);
  });

  it('keeps a job that has the former id of another one, in whatever order the code has them', async () => {
    const deploys = new Deploys();
    const before = [job('a', every({ minutes: 10 })), job('b', every({ minutes: 10 }))];
    const { world } = await deploys.start(before);
    await deploys.clock.advanceAsync(660_000);
    const after = [
      job('a', every({ minutes: 10 })),
      job('b', every({ minutes: 10 }), {}, { aliases: ['a'] }),
      job('c', every({ minutes: 10 }), {}, { aliases: ['b'] }),
    ];
    const { world: second, report } = await deploys.restart(world, after);
    expect([report.added, report.changed.map(({ id }) => id)]).toEqual([['a'], ['c', 'b']]);
    const runs = await Promise.all(['a', 'b', 'c'].map(async (id) => (await second.runsOf(id)).length));
    expect(runs).toEqual([0, 1, 1]);
  });

  it('refuses the id of a job that was added at run time, and leaves that as it is', async () => {
    const deploys = new Deploys();
    const { world } = await deploys.start([]);
    await world.scheduler.add([job('work', every({ minutes: 1 }), {}, { origin: 'runtime' })], {
      replaceExisting: false,
    });
    const { world: second, report } = await deploys.restart(world, [job('work', every({ minutes: 10 }))]);
    expect(report).toMatchObject({ refused: ['work'] });
    expect(await rowOf(second, 'work')).toMatchObject({ origin: 'runtime' });
  });

  it('puts a job whose fire times are all past as finished, and makes no run', async () => {
    const world = new World().handle('work').start(job('work', date('2024-12-31T00:00Z')));
    world.clock.advance(60_000);
    expect((await world.scheduler.get('work'))!.job).toMatchObject({
      status: 'finished',
      statusReason: 'past',
      fireTime: null,
    });
    expect(await world.runsOf('work')).toEqual([]);
  });

  it('fires a date without an instant at once', () => {
    const world = new World().handle('work').start(job('work', date()));
    world.clock.advance(0);
    expect(world.calls).toHaveLength(1);
  });

  it('puts a job that is not enabled nowhere, and lists it', async () => {
    const world = new World().handle('work').start(job('work', every({ seconds: 1 }), {}, { enabled: false }));
    world.clock.advance(5_000);
    expect(world.calls).toHaveLength(0);
    expect(await world.scheduler.list()).toEqual([]);
    expect(world.scheduler.notEnabled().map((definition) => definition.id)).toEqual(['work']);
  });

  it('stops a job of a shared store that is no longer enabled, at once', async () => {
    const deploys = new Deploys();
    const { world } = await deploys.start([job('work', every({ minutes: 1 }))]);
    const { world: second } = await deploys.restart(world, [
      job('work', every({ minutes: 1 }), {}, { enabled: false }),
    ]);
    await deploys.clock.advanceAsync(120_000);
    expect(second.calls).toHaveLength(0);
    expect(await rowOf(second, 'work')).toMatchObject({ status: 'orphaned' });
    const third = await deploys.restart(second, [job('work', every({ minutes: 1 }))]);
    await deploys.clock.advanceAsync(120_000);
    expect(third.world.calls).toHaveLength(2);
  });

  it('refuses one id for two jobs, naming both places', () => {
    const world = new World();
    void world.scheduler.open();
    const twins = [
      job('work', every({ minutes: 1 }), {}, { definedAt: 'A.run' }),
      job('work', every({ minutes: 2 }), {}, { definedAt: 'B.run' }),
    ];
    expect(() => world.scheduler.putCode(twins)).toThrow(
      /^Job "work" is defined twice, by A\.run and by B\.run\. Give one of them another id\.$/,
    );
  });
});

describe('versions', () => {
  it.each([
    ['1.2.0', '1.10.0', -1],
    ['1.2', '1.2.1', -1],
    ['2.0.0-rc.1', '2.0.0', -1],
    ['2.0.0-rc.1', '2.0.0-rc.2', -1],
    ['2.0.0-rc.9', '2.0.0-rc.10', -1],
    ['1.0.0+abc', '1.0.0+def', 0],
    ['2026.11.21', '2026.2.1', 1],
    ['1.0.0', '1.0.0', 0],
  ])('%s against %s', (one, other, expected) => {
    expect(Math.sign(compareVersions(one, other))).toBe(expected);
    expect(Math.sign(compareVersions(other, one))).toBe(expected === 0 ? 0 : -expected);
  });
});
