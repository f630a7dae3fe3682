/** Every sample of the reference document S4 (task scheduling guide) in its TypeScript form. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type Provider } from '@nestjs/common';
import { JobContext, Schedule, SchedulerModule } from '../../lib/index.js';
import type { DefinesSchedule, SchedulerModuleOptions } from '../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../lib/testing/index.js';
import { Test } from '@nestjs/testing';
import { SchedulerRegistry } from '../../lib/index.js';
import { Gate, seedApp, type SeedApp } from './seed-app.js';

type Define = (schedule: Schedule) => unknown;

let seed: SeedApp | undefined;
afterEach(async () => {
  await seed?.app.close();
  seed = undefined;
});

const folder = mkdtempSync(join(tmpdir(), 'carillon-s4-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ran: string[] = [];
const exampleTask = () => void ran.push('example');
const task = () => void ran.push('task');

/** An application whose kernel schedules these tasks. Friday 20 November 2026, 00:00 UTC. */
async function kernel(
  define: Define,
  options: SchedulerModuleOptions = {},
  providers: Provider[] = [],
): Promise<SeedApp> {
  @Injectable()
  class Kernel implements DefinesSchedule {
    defineSchedule(schedule: Schedule) {
      define(schedule);
    }
  }
  ran.length = 0;
  return (seed = await seedApp([Kernel, ...providers], options));
}

/** The next fire times of the one job, without seconds and zone. */
async function nextOf(define: Define, count: number, options?: SchedulerModuleOptions): Promise<string[]> {
  const { registry, next } = await kernel(define, options);
  const [job] = await registry.list();
  return (await next(job.id, count)).map((time) => time.slice(0, 16));
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
    expect(await nextOf(define, 2)).toEqual(times);
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
});

describe('S4 task modifiers', () => {
  it.each<[string, Define, string]>([
    ['New York', (schedule) => schedule.call(task).dailyAt('09:00').timezone('America/New_York'), '2026-11-20T14:00'],
    ['London', (schedule) => schedule.call(task).hourly().timezone('Europe/London'), '2026-11-20T01:00'],
  ])('timezone: %s', async (_name, define, time) => {
    expect(await nextOf(define, 1)).toEqual([time]);
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

  it('in the background', async () => {
    const { registry } = await kernel((schedule) => schedule.call(task).daily().runInBackground());
    expect((await registry.get('task'))?.executor).toBe('background');
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
});

describe('S4 examples', () => {
  it('1 to 4 and 7: the times of several tasks', async () => {
    const functions = Object.fromEntries(
      [
        'cleanupOldFiles',
        'cleanupLogs',
        'processQueue',
        'processPayments',
        'sendDailyReport',
        'sendWeeklyReport',
        'clearCache',
        'optimizeDatabase',
        'weeklyBackup',
      ].map((name) => [name, { [name]: () => void ran.push(name) }[name]]),
    );
    const { next } = await kernel((schedule) => {
      // Cleanup tasks
      schedule.call(functions.cleanupOldFiles).dailyAt('02:00');
      schedule.call(functions.cleanupLogs).weekly();
      schedule.call(functions.weeklyBackup).weeklyOn('sunday', '02:00');
      // Processing tasks
      schedule.call(functions.processQueue).everyFiveMinutes();
      schedule.call(functions.processPayments).hourly();
      // Reporting tasks
      schedule.call(functions.sendDailyReport).dailyAt('09:00');
      schedule.call(functions.sendWeeklyReport).weeklyOn('monday', '09:00');
      // Maintenance tasks
      schedule.call(functions.clearCache).everyFifteenMinutes();
      schedule.call(functions.optimizeDatabase).monthly();
    });
    const times = await Promise.all(
      Object.keys(functions).map(async (id) => [id, (await next(id, 1))[0].slice(0, 16)]),
    );
    expect(Object.fromEntries(times)).toEqual({
      cleanupOldFiles: '2026-11-20T02:00',
      cleanupLogs: '2026-11-22T00:00',
      processQueue: '2026-11-20T00:05',
      processPayments: '2026-11-20T01:00',
      sendDailyReport: '2026-11-20T09:00',
      sendWeeklyReport: '2026-11-23T09:00',
      clearCache: '2026-11-20T00:15',
      optimizeDatabase: '2026-12-01T00:00',
      weeklyBackup: '2026-11-22T02:00',
    });
  });

  it('5: only during business hours', async () => {
    const isBusinessHours = ({ fireTime }: JobContext) => fireTime.getUTCHours() >= 9 && fireTime.getUTCHours() <= 17;
    const { tester } = await kernel((schedule) => schedule.call(task).everyThirtyMinutes().when(isBusinessHours));
    await tester.travel('24h');
    expect(ran).toHaveLength(18);
  });

  it('6: a task with hooks', async () => {
    const { tester } = await kernel((schedule) =>
      schedule
        .call(function runBackup() {
          ran.push('backup');
        })
        .daily()
        .before(({ logger }) => logger.log('Starting backup...'))
        .after(({ logger }) => logger.log('Backup completed!')),
    );
    await tester.travel('24h');
    const [run] = await tester.runsOf('runBackup');
    expect([run.output, ran]).toEqual(['Starting backup...\nBackup completed!', ['backup']]);
  });
});
