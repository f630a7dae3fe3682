import { describe, expect, it } from '@jest/globals';
import type { JobDefinition } from '../../lib/core/index.js';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { ManualClock } from '../../lib/testing/index.js';
import { cron, every } from '../../lib/triggers/index.js';
import { controlledStore } from './support/stores.js';
import { job, START, World } from './support/world.js';

const hourly = every({ hours: 1 });
const inStore = (store: string, rest: Partial<JobDefinition> = {}) => job('report', hourly, {}, { store, ...rest });

/** Two durable stores, and the applications that start on them. */
class Durable {
  private readonly bases = ['first', 'second'].map((alias) => createMemoryStore({ alias }));
  private readonly clock = new ManualClock(START);
  private count = 0;

  world(observes = false): World {
    const stores = this.bases.map((base) => controlledStore({ base }).store);
    const options = observes ? { observes, role: 'client' as const } : {};
    return new World({ stores, clock: this.clock, node: `node-${++this.count}`, options }).handle('report');
  }

  async left(world: World): Promise<void> {
    const stopped = world.scheduler.stop();
    await world.clock.advanceAsync(100);
    await stopped;
  }

  async rowsOf(id: string) {
    const lists = await Promise.all(this.bases.map(async ({ jobs }) => jobs.list({ ids: [id] })));
    return lists.map(([row]) => row);
  }
}

describe('an id of the code', () => {
  it('is refused when another store keeps a job added at run time under it, both places named', async () => {
    const stores = new Durable();
    const before = await stores.world().startAsync();
    await before.scheduler.add([inStore('first', { origin: 'runtime', task: 'Mail.send' })], {
      replaceExisting: false,
    });
    await stores.left(before);

    const started = stores.world().startAsync(inStore('second', { definedAt: 'Reports.send (@Cron)' }));
    await expect(started).rejects.toMatchObject({
      code: 'DUPLICATE_JOB',
      jobId: 'report',
      firstAt: expect.stringMatching(/registry put into the store "first" \(task Mail\.send\)/),
      secondAt: 'Reports.send (@Cron)',
    });
    expect((await stores.rowsOf('report'))[1]).toBeUndefined();
    await expect(stores.world(true).startAsync(inStore('second'))).resolves.toBeDefined();
  });

  it('is moved only when none is refused', async () => {
    const stores = new Durable();
    const before = await stores.world().startAsync(inStore('first'));
    const added = job('other', hourly, {}, { store: 'second', origin: 'runtime' });
    await before.scheduler.add([added], { replaceExisting: false });
    await stores.left(before);

    const code = [inStore('second'), job('other', hourly, {}, { store: 'first' })];
    await expect(stores.world().startAsync(...code)).rejects.toMatchObject({ code: 'DUPLICATE_JOB', jobId: 'other' });
    expect(await stores.rowsOf('report')).toMatchObject([{ status: 'active' }, undefined]);
  });

  it('is set aside where an earlier code kept it, and read where it is now', async () => {
    const stores = new Durable();
    const before = await stores.world().startAsync(inStore('first'));
    await stores.left(before);

    const after = await stores.world().startAsync(inStore('second'));
    expect(await stores.rowsOf('report')).toMatchObject([
      { status: 'orphaned', statusReason: 'the code keeps it in the store "second"' },
      { status: 'active' },
    ]);
    expect(after.typesOf('job.orphaned')).toMatchObject([{ store: 'first' }]);
    expect(await after.scheduler.get('report')).toMatchObject({ store: 'second', job: { status: 'active' } });
    await after.scheduler.reschedule('report', cron('0 9 * * *'));
    expect((await stores.rowsOf('report'))[1].trigger).toContain('0 9 * * *');
    await stores.left(after);

    const back = await stores.world().startAsync(inStore('first'));
    expect((await stores.rowsOf('report')).map((row) => row.status)).toEqual(['active', 'orphaned']);
    expect(await back.scheduler.get('report')).toMatchObject({ store: 'first', job: { status: 'active' } });
  });

  it('is left alone where a node that lives has it in its code, until the last of these has left', async () => {
    const stores = new Durable();
    const before = await stores.world().startAsync(inStore('first'));
    const after = await stores.world().startAsync(inStore('second'));
    await after.clock.advanceAsync(60_000);
    expect((await stores.rowsOf('report')).map((row) => row.status)).toEqual(['active', 'active']);
    await stores.left(before);
    await after.clock.advanceAsync(10_000);
    expect((await stores.rowsOf('report')).map((row) => row.status)).toEqual(['orphaned', 'active']);
    await stores.left(after);
    expect(after.clock.timerCount()).toBe(0);
  });
});
