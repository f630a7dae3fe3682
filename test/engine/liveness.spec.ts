import { describe, expect, it } from '@jest/globals';
import { every } from '../../lib/triggers/index.js';
import { sharedViews, type StoreControl } from './support/stores.js';
import { job, World } from './support/world.js';

const MINUTE = 60_000;
/** Methods without a decorator: a node resolves them on demand, and lists them from then on. */
const unlisted = new Set(['Mail.send']);
const mail = job('mail', every({ days: 1 }), {}, { origin: 'runtime', task: 'Mail.send' });

function node(view: StoreControl, name: string, beside?: World): World {
  return new World({ stores: [view.store], node: name, clock: beside?.clock, unlisted });
}

const statusOf = async (world: World) => (await world.scheduler.get('mail'))?.job.status;

describe('a task that nobody decorated', () => {
  it('is known to the node that can resolve it, although its heartbeat does not list it', async () => {
    const [view] = sharedViews(1);
    const without = await node(view, 'without').startAsync();
    await without.scheduler.add([mail], { replaceExisting: false });
    await view.store.jobs.change({ ids: ['mail'], now: () => 0, decide: () => ({ status: 'unresolved' }) });
    await without.clock.advanceAsync(5 * MINUTE);
    expect(await statusOf(without)).toBe('unresolved');

    without.handle('Mail.send');
    await without.clock.advanceAsync(2 * MINUTE);
    expect(await statusOf(without)).toBe('active');
    expect(without.typesOf('job.unresolved')).toEqual([]);
  });

  it('never makes its job unresolved while a node that can resolve it lives, one just restarted included', async () => {
    const views = sharedViews(3);
    const without = await node(views[0], 'without').startAsync();
    const { clock } = without;
    const first = await node(views[1], 'first', without).handle('Mail.send').startAsync();
    await first.scheduler.add([mail], { replaceExisting: false });
    await first.scheduler.runNow('mail', { args: null, force: false });
    await clock.advanceAsync(30 * MINUTE);

    const stopped = first.scheduler.stop();
    await clock.advanceAsync(100);
    await stopped;
    await node(views[2], 'second', without).handle('Mail.send').startAsync();
    await clock.advanceAsync(120 * MINUTE);
    expect(without.typesOf('job.unresolved')).toEqual([]);
    expect(await statusOf(without)).toBe('active');
    expect((await without.scheduler.nodes()).find(({ id }) => id === 'second')!.tasks).toEqual(['Mail.send']);
  });

  it('makes it unresolved when no node can', async () => {
    const views = sharedViews(2);
    const without = await node(views[0], 'without').startAsync();
    await node(views[1], 'another', without).startAsync();
    await without.scheduler.add([mail], { replaceExisting: false });
    await without.scheduler.runNow('mail', { args: null, force: false });
    await without.clock.advanceAsync(15 * MINUTE);
    expect(await statusOf(without)).toBe('unresolved');
  });
});

describe('an unhurried pace, as under the clock of a test', () => {
  const HOUR = 60 * MINUTE;
  const options = { pace: 60, lease: 870_000, poll: 6 * HOUR, pollWithoutWake: 6 * HOUR, idlePoll: 6 * HOUR };
  const rare = (id: string) => job(id, every({ days: 2 }));

  async function pair() {
    const views = sharedViews(2);
    const one = new World({ stores: [views[0].store], node: 'one', options }).handle('kept').handle('gone');
    await one.startAsync(rare('kept'), rare('gone'));
    const two = new World({ stores: [views[1].store], node: 'two', clock: one.clock, options }).handle('kept');
    await two.startAsync(rare('kept'));
    return { one, two, clock: one.clock, calls: views[1].calls };
  }

  it('lets a node live as long as it gives a sign', async () => {
    const { two, clock } = await pair();
    await clock.advanceAsync(12 * HOUR);
    expect((await two.scheduler.get('gone'))?.job.status).toBe('active');
  });

  it('sets jobs aside as soon as ever after a start, and within hours later', async () => {
    for (const [before, within] of [
      [0, 10 * MINUTE],
      [5 * HOUR, 90 * MINUTE],
    ]) {
      const { one, two, clock } = await pair();
      await clock.advanceAsync(before);
      const stopped = one.scheduler.stop();
      await clock.advanceAsync(100);
      await stopped;
      await clock.advanceAsync(within);
      expect((await two.scheduler.get('gone'))?.job.status).toBe('orphaned');
    }
  });

  it('asks the store for little in a day', async () => {
    const { clock, calls } = await pair();
    await clock.advanceAsync(3 * HOUR);
    calls.length = 0;
    await clock.advanceAsync(24 * HOUR);
    const rounds = calls.filter((call) => call === 'history.prune').length;
    expect(rounds).toBeGreaterThanOrEqual(19);
    expect(rounds).toBeLessThanOrEqual(31);
  });
});
