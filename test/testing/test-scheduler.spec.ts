import { describe, expect, it } from '@jest/globals';
import { job, ManualClock, testScheduler } from '../../lib/testing/index.js';
import { cron, every, toInstant as at } from '../../lib/triggers/index.js';

describe('coalesce', () => {
  it('makes one run, for the latest fire time, when three were missed', async () => {
    const { clock, scheduler, runsOf } = await testScheduler({ now: '2026-03-01T00:00Z' });
    await scheduler.add(job('report', every({ minutes: 10 }), { coalesce: true, misfireGraceTime: '1h' }));

    clock.jump({ minutes: 35 }); // the process slept: no tick in between

    expect(runsOf('report').map((run) => run.fireTime)).toEqual([at('2026-03-01T00:30Z')]);
  });
});

describe('testScheduler', () => {
  it('runs handlers in the tick of the clock, and keeps what became of them', async () => {
    const seen: unknown[] = [];
    const { clock, scheduler, runsOf, eventsOf } = await testScheduler({
      now: '2026-03-01',
      tasks: { note: (args, context) => seen.push(args, context.fireTime.getUTCMinutes()) },
    });
    await scheduler.add([job('a', cron('*/5 * * * *'), { task: 'note', args: [7], timeout: '2s' })]);

    clock.advance('12m');

    expect(seen).toEqual([[7], 5, [7], 10]);
    await scheduler.idle();
    expect(runsOf('a').map((run) => run.state)).toEqual(['succeeded', 'succeeded']);
    expect(eventsOf('run.started')).toHaveLength(2);
  });

  it('leaves no timer when it was stopped', async () => {
    const { clock, scheduler } = await testScheduler({ now: '2026-03-01' });
    await scheduler.add(job('a', every('1h')));
    await scheduler.stop();

    expect(clock).toBeInstanceOf(ManualClock);
    expect(clock.timerCount()).toBe(0);
  });

  it('may begin at the epoch, as fake timers often do', async () => {
    const { clock, scheduler, runsOf } = await testScheduler({ now: 0 });
    await scheduler.add(job('a', every('1h')));

    clock.advance('2h');

    expect(runsOf('a')).toHaveLength(2);
  });

  it('knows the given tasks alone, once some are given', async () => {
    const { clock, scheduler, runsOf } = await testScheduler({ now: '2026-03-01', tasks: {} });
    await scheduler.add(job('a', every('1h')));
    clock.advance('1h');
    await scheduler.idle();

    expect(runsOf('a')).toMatchObject([{ state: 'skipped', reason: 'unresolved' }]);
  });
});
