import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { CommandProcess } from './support/command-process.js';

// Each command starts an application, some of them in a process of their own.
jest.setTimeout(120_000);

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
    const { code, out } = await run('schedule:run --once');
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
  /** Starts a command in a process of its own, and waits until its shell job sleeps. */
  async function sleeping(words: string[]): Promise<{ child: ChildProcess; sleeper: number }> {
    const args = [commands.code.file('lib/cli/main.ts'), ...words, '--app', commands.app(app)];
    const child = spawn(process.execPath, args, { env: { ...process.env, ...commands.env }, stdio: 'ignore' });
    while (evidence().length === 0) await new Promise((resolve) => setImmediate(resolve));
    return { child, sleeper: Number(evidence()[0]) };
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends schedule:test, and a second one what it had started', async (signal, code) => {
    const { child, sleeper } = await sleeping(['schedule:test', '--name', 'sleeping']);
    const exited = once(child, 'exit');
    child.kill(signal);
    // Both may be there before the first is looked at, which leaves one: so until it has ended.
    const again = setInterval(() => child.kill(signal), 500);
    expect(await exited).toEqual([code, null]);
    clearInterval(again);
    // It is killed by then; the system may take a moment to clear it away.
    while (isThere(sleeper)) await new Promise((resolve) => setImmediate(resolve));
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

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
