/** Every sample of the reference document S2 (scheduler examples) in its Nest form. */
import { mkdtemp, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Cron, Interval, JobContext, SchedulerRegistry, at } from '../../lib/index.js';
import { Gate, seedApp, type SeedApp } from './seed-app.js';

let seed: SeedApp | undefined;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'carillon-seed-'));
});
afterEach(async () => {
  await seed?.app.close();
  seed = undefined;
  await rm(directory, { recursive: true, force: true });
});

@Injectable()
class TimingPatterns {
  @Cron({ hour: 6, minute: 30 }, { id: 'daily_report', name: 'Send Daily Report' }) sendDailyReport() {}
  @Cron({ hour: 0, minute: 0 }, { id: 'daily_cleanup', name: 'Daily Cleanup' }) cleanUpTempFiles() {}
  @Cron({ dayOfWeek: 'mon', hour: 9, minute: 0 }, { id: 'weekly_report', name: 'Weekly Report Generation' })
  generateWeeklyReport() {}
  @Cron({ dayOfWeek: 'sat', hour: 2, minute: 0 }, { id: 'weekend_maintenance', name: 'Weekend System Maintenance' })
  weekendMaintenance() {}
  @Interval({ minutes: 15 }, { id: 'health_check', name: 'System Health Check' }) healthCheck() {}
  @Interval({ hours: 2 }, { id: 'business_sync', start: '2026-11-20 09:00:00', end: '2026-11-20 17:00:00' })
  businessSync() {}
  @Cron({ dayOfWeek: 'mon-fri', hour: '9-17', minute: 30 }, { id: 'business_task', name: 'Business Hours Task' })
  businessTask() {}
  @Cron({ dayOfWeek: 'mon-fri', hour: '9-17', minute: '*/30' }, { id: 'frequent_business' }) frequentTask() {}
}

describe('S2 timing patterns', () => {
  it.each([
    ['daily_report', ['2026-11-20T06:30', '2026-11-21T06:30']],
    ['daily_cleanup', ['2026-11-21T00:00', '2026-11-22T00:00']],
    ['weekly_report', ['2026-11-23T09:00', '2026-11-30T09:00']],
    ['weekend_maintenance', ['2026-11-21T02:00', '2026-11-28T02:00']],
    ['health_check', ['2026-11-20T00:15', '2026-11-20T00:30']],
    [
      'business_sync',
      ['2026-11-20T09:00', '2026-11-20T11:00', '2026-11-20T13:00', '2026-11-20T15:00', '2026-11-20T17:00'],
    ],
    ['business_task', ['2026-11-20T09:30', '2026-11-20T10:30']],
    ['frequent_business', ['2026-11-20T09:00', '2026-11-20T09:30']],
  ])('%s', async (id, times) => {
    seed = await seedApp([TimingPatterns]);
    expect(await seed.next(id, times.length)).toEqual(times.map((time) => `${time}:00.000Z`));
  });

  it('ends business_sync at its end date, the end included', async () => {
    seed = await seedApp([TimingPatterns]);
    await seed.tester.travel({ days: 2 });
    expect(await seed.ran('business_sync')).toHaveLength(5);
    expect((await seed.registry.get('business_sync'))!.status).toBe('finished');
  });
});

describe('S2 job options', () => {
  it('keeps to one run of long_task, and makes one run of what batch_process missed', async () => {
    const gate = new Gate();
    @Injectable()
    class Long {
      @Interval({ minutes: 30 }, { id: 'long_task', maxInstances: 1 })
      async longRunning() {
        await gate.opened;
      }
      @Interval({ hours: 1 }, { id: 'batch_process', coalesce: true, maxInstances: 1 }) batch() {}
    }
    seed = await seedApp([Long]);
    await seed.tester.travel({ hours: 1 });
    expect((await seed.tester.runsOf('long_task')).filter((run) => run.state === 'running')).toHaveLength(1);
    seed.tester.clock.jump(5 * 3_600_000);
    await seed.tester.travel('1s');
    expect((await seed.tester.runsOf('batch_process')).map((run) => run.count).sort()).toEqual([1, 5]);
    gate.open();
  });

  it('retries morning_emails three times, a minute apart, and then succeeds', async () => {
    let tries = 0;
    @Injectable()
    class Emails {
      @Cron({ hour: 8, minute: 0 }, { id: 'morning_emails', retry: { attempts: 3, backoff: 'fixed', delay: '60s' } })
      send(job: JobContext) {
        tries = job.attempt;
        if (job.attempt < 3) throw new Error('mail server is down');
      }
    }
    seed = await seedApp([Emails]);
    await seed.tester.travelTo('2026-11-20T08:00:30Z');
    expect(tries).toBe(1);
    await seed.tester.travel('60s');
    expect(tries).toBe(2);
    await seed.tester.travel('60s');
    expect(await seed.ran('morning_emails')).toEqual(['2026-11-20T08:00:00.000Z']);
    expect((await seed.tester.runsOf('morning_emails'))[0].attempt).toBe(3);
  });

  it.each([
    [5, 'succeeded'],
    [6, 'skipped'],
  ])('with a grace of five minutes, %i minutes late is %s', async (minutes, state) => {
    @Injectable()
    class Lunch {
      @Cron({ hour: 12, minute: 0 }, { id: 'lunch_task', misfireGraceTime: '5m' }) eat() {}
    }
    seed = await seedApp([Lunch], {}, '2026-11-20T11:59:00Z');
    seed.tester.clock.jump((1 + Number(minutes)) * 60_000);
    await seed.tester.travel('1ms');
    expect((await seed.tester.runsOf('lunch_task')).map((run) => run.state)).toEqual([state]);
  });
});

/** The sample's file task: handles each file, moves a bad one to errors/ instead of losing it. */
@Injectable()
class FileTasks {
  uploads = '';
  readonly processed: string[] = [];

  @Interval({ minutes: 5 }, { id: 'process_uploads', maxInstances: 1 })
  async processUploads(job: JobContext) {
    const pending = join(this.uploads, 'pending');
    const files = await readdir(pending).catch(() => null);
    if (files === null) return job.logger.log('No upload directory found, skipping');
    for (const file of files.sort()) {
      const path = join(pending, file);
      try {
        await this.processSingleFile(path);
        await rm(path);
      } catch (error) {
        job.logger.error(`Failed to process ${file}`, error);
        await mkdir(join(this.uploads, 'errors'), { recursive: true });
        await rename(path, join(this.uploads, 'errors', file));
      }
    }
  }

  async processSingleFile(path: string) {
    const text = await readFile(path, 'utf8');
    if (!text.includes(',')) throw new Error('not a table');
    this.processed.push(text.trim());
  }
}

describe('S2 file processing', () => {
  it('does nothing when there is no upload directory', async () => {
    seed = await seedApp([FileTasks]);
    seed.app.get(FileTasks).uploads = join(directory, 'none');
    const run = await seed.tester.runJob('process_uploads');
    expect(run.state).toBe('succeeded');
    expect(seed.app.get(FileTasks).processed).toEqual([]);
  });

  it('processes the files, deletes the good ones and keeps the bad one in errors/', async () => {
    await mkdir(join(directory, 'pending'));
    await writeFile(join(directory, 'pending', 'a.csv'), '1,2\n');
    await writeFile(join(directory, 'pending', 'b.csv'), '3,4\n');
    await writeFile(join(directory, 'pending', 'c.txt'), 'nonsense');
    seed = await seedApp([FileTasks]);
    seed.app.get(FileTasks).uploads = directory;
    const each = jest.spyOn(seed.app.get(FileTasks), 'processSingleFile');
    await seed.tester.runJob('process_uploads');
    expect(each).toHaveBeenCalledTimes(3);
    expect(seed.app.get(FileTasks).processed).toEqual(['1,2', '3,4']);
    expect(await readdir(join(directory, 'pending'))).toEqual([]);
    expect(await readdir(join(directory, 'errors'))).toEqual(['c.txt']);
  });
});

describe('S2 database maintenance', () => {
  it('deletes records older than 90 days at 3 o’clock', async () => {
    const { default: Database } = await import('better-sqlite3');
    const database = new Database(join(directory, 'app.db'));
    database.exec('CREATE TABLE logs (id INTEGER PRIMARY KEY, created_at INTEGER)');
    const now = Date.parse('2026-11-20T03:00:00Z');
    const insert = database.prepare('INSERT INTO logs (created_at) VALUES (?)');
    for (const days of [1, 89, 91, 200]) insert.run(now - days * 86_400_000);
    const lines: string[] = [];
    @Injectable()
    class Maintenance {
      @Cron({ hour: 3 }, { id: 'db_cleanup', name: 'Database Cleanup' })
      cleanUpOldRecords(job: JobContext) {
        const cutoff = job.fireTime.getTime() - 90 * 86_400_000;
        const { changes } = database.prepare('DELETE FROM logs WHERE created_at < ?').run(cutoff);
        lines.push(`Cleaned up ${changes} old log records`);
      }
    }
    seed = await seedApp([Maintenance]);
    await seed.tester.travelTo('2026-11-20T03:00:00Z');
    expect(lines).toEqual(['Cleaned up 2 old log records']);
    database.close();
  });
});

describe('S2 API integration', () => {
  let server: Server;
  let status = 200;
  const requests: (string | undefined)[] = [];
  let url: string;
  const received: unknown[] = [];

  @Injectable()
  class Sync {
    @Interval({ hours: 4 }, { id: 'external_sync', name: 'External Data Sync', timeout: '30s' })
    async syncExternalData(job: JobContext) {
      const response = await fetch(url, { headers: { authorization: 'Bearer token' }, signal: job.signal });
      if (!response.ok) throw new Error(`API returned error ${response.status}`);
      received.push(await response.json());
    }
  }

  beforeEach(async () => {
    server = createServer((request, response) => {
      requests.push(request.headers.authorization);
      response.writeHead(status, { 'content-type': 'application/json' }).end('[{"id":1}]');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data`;
  });
  afterEach(() => new Promise((closed) => server.close(closed)));

  it('syncs over a real connection, and records the failure of a bad answer', async () => {
    seed = await seedApp([Sync]);
    expect((await seed.tester.runJob('external_sync')).state).toBe('succeeded');
    expect(received).toEqual([[{ id: 1 }]]);
    expect(requests).toEqual(['Bearer token']);
    status = 503;
    const failed = await seed.tester.runJob('external_sync');
    expect(failed.state).toBe('failed');
    expect(failed.error!.message).toBe('API returned error 503');
  });
});

describe('S2 dynamic jobs', () => {
  it('schedules a reminder for a user, and replaces it', async () => {
    const sent: string[] = [];
    @Injectable()
    class Reminders {
      constructor(private readonly scheduler: SchedulerRegistry) {}

      async scheduleUserReminder(userId: string, reminderTime: Date) {
        await this.scheduler.add({
          id: `reminder_${userId}`,
          name: `Reminder for user ${userId}`,
          trigger: at(reminderTime),
          task: [Reminders, 'sendUserReminder'],
          args: [userId],
          replaceExisting: true,
        });
      }

      sendUserReminder(userId: string) {
        sent.push(userId);
      }
    }
    seed = await seedApp([Reminders]);
    const reminders = seed.app.get(Reminders);
    await reminders.scheduleUserReminder('ada', new Date('2026-11-20T10:00:00Z'));
    await reminders.scheduleUserReminder('ada', new Date('2026-11-20T12:00:00Z'));
    await seed.tester.travelTo('2026-11-20T11:00:00Z');
    expect(sent).toEqual([]);
    await seed.tester.travelTo('2026-11-20T12:00:00Z');
    expect(sent).toEqual(['ada']);
  });
});

describe('S2 conditional execution', () => {
  it('backs up unless there is a recent backup or the load is high', async () => {
    let load = 10;
    let backups = 0;
    const marker = () => join(directory, 'last_backup.txt');
    @Injectable()
    class Backups {
      @Interval({ hours: 2 }, { id: 'smart_backup', name: 'Smart Conditional Backup' })
      async conditionalBackup(job: JobContext) {
        const last = await stat(marker()).catch(() => null);
        if (last && job.fireTime.getTime() - last.mtimeMs < 6 * 3_600_000) return;
        if (load > 80) return;
        backups += 1;
        await writeFile(marker(), '');
        await utimes(marker(), job.fireTime, job.fireTime);
      }
    }
    seed = await seedApp([Backups]);
    load = 90;
    await seed.tester.travel({ hours: 2 });
    expect(backups).toBe(0);
    load = 10;
    await seed.tester.travel({ hours: 6 });
    expect(backups).toBe(1);
    await seed.tester.travel({ hours: 2 });
    expect(backups).toBe(2);
  });
});

describe('S2 testing examples', () => {
  @Injectable()
  class Jobs {
    @Cron({ hour: 0, minute: 0 }, { id: 'daily_cleanup', name: 'Daily Cleanup' }) cleanUp() {}
    @Interval({ minutes: 15 }, { id: 'health_check' }) check() {}
    @Interval({ hours: 4 }, { id: 'external_sync' }) sync() {}
  }

  it('finds all expected jobs registered', async () => {
    seed = await seedApp([Jobs]);
    const ids = (await seed.registry.list()).map((job) => job.id);
    for (const expected of ['daily_cleanup', 'health_check', 'external_sync']) expect(ids).toContain(expected);
  });

  it('reads name and trigger fields of a job', async () => {
    seed = await seedApp([Jobs]);
    const job = await seed.registry.get('daily_cleanup');
    expect(job).not.toBeNull();
    expect(job!.name).toBe('Daily Cleanup');
    expect(job!.trigger).toMatchObject({ kind: 'cron', fields: { hour: 0, minute: 0 } });
  });
});
