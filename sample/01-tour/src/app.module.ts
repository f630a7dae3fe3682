import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SchedulerModule } from 'nest-carillon';
import { CleanUpService } from './clean-up/clean-up.service.js';
import { JobsController } from './jobs/jobs.controller.js';
import { SchedulerErrorFilter } from './jobs/scheduler-error.filter.js';
import { Order } from './orders/order.entity.js';
import { OrderFilesService } from './orders/order-files.service.js';
import { HealthController } from './probe/health.controller.js';
import { ProbeService } from './probe/probe.service.js';
import { ReminderService } from './reminders/reminder.service.js';
import { RemindersController } from './reminders/reminders.controller.js';
import { SentReminder } from './reminders/sent-reminder.entity.js';
import { Report } from './reports/report.entity.js';
import { ReportsService } from './reports/reports.service.js';
import { settings } from './settings.js';
import { StartReportService } from './start/start-report.service.js';

const entities = [Order, Report, SentReminder];

@Module({
  imports: [
    // `synchronize` keeps the tour short; an application of yours has migrations.
    TypeOrmModule.forRoot({ type: 'better-sqlite3', database: settings.database, entities, synchronize: true }),
    TypeOrmModule.forFeature(entities),
    SchedulerModule.forRoot({
      application: 'tour',
      timezone: 'Europe/Berlin',
      // Jobs, their next fire times and their history live in the application's own database.
      stores: { db: { type: 'typeorm' } },
      jobDefaults: { store: 'db' },
      shutdownTimeout: '10s',
    }),
  ],
  controllers: [HealthController, JobsController, RemindersController],
  providers: [
    CleanUpService,
    OrderFilesService,
    ProbeService,
    ReminderService,
    ReportsService,
    StartReportService,
    { provide: APP_FILTER, useClass: SchedulerErrorFilter },
  ],
})
export class AppModule {}
