import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { DefinesSchedule, Schedule } from 'nest-carillon';
import { BackupService } from './backup/backup.service.js';
import { DatabaseService } from './database/database.service.js';
import { FilesService } from './files/files.service.js';
import { HeartbeatService } from './health/heartbeat.service.js';
import { NotificationsService } from './notifications/notifications.service.js';
import { QueueService } from './queue/queue.service.js';
import { ReportsService } from './reports/reports.service.js';
import { settings } from './settings.js';

/** Everything that runs by the clock, in one place. */
@Injectable()
export class AppSchedule implements DefinesSchedule {
  defineSchedule(schedule: Schedule) {
    this.cleanUp(schedule);
    this.process(schedule);
    this.backUp(schedule);
    this.tell(schedule);
    this.maintain(schedule);
  }

  private cleanUp(schedule: Schedule) {
    schedule.job(FilesService, 'cleanUpUploads', 30).dailyAt('02:00').name('cleanup-files');
    schedule.job(FilesService, 'cleanUpLogs').weekly().name('cleanup-logs');
  }

  private process(schedule: Schedule) {
    schedule.job(QueueService, 'process').everyFiveMinutes().name('process-queue').withoutOverlapping(30);
    schedule.job(QueueService, 'retryFailed').hourly().name('retry-failed');
    schedule
      .job(QueueService, 'processPayments')
      .hourly()
      .name('process-payments')
      .retry({ attempts: 3, delay: '30s' });
  }

  private backUp(schedule: Schedule) {
    schedule
      .exec('node backup.js', {
        cwd: settings.scripts,
        env: { SOURCE: settings.dailyBackup, TARGET: join(settings.backups, 'weekly') },
      })
      .weeklyOn('sunday', '02:00')
      .name('weekly-backup')
      .timeout('10m')
      .appendOutputTo('logs/backup.log');
    schedule
      .job(BackupService, 'run')
      .daily()
      .name('daily-backup')
      .before([BackupService, 'announce'])
      .after([BackupService, 'tellEnd'])
      .sendOutputTo('logs/daily-backup.log');
  }

  private tell(schedule: Schedule) {
    schedule
      .job(NotificationsService, 'send')
      .everyMinute()
      .name('send-notification')
      .when([NotificationsService, 'isBusinessHours']);
    schedule.group({ timezone: 'America/New_York', tags: ['reports'] }, (reports) => {
      reports.command('reports:send', ['daily']).dailyAt('09:00').name('daily-report');
      reports.job(ReportsService, 'send', 'weekly').weeklyOn('monday', '09:00').name('weekly-report');
    });
    // In memory: each process beats for itself.
    const heartbeat = schedule.job(HeartbeatService, 'beat').everyMinute().name('heartbeat').store('default');
    if (settings.heartbeatUrl !== undefined) heartbeat.thenPing(settings.heartbeatUrl);
  }

  private maintain(schedule: Schedule) {
    schedule.command('cache:clear').everyFifteenMinutes().name('clear-cache');
    schedule.command('cache:clear sessions').everyFiveMinutes().name('clear-sessions');
    schedule.job(DatabaseService, 'optimize').monthly().name('optimize-database');
  }
}
