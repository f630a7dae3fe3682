import { Injectable, Module } from '@nestjs/common';
import { SchedulerModule } from '../../../lib/index.js';
import type { DefinesSchedule, Schedule } from '../../../lib/index.js';

const task = (name: string) => ({ [name]: () => undefined })[name];

/** S4's example 7, and one job that is due at once. */
@Injectable()
class Kernel implements DefinesSchedule {
  defineSchedule(schedule: Schedule) {
    // Cleanup tasks
    schedule.call(task('cleanupOldFiles')).dailyAt('02:00');
    schedule.call(task('cleanupLogs')).weekly();

    // Processing tasks
    schedule.call(task('processQueue')).everyFiveMinutes();
    schedule.call(task('processPayments')).hourly();

    // Reporting tasks
    schedule.call(task('sendDailyReport')).dailyAt('09:00');
    schedule.call(task('sendWeeklyReport')).weeklyOn('monday', '09:00');

    // Maintenance tasks
    schedule.call(task('clearCache')).everyFifteenMinutes();
    schedule.call(task('optimizeDatabase')).monthly();

    schedule.call(task('heartbeat')).everySecond();
  }
}

@Module({ imports: [SchedulerModule.forRoot({ application: 's4' })], providers: [Kernel] })
export class AppModule {}
