/** Samples of README.md. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { at, Cron, Interval, JobContext, SchedulerModule, SchedulerRegistry } from '../../lib/index.js';
import { startGuide, type GuideApp } from './guide-app.js';

const folder = mkdtempSync(join(tmpdir(), 'carillon-readme-'));
process.env.DATABASE = join(folder, 'app.db');
let guide: GuideApp;
afterEach(async () => {
  await guide.app.close();
  rmSync(folder, { recursive: true, force: true });
});

it('the two-minute tour', async () => {
  const sent: string[] = [];
  @Injectable()
  class Mailer {
    send(what: string, options: { signal: AbortSignal }) {
      if (!options.signal.aborted) sent.push(what);
      return Promise.resolve();
    }
  }

  @Injectable()
  class ReportsService {
    constructor(private readonly mailer: Mailer) {}

    @Cron('0 9 * * 1-5', { id: 'report', timezone: 'America/New_York', store: 'db', misfireGraceTime: '5m' })
    async send(job: JobContext) {
      await this.mailer.send(`report of ${job.fireTime.toISOString()}`, { signal: job.signal });
    }

    @Interval({ minutes: 15 }, { retry: { attempts: 3, backoff: 'exponential' }, timeout: '1m' })
    sync() {}

    remind(userId: string, job: JobContext) {
      return this.mailer.send(`reminder for ${userId}`, { signal: job.signal });
    }
  }

  @Module({
    imports: [
      TypeOrmModule.forRoot({ type: 'better-sqlite3', database: process.env.DATABASE ?? 'app.db' }),
      SchedulerModule.forRoot({ stores: { default: { type: 'memory' }, db: { type: 'typeorm' } } }),
    ],
    providers: [Mailer, ReportsService],
  })
  class AppModule {}

  guide = await startGuide({ imports: [AppModule] }, '2027-01-04T00:00:00Z');
  const scheduler: SchedulerRegistry = guide.registry;

  await scheduler.schedule(ReportsService, 'remind', { trigger: at('2027-01-04T10:00Z'), args: ['ada'], store: 'db' });
  await scheduler.pause('report', { by: 'ada', reason: 'new mail server' });
  await scheduler.resume('report');
  await scheduler.preview('2027-01-04', '2027-01-11'); // what will run
  await scheduler.why('report', '2027-01-04T14:00Z'); // why it did, or did not

  await guide.tester.travel('1d');
  expect(sent).toEqual(['reminder for ada', 'report of 2027-01-04T14:00:00.000Z']);
});
