import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { JournalModule } from './journal.module.js';
import { AlertsModule, CacheModule, HealthModule, MetricsModule, ReportsModule } from './reporting.modules.js';
import { AdminModule, BillingModule, NotificationsModule, SyncModule } from './runtime.modules.js';
import { CleanupModule, ImportsModule, LegacyModule, MailModule, OrdersModule } from './upkeep.modules.js';

/** Fifteen modules that use every feature of `@nestjs/schedule`, whose import is all that is exchanged. */
@Module({
  imports: [
    ScheduleModule.forRootAsync({ useFactory: () => ({ cronJobs: true }) }),
    JournalModule,
    ReportsModule,
    HealthModule,
    MetricsModule,
    CacheModule,
    AlertsModule,
    CleanupModule,
    ImportsModule,
    OrdersModule,
    LegacyModule,
    MailModule,
    BillingModule,
    NotificationsModule,
    SyncModule,
    AdminModule,
  ],
})
export class AppModule {}
