import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Test } from '@nestjs/testing';
import { OnSchedulerEvent, SchedulerModule, SchedulerRegistry, type Run, type Schedule } from '../../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../../lib/testing/index.js';
import { LifeLine } from '../../tasks/life-line.js';
import type { DynamicModule } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import type { SchedulerEvent, SchedulerModuleOptions } from '../../../lib/index.js';

// Processes keep real time.
jest.setTimeout(60_000);

let app: TestingModule;
let registry: SchedulerRegistry;
let folder: string;
let line: LifeLine;
let endings: Endings;
const node = process.execPath;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-shell-'));
  line = new LifeLine();
  Logger.overrideLogger(false);
});
afterEach(async () => {
  await app?.close();
  line.clear();
  rmSync(folder, { recursive: true, force: true });
});

/** Hears which runs have settled. */
@Injectable()
class Endings {
  private readonly ended = new Set<string>();
  private readonly waiting = new Map<string, () => void>();
  /** All events as JSON. */
  readonly told: string[] = [];

  @OnSchedulerEvent('*') heard(event: SchedulerEvent): void {
    this.told.push(JSON.stringify(event));
    const { run } = event;
    if (run === null || run.settledAt === null) return;
    this.ended.add(run.id);
    this.waiting.get(run.id)?.();
  }

  async of(runId: string): Promise<void> {
    if (!this.ended.has(runId)) await new Promise<void>((resolve) => this.waiting.set(runId, resolve));
  }
}

/** On the system's clock: processes keep real time. */
async function start(
  define: (schedule: Schedule) => unknown,
  options: SchedulerModuleOptions = {},
  more: readonly DynamicModule[] = [],
): Promise<void> {
  @Injectable()
  class Kernel {
    defineSchedule(schedule: Schedule) {
      define(schedule);
    }
  }
  const imports = [SchedulerModule.forRoot({ log: 'silent', outputRoot: folder, ...options }), ...more];
  app = await Test.createTestingModule({ imports, providers: [Kernel, Endings] }).compile();
  await app.init();
  registry = app.get(SchedulerRegistry);
  endings = app.get(Endings);
}

async function ended(runId: string): Promise<Run> {
  await endings.of(runId);
  return (await registry.run(runId))!;
}

async function runNow(id: string): Promise<Run> {
  return await ended((await registry.runNow(id)).id);
}

const read = (file: string): string => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '');

/** A process and a child of it, both holding the line, and both deaf to SIGTERM. */
function deaf(): string {
  const child = `trap "" TERM; echo up >&3; while :; do sleep 0.05; done`;
  return `exec 3>${line.path}; trap 'echo SIGTERM came' TERM; sh -c '${child}' & echo up >&3; while :; do wait; done`;
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

  it('shows no secret of its line: neither in its id, nor in events, records and log lines', async () => {
    const lines: unknown[] = [];
    const keep = (...given: unknown[]): void => void lines.push(...given);
    await start((schedule) => schedule.exec('false --token=hunter2').daily(), { log: 'all' });
    Logger.overrideLogger({ log: keep, warn: keep, error: keep, debug: keep });
    const run = await runNow('false --token=***');
    expect(run).toMatchObject({ state: 'failed', error: { message: expect.stringMatching(/"false --token=\*\*\*"/) } });
    expect(endings.told.join()).toMatch(/run\.failed.*--token=\*\*\*/);
    expect(lines.join()).toMatch(/failed in attempt 1 .*--token=\*\*\*/);
    expect(inspect([run, await registry.list(), endings.told, lines], { depth: 9 })).not.toMatch(/hunter2/);
  });

  it('is told SIGTERM at its timeout, killed with its whole group after the grace, and nothing is left', async () => {
    await start((schedule) => schedule.exec(deaf()).daily().name('deaf').timeout('1s').abortGrace('500ms'));
    const { id } = await registry.runNow('deaf');
    await line.lines(2);
    const run = await ended(id);
    expect(run).toMatchObject({ state: 'timedOut', output: 'SIGTERM came' });
    expect(run.settledAt!.getTime() - run.startedAt!.getTime()).toBeGreaterThanOrEqual(1_500);
    await line.allEnded();
  });

  it('that is cancelled ends, with what it forked', async () => {
    await start((schedule) => schedule.exec(deaf()).daily().name('deaf').abortGrace('100ms'));
    const { id } = await registry.runNow('deaf');
    await line.lines(2);
    await registry.cancel(id);
    expect((await ended(id)).state).toBe('cancelled');
    await line.allEnded();
  });

  it('does not outlive its application: closed in the middle of a run, nothing is left', async () => {
    const define = (schedule: Schedule) => schedule.exec(deaf()).daily().name('deaf').abortGrace('100ms');
    await start(define, { shutdownTimeout: '1s' });
    await registry.runNow('deaf');
    await line.lines(2);
    await app.close();
    await line.allEnded();
  });

  it('lets nothing outlive its run that it forked and left', async () => {
    await start((schedule) =>
      schedule.exec(`exec 3>${line.path}; echo up >&3; sleep 1000 & echo done`).daily().name('forks'),
    );
    const run = await runNow('forks');
    expect(run).toMatchObject({ state: 'succeeded', output: expect.stringMatching(/^done\nWARN processes/) });
    await line.allEnded();
  });

  it('keeps lines of a million characters whole in a file that two runs share', async () => {
    const letters = ['a', 'b'];
    const script = `const line = process.argv[1].repeat(1_000_000) + '\\n'; process.stdout.write(line.repeat(5))`;
    await start((schedule) => {
      for (const letter of letters) {
        schedule.exec([node, '-e', script, letter]).daily().name(letter).appendOutputTo('shared.log');
      }
    });
    await Promise.all(letters.map((letter) => runNow(letter)));
    const lengths = read('shared.log')
      .trimEnd()
      .split('\n')
      .map((text) => `${new Set(text).size} letter, ${text.length}`);
    expect(lengths).toEqual(Array(10).fill('1 letter, 1000000'));
  });

  it('keeps real time under the clock of a test: a daemon that holds its output holds it up for a moment', async () => {
    const up = join(folder, 'up');
    const daemon = `exec 3>${line.path}; echo $$ >&3; touch ${up}; exec sleep 1000`;
    // It has left the group before the command ends.
    const wait = `until [ -e ${up} ]; do sleep 0.02; done`;
    await start(
      (schedule) => schedule.exec(`setsid sh -c '${daemon}' & ${wait}; echo done`).daily().name('leaves'),
      {},
      [SchedulerTestingModule.forRoot({ now: '2026-03-01T00:00Z' })],
    );
    let run: Run | null = null;
    void runNow('leaves').then((ended) => (run = ended));
    try {
      // No time goes by: runs begin, outcomes are written, and that is all.
      while (run === null) await app.get(SchedulerTester).clock.advanceAsync(0);
    } finally {
      process.kill(Number((await line.lines(1))[0]), 'SIGKILL');
    }
    expect(run).toMatchObject({
      state: 'succeeded',
      output: expect.stringMatching(/^done\nWARN a process that has left/),
    });
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
