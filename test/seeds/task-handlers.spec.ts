/** Every sample of the reference document S0 (task handlers) in its Nest form, but for "Stores and Executors". */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { At, Cron, Interval, OrTrigger, AndTrigger, CronTrigger, IntervalTrigger, Scheduled } from '../../lib/index.js';
import { Gate, seedApp, type SeedApp } from './seed-app.js';

let seed: SeedApp;
afterEach(() => seed.app.close());

describe('S0 cron', () => {
  @Injectable()
  class Reports {
    @Cron({ hour: 2, minute: 0 }, { name: 'daily_cleanup' }) cleanUp() {}
    @Cron({ hour: 9, minute: 0 }, { name: 'morning_report' }) morning() {}
    @Cron({ dayOfWeek: 'mon', hour: 10, minute: 0 }, { name: 'weekly_summary' }) weekly() {}
    @Cron({ day: 1, hour: 0, minute: 0 }, { name: 'monthly_billing' }) billing() {}
  }

  it.each([
    ['daily_cleanup', ['2026-11-20T02:00:00.000Z', '2026-11-21T02:00:00.000Z']],
    ['morning_report', ['2026-11-20T09:00:00.000Z', '2026-11-21T09:00:00.000Z']],
    ['weekly_summary', ['2026-11-23T10:00:00.000Z', '2026-11-30T10:00:00.000Z']],
    ['monthly_billing', ['2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z']],
  ])('%s fires at its times', async (id, times) => {
    seed = await seedApp([Reports]);
    expect(await seed.next(id, 2)).toEqual(times);
  });

  it('runs each of them when its time comes', async () => {
    seed = await seedApp([Reports]);
    await seed.tester.travel({ days: 12 });
    expect(await seed.ran('daily_cleanup')).toHaveLength(12);
    expect(await seed.ran('weekly_summary')).toEqual(['2026-11-23T10:00:00.000Z', '2026-11-30T10:00:00.000Z']);
    expect(await seed.ran('monthly_billing')).toEqual(['2026-12-01T00:00:00.000Z']);
  });
});

describe('S0 interval', () => {
  @Injectable()
  class Syncs {
    @Interval({ hours: 1 }, { name: 'my_task' }) everyHour() {}
    @Interval({ minutes: 30 }, { name: 'sync_data' }) sync() {}
    @Interval({ hours: 2 }, { name: 'backup' }) backUp() {}
    @Interval({ days: 1 }, { name: 'cleanup' }) cleanUp() {}
    @Interval({ weeks: 1, days: 2, hours: 3, minutes: 30 }, { name: 'complex_task' }) complex() {}
  }

  it.each([
    ['my_task', ['2026-11-20T01:00:00.000Z', '2026-11-20T02:00:00.000Z']],
    ['sync_data', ['2026-11-20T00:30:00.000Z', '2026-11-20T01:00:00.000Z']],
    ['backup', ['2026-11-20T02:00:00.000Z', '2026-11-20T04:00:00.000Z']],
    ['cleanup', ['2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z']],
    ['complex_task', ['2026-11-29T03:30:00.000Z', '2026-12-08T07:00:00.000Z']],
  ])('%s comes after each length', async (id, times) => {
    seed = await seedApp([Syncs]);
    expect(await seed.next(id, 2)).toEqual(times);
    await seed.tester.travelTo(times[1]);
    expect(await seed.ran(id)).toEqual(expect.arrayContaining(times));
  });
});

describe('S0 date', () => {
  it('launches the campaign once at its instant, and initialises at once when no date is given', async () => {
    @Injectable()
    class Launches {
      @At('2026-12-25T09:00', { name: 'campaign_launch' }) launch() {}
      @At({ name: 'one_time_task' }) initialize() {}
    }
    seed = await seedApp([Launches]);
    await seed.tester.travel('1s');
    expect(await seed.ran('one_time_task')).toHaveLength(1);
    await seed.tester.travel({ days: 60 });
    expect(await seed.ran('campaign_launch')).toEqual(['2026-12-25T09:00:00.000Z']);
    expect(await seed.ran('one_time_task')).toHaveLength(1);
  });
});

describe('S0 combined triggers', () => {
  it('fires at 9 o’clock or every three hours', async () => {
    const trigger = new OrTrigger([new CronTrigger({ hour: 9, minute: 0 }), new IntervalTrigger({ hours: 3 })]);
    @Injectable()
    class Flexible {
      @Scheduled(trigger, { name: 'flexible_task' }) run() {}
    }
    seed = await seedApp([Flexible], {}, '2026-11-20T01:00:00Z');
    expect(await seed.next('flexible_task', 4)).toEqual([
      '2026-11-20T04:00:00.000Z',
      '2026-11-20T07:00:00.000Z',
      '2026-11-20T09:00:00.000Z',
      '2026-11-20T10:00:00.000Z',
    ]);
  });

  it('really runs on weekdays from 9 to 17', async () => {
    const trigger = new AndTrigger([new CronTrigger({ dayOfWeek: 'mon-fri' }), new CronTrigger({ hour: '9-17' })]);
    @Injectable()
    class BusinessHours {
      @Scheduled(trigger, { name: 'business_hours_task', history: { count: 100 } }) run() {}
    }
    seed = await seedApp([BusinessHours]);
    await seed.tester.travel({ days: 7 });
    const hours = [9, 10, 11, 12, 13, 14, 15, 16, 17].map((hour) => `T${String(hour).padStart(2, '0')}:00:00.000Z`);
    const days = ['2026-11-20', '2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26'];
    expect(await seed.ran('business_hours_task')).toEqual(days.flatMap((day) => hours.map((hour) => day + hour)));
  });
});

describe('S0 task configuration', () => {
  it('never has two runs of heavy_task at once with maxInstances 1', async () => {
    const gate = new Gate();
    @Injectable()
    class Heavy {
      @Interval({ minutes: 5 }, { name: 'heavy_task', maxInstances: 1 })
      async process() {
        await gate.opened;
      }
    }
    seed = await seedApp([Heavy]);
    await seed.tester.travel({ minutes: 16 });
    gate.open();
    await seed.tester.travel({ minutes: 5 });
    expect(await seed.ran('heavy_task')).toEqual(['2026-11-20T00:05:00.000Z', '2026-11-20T00:20:00.000Z']);
    const skipped = (await seed.tester.runsOf('heavy_task')).filter((run) => run.state === 'skipped');
    expect(skipped.map((run) => [run.reason, run.count])).toEqual([['overlap', 2]]);
  });

  it('runs sync_task only once for several missed times', async () => {
    @Injectable()
    class Sync {
      @Interval({ minutes: 10 }, { name: 'sync_task', coalesce: true }) sync() {}
    }
    seed = await seedApp([Sync]);
    seed.tester.clock.jump(35 * 60_000);
    await seed.tester.travel('1s');
    expect((await seed.tester.runsOf('sync_task')).map((run) => run.count)).toEqual([3]);
  });

  it.each([
    ['60 s late', 60_000, 'succeeded'],
    ['61 s late', 61_000, 'skipped'],
  ])('%s with a grace of 60 s: %s', async (_, late, state) => {
    @Injectable()
    class Sensitive {
      @Cron({ hour: 9, minute: 0 }, { name: 'time_sensitive', misfireGraceTime: '60s' }) send() {}
    }
    seed = await seedApp([Sensitive], {}, '2026-11-20T08:59:00Z');
    seed.tester.clock.jump(60_000 + Number(late));
    await seed.tester.travel('1ms');
    expect((await seed.tester.runsOf('time_sensitive')).map((run) => run.state)).toEqual([state]);
  });
});

describe('S0 complete example', () => {
  it('gives jobs their ids by scheduler_tasks', async () => {
    @Injectable()
    class Tasks {
      @Interval({ hours: 1 }) syncData() {}
      @Cron({ hour: 8, minute: 0 }) generateReport() {}
      @Cron({ hour: 2, minute: 0 }, { maxInstances: 1 }) cleanupOldData() {}
    }
    seed = await seedApp([Tasks], {
      jobs: { hourly_sync: 'Tasks.syncData', daily_report: 'Tasks.generateReport', cleanup: 'Tasks.cleanupOldData' },
    });
    expect((await seed.registry.list()).map((job) => job.id)).toEqual(['cleanup', 'daily_report', 'hourly_sync']);
    await seed.tester.travel({ hours: 8 });
    expect(await seed.ran('hourly_sync')).toHaveLength(8);
    expect(await seed.ran('daily_report')).toHaveLength(1);
    expect(await seed.ran('cleanup')).toHaveLength(1);
  });
});

describe('S0 best practices', () => {
  it('handles its own errors and goes on', async () => {
    const logged: string[] = [];
    @Injectable()
    class ApiSync {
      private readonly logger = Object.assign(new Logger('ApiSync'), { error: (line: string) => logged.push(line) });

      @Cron({ hour: 2 }, { name: 'user_cleanup_daily' }) cleanUp() {}
      @Interval({ hours: 1 }, { name: 'heavy_processing', maxInstances: 1 }) large() {}
      @Interval({ minutes: 15 }, { name: 'api_sync' })
      async sync() {
        try {
          await Promise.reject(new Error('no route'));
        } catch (error) {
          this.logger.error(`Sync failed: ${(error as Error).message}`);
        }
      }
    }
    seed = await seedApp([ApiSync]);
    await seed.tester.travel({ minutes: 30 });
    expect(logged).toEqual(['Sync failed: no route', 'Sync failed: no route']);
    expect(await seed.ran('api_sync')).toHaveLength(2);
  });
});
