/**
 * Every sample of the reference document S4 (task scheduling guide) in its TypeScript form, run: from its beginning to
 * "Task Modifiers". "Running the Scheduler", "Examples" and "Troubleshooting" are in task-scheduling-guide-examples.spec.ts.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ConsoleCommand, SchedulerModule, SchedulerRegistry } from '../../lib/index.js';
import type { SchedulerModuleOptions } from '../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../lib/testing/index.js';
import { startMailServer } from '../support/mail-and-web.js';
import { kernelApp, settledRun, type Define } from './kernel-app.js';
import { Gate, type SeedApp } from './seed-app.js';

let seed: SeedApp | undefined;
const ran: string[] = [];
beforeEach(() => void ran.splice(0));
afterEach(async () => {
  await seed?.app.close();
  seed = undefined;
});

const folder = mkdtempSync(join(tmpdir(), 'carillon-s4-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const exampleTask = () => void ran.push('example');
const task = () => void ran.push('task');

async function kernel(define: Define, options?: SchedulerModuleOptions, providers?: Provider[]): Promise<SeedApp> {
  return (seed = await kernelApp(define, options, providers));
}

/** Fire times of the first runs of the one job, to the minute: it is run at each of them. */
async function firstRuns(define: Define, count: number): Promise<string[]> {
  const app = await kernel(define);
  const [job] = await app.registry.list();
  const times = await app.next(job.id, count);
  await app.tester.travelTo(times.at(-1)!);
  expect(await app.ran(job.id)).toEqual(times);
  expect(ran).toEqual(times.map(() => 'task'));
  return times.map((time) => time.slice(0, 16));
}

describe('S4 defining schedules', () => {
  it('every minute, daily, hourly', async () => {
    const { tester } = await kernel((schedule) => {
      // Schedule a task to run every minute
      schedule.call(exampleTask).everyMinute();
      // Schedule a task to run daily
      schedule
        .call(function cleanupOldFiles() {
          ran.push('cleanup');
        })
        .daily();
      // Schedule a task to run hourly
      schedule
        .call(function processQueue() {
          ran.push('queue');
        })
        .hourly();
    });
    await tester.travel('24h');
    const counts = ['example', 'cleanup', 'queue'].map((name) => ran.filter((one) => one === name).length);
    expect(counts).toEqual([24 * 60, 1, 24]);
  });
});

describe('S4 schedule frequency options', () => {
  it.each<[string, Define, string[]]>([
    ['every_minute', (schedule) => schedule.call(task).everyMinute(), ['2026-11-20T00:01', '2026-11-20T00:02']],
    [
      'every_two_minutes',
      (schedule) => schedule.call(task).everyTwoMinutes(),
      ['2026-11-20T00:02', '2026-11-20T00:04'],
    ],
    [
      'every_five_minutes',
      (schedule) => schedule.call(task).everyFiveMinutes(),
      ['2026-11-20T00:05', '2026-11-20T00:10'],
    ],
    [
      'every_ten_minutes',
      (schedule) => schedule.call(task).everyTenMinutes(),
      ['2026-11-20T00:10', '2026-11-20T00:20'],
    ],
    [
      'every_fifteen_minutes',
      (schedule) => schedule.call(task).everyFifteenMinutes(),
      ['2026-11-20T00:15', '2026-11-20T00:30'],
    ],
    [
      'every_thirty_minutes',
      (schedule) => schedule.call(task).everyThirtyMinutes(),
      ['2026-11-20T00:30', '2026-11-20T01:00'],
    ],
    ['hourly', (schedule) => schedule.call(task).hourly(), ['2026-11-20T01:00', '2026-11-20T02:00']],
    ['hourly_at', (schedule) => schedule.call(task).hourlyAt(30), ['2026-11-20T00:30', '2026-11-20T01:30']],
    ['daily', (schedule) => schedule.call(task).daily(), ['2026-11-21T00:00', '2026-11-22T00:00']],
    ['daily_at 09:00', (schedule) => schedule.call(task).dailyAt('09:00'), ['2026-11-20T09:00', '2026-11-21T09:00']],
    ['daily_at 14:30', (schedule) => schedule.call(task).dailyAt('14:30'), ['2026-11-20T14:30', '2026-11-21T14:30']],
    ['twice_daily', (schedule) => schedule.call(task).twiceDaily(1, 13), ['2026-11-20T01:00', '2026-11-20T13:00']],
    ['weekly', (schedule) => schedule.call(task).weekly(), ['2026-11-22T00:00', '2026-11-29T00:00']],
    [
      'weekly_on monday',
      (schedule) => schedule.call(task).weeklyOn('monday', '09:00'),
      ['2026-11-23T09:00', '2026-11-30T09:00'],
    ],
    [
      'weekly_on friday',
      (schedule) => schedule.call(task).weeklyOn('friday', '17:00'),
      ['2026-11-20T17:00', '2026-11-27T17:00'],
    ],
    ['monthly', (schedule) => schedule.call(task).monthly(), ['2026-12-01T00:00', '2027-01-01T00:00']],
    ['monthly_on', (schedule) => schedule.call(task).monthlyOn(15, '09:00'), ['2026-12-15T09:00', '2027-01-15T09:00']],
    ['quarterly', (schedule) => schedule.call(task).quarterly(), ['2027-01-01T00:00', '2027-04-01T00:00']],
    ['yearly', (schedule) => schedule.call(task).yearly(), ['2027-01-01T00:00', '2028-01-01T00:00']],
    ['every 30 seconds', (schedule) => schedule.call(task).every(30), ['2026-11-20T00:00', '2026-11-20T00:01']],
    ['cron daily', (schedule) => schedule.call(task).cron('0 0 * * *'), ['2026-11-21T00:00', '2026-11-22T00:00']],
    [
      'cron every 6 hours',
      (schedule) => schedule.call(task).cron('0 */6 * * *'),
      ['2026-11-20T06:00', '2026-11-20T12:00'],
    ],
    [
      'cron on weekdays',
      (schedule) => schedule.call(task).cron('0 9 * * 1-5'),
      ['2026-11-20T09:00', '2026-11-23T09:00'],
    ],
  ])('%s', async (_name, define, times) => {
    expect(await firstRuns(define, 2)).toEqual(times);
  });
});

describe('S4 task types', () => {
  it('jobs: a method of a provider, or a function', async () => {
    @Injectable()
    class Reports {
      sendDailyReport() {
        ran.push('report');
      }
    }
    function sendDailyReport() {
      ran.push('function');
    }
    const { tester } = await kernel(
      (schedule) => {
        schedule.job(Reports, 'sendDailyReport').dailyAt('09:00');
        schedule.call(sendDailyReport).dailyAt('09:00');
      },
      {},
      [Reports],
    );
    await tester.travelTo('2026-11-20T09:00:00Z');
    expect(ran.sort()).toEqual(['function', 'report']);
  });

  it('commands: those of the application, run at their times', async () => {
    @Injectable()
    class Console {
      @ConsoleCommand('cache:clear') clear() {
        ran.push('cache:clear');
      }
      @ConsoleCommand('backup:run') backup() {
        ran.push('backup:run');
      }
    }
    const { tester } = await kernel(
      (schedule) => {
        // Schedule an Artisan command
        schedule.command('cache:clear').daily();
        schedule.command('backup:run').dailyAt('02:00');
      },
      {},
      [Console],
    );
    await tester.travelTo('2026-11-20T02:00:00Z');
    expect(ran).toEqual(['backup:run']);
    await tester.travelTo('2026-11-21T00:00:00Z');
    expect(ran).toEqual(['backup:run', 'cache:clear']);
  });

  // The document's `python manage.py` and `php artisan` are consoles of other languages: here they are scripts of Node.
  it('shell commands: real processes, whose output is kept', async () => {
    writeFileSync(join(folder, 'manage.js'), `console.log('manage', process.argv[2], process.env.CARILLON_JOB_ID)`);
    writeFileSync(join(folder, 'artisan.js'), `console.log('artisan', process.argv[2]); process.exit(1)`);
    const app = await kernel((schedule) => {
      // Schedule a shell command
      schedule.exec('node manage.js cleanup', { cwd: folder }).daily();
      schedule.exec('node artisan.js backup:run', { cwd: folder }).hourly();
    });
    app.app.useLogger(false);
    await app.tester.travelTo('2026-11-20T01:00:00Z');
    const failed = await settledRun(app, 'node artisan.js backup:run');
    expect(failed).toMatchObject({ state: 'failed', output: 'artisan backup:run', error: { code: 'COMMAND_FAILED' } });
    await app.tester.travelTo('2026-11-21T00:00:00Z');
    expect(await settledRun(app, 'node manage.js cleanup')).toMatchObject({
      state: 'succeeded',
      output: 'manage cleanup node manage.js cleanup',
      fireTime: new Date('2026-11-21T00:00:00Z'),
    });
  });
});

describe('S4 task modifiers', () => {
  it.each<[string, Define, string]>([
    ['New York', (schedule) => schedule.call(task).dailyAt('09:00').timezone('America/New_York'), '2026-11-20T14:00'],
    ['London', (schedule) => schedule.call(task).hourly().timezone('Europe/London'), '2026-11-20T01:00'],
  ])('timezone: %s', async (_name, define, time) => {
    expect(await firstRuns(define, 1)).toEqual([time]);
  });

  it('without overlapping, with an expiration of two hours', async () => {
    const gate = new Gate();
    const longRunningTask = () => gate.opened;
    const { tester, registry } = await kernel((schedule) => {
      schedule.call(longRunningTask).hourly().withoutOverlapping();
      schedule.call(task).daily().withoutOverlapping(120); // 2 hours expiration
    });
    await tester.travel('2h');
    const states = (await tester.runsOf('longRunningTask')).map(({ state, reason }) => reason ?? state);
    expect(states).toEqual(['running', 'overlap']);
    expect((await registry.get('task'))?.overlap).toBe('skip');
    gate.open();
  });

  it('on one server: in the shared store', async () => {
    const app = await Test.createTestingModule({
      imports: [
        SchedulerModule.forRoot({
          stores: { db: { type: 'typeorm', options: { type: 'better-sqlite3', database: join(folder, 's4.db') } } },
        }),
        SchedulerModule.forFeature({ schedule: (schedule) => schedule.call(task).daily().onOneServer() }),
        SchedulerTestingModule.forRoot({ now: '2026-11-20T00:00:00Z' }),
      ],
    }).compile();
    await app.init();
    expect((await app.get(SchedulerRegistry).get('task'))?.store).toBe('db');
    expect((await app.get(SchedulerTester).runJob('task')).state).toBe('succeeded');
    await app.close();
  });

  it('in the background: on an executor whose slots are its own', async () => {
    const { registry, tester } = await kernel((schedule) => schedule.call(task).daily().runInBackground());
    expect((await registry.get('task'))?.executor).toBe('background');
    await tester.travel('24h');
    expect(ran).toEqual(['task']);
  });

  it('conditional execution', async () => {
    const { tester } = await kernel((schedule) => {
      // Run only when condition is true
      schedule
        .call(task)
        .daily()
        .name('when')
        .when(() => false);
      // Skip when condition is true
      schedule
        .call(task)
        .daily()
        .name('skip')
        .skip(() => true);
    });
    await tester.travel('24h');
    const reasons = [...(await tester.runsOf('when')), ...(await tester.runsOf('skip'))].map(({ reason }) => reason);
    expect([reasons, ran]).toEqual([['condition', 'condition'], []]);
  });

  it('task hooks', async () => {
    const { tester } = await kernel((schedule) =>
      schedule
        .call(task)
        .daily()
        .before(() => void ran.push('Task is about to run'))
        .after(() => void ran.push('Task completed')),
    );
    await tester.travel('24h');
    expect(ran).toEqual(['Task is about to run', 'task', 'Task completed']);
  });

  it('output management: added to a file, written to a file, mailed by a real server', async () => {
    const mail = await startMailServer();
    writeFileSync(join(folder, 'task.log'), 'of yesterday\n');
    const app = await kernel(
      (schedule) => {
        const writes = (name: string) => () => `${name} has run`;
        // Append output to file
        schedule.call(writes('append')).daily().name('append').appendOutputTo('task.log');
        // Send output to file (overwrite)
        schedule.call(writes('send')).daily().name('send').sendOutputTo('logs/task.log');
        // Email output
        schedule.call(writes('email')).daily().name('email').emailOutputTo('admin@example.com');
      },
      { outputRoot: folder, mail: mail.options },
    );
    await app.tester.travel('48h');
    for (const id of ['append', 'send', 'email']) expect((await settledRun(app, id)).state).toBe('succeeded');
    expect(readFileSync(join(folder, 'task.log'), 'utf8')).toBe('of yesterday\nappend has run\nappend has run\n');
    expect(readFileSync(join(folder, 'logs/task.log'), 'utf8')).toBe('send has run\n');
    expect(mail.mails.map(({ to, subject }) => [to, subject])).toEqual(
      Array(2).fill([['admin@example.com'], 'email: succeeded']),
    );
    expect(mail.mails[0].text).toMatch(/email has run/);
    await mail.close();
  });
});
