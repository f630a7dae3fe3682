import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { LifeLine } from '../tasks/life-line.js';
import { CommandProcess } from './support/command-process.js';
import { inOneMinute } from './support/in-one-minute.js';

// Each command starts an application, some of them in a process of their own.
jest.setTimeout(60_000);

const commands = new CommandProcess();
const app = 'running.module';
const run = (line: string | string[], env: Record<string, string> = {}) => commands.run(line, { app, env });

beforeAll(async () => commands.start());
afterEach(() => {
  rmSync(commands.env.CLI_EVIDENCE, { force: true });
  // What one test puts there is for no other one.
  for (const end of ['', '-wal', '-shm']) rmSync(`${commands.env.CLI_DATABASE}${end}`, { force: true });
});
afterAll(() => commands.end());

function evidence(): string[] {
  const file = commands.env.CLI_EVIDENCE;
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').sort() : [];
}

describe('schedule:test', () => {
  it('runs the job that is named and no other: not one for its start, nor what is due, nor what a pause lets go on', async () => {
    expect(await run('schedule:test --name other')).toMatchObject({ code: 0 });
    expect(evidence()).toEqual(['other']);
  });

  it('runs a job with runOnStart once', async () => {
    expect(await run('schedule:test --name at-start')).toMatchObject({ code: 0 });
    expect(evidence()).toEqual(['at-start manual']);
  });

  it('waits for the retries of its run', async () => {
    const { code, out } = await run('schedule:test --name again');
    expect({ code, evidence: evidence() }).toEqual({ code: 0, evidence: ['again 1', 'again 2'] });
    expect(out).toMatch(/^succeeded in/m);
  });
});

describe('schedule:run --once', () => {
  it('makes scheduled runs of what fell in the minute, and waits for the retries of jobs in memory', async () => {
    const { code, out } = await inOneMinute(() => {
      rmSync(commands.env.CLI_EVIDENCE, { force: true });
      return run('schedule:run --once');
    });
    expect(evidence()).toEqual([
      'again 1',
      'again 2',
      'always scheduled',
      'at-once',
      'at-start start',
      'in-memory scheduled',
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/again {2}failed, will be tried again: not yet[^]*again {2}succeeded/);
  });

  it('runs nothing of a paused application but what goes on in maintenance mode', async () => {
    // The tables are made by a first start.
    await run('schedule:run --once');
    rmSync(commands.env.CLI_EVIDENCE);
    expect(await run('schedule:pause --all')).toMatchObject({ code: 0 });
    await run('schedule:run --once');
    expect(evidence().filter((line) => /in-memory|again/.test(line))).toEqual([]);
    expect(evidence()).toContain('always scheduled');
  });
});

describe('a process that may not run jobs', () => {
  it.each([
    ['schedule:run --once', { CARILLON_ENABLED: 'false' }, /runs no jobs.*CARILLON_ENABLED, is false/],
    ['schedule:test --name other', { CARILLON_ENABLED: 'false' }, /runs no jobs/],
    ['schedule:run', { CARILLON_ROLE: 'client' }, /its role is 'client'/],
  ])('%s says so', async (line, env, message) => {
    const answer = await run(line, { CARILLON_ENABLED: '', CARILLON_ROLE: '', ...env });
    expect(answer).toMatchObject({ code: 4, out: '' });
    expect(answer.err).toMatch(message);
    expect(evidence()).toEqual([]);
  });
});

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends schedule:test, and a second one what it had started', async (signal, code) => {
    const line = new LifeLine();
    const words = ['schedule:test', '--name', 'sleeping', '--app', commands.app(app)];
    const env = { ...process.env, ...commands.env, CLI_LINE: line.path };
    const args = [commands.code.file('lib/cli/main.ts'), ...words];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    await line.lines(1);
    child.kill(signal);
    // Both might be there before the first is looked at, which would leave one.
    await said(child, `${signal}: no more is started`);
    child.kill(signal);
    expect(await exitOf(child)).toEqual([code, null]);
    await line.allEnded();
    line.clear();
  });
});

describe('schedule:run --once and a run in the background', () => {
  let line: LifeLine;
  /** The process that has its job. */
  let worker: number;

  beforeEach(() => {
    line = new LifeLine();
  });
  afterEach(() => line.clear());

  /** Until its job is at work. */
  async function begun(isInBackground: boolean, ...options: string[]): Promise<ChildProcess> {
    const env = { CLI_LINE: line.path, CLI_BACKGROUND: String(isInBackground) };
    const words = ['schedule:run', '--once', ...options, '--app', commands.app('background.module')];
    const args = [commands.code.file('lib/cli/main.ts'), ...words];
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
    worker = Number((await line.lines(1))[0].split(' ')[1]);
    return child;
  }

  const end = () => process.kill(worker, 'SIGUSR2');
  const ended = async () => (await line.lines(2))[1];

  it('does not wait for it, and does not cut it', async () => {
    const child = await begun(true);
    expect(await exitOf(child)).toEqual([0, null]);
    end();
    expect(await ended()).toBe('ended');
    await line.allEnded();
  });

  it.each([
    ['with --wait', true, ['--wait']],
    ['that is not in the background', false, []],
  ])('waits for one %s', async (_, isInBackground, options) => {
    const child = await begun(isInBackground, ...options);
    let hasExited = false;
    const exited = exitOf(child).finally(() => (hasExited = true));
    end();
    expect(await ended()).toBe('ended');
    expect(hasExited).toBe(false);
    expect(await exited).toEqual([0, null]);
    await line.allEnded();
  });

  it('passes a signal on while it waits', async () => {
    const child = await begun(false);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toEqual([143, null]);
    expect(await ended()).toBe('stopped');
    await line.allEnded();
  });

  it('ends what it waited for in order when it is killed', async () => {
    const child = await begun(false);
    child.kill('SIGKILL');
    expect(await ended()).toBe('stopped');
    await line.allEnded();
  });
});

describe('a process that only looks', () => {
  it('makes no file where there is none', async () => {
    for (const line of ['schedule:diff', 'schedule:list', 'schedule:preview', 'schedule:lint', 'schedule:history']) {
      expect((await run(line)).code).toBeLessThan(2);
    }
    expect(existsSync(commands.env.CLI_DATABASE)).toBe(false);
  });

  it('says what keeps it from pausing an application that no node has started yet', async () => {
    const { code, err } = await run('schedule:pause --all');
    expect({ code, err }).toEqual({ code: 4, err: expect.stringMatching(/nothing of this application yet/) });
  });
});

const exitOf = async (child: ChildProcess) =>
  child.exitCode === null && child.signalCode === null ? await once(child, 'exit') : [child.exitCode, child.signalCode];

/** Until a process has said that on stderr. */
async function said(child: ChildProcess, text: string): Promise<void> {
  let all = '';
  for await (const chunk of child.stderr!) {
    all += String(chunk);
    if (all.includes(text)) return;
  }
}
