/** Samples of docs/guides/getting-started.md, configuration.md, dependency-injection.md, stores.md, life-cycle.md. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, type ExecutionContext, Inject, Injectable, Module, Scope, UseGuards } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { TypeOrmModule } from '@nestjs/typeorm';
import { at, Cron, Interval, JobContext, SchedulerModule, SchedulerRegistry } from '../../lib/index.js';
import { carillonMigrations } from '../../lib/stores/typeorm/index.js';
import { iso, startGuide, type GuideApp } from './guide-app.js';

let guide: GuideApp | undefined;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-guide-'));
});
afterEach(async () => {
  await guide?.app.close();
  guide = undefined;
  rmSync(folder, { recursive: true, force: true });
});

describe('getting started', () => {
  it('first job', async () => {
    const sent: Date[] = [];
    @Injectable()
    class Mailer {
      send(day: Date, options: { signal: AbortSignal }) {
        if (!options.signal.aborted) sent.push(day);
        return Promise.resolve();
      }
    }

    @Injectable()
    class ReportsService {
      constructor(private readonly mailer: Mailer) {}

      @Cron('0 9 * * 1-5', { id: 'report', timezone: 'America/New_York' })
      async send(job: JobContext) {
        await this.mailer.send(job.fireTime, { signal: job.signal });
      }
    }

    @Module({
      imports: [SchedulerModule.forRoot()],
      providers: [Mailer, ReportsService],
    })
    class AppModule {}

    guide = await startGuide({ imports: [AppModule] });
    await guide.tester.travel('1d');
    expect(iso(sent)).toEqual(['2026-11-20T14:00:00.000Z']);
  });
});

describe('configuration guide', () => {
  it('forRootAsync', async () => {
    process.env.SCHEDULER_TIMEZONE = 'Asia/Tokyo';
    process.env.REPORT_CRON = '0 6 * * *';
    @Injectable()
    class Reports {
      @Cron((ref) => ref.get(ConfigService).get('REPORT_CRON')!, { id: 'report' })
      send() {}
    }

    @Module({
      imports: [
        ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }),
        SchedulerModule.forRootAsync({
          inject: [ConfigService],
          useFactory: (config: ConfigService) => ({ timezone: config.get<string>('SCHEDULER_TIMEZONE') }),
        }),
      ],
      providers: [Reports],
    })
    class AppModule {}

    guide = await startGuide({ imports: [AppModule] });
    expect(iso(await guide.tester.nextFires('report', 1))).toEqual(['2026-11-20T21:00:00.000Z']);
  });

  it('jobs', async () => {
    @Injectable()
    class SyncService {
      @Interval({ hours: 1 })
      sync() {}

      @Cron('0 3 * * *', { id: 'cleanup' })
      cleanUp() {}
    }

    guide = await startGuide({
      imports: [
        SchedulerModule.forRoot({
          jobDefaults: { misfireGraceTime: '60s', maxInstances: 3 },
          jobs: {
            hourlySync: 'SyncService.sync', // gives the job of that method its id
            cleanup: { cron: '30 4 * * *' }, // overrides the time of a job that code defines
            weekly: { task: 'SyncService.sync', cron: { day_of_week: 'mon', hour: 6 }, maxInstances: 1 }, // a new job
          },
        }),
      ],
      providers: [SyncService],
    });
    expect((await guide.registry.list()).map((job) => job.id)).toEqual(['cleanup', 'hourlySync', 'weekly']);
    expect(iso(await guide.tester.nextFires('cleanup', 1))).toEqual(['2026-11-20T04:30:00.000Z']);
    expect(iso(await guide.tester.nextFires('weekly', 1))).toEqual(['2026-11-23T06:00:00.000Z']);
  });
});

describe('dependency injection guide', () => {
  it('request scope and guards', async () => {
    const tenants: string[] = [];
    @Injectable({ scope: Scope.REQUEST })
    class Tenant {
      constructor(@Inject(REQUEST) private readonly job: JobContext) {}

      get name() {
        return this.job.args[0] as string;
      }
    }

    @Injectable()
    class Invoices {
      constructor(private readonly tenant: Tenant) {}

      @Cron('0 1 * * *', { id: 'invoices-acme', args: ['acme'] })
      @Cron('0 2 * * *', { id: 'invoices-globex', args: ['globex'] })
      write(tenant: string, job: JobContext) {
        tenants.push(`${this.tenant.name} ${tenant} ${job.jobId}`);
      }
    }

    guide = await startGuide({ imports: [SchedulerModule.forRoot()], providers: [Tenant, Invoices] });
    await guide.tester.travel('3h');
    expect(tenants).toEqual(['acme acme invoices-acme', 'globex globex invoices-globex']);
  });

  it('guards', async () => {
    @Injectable()
    class NotOnFriday implements CanActivate {
      canActivate(context: ExecutionContext) {
        const [job] = context.getArgs<[JobContext]>(); // context.getType() is 'schedule'
        return job.fireTime.getUTCDay() !== 5;
      }
    }

    @Injectable()
    class Deploys {
      @Cron('0 12 * * *', { id: 'deploy' })
      @UseGuards(NotOnFriday)
      deploy() {}
    }

    guide = await startGuide({ imports: [SchedulerModule.forRoot()], providers: [NotOnFriday, Deploys] });
    await guide.tester.travel('2d');
    const runs = await guide.tester.runsOf('deploy');
    expect(runs.map((run) => [run.state, run.reason])).toEqual(
      expect.arrayContaining([
        ['skipped', 'denied'],
        ['succeeded', null],
      ]),
    );
  });
});

describe('stores guide', () => {
  it("on the application's own migrations", async () => {
    const database = join(folder, 'app.db');
    const stores = {
      db: { type: 'typeorm', tablePrefix: 'cron_', runMigrations: false, busyTimeout: '30s' },
    } as const;

    const scheduled = SchedulerModule.forRoot({ application: 'billing', stores });
    const migrations = carillonMigrations('cron_');
    const data = { type: 'better-sqlite3', database, migrations, migrationsRun: true } as const;
    guide = await startGuide({ imports: [TypeOrmModule.forRoot(data), scheduled] });
    expect(await guide.registry.list()).toEqual([]);
  });

  it('sqlite', async () => {
    const database = join(folder, 'app.db');
    const sent: string[] = [];
    @Injectable()
    class ReminderService {
      send(userId: string) {
        sent.push(userId);
      }
    }

    const metadata = {
      imports: [
        TypeOrmModule.forRoot({ type: 'better-sqlite3', database }),
        SchedulerModule.forRoot({
          application: 'billing',
          stores: {
            default: { type: 'memory' },
            db: { type: 'typeorm' }, // the application's DataSource
          },
        }),
      ],
      providers: [ReminderService],
    };

    guide = await startGuide(metadata);
    const scheduler: SchedulerRegistry = guide.registry;
    await scheduler.add({
      id: 'reminder-ada',
      trigger: at('2026-11-20T10:00Z'),
      task: 'ReminderService.send',
      args: ['ada'],
      store: 'db',
    });
    await guide.app.close(); // stopped before its time, started again after it

    guide = await startGuide(metadata, '2026-11-20T12:00:00Z');
    await guide.tester.travel('1m');
    expect(sent).toEqual(['ada']);
  });
});

describe('life cycle guide', () => {
  it('shutdown', async () => {
    const ended: string[] = [];
    @Injectable()
    class Export {
      @Interval('1m', { id: 'export' })
      async run(job: JobContext) {
        await new Promise<void>((resolve) => job.signal.addEventListener('abort', () => resolve()));
        ended.push('export stopped where it can go on');
      }
    }

    guide = await startGuide({
      imports: [SchedulerModule.forRoot({ shutdownTimeout: '10s' })],
      providers: [Export],
    });
    await guide.tester.travel('1m');
    const closed = guide.app.close();
    await guide.tester.travel('10s');
    await closed;
    guide = undefined;
    expect(ended).toEqual(['export stopped where it can go on']);
  });
});
