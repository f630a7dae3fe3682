import { Injectable, Module } from '@nestjs/common';
import { appendFileSync } from 'node:fs';
import { At, Cron, Interval, type JobContext, Schedule, SchedulerModule } from '../../../lib/index.js';

const told = (what: string) => appendFileSync(process.env['CLI_EVIDENCE']!, `${what}\n`);

/** Jobs that would run by themselves as soon as they may. */
@Injectable()
export class WorkService {
  @Interval('1h', { id: 'at-start', runOnStart: true })
  atStart(job: JobContext): void {
    told(`at-start ${job.kind}`);
  }

  @At({ id: 'at-once' })
  atOnce(): void {
    told('at-once');
  }

  @Cron('* * * * *', { id: 'always', evenInMaintenanceMode: true })
  always(job: JobContext): void {
    told(`always ${job.kind}`);
  }

  @Cron('* * * * *', { id: 'in-memory' })
  inMemory(job: JobContext): void {
    told(`in-memory ${job.kind}`);
  }

  @Cron('* * * * *', { id: 'again', retry: { attempts: 2, delay: '200ms' } })
  again(job: JobContext): void {
    told(`again ${job.attempt}`);
    if (job.attempt === 1) throw new Error('not yet');
  }

  @Cron('0 0 1 1 *', { id: 'other' })
  other(): void {
    told('other');
  }
}

@Module({
  imports: [
    SchedulerModule.forRootAsync({
      useFactory: () => ({
        application: 'running',
        stores: {
          db: { type: 'typeorm', options: { type: 'better-sqlite3', database: process.env['CLI_DATABASE'] } },
        },
      }),
    }),
    SchedulerModule.forFeature({
      schedule: (schedule: Schedule) =>
        void schedule.exec('exec 3> "$CLI_LINE"; echo up >&3; sleep 300').name('sleeping').yearly(),
    }),
  ],
  providers: [WorkService],
})
export class AppModule {}
