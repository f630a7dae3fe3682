/** Samples of docs/migrate-from-*.md. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  anyOf,
  at,
  cron,
  Cron as CarillonCron,
  every,
  Interval as CarillonInterval,
  JobContext,
  Scheduled,
  SchedulerModule,
  SchedulerRegistry as CarillonRegistry,
} from '../../lib/index.js';
import { Cron, CronExpression, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '../../lib/compat/index.js';
import { startGuide, type GuideApp } from './guide-app.js';

const folder = mkdtempSync(join(tmpdir(), 'carillon-migrate-'));
const file = join(folder, 'jobs.db');

let app: TestingModule | undefined;
let guide: GuideApp | undefined;
afterEach(async () => {
  await app?.close();
  await guide?.app.close();
  app = guide = undefined;
  rmSync(folder, { recursive: true, force: true });
});

describe('from @nestjs/schedule', () => {
  it('a job in memory, one in a store and one of the main entry run side by side', async () => {
    const scheduling = ScheduleModule.forRoot({
      scheduler: {
        timezone: 'Europe/Berlin',
        stores: { db: { type: 'typeorm', options: { type: 'better-sqlite3', database: file } } },
      },
    });

    @Injectable()
    class Jobs {
      progress = 0;

      @Cron('0 3 * * *', { name: 'nightly', store: 'db', retry: { attempts: 3 } })
      async nightly() {}

      @CarillonCron('0 4 * * *', { id: 'archive', store: 'db', timezone: 'Europe/Berlin' })
      async archive(job: JobContext) {
        job.progress(0.5);
      }

      @Interval('poll', 60_000) poll() {}
      @Timeout('warm-up', 60_000) warmUp() {}
      @Cron(CronExpression.EVERY_HOUR, { name: 'hourly' }) hourly() {}
    }
    app = await Test.createTestingModule({ imports: [scheduling], providers: [Jobs] }).compile();
    app.useLogger(false);
    await app.init();
    expect(app.get(SchedulerRegistry).getCronJob('nightly').isActive).toBe(true);
    await app.get(CarillonRegistry, { strict: false }).runNow('nightly');

    const carillon = app.get(CarillonRegistry, { strict: false });
    const { runs } = await carillon.history('nightly');
    expect(runs).toHaveLength(1);
    const jobs = await carillon.list();
    expect(jobs.map(({ id, store }) => `${id} ${store}`)).toEqual([
      'archive db',
      'hourly default',
      'nightly db',
      'poll default',
      'warm-up default',
    ]);
  });
});

describe('from other schedulers', () => {
  @Injectable()
  class Mailer {
    readonly sent: string[] = [];
    send(to: string, job: JobContext) {
      this.sent.push(`${to} ${job.attempt}`);
    }
  }

  it('jobs that are added at run time', async () => {
    guide = await startGuide({ imports: [SchedulerModule.forRoot()], providers: [Mailer] }, '2027-01-04T00:00:00Z');
    const scheduler = guide.registry;
    await scheduler.add({ id: 'digest', task: 'Mailer.send', args: ['all'], trigger: cron('0 8 * * *') });
    await scheduler.schedule(Mailer, 'send', { trigger: at('2027-01-04T10:00Z'), args: ['ada'] });
    await scheduler.addInterval({ id: 'nudge', task: [Mailer, 'send'], every: '12h', args: ['bob'] });
    await guide.tester.travel('13h');
    expect(guide.app.get(Mailer).sent).toEqual(['all 1', 'ada 1', 'bob 1']);
  });

  it('jobs that are decorated', async () => {
    const ran: string[] = [];
    @Injectable()
    class Jobs {
      @CarillonCron('*/5 * * * *', { id: 'sync', timezone: 'Europe/Berlin', maxInstances: 1, misfire: 'skip' })
      async sync() {
        ran.push('sync');
      }

      @CarillonInterval('15m', { id: 'poll', retry: { attempts: 5, backoff: 'exponential', delay: '1s' } })
      async poll() {
        ran.push('poll');
      }

      @Scheduled(anyOf(cron({ hour: 9 }), every({ hours: 3 })), { id: 'either', coalesce: true })
      async either() {
        ran.push('either');
      }

      @CarillonCron('0 1 * * *', { id: 'backup', withoutOverlapping: 120, environments: ['production', 'test'] })
      async backup() {
        ran.push('backup');
      }
    }
    guide = await startGuide({ imports: [SchedulerModule.forRoot()], providers: [Jobs] });
    await guide.tester.travel('3h');
    expect(new Set(ran)).toEqual(new Set(['sync', 'poll', 'either', 'backup']));
  });
});
