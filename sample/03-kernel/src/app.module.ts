import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SchedulerModule } from 'nest-carillon';
import { AppSchedule } from './app.schedule.js';
import { BackupService } from './backup/backup.service.js';
import { CacheService } from './cache/cache.service.js';
import { DatabaseService } from './database/database.service.js';
import { FilesService } from './files/files.service.js';
import { HealthController } from './health/health.controller.js';
import { HeartbeatService } from './health/heartbeat.service.js';
import { NotificationsService } from './notifications/notifications.service.js';
import { QueueService } from './queue/queue.service.js';
import { ReportsService } from './reports/reports.service.js';
import { settings } from './settings.js';

@Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'better-sqlite3', database: settings.database }),
    SchedulerModule.forRoot({
      application: 'kernel',
      timezone: 'Europe/Berlin',
      stores: { db: { type: 'typeorm' } },
      jobDefaults: { store: 'db' },
      // Output files are named relative to this folder, and none may lie outside of it.
      outputRoot: settings.data,
      shutdownTimeout: '10s',
    }),
  ],
  controllers: [HealthController],
  providers: [
    AppSchedule,
    BackupService,
    CacheService,
    DatabaseService,
    FilesService,
    HeartbeatService,
    NotificationsService,
    QueueService,
    ReportsService,
  ],
})
export class AppModule {}
