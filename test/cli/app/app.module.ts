import { Injectable, Logger, Module } from '@nestjs/common';
import { appendFileSync } from 'node:fs';
import { At, Cron, Interval, type JobContext, SchedulerModule } from '../../../lib/index.js';

@Injectable()
export class ReportsService {
  @Cron('0 9 * * 1-5', { id: 'report', store: 'db', timezone: 'Europe/Berlin', description: 'The morning report' })
  report(job: JobContext): string {
    new Logger('Reports').log('counting');
    return `report of ${job.kind}`;
  }

  @Cron('0 12 29 2 *', { id: 'leap-day', store: 'db' })
  leapDay(job: JobContext): void {
    appendFileSync(process.env['CLI_EVIDENCE']!, `${job.jobId} ${job.fireTime.toISOString()}\n`);
  }

  @Cron('30 2 * * *', { id: 'nightly', name: 'Nightly clean-up', store: 'db', timezone: 'Europe/Berlin' })
  nightly(): void {
    throw new Error('the disk is full');
  }

  @At('2030-01-01T09:00:00.956Z', { id: 'launch', store: 'db' })
  launch(): void {}

  @Interval('1h', { id: 'local' })
  local(): void {}

  @Cron('0 0 1 1 *', { id: 'off', enabled: false })
  off(): void {}
}

@Module({
  imports: [
    SchedulerModule.forRootAsync({
      useFactory: () => ({
        application: 'cli-test',
        version: process.env['CLI_VERSION'] ?? '1.0.0',
        stores: {
          db: { type: 'typeorm', options: { type: 'better-sqlite3', database: process.env['CLI_DATABASE'] } },
        },
      }),
    }),
  ],
  providers: [ReportsService],
})
export class AppModule {}
