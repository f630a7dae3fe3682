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
    await view.store.jobs.change({ ids: ['mail'], at: 0, decide: () => ({ status: 'unresolved' }) });
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
