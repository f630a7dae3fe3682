import { describe, expect, it } from '@jest/globals';
import { at as date } from '../../lib/triggers/index.js';
import { sharedViews } from './support/stores.js';
import { deferred, job, World } from './support/world.js';

const work = job('work', date('2026-03-01T00:00:05Z'));
const AWAY = (method: string) => method === 'jobs.settle' && new Error('away');

describe('a stop while outcomes cannot be written', () => {
  async function stopped(settling: (method: string) => unknown, hanging: string | null = null) {
    const views = sharedViews(2);
    const first = new World({ stores: [views[0].store], node: 'node-1' }).handle('work', () => 'done');
    await first.startAsync(work);
    views[0].failing = settling;
    views[0].hanging = hanging;
    await first.clock.advanceAsync(6_000);
    expect(first.calls).toHaveLength(1);
    const end = first.scheduler.stop();
    await first.clock.advanceAsync(60_000);
    await end;
    return { views, first };
  }

  it.each([
    ['fails', AWAY, null],
    ['hangs', () => null, 'jobs.settle'],
  ] as const)('tells of each run when the store %s, with its ids', async (_how, failing, hanging) => {
    const { first } = await stopped(failing, hanging);
    expect(first.typesOf('run.unsettled')).toMatchObject([
      {
        store: 'default',
        job: { id: 'work' },
        run: { id: first.calls[0].context.runId },
        detail: expect.stringContaining('succeeded'),
      },
    ]);
    expect(first.clock.timerCount()).toBe(0);
  });

  it('loses nothing: the run is taken over when its lease has ended', async () => {
    const { views, first } = await stopped(AWAY);
    const second = new World({ stores: [views[1].store], clock: first.clock, node: 'node-2' });
    await second.handle('work', () => 'again').startAsync(work);
    await first.clock.advanceAsync(30_000);
    expect(await second.runsOf('work')).toMatchObject([{ state: 'succeeded', result: 'again' }]);
  });

  it('tells of nothing when all was written', async () => {
    const { first } = await stopped(() => null);
    expect(first.typesOf('run.unsettled')).toEqual([]);
  });

  it('tells of a claim that could not be given back', async () => {
    const views = sharedViews(1);
    const world = new World({ stores: [views[0].store] }).handle('work', () => deferred().promise);
    await world.startAsync(work);
    await world.clock.advanceAsync(4_500);
    expect(world.typesOf('run.claimed')).toHaveLength(1);
    views[0].failing = AWAY;
    const end = world.scheduler.stop();
    await world.clock.advanceAsync(60_000);
    await end;
    expect(world.typesOf('run.unsettled')).toMatchObject([{ detail: expect.stringContaining('given back') }]);
  });
});
