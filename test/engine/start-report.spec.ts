import { describe, expect, it } from '@jest/globals';
import type { JobDefinition } from '../../lib/core/index.js';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { cron, DateTrigger, every } from '../../lib/triggers/index.js';
import { controlledStore } from './support/stores.js';
import { at, job, START, World } from './support/world.js';

const base = () => createMemoryStore({ alias: 'default' });

/** One start on a store that outlives it. */
async function start(store: ReturnType<typeof base>, jobs: readonly JobDefinition[], before?: World): Promise<World> {
  const stopped = before?.scheduler.stop();
  await before?.clock.advanceAsync(100);
  await stopped;
  const world = new World({ stores: [controlledStore({ base: store }).store], clock: before?.clock });
  for (const { task } of jobs) world.handle(task);
  return world.startAsync(...jobs);
}

const told = (world: World) => world.typesOf('scheduler.started')[0].data as Record<string, unknown>;
const NOTHING = { added: [], changed: [], orphaned: [], unresolved: [], refused: [] };

describe('scheduler.started', () => {
  it('says how many jobs the code has, and which fires next', () => {
    const world = new World().handle('work').start(job('work', every({ hours: 1 })), job('bell', cron('30 0 * * *')));
    expect(told(world)).toEqual({
      isPassive: false,
      jobs: 2,
      nextFireTime: at('00:30'),
      nextJobId: 'bell',
      changes: null,
    });
  });

  it('says of a store that outlives the process what this start added, changed and refused', async () => {
    const store = base();
    const first = await start(store, [
      job('kept', every('1h')),
      job('moved', cron('0 9 * * *')),
      job('gone', every('1h')),
    ]);
    expect(told(first).changes).toEqual({ ...NOTHING, added: ['kept', 'moved', 'gone'] });
    await first.scheduler.add([job('taken', every('1h'), {}, { origin: 'runtime' })], { replaceExisting: false });
    await store.jobs.change({ ids: ['taken'], now: () => 0, decide: () => ({ status: 'unresolved' }) });

    const code = [
      job('kept', every('1h')),
      job('moved', cron('0 8 * * *')),
      job('taken', every('1h')),
      job('new', every('1h')),
    ];
    const second = await start(store, code, first);
    expect(told(second).changes).toEqual({
      added: ['new'],
      changed: [
        { id: 'moved', store: 'default', what: ['trigger'], fireTimeBefore: at('09:00'), fireTimeAfter: at('08:00') },
      ],
      orphaned: ['gone'],
      unresolved: ['taken'],
      refused: ['taken'],
    });

    const third = await start(store, code, second);
    expect(told(third).changes).toMatchObject({ added: [], changed: [] });
  });

  it('does not call orphaned what another live node has in its code, and says what is taken back', async () => {
    const store = base();
    const other = await start(store, [job('theirs', every('1h'))]);
    const mine = new World({ stores: [controlledStore({ base: store }).store], clock: other.clock, node: 'node-2' });
    await mine.startAsync();
    expect(told(mine).changes).toEqual(NOTHING);

    await store.jobs.change({
      ids: ['theirs'],
      now: () => 0,
      decide: () => ({ status: 'orphaned', fireTime: null, dueAt: null }),
    });
    const again = await start(store, [job('theirs', every('1h'))], other);
    expect(told(again).changes).toMatchObject({ changed: [{ id: 'theirs', what: ['status'] }] });
  });
});

describe('a job whose time counts from each start', () => {
  const warm = () => job('warm', new DateTrigger(undefined, {}, 30_000));
  const fireTime = async (world: World) => (await world.scheduler.get('warm'))!.job.fireTime;
  const SECONDS = 1_000;

  it('runs once that long after each start, and no start reports it as changed', async () => {
    const store = base();
    const first = await start(store, [warm()]);
    expect(told(first).changes).toEqual({ ...NOTHING, added: ['warm'] });
    await first.clock.advanceAsync(60 * SECONDS);
    const second = await start(store, [warm()], first);
    const startedAt = second.clock.now();
    expect(told(second).changes).toEqual(NOTHING);
    expect(second.typesOf('job.changed')).toEqual([]);
    await second.clock.advanceAsync(29 * SECONDS);
    expect(second.calls).toEqual([]);
    await second.clock.advanceAsync(31 * SECONDS);
    expect([...first.calls, ...second.calls].map((call) => call.at)).toEqual([START + 30_000, startedAt + 30_000]);
  });

  it('is put off by a start that comes before it', async () => {
    const store = base();
    const first = await start(store, [warm()]);
    await first.clock.advanceAsync(10 * SECONDS);
    const second = await start(store, [warm()], first);
    expect(await fireTime(second)).toBe(second.clock.now() + 30_000);
  });

  it('stays as it is when the process that starts never claims', async () => {
    const store = base();
    const first = await start(store, [warm()]);
    await first.clock.advanceAsync(10 * SECONDS);
    const options = { role: 'client' } as const;
    const client = new World({ stores: [controlledStore({ base: store }).store], clock: first.clock, options });
    await client.startAsync(warm());
    expect(await fireTime(client)).toBe(START + 30_000);
  });

  it('is changed when its delay is', async () => {
    const store = base();
    const first = await start(store, [warm()]);
    const second = await start(store, [job('warm', new DateTrigger(undefined, {}, 40_000))], first);
    expect(told(second).changes).toMatchObject({ changed: [{ id: 'warm', what: ['trigger'] }] });
  });
});
