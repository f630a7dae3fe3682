import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { CronJob } from 'cron';
import { Cron, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '../../../lib/compat/index.js';

/** As it was written for @nestjs/schedule, with the import changed. */
@Injectable()
class Reports implements OnModuleInit {
  constructor(private readonly registry: SchedulerRegistry) {}

  onModuleInit(): void {
    const job = new CronJob('30 2 * * *', () => undefined);
    this.registry.addCronJob('added', job);
    job.start();
  }

  @Cron('0 9 * * 1-5', { name: 'report', timeZone: 'Europe/Berlin' }) report() {}
  @Interval('poll', 5_000) poll() {}
  @Timeout('warm-up', 60_000) warmUp() {}
}

@Module({ imports: [ScheduleModule.forRoot()], providers: [Reports] })
export class AppModule {}
