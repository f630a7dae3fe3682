import { Controller, Injectable, Module } from '@nestjs/common';
import { Cron, CronExpression, Interval, Timeout } from '@nestjs/schedule';
import { Journal } from './journal.module.js';

@Injectable()
class ReportsService {
  constructor(private readonly journal: Journal) {}
  @Cron('0 30 9 * * *', { name: 'morning-report', timeZone: 'Asia/Kolkata' }) morning() {
    this.journal.did('report');
  }
  @Cron(CronExpression.EVERY_10_MINUTES, { name: 'digest' }) async digest(limit = 25) {
    await Promise.resolve();
    this.journal.note('digest', limit);
  }
}
@Module({ providers: [ReportsService], exports: [ReportsService] })
export class ReportsModule {}

@Controller('health')
class HealthController {
  constructor(private readonly journal: Journal) {}
  @Interval('health', 90_000) check() {
    this.journal.did('health');
  }
}
@Module({ controllers: [HealthController] })
export class HealthModule {}

@Injectable()
class MetricsService {
  constructor(private readonly journal: Journal) {}
  @Cron('*/20 * * * *') sample() {
    this.journal.did('metrics by cron');
  }
  @Interval(1_000_000) flush() {
    this.journal.did('metrics by interval');
  }
  @Timeout(4_000) first() {
    this.journal.did('metrics by timeout');
  }
}
@Module({ providers: [MetricsService] })
export class MetricsModule {}

@Injectable()
class CacheService {
  constructor(private readonly journal: Journal) {}
  @Timeout('warm-up', 5_000) warmUp() {
    this.journal.did('cache');
  }
  @Timeout('second-warm-up', 8_000) again() {
    this.journal.did('cache again');
  }
}
@Module({ providers: [CacheService] })
export class CacheModule {}

@Injectable()
class AlertsService {
  constructor(private readonly journal: Journal) {}
  @Cron('*/30 * * * *', { name: 'alerts' }) async alert() {
    this.journal.did('alert');
    throw new Error('the pager is busy');
  }
}
@Module({ providers: [AlertsService] })
export class AlertsModule {}
