import { Injectable, Module } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { Cron, CronExpression, SchedulerRegistry } from '@nestjs/schedule';
import { CronJob, CronTime } from 'cron';
import { Journal } from './journal.module.js';

@Injectable()
class BillingService implements OnApplicationBootstrap {
  constructor(
    private readonly journal: Journal,
    private readonly registry: SchedulerRegistry,
  ) {}
  onApplicationBootstrap() {
    const job = new CronJob('0 */25 * * * *', () => this.journal.did('billing'));
    this.registry.addCronJob('billing', job);
    job.start();
    const failing = CronJob.from({
      cronTime: '0 */40 * * * *',
      onTick: () => {
        throw new Error('no ledger');
      },
      errorHandler: (error) => this.journal.note('billing failed', (error as Error).message),
    });
    this.registry.addCronJob('ledger', failing);
    failing.start();
  }
}
@Module({ providers: [BillingService] })
export class BillingModule {}

@Injectable()
class NotificationsService implements OnApplicationBootstrap {
  constructor(
    private readonly journal: Journal,
    private readonly registry: SchedulerRegistry,
  ) {}
  onApplicationBootstrap() {
    const every = setInterval(() => this.journal.did('notification'), 800_000);
    this.registry.addInterval('notify', every);
    const once = setTimeout(() => this.journal.did('reminder'), 60_000);
    this.registry.addTimeout('remind', once);
  }
}
@Module({ providers: [NotificationsService] })
export class NotificationsModule {}

@Injectable()
class SyncService {
  constructor(private readonly journal: Journal) {}
  @Cron(CronExpression.EVERY_5_MINUTES, { name: 'sync', disabled: true }) sync() {
    this.journal.did('sync');
  }
}
@Module({ providers: [SyncService] })
export class SyncModule {}

/** What an operator does through the registry while the application runs. */
@Injectable()
export class AdminService implements OnApplicationBootstrap {
  constructor(
    private readonly journal: Journal,
    private readonly registry: SchedulerRegistry,
  ) {}

  onApplicationBootstrap() {
    this.journal.note('at start', `sync ${this.registry.getCronJob('sync').isActive}`);
    this.journal.note('at start', `digest ${this.registry.doesExist('cron', 'digest')}`);
  }

  startSync() {
    this.registry.getCronJob('sync').start();
  }

  rearrange() {
    void this.registry.getCronJob('digest').stop();
    this.registry.getCronJob('sync').setTime(new CronTime('0 */12 * * * *'));
    this.registry.deleteInterval('notify');
    this.registry.deleteCronJob('billing');
    this.registry.getCronJob('legacy').addCallback(() => this.journal.did('legacy callback'));
    for (const wrong of [
      () => this.registry.getCronJob('billing'),
      () => this.registry.getInterval('notify'),
      () => this.registry.getTimeout('nothing'),
      () => this.registry.addTimeout('remind', 1),
    ]) {
      this.journal.note('refused', messageOf(wrong));
    }
  }

  /** Names, activity and dates of everything that has a name. */
  overview() {
    const named = ['morning-report', 'digest', 'alerts', 'imports', 'orders', 'orders-india', 'sync', 'legacy'];
    return {
      cron: Object.fromEntries(
        [...named, 'cleanup', 'stocktaking', 'ledger'].map((name) => {
          const job = this.registry.getCronJob(name);
          return [name, { isActive: job.isActive, last: job.lastDate()?.toISOString() ?? null, runOnce: job.runOnce }];
        }),
      ),
      next: Object.fromEntries(named.map((name) => [name, this.registry.getCronJob(name).nextDate().toUTC().toISO()])),
      jobs: this.registry.getCronJobs().size,
      intervals: this.registry.getIntervals().filter((name) => !name.includes('-') && !name.includes('.')),
      timeouts: this.registry.getTimeouts().filter((name) => ['warm-up', 'second-warm-up', 'remind'].includes(name)),
    };
  }
}
@Module({ providers: [AdminService] })
export class AdminModule {}

function messageOf(call: () => unknown): string {
  try {
    call();
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  }
}
