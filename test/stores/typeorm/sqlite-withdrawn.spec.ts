import { describe, expect, it } from '@jest/globals';
import { every } from '../../../lib/triggers/index.js';
import { World, job } from '../../engine/support/world.js';
import { eachWithItsFile, place } from './sqlite-case.js';

eachWithItsFile();

/** Two nodes on one file, as two processes are. */
function nodes(): [World, World] {
  const { clock } = new World();
  const [a, b] = ['a', 'b'].map((node) =>
    new World({ stores: [place.store({ alias: 'default', clock })], clock, node }).handle('work'),
  );
  return [a, b];
}

describe('a claim that another process takes back before its run starts', () => {
  const everyMinute = every({ minutes: 1 });

  it('by a deploy with other options starts nothing: the fire time has one run', async () => {
    const [a, b] = nodes();
    await a.startAsync(job('work', everyMinute));
    await a.clock.advanceAsync({ seconds: 59.5 });
    await b.startAsync(job('work', everyMinute, { maxInstances: 2 }));
    await a.clock.advanceAsync({ seconds: 5 });

    expect([a.calls.length + b.calls.length, a.typesOf('lease.lost').length]).toEqual([1, 1]);
    await Promise.all([a.scheduler.stop(0), b.scheduler.stop(0)]);
  });

  it('by a pause starts nothing', async () => {
    const [a, b] = nodes();
    await a.startAsync(job('work', everyMinute));
    await b.scheduler.open();
    await a.clock.advanceAsync({ seconds: 59.5 });
    await b.scheduler.pause('work', { by: 'ops', reason: null, until: null });
    await a.clock.advanceAsync({ seconds: 5 });

    expect(a.calls.length).toBe(0);
    await Promise.all([a.scheduler.stop(0), b.scheduler.stop(0)]);
  });

  it('is no reason to start late when somebody else wrote something else', async () => {
    const [a, b] = nodes();
    await a.startAsync(job('work', everyMinute));
    await b.scheduler.open();
    await a.clock.advanceAsync({ seconds: 59.5 });
    await b.scheduler.add([job('else', everyMinute, {}, { origin: 'runtime', task: 'work' })], {
      replaceExisting: false,
    });
    await b.scheduler.remove('else');
    await a.clock.advanceAsync({ seconds: 5 });

    expect(a.calls.map((call) => call.at)).toEqual([a.calls[0]?.context.fireTime.getTime()]);
    await Promise.all([a.scheduler.stop(0), b.scheduler.stop(0)]);
  });
});
