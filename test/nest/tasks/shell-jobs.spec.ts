import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Test } from '@nestjs/testing';
import { SchedulerModule, SchedulerRegistry, type Run, type Schedule } from '../../../lib/index.js';
import type { TestingModule } from '@nestjs/testing';
import type { SchedulerModuleOptions } from '../../../lib/index.js';

// Processes keep real time. A look that never succeeds ends before its test does, so that nothing is left at work.
const LONGEST_WAIT = 50_000;
jest.setTimeout(60_000);

let app: TestingModule;
let registry: SchedulerRegistry;
let folder: string;
const node = process.execPath;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-shell-'));
  Logger.overrideLogger(false);
});
afterEach(async () => {
  await app?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** On the system's clock: processes keep real time. */
async function start(define: (schedule: Schedule) => unknown, options: SchedulerModuleOptions = {}): Promise<void> {
  @Injectable()
  class Kernel {
    defineSchedule(schedule: Schedule) {
      define(schedule);
    }
  }
  const imports = [SchedulerModule.forRoot({ log: 'silent', outputRoot: folder, ...options })];
  app = await Test.createTestingModule({ imports, providers: [Kernel] }).compile();
  await app.init();
  registry = app.get(SchedulerRegistry);
}

async function until<T>(look: () => Promise<T | null> | T | null): Promise<T> {
  for (const deadline = performance.now() + LONGEST_WAIT; performance.now() < deadline; await sleep(10)) {
    const found = await look();
    if (found !== null && found !== false) return found;
  }
  throw new Error(`Still not so: ${String(look)}`);
}

async function ended(runId: string): Promise<Run> {
  return await until(async () => {
    const run = await registry.run(runId);
    return run !== null && run.settledAt !== null ? run : null;
  });
}

async function runNow(id: string): Promise<Run> {
  return await ended((await registry.runNow(id)).id);
}

const read = (file: string): string => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '');

/** Numbers of the processes that a script wrote to its file. */
const pids = (file: string): number[] => read(file).split('\n').filter(Boolean).map(Number);

function isGone(pid: number): boolean {
  try {
    // One that has ended, and that nobody has asked about yet, is a zombie.
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/** Writes its own number and that of a child, both deaf to SIGTERM. */
function deaf(file: string): string {
  const path = join(folder, file);
  const child = `trap "" TERM; echo $$ >> ${path}; while :; do sleep 0.05; done`;
  return `trap 'echo SIGTERM came' TERM; sh -c '${child}' & echo $$ >> ${path}; while :; do wait; done`;
}

describe('a shell job', () => {
  it('succeeds with exit code 0 and fails with 3; what it wrote is in the history', async () => {
    await start((schedule) => {
      schedule.exec('echo fine; echo $CARILLON_JOB_ID').daily().name('good');
      schedule
        .exec([node, '-e', 'console.log("half"); console.error("disk full"); process.exit(3)'])
        .daily()
        .name('bad');
    });
    expect(await runNow('good')).toMatchObject({ state: 'succeeded', output: 'fine\ngood', error: null });
    const bad = await runNow('bad');
    expect(bad).toMatchObject({ state: 'failed', error: { code: 'COMMAND_FAILED' } });
    expect(bad.error?.message).toMatch(/exit code 3: disk full$/);
    expect(bad.output?.split('\n').sort()).toEqual(['disk full', 'half']);
  });

  it('that is not there has failed, not started', async () => {
    await start((schedule) => schedule.exec(['no-such-program-here']).daily().name('missing'));
    const run = await runNow('missing');
    expect(run).toMatchObject({ state: 'failed', error: { code: 'COMMAND_NOT_STARTED' } });
    expect(run.error?.message).toMatch(/no such program/);
  });

  it('is told SIGTERM at its timeout, killed with its whole group after the grace, and nothing is left', async () => {
    await start((schedule) => schedule.exec(deaf('pids')).daily().name('deaf').timeout('1s').abortGrace('500ms'));
    const { id } = await registry.runNow('deaf');
    await until(() => pids('pids').length === 2 || null);
    const run = await ended(id);
    expect(run).toMatchObject({ state: 'timedOut', output: 'SIGTERM came' });
    expect(run.settledAt!.getTime() - run.startedAt!.getTime()).toBeGreaterThanOrEqual(1_500);
    await until(() => pids('pids').every(isGone) || null);
  });

  it('that is cancelled ends, with what it forked', async () => {
    await start((schedule) => schedule.exec(deaf('pids')).daily().name('deaf').abortGrace('100ms'));
    const { id } = await registry.runNow('deaf');
    await until(() => pids('pids').length === 2 || null);
    await registry.cancel(id);
    expect((await ended(id)).state).toBe('cancelled');
    await until(() => pids('pids').every(isGone) || null);
  });

  it('does not outlive its application: closed in the middle of a run, nothing is left', async () => {
    const define = (schedule: Schedule) => schedule.exec(deaf('pids')).daily().name('deaf').abortGrace('100ms');
    await start(define, { shutdownTimeout: '1s' });
    await registry.runNow('deaf');
    await until(() => pids('pids').length === 2 || null);
    await app.close();
    await until(() => pids('pids').every(isGone) || null);
  });

  it('lets nothing outlive its run that it forked and left', async () => {
    await start((schedule) =>
      schedule
        .exec(`sleep 1000 & echo $! > ${join(folder, 'pids')}; echo done`)
        .daily()
        .name('forks'),
    );
    const run = await runNow('forks');
    expect(run).toMatchObject({ state: 'succeeded', output: expect.stringMatching(/^done\nWARN processes/) });
    expect(pids('pids')).toHaveLength(1);
    await until(() => pids('pids').every(isGone) || null);
  });

  it('may write 100 MB: the file is whole, history and memory stay bounded', async () => {
    const line = '0123456789'.repeat(10).slice(1);
    const script = `const line = '${line}\\n'.repeat(1000); let left = 1000;
      (function more() { while (left-- > 0) if (!process.stdout.write(line)) return process.stdout.once('drain', more) })()`;
    await start((schedule) => schedule.exec([node, '-e', script]).daily().name('loud').sendOutputTo('loud.log'));
    let most = 0;
    const before = process.memoryUsage().rss;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
    const run = await runNow('loud').finally(() => clearInterval(watch));
    expect(run.state).toBe('succeeded');
    expect(statSync(join(folder, 'loud.log')).size).toBe(100_000_000);
    const wanted = createHash('sha256');
    for (let part = 0; part < 1_000; part++) wanted.update(`${line}\n`.repeat(1_000));
    const found = createHash('sha256');
    for await (const chunk of createReadStream(join(folder, 'loud.log'))) found.update(chunk as Buffer);
    expect(found.digest('hex')).toBe(wanted.digest('hex'));
    expect(run.output!.length).toBeLessThan(66_000);
    expect(run.output).toMatch(/… \d+ more lines$/);
    expect(most - before).toBeLessThan(300_000_000);
  });
});
