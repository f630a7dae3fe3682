/** The reference document S4 (task scheduling guide) in its TypeScript form, run: "Running the Scheduler" to its end. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, utimesSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { JobContext } from '../../lib/index.js';
import { CompiledCode } from '../cluster/harness/compiled-code.js';
import { kernelApp, settledRun, type Define } from './kernel-app.js';
import { Gate, type SeedApp } from './seed-app.js';
import type { SchedulerModuleOptions } from '../../lib/index.js';

jest.setTimeout(60_000);

let seed: SeedApp | undefined;
const ran: string[] = [];
beforeEach(() => void ran.splice(0));
afterEach(async () => {
  await seed?.app.close();
  seed = undefined;
});

const folder = mkdtempSync(join(tmpdir(), 'carillon-s4-examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function kernel(define: Define, options?: SchedulerModuleOptions): Promise<SeedApp> {
  return (seed = await kernelApp(define, options));
}

describe('S4 running the scheduler', () => {
  let code: CompiledCode;
  beforeAll(() => {
    code = new CompiledCode('test/seeds/app');
  });
  afterAll(() => code.clear());

  /** `./artisan …`, `php artisan …`: here `npx carillon …`, which starts this file. */
  function carillon(...words: string[]) {
    const app = code.file('test/seeds/app/kernel.module.ts');
    const child = spawn(process.execPath, [code.file('lib/cli/main.ts'), ...words, '--app', app]);
    let told = '';
    const waiting = new Set<() => void>();
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        told += text;
        for (const look of waiting) look();
      });
    }
    const tells = (wanted: RegExp) =>
      new Promise<void>((done) => {
        const look = () => wanted.test(told) && waiting.delete(look) && done();
        waiting.add(look);
        look();
      });
    const ended = new Promise<{ code: number | null; told: string }>((done) =>
      child.once('close', (exitCode) => done({ code: exitCode, told })),
    );
    return { child, tells, ended };
  }

  // systemd, Supervisor and Docker (docs/deploy) start the same command, and end it by SIGTERM; a person by Ctrl+C.
  it.each(['SIGTERM', 'SIGINT'] as const)('schedule:run runs what is due, until %s', async (signal) => {
    const { child, tells, ended } = carillon('schedule:run');
    await tells(/heartbeat {2}succeeded/);
    child.kill(signal);
    const { code: exitCode, told } = await ended;
    expect([exitCode, told]).toEqual([0, expect.stringMatching(/Running 9 jobs\. Ctrl\+C ends it in order\./)]);
  });

  // The unit, the program section and the CMD of the document.
  it.each([
    ['systemd.md', /^ExecStart=\S+ /m, /^Restart=always$/m],
    [
      'supervisor.md',
      /^command=node node_modules\/nest-carillon\/dist\/cli\/main\.js schedule:run/m,
      /^autorestart=true$/m,
    ],
    ['docker.md', /^CMD \["node", "dist\/main\.js"\]$/m, /^ENTRYPOINT \["tini", "--"\]$/m],
  ])('docs/deploy/%s has its recipe', (page, ...lines) => {
    const text = readFileSync(resolve(import.meta.dirname, '../../docs/deploy', page), 'utf8').replaceAll('`', '');
    for (const line of lines) expect(text).toMatch(line);
  });

  it('schedule:list shows the scheduled tasks', async () => {
    const { code: exitCode, told } = await carillon('schedule:list').ended;
    expect(exitCode).toBe(0);
    expect(told).toMatch(/cleanupOldFiles +active +At 02:00/);
    expect(told).toMatch(/sendWeeklyReport +active +At 09:00, only on Monday/);
  });
});

describe('S4 examples', () => {
  it('1: daily clean-up of files older than 30 days', async () => {
    const uploads = join(folder, 'uploads');
    mkdirSync(uploads);
    for (const [name, changed] of [
      ['old.txt', '2026-10-01'],
      ['new.txt', '2026-11-15'],
    ]) {
      writeFileSync(join(uploads, name), name);
      utimesSync(join(uploads, name), new Date(changed), new Date(changed));
    }
    /** Clean up old files daily. */
    function cleanupOldFiles({ fireTime }: JobContext) {
      const cutoff = fireTime.getTime() - 30 * 86_400_000;
      for (const name of readdirSync(uploads)) {
        const path = join(uploads, name);
        if (statSync(path).mtimeMs < cutoff) unlinkSync(path);
      }
    }
    const { tester } = await kernel((schedule) => schedule.call(cleanupOldFiles).dailyAt('02:00'));
    await tester.travelTo('2026-11-20T01:59:59Z');
    expect(readdirSync(uploads)).toHaveLength(2);
    await tester.travelTo('2026-11-20T02:00:00Z');
    expect(readdirSync(uploads)).toEqual(['new.txt']);
  });

  it('2: hourly queue processing', async () => {
    const pending = ['a', 'b'];
    /** Process queued items hourly. */
    function processQueue() {
      ran.push(...pending.splice(0));
    }
    const { tester } = await kernel((schedule) => schedule.call(processQueue).hourly());
    await tester.travel('1h');
    expect(ran).toEqual(['a', 'b']);
    pending.push('c');
    await tester.travel('1h');
    expect(ran).toEqual(['a', 'b', 'c']);
  });

  it('3: weekly backup, a process', async () => {
    writeFileSync(join(folder, 'backup.cjs'), `require('node:fs').writeFileSync('backup.txt', 'saved')`);
    const app = await kernel((schedule) =>
      schedule.exec(['node', 'backup.cjs'], { cwd: folder }).weeklyOn('sunday', '02:00').name('weeklyBackup'),
    );
    await app.tester.travelTo('2026-11-22T02:00:00Z');
    expect((await settledRun(app, 'weeklyBackup')).state).toBe('succeeded');
    expect(readFileSync(join(folder, 'backup.txt'), 'utf8')).toBe('saved');
  });

  it('4: cache clearing every five minutes', async () => {
    const cache = new Map([['key', 'value']]);
    /** Clear cache every 5 minutes. */
    function clearCache() {
      cache.clear();
    }
    const { tester, ran: runsOf } = await kernel((schedule) => schedule.call(clearCache).everyFiveMinutes());
    await tester.travel('4m');
    expect(cache.size).toBe(1);
    await tester.travel('6m');
    expect([cache.size, await runsOf('clearCache')]).toEqual([
      0,
      ['2026-11-20T00:05:00.000Z', '2026-11-20T00:10:00.000Z'],
    ]);
  });

  it('5: a conditional task, only during business hours', async () => {
    function sendNotification() {
      ran.push('sent');
    }
    function isBusinessHours({ fireTime }: JobContext) {
      const hour = fireTime.getUTCHours();
      return 9 <= hour && hour <= 17;
    }
    const { tester } = await kernel((schedule) => schedule.call(sendNotification).everyMinute().when(isBusinessHours));
    await tester.travelTo('2026-11-20T08:59:00Z');
    expect(ran).toHaveLength(0);
    await tester.travelTo('2026-11-20T23:59:00Z');
    expect(ran).toHaveLength(9 * 60);
    const [skipped] = await tester.runsOf('sendNotification');
    expect(skipped).toMatchObject({ reason: 'condition', detail: expect.stringContaining('isBusinessHours') });
  });

  it('6: a task with hooks', async () => {
    const logger = new Logger('Backup');
    function beforeBackup() {
      logger.log('Starting backup...');
    }
    function afterBackup() {
      logger.log('Backup completed!');
    }
    function runBackup() {
      ran.push('backup');
    }
    const { tester, app } = await kernel((schedule) =>
      schedule.call(runBackup).daily().before(beforeBackup).after(afterBackup),
    );
    app.useLogger(false);
    await tester.travel('24h');
    const [run] = await tester.runsOf('runBackup');
    expect([run.output, ran]).toEqual(['Starting backup...\nBackup completed!', ['backup']]);
  });

  it('7: multiple tasks, each at its times, through a month', async () => {
    const names = [
      ...['cleanupOldFiles', 'cleanupLogs', 'processQueue', 'processPayments', 'sendDailyReport'],
      ...['sendWeeklyReport', 'clearCache', 'optimizeDatabase'],
    ];
    const tasks = Object.fromEntries(names.map((name) => [name, { [name]: () => void ran.push(name) }[name]]));
    const { tester } = await kernel((schedule) => {
      // Cleanup tasks
      schedule.call(tasks.cleanupOldFiles).dailyAt('02:00');
      schedule.call(tasks.cleanupLogs).weekly();

      // Processing tasks
      schedule.call(tasks.processQueue).everyFiveMinutes();
      schedule.call(tasks.processPayments).hourly();

      // Reporting tasks
      schedule.call(tasks.sendDailyReport).dailyAt('09:00');
      schedule.call(tasks.sendWeeklyReport).weeklyOn('monday', '09:00');

      // Maintenance tasks
      schedule.call(tasks.clearCache).everyFifteenMinutes();
      schedule.call(tasks.optimizeDatabase).monthly();
    });
    await tester.travelTo('2026-12-04T00:00:00Z'); // two weeks, with the first of a month
    expect(names.map((name) => [name, ran.filter((one) => one === name).length])).toEqual([
      ['cleanupOldFiles', 14],
      ['cleanupLogs', 2],
      ['processQueue', 14 * 288],
      ['processPayments', 14 * 24],
      ['sendDailyReport', 14],
      ['sendWeeklyReport', 2],
      ['clearCache', 14 * 96],
      ['optimizeDatabase', 1],
    ]);
  });
});

describe('S4 troubleshooting', () => {
  // "Task Not Running": schedule:list above. "On multiple servers": daily().onOneServer() among the modifiers, and with
  // two processes in test/nest/shared-store.spec.ts.
  it('a task that overlaps', async () => {
    const gate = new Gate();
    const task = () => gate.opened;
    const { tester } = await kernel((schedule) => schedule.call(task).hourly().withoutOverlapping());
    await tester.travel('2h');
    expect((await tester.runsOf('task')).map(({ state, reason }) => reason ?? state)).toEqual(['running', 'overlap']);
    gate.open();
  });
});
