/** Every sample of the reference document S1 (scheduler configuration) in its Nest form. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { At, Cron, Interval, SchedulerModule, type SchedulerOptionsFactory } from '../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../lib/testing/index.js';
import { Gate, seedApp, type SeedApp } from './seed-app.js';

let seed: SeedApp | undefined;
afterEach(async () => {
  await seed?.app.close();
  seed = undefined;
});

@Injectable()
class Triggers {
  @Interval({ hours: 1 }, { name: 'cleanup_task' }) cleanUpOldData() {}
  @Cron({ hour: 9, minute: 0 }, { name: 'daily_report' }) generateDailyReport() {}
  @Interval({ minutes: 30 }, { name: 'sync' }) sync() {}
  @Interval({ hours: 2 }, { name: 'backup_interval' }) backUp() {}
  @Interval({ days: 1 }, { name: 'cleanup' }) daily() {}
  @Cron({ hour: 3, minute: 0 }, { name: 'backup' }) nightlyBackup() {}
  @Cron({ dayOfWeek: 'mon', hour: 9 }, { name: 'report' }) weeklyReport() {}
  @Cron({ day: 1, hour: 0 }, { name: 'billing' }) monthlyBilling() {}
  @At(new Date('2026-12-31T23:59:00Z'), { name: 'campaign' }) endCampaign() {}
  @Cron({ hour: 2, minute: 0 }, { name: 'database_cleanup' }) sessions() {}
  @Interval({ minutes: 15 }, { name: 'sync_users' }) users() {}
}

describe('S1 configuration', () => {
  it('is enabled by importing the module', async () => {
    seed = await seedApp([Triggers]);
    await seed.tester.travel({ hours: 1 });
    expect(await seed.ran('cleanup_task')).toHaveLength(1);
  });

  it('takes timezone, maxInstances and coalesce for all jobs', async () => {
    seed = await seedApp([Triggers], {
      timezone: 'America/New_York',
      jobDefaults: { maxInstances: 3, coalesce: true },
    });
    expect(await seed.next('daily_report', 1)).toEqual(['2026-11-20T14:00:00.000Z']);
    const job = await seed.registry.get('daily_report');
    expect(job).toMatchObject({ timezone: 'America/New_York', maxInstances: 3, coalesce: true });
  });

  it('lists jobs but runs none when enabled is false', async () => {
    seed = await seedApp([Triggers], { enabled: false });
    await seed.tester.travel({ days: 1 });
    const jobs = await seed.registry.list();
    expect(jobs).toHaveLength(11);
    expect(jobs.every((job) => job.enabled === false)).toBe(true);
    expect(await seed.ran('cleanup_task')).toEqual([]);
  });

  it('comes from a settings class', async () => {
    @Injectable()
    class AppSettings implements SchedulerOptionsFactory {
      createSchedulerOptions() {
        return { timezone: 'America/New_York', jobDefaults: { maxInstances: 3 } };
      }
    }
    const app = await Test.createTestingModule({
      imports: [
        SchedulerModule.forRootAsync({ useClass: AppSettings }),
        SchedulerTestingModule.forRoot({ now: '2026-11-20T00:00:00Z' }),
      ],
      providers: [Triggers],
    }).compile();
    await app.init();
    expect((await app.get(SchedulerTester).nextFires('daily_report', 1)).map((at) => at.toISOString())).toEqual([
      '2026-11-20T14:00:00.000Z',
    ]);
    await app.close();
  });
});

describe('S1 triggers', () => {
  it.each([
    ['cleanup_task', '2026-11-20T01:00:00.000Z'],
    ['daily_report', '2026-11-20T09:00:00.000Z'],
    ['sync', '2026-11-20T00:30:00.000Z'],
    ['backup_interval', '2026-11-20T02:00:00.000Z'],
    ['cleanup', '2026-11-21T00:00:00.000Z'],
    ['backup', '2026-11-20T03:00:00.000Z'],
    ['report', '2026-11-23T09:00:00.000Z'],
    ['billing', '2026-12-01T00:00:00.000Z'],
    ['campaign', '2026-12-31T23:59:00.000Z'],
    ['database_cleanup', '2026-11-20T02:00:00.000Z'],
    ['sync_users', '2026-11-20T00:15:00.000Z'],
  ])('%s runs first at %s', async (id, first) => {
    seed = await seedApp([Triggers]);
    expect(await seed.next(id, 1)).toEqual([first]);
    await seed.tester.travelTo(first);
    expect(await seed.ran(id)).toEqual([first]);
  });
});

describe('S1 patterns', () => {
  it('cleans up sessions, syncs users and mails a report with injected services', async () => {
    const now = Date.parse('2026-11-20T00:00:00Z');
    @Injectable()
    class Database {
      sessions = [31, 29].map((days) => ({ createdAt: new Date(now - days * 86_400_000) }));
      users = new Map<number, string>();
    }
    @Injectable()
    class Mailer {
      sent: { to: string; subject: string; body: string }[] = [];
      send(mail: { to: string; subject: string; body: string }) {
        this.sent.push(mail);
        return Promise.resolve();
      }
    }
    @Injectable()
    class Patterns {
      constructor(
        private readonly database: Database,
        private readonly mailer: Mailer,
      ) {}

      @Cron({ hour: 2, minute: 0 }, { name: 'cleanup' })
      cleanUpOldSessions() {
        const cutoff = new Date(now - 30 * 86_400_000);
        this.database.sessions = this.database.sessions.filter((session) => session.createdAt >= cutoff);
      }

      @Interval({ minutes: 15 }, { name: 'sync_users' })
      async syncUsersFromApi() {
        const users = await Promise.resolve([{ id: 7, name: 'Ada' }]);
        for (const user of users) this.database.users.set(user.id, user.name);
      }

      @Cron({ hour: 8, minute: 0 }, { name: 'daily_report' })
      async sendDailyReport() {
        const body = `Stats: ${this.database.users.size}`;
        await this.mailer.send({ to: 'admin@example.com', subject: 'Daily Report', body });
      }
    }
    seed = await seedApp([Database, Mailer, Patterns]);
    await seed.tester.travel({ hours: 9 });
    expect(seed.app.get(Database).sessions).toHaveLength(1);
    expect(seed.app.get(Database).users.get(7)).toBe('Ada');
    expect(seed.app.get(Mailer).sent).toEqual([{ to: 'admin@example.com', subject: 'Daily Report', body: 'Stats: 1' }]);
  });
});

describe('S1 advanced features', () => {
  it('allows up to three runs at once', async () => {
    const gate = new Gate();
    @Injectable()
    class Heavy {
      @Interval({ minutes: 5 }, { name: 'heavy_task', maxInstances: 3 })
      async process() {
        await gate.opened;
      }
    }
    seed = await seedApp([Heavy]);
    await seed.tester.travel({ minutes: 21 });
    const states = (await seed.tester.runsOf('heavy_task')).map((run) => run.state);
    expect(states.filter((state) => state === 'running')).toHaveLength(3);
    expect(states.filter((state) => state === 'skipped')).toHaveLength(1);
    gate.open();
  });

  it.each([
    [true, 1],
    [false, 0],
  ])('backs up only when data changed: %s', async (changed, backups) => {
    let made = 0;
    @Injectable()
    class Backups {
      hasDataChanged() {
        return Promise.resolve(changed);
      }

      @Cron({ hour: 3 }, { name: 'backup' })
      async conditionalBackup() {
        if (await this.hasDataChanged()) made += 1;
      }

      @Cron({ hour: 3 }, { name: 'declared_backup', when: [Backups, 'hasDataChanged'] })
      declaredBackup() {
        made += 1;
      }
    }
    seed = await seedApp([Backups]);
    await seed.tester.travel({ hours: 4 });
    expect(made).toBe(backups * 2);
    const [run] = await seed.tester.runsOf('declared_backup');
    expect(run.state).toBe(changed ? 'succeeded' : 'skipped');
    expect(run.reason).toBe(changed ? null : 'condition');
  });
});

describe('S1 pitfalls', () => {
  it('names the install command when an optional package is missing', async () => {
    const { loadOptional } = await import('../../lib/core/index.js');
    const wanted = { name: 'not-there', feature: 'The store "db"', install: 'npm install not-there' };
    // @ts-expect-error the package is missing on purpose
    await expect(loadOptional(wanted, () => import('not-there'))).rejects.toThrow('Run: npm install not-there');
  });

  it('does not hold up other jobs while a handler waits', async () => {
    const gate = new Gate();
    @Injectable()
    class Tasks {
      @Interval({ minutes: 5 }, { name: 'async_task' })
      async wait() {
        await gate.opened;
      }
      @Interval({ minutes: 5 }, { name: 'other' }) other() {}
    }
    seed = await seedApp([Tasks]);
    await seed.tester.travel({ minutes: 10 });
    expect(await seed.ran('other')).toHaveLength(2);
    gate.open();
  });

  it('keeps the application importable without options', () => {
    @Module({ imports: [SchedulerModule.forRoot()] })
    class AppModule {}
    expect(AppModule).toBeDefined();
  });
});
