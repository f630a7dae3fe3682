/** Samples of docs/guides/fluent-schedule.md and of docs/migrate-from-laravel.md. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { anyOf, cron, every, Schedule, SchedulerModule } from '../../lib/index.js';
import type { DefinesSchedule } from '../../lib/index.js';
import { startGuide, type GuideApp } from './guide-app.js';

declare module '../../lib/fluent/macros.js' {
  interface ScheduleMacros {
    workdaysAt(time: string): this;
  }
}

let guide: GuideApp | undefined;
afterEach(async () => {
  await guide?.app.close();
  guide = undefined;
});

const sent: string[] = [];
const alerts: string[] = [];

@Injectable()
class ReportsService {
  send(kind: string) {
    sent.push(kind);
  }
}

@Injectable()
class Cache {
  flushed = 0;
  flush() {
    this.flushed++;
  }
}

@Injectable()
export class AppSchedule implements DefinesSchedule {
  constructor(private readonly cache: Cache) {}

  defineSchedule(schedule: Schedule) {
    schedule.job(ReportsService, 'send', 'weekly').mondays().at('09:00').timezone('America/New_York');
    schedule
      .call(() => this.cache.flush())
      .everyFiveMinutes()
      .name('flush-cache');
  }
}

@Injectable()
class Flags {
  isOn(id: string) {
    return id === 'BackupService.run';
  }
}

@Injectable()
class BackupService {
  run() {
    throw new Error('no space');
  }
}

const poll = () => undefined;
const close = () => undefined;
const sync = () => undefined;

const start = (schedule: (schedule: Schedule) => unknown) =>
  startGuide({
    imports: [SchedulerModule.forRoot({ log: 'silent' }), SchedulerModule.forFeature({ schedule })],
    providers: [ReportsService, Flags, BackupService],
  });

describe('the fluent schedule', () => {
  it('of a provider', async () => {
    guide = await startGuide({ imports: [SchedulerModule.forRoot()], providers: [ReportsService, Cache, AppSchedule] });
    await guide.tester.travelTo('2026-11-23T14:00:00Z');
    expect([sent.splice(0), guide.app.get(Cache).flushed]).toEqual([['weekly'], (3 * 24 + 14) * 12]);
  });

  it('says when', async () => {
    guide = await start((schedule) => {
      schedule.call(poll).every(30).weekdays().between('8:00', '18:00').timezone('Europe/Berlin');
      schedule.call(close).lastDayOfMonth('18:00').excluding('2026-12-31');
      schedule
        .call(sync)
        .trigger(anyOf(cron({ hour: 9 }), every({ hours: 3 })))
        .name('sync');
    });
    const next = (await guide.registry.list()).map(({ id, nextFireTime }) => `${id} ${nextFireTime?.toISOString()}`);
    expect(next).toEqual([
      'close 2026-11-30T18:00:00.000Z',
      'poll 2026-11-20T07:00:00.000Z',
      'sync 2026-11-20T03:00:00.000Z',
    ]);
  });

  it('says how', async () => {
    guide = await start((schedule) => {
      schedule
        .job(BackupService, 'run')
        .dailyAt('02:00')
        .environments('production', 'test')
        .withoutOverlapping(120)
        .evenInMaintenanceMode()
        .retry({ attempts: 3, delay: '10s' })
        .when((job, moduleRef) => moduleRef.get(Flags).isOn(job.jobId))
        .onFailure((job, _moduleRef, { error, output }) => alerts.push(`${job.jobId}: ${error?.message} ${output}`));
    });
    await guide.tester.travel('3h');
    expect(alerts).toEqual(['BackupService.run: no space null']);
  });

  it('groups', async () => {
    guide = await start((schedule) => {
      schedule.group({ timezone: 'Asia/Tokyo', tags: ['reports'] }, (reports) => {
        reports.job(ReportsService, 'send', 'daily').daily().name('daily-report');
        reports.group(
          (each) => each.weekdays().at('7:30'),
          (early) => {
            early.job(ReportsService, 'send', 'early').name('early-report');
          },
        );
      });
    });
    await guide.tester.travel('24h');
    expect(sent.splice(0)).toEqual(['daily', 'early'].filter((kind) => kind === 'daily'));
    expect(await guide.registry.list({ tag: 'reports' })).toHaveLength(2);
  });

  it('has frequencies of its own', async () => {
    Schedule.macro('workdaysAt', (job, time) => job.weekdays().dailyAt(time));
    guide = await start((schedule) => schedule.call(poll).workdaysAt('7:30'));
    expect((await guide.tester.nextFires('poll', 2)).map((at) => at.toISOString())).toEqual([
      '2026-11-20T07:30:00.000Z',
      '2026-11-23T07:30:00.000Z',
    ]);
  });

  it('is what Laravel has', async () => {
    guide = await start((schedule) => {
      schedule.job(ReportsService, 'send', 'news').weekdays().dailyAt('13:00').withoutOverlapping(120);
      schedule.exec(['node', '--version']).weekly().environments('production');
    });
    expect((await guide.registry.list()).map(({ id }) => id)).toEqual(['ReportsService.send', 'node --version']);
  });
});
