import { Injectable, Module } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { Cron, CronExpression, Interval, SchedulerRegistry } from '@nestjs/schedule';
import { Journal } from './journal.module.js';

@Injectable()
class CleanupService {
  constructor(private readonly journal: Journal) {}
  /** Longer than its period: every other minute is left out. */
  @Cron(CronExpression.EVERY_MINUTE, { name: 'cleanup', waitForCompletion: true }) async clean() {
    this.journal.did('cleanup');
    await new Promise((resolve) => setTimeout(resolve, 90_000));
  }
}
@Module({ providers: [CleanupService] })
export class CleanupModule {}

@Injectable()
class ImportsService {
  constructor(private readonly journal: Journal) {}
  @Cron('*/15 * * * * *', { name: 'imports', initialDelay: 3_500_000 }) load() {
    this.journal.did('imports');
  }
}
@Module({ providers: [ImportsService] })
export class ImportsModule {}

@Injectable()
class OrdersService {
  constructor(private readonly journal: Journal) {}
  @Cron('0 15 2 * * *', { name: 'orders', utcOffset: 120 }) close() {
    this.journal.did('orders');
  }
  @Cron('0 0 6 * * *', { name: 'orders-india', utcOffset: 330 }) closeIndia() {
    this.journal.did('orders india');
  }
  @Cron(new Date('2020-01-01T00:42:00.000Z'), { name: 'stocktaking' }) once() {
    this.journal.did('stocktaking');
  }
}
@Module({ providers: [OrdersService] })
export class OrdersModule {}

@Injectable()
class LegacyService {
  constructor(private readonly journal: Journal) {}
  @Cron('5 */7 * * * *', { name: 'legacy', unrefTimeout: true, threshold: 500 }) poll() {
    this.journal.did('legacy');
  }
}
@Module({ providers: [LegacyService] })
export class LegacyModule {}

@Injectable()
class MailService implements OnModuleDestroy {
  private left = 3;
  constructor(
    private readonly journal: Journal,
    private readonly registry: SchedulerRegistry,
  ) {}
  /** Ends itself when the outbox is empty. */
  @Interval('outbox', 7_000) send() {
    this.journal.did('mail');
    if (--this.left === 0) clearInterval(this.registry.getInterval('outbox'));
  }
  onModuleDestroy() {
    this.journal.note('known at the end', this.registry.getCronJobs().size);
  }
}
@Module({ providers: [MailService] })
export class MailModule {}
