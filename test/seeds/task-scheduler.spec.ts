/** Every sample of the reference document S3 (task scheduler component) in its Nest form. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { At, Cron, CronTrigger, Interval, SchedulerModule, SchedulerRegistry } from '../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../lib/testing/index.js';
import { seedApp, type SeedApp } from './seed-app.js';

let seed: SeedApp | undefined;
let served: INestApplication | undefined;
afterEach(async () => {
  await seed?.app.close();
  await served?.close();
  seed = served = undefined;
});

@Injectable()
class Tasks {
  @Interval({ seconds: 30 }, { id: 'heartbeat' }) heartbeat() {}
  @Interval({ minutes: 5 }, { id: 'check_status' }) checkStatus() {}
  @Cron({ hour: 2, minute: 0 }, { id: 'daily_backup' }) dailyBackup() {}
  @Cron({ dayOfWeek: 'mon', hour: 9 }, { id: 'weekly_report' }) weeklyReport() {}
  @Cron({ day: 1, hour: 0, minute: 0 }, { id: 'monthly_cleanup' }) monthlyCleanup() {}
  @At('2026-12-31 23:59', { id: 'new_years_countdown' }) newYear() {}
}

describe('S3 basic setup, cron and one-time jobs', () => {
  it.each([
    ['heartbeat', ['2026-11-20T00:00:30', '2026-11-20T00:01:00']],
    ['check_status', ['2026-11-20T00:05:00', '2026-11-20T00:10:00']],
    ['daily_backup', ['2026-11-20T02:00:00', '2026-11-21T02:00:00']],
    ['weekly_report', ['2026-11-23T09:00:00', '2026-11-30T09:00:00']],
    ['monthly_cleanup', ['2026-12-01T00:00:00', '2027-01-01T00:00:00']],
    ['new_years_countdown', ['2026-12-31T23:59:00']],
  ])('%s', async (id, times) => {
    seed = await seedApp([Tasks]);
    expect(await seed.next(id, 2)).toEqual(times.map((time) => `${time}.000Z`));
    await seed.tester.travelTo(`${times[0]}Z`);
    expect(await seed.ran(id)).toContain(`${times[0]}.000Z`);
  });

  it('finishes a date that lies in the past without a run', async () => {
    @Injectable()
    class Past {
      @At(new Date('2024-12-31T23:59:00Z'), { id: 'new_years_countdown' }) newYear() {}
    }
    seed = await seedApp([Past]);
    await seed.tester.travel({ days: 1 });
    const job = await seed.registry.get('new_years_countdown');
    expect([job!.status, job!.statusReason]).toEqual(['finished', 'past']);
    expect(await seed.ran('new_years_countdown')).toEqual([]);
  });
});

describe('S3 application life cycle', () => {
  it('starts and stops with the application, and answers GET /jobs with plain JSON', async () => {
    @Controller()
    class JobsController {
      constructor(private readonly scheduler: SchedulerRegistry) {}

      @Interval({ seconds: 60 }, { id: 'periodic_task' }) periodic() {}

      @Get('jobs') list() {
        return this.scheduler.list();
      }
    }
    @Module({
      imports: [SchedulerModule.forRoot(), SchedulerTestingModule.forRoot({ now: '2026-11-20T00:00:00Z' })],
      controllers: [JobsController],
    })
    class AppModule {}
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app: INestApplication = (served = testing.createNestApplication(new ExpressAdapter()));
    await app.listen(0, '127.0.0.1');
    await app.get(SchedulerTester).travel({ minutes: 3 });
    const answer = (await (await fetch(`${await app.getUrl()}/jobs`)).json()) as Record<string, unknown>[];
    expect(answer).toEqual([
      expect.objectContaining({ id: 'periodic_task', nextFireTime: '2026-11-20T00:04:00.000Z', origin: 'code' }),
    ]);
    await app.close();
    expect(app.get(SchedulerTester).clock.timerCount()).toBe(0);
  });
});

describe('S3 programmatic management', () => {
  it('adds, pauses, resumes and removes jobs', async () => {
    const ran: string[] = [];
    @Injectable()
    class Services {
      runBackup() {
        ran.push('backup');
      }
      healthCheck() {
        ran.push('health');
      }
      end() {
        ran.push('end');
      }
    }
    seed = await seedApp([Services]);
    const { registry, tester } = seed;
    await registry.addCron({ id: 'custom-job', task: 'Services.runBackup', expression: '0 2 * * *' });
    await registry.addInterval({ id: 'health-check', task: [Services, 'healthCheck'], every: { minutes: 5 } });
    await registry.addAt({ task: 'Services.end', at: '2026-12-31 23:59' });

    await tester.travelTo('2026-11-20T02:00:00Z');
    expect(ran.filter((name) => name === 'backup')).toHaveLength(1);
    expect(ran.filter((name) => name === 'health')).toHaveLength(24);

    await registry.pause('custom-job');
    await tester.travel({ days: 2 });
    expect(ran.filter((name) => name === 'backup')).toHaveLength(1);

    await registry.resume('custom-job');
    await tester.travel({ days: 1 });
    expect(ran.filter((name) => name === 'backup')).toHaveLength(2);

    await registry.remove('custom-job');
    expect(await registry.get('custom-job')).toBeNull();
    await tester.travelTo('2027-01-01T00:00:00Z');
    expect(ran.filter((name) => name === 'backup')).toHaveLength(2);
    expect(ran.filter((name) => name === 'end')).toHaveLength(1);
  });
});

describe('S3 configuration', () => {
  it('takes timezone and job defaults', async () => {
    seed = await seedApp([Tasks], {
      timezone: 'America/New_York',
      jobDefaults: { coalesce: true, maxInstances: 3, misfireGraceTime: '60s' },
    });
    expect(await seed.registry.get('daily_backup')).toMatchObject({
      coalesce: true,
      maxInstances: 3,
      misfireGraceTime: 60_000,
      timezone: 'America/New_York',
    });
    expect(await seed.next('daily_backup', 1)).toEqual(['2026-11-20T07:00:00.000Z']);
  });
});

describe('S3 cron expression reference', () => {
  it('reads weekday 0 as Sunday in an expression, and as Monday in a string of the original', () => {
    const from = Date.parse('2026-11-20T00:00:00Z');
    const iso = (instant: number | null) => new Date(instant!).toISOString();
    expect(iso(new CronTrigger('0 9 * * 0').next(from))).toBe('2026-11-22T09:00:00.000Z');
    expect(iso(CronTrigger.fromCrontab('0 9 * * 0', { dialect: 'apscheduler' }).next(from))).toBe(
      '2026-11-23T09:00:00.000Z',
    );
  });
});
