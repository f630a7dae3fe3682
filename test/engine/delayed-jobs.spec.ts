import { describe, expect, it } from '@jest/globals';
import { every } from '../../lib/triggers/index.js';
import { controlledStore } from './support/stores.js';
import { START, World, deferred, job, settle } from './support/world.js';

const SECOND = 1_000;

describe('a fixedDelay job', () => {
  it('keeps a trigger it was given while its last run was open, though the former one had ended', async () => {
    const open = deferred();
    const world = new World().handle('a', () => open.promise).start();
    const end = START + 90 * SECOND;
    await world.scheduler.add([job('a', every({ minutes: 1 }, { fixedDelay: true, end }), {}, { origin: 'runtime' })], {
      replaceExisting: false,
    });
    world.clock.advance({ seconds: 60 });
    expect(world.calls).toHaveLength(1);
    await world.scheduler.reschedule('a', every({ hours: 1 }));
    world.clock.advance({ seconds: 60 });
    open.resolve();
    await settle();
    const found = await world.scheduler.get('a');
    expect([found!.job.status, found!.job.fireTime]).toEqual(['active', START + 60 * SECOND + 3_600_000]);
  });

  it('goes on after its buffered run made way for a run by hand', async () => {
    const open = [deferred(), deferred(), deferred()];
    let n = 0;
    const world = new World().handle('a', () => open[n++]?.promise).start();
    await world.scheduler.add(
      [job('a', every({ minutes: 1 }, { fixedDelay: true }), { overlap: 'cancelOther' }, { origin: 'runtime' })],
      { replaceExisting: false },
    );
    await world.scheduler.runNow('a', { args: null, force: false });
    world.clock.advance({ seconds: 60 });
    await world.scheduler.runNow('a', { args: null, force: false });
    open.forEach((it) => it.resolve());
    await world.clock.advanceAsync({ minutes: 10 });

    expect(world.calls.length).toBeGreaterThan(3);
  });

  it('goes on when a node died between the cancel of its waiting run and what follows from it', async () => {
    const control = controlledStore();
    const trigger = every({ minutes: 1 }, { fixedDelay: true });
    const retry = { attempts: 3, backoff: 'fixed', delay: 600_000, maxDelay: 600_000, jitter: 0 } as const;
    const world = await new World({ stores: [control.store] })
      .handle('a', () => {
        throw new Error('no luck');
      })
      .startAsync(job('a', trigger, { retry }));
    await world.clock.advanceAsync({ minutes: 1 });
    const [{ id }] = await world.runsOf('a');
    control.failing = (method, [request]) =>
      method === 'jobs.change' && 'decide' in request ? new Error('died') : null;
    await world.scheduler.cancel(id);
    control.failing = null;
    await world.clock.advanceAsync({ minutes: 5 });

    expect(world.calls.length).toBeGreaterThan(1);
  });

  it('is not moved, and nothing is told twice, when a run that was cancelled long ago is cancelled again', async () => {
    const open = deferred();
    const world = new World()
      .handle('a', () => open.promise)
      .start(job('a', every({ minutes: 1 }, { fixedDelay: true })));
    world.clock.advance({ minutes: 1 });
    const [{ id }] = await world.runsOf('a');
    await world.scheduler.cancel(id);
    await world.clock.advanceAsync({ seconds: 66 });
    await world.scheduler.cancel(id);

    expect((await world.scheduler.get('a'))!.job.fireTime).toBeNull();
    expect(world.typesOf('run.cancelled')).toHaveLength(1);
  });
});

describe('a run whose job has a trigger that this node cannot read (P23)', () => {
  it('ends all the same: its slot is free, its outcome written, and another node sets the job going', async () => {
    const control = controlledStore();
    const open = deferred();
    const world = await new World({ stores: [control.store], concurrency: 1 })
      .handle('a', () => open.promise)
      .startAsync(job('a', every({ minutes: 1 }, { fixedDelay: true })));
    await world.clock.advanceAsync({ minutes: 1 });
    const { decode } = world.triggers;
    world.triggers.decode = () => {
      throw new Error('unknown type of trigger');
    };
    open.resolve();
    await world.clock.advanceAsync({ seconds: 1 });

    expect((await world.runsOf('a')).map((run) => run.state)).toEqual(['succeeded']);
    expect(world.scheduler.openAttempts()).toEqual([]);

    world.triggers.decode = decode;
    await world.clock.advanceAsync({ minutes: 5 });
    expect(world.calls.length).toBeGreaterThan(1);
  });
});
