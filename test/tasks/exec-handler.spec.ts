import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../lib/testing/index.js';
import { CommandAttempt } from './command-attempt.js';

const node = process.execPath;
const script = (code: string) => ({ exec: [node, '-e', code] as const });

/** Until no process of that group lives: the kernel ends them in its own time. */
async function untilGroupIsGone(leader: number): Promise<void> {
  try {
    for (;;) {
      process.kill(-leader, 0);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } catch {
    return;
  }
}

const leaderOf = (output: string): number => Number(/leader (\d+)/.exec(output)![1]);

describe('a shell task', () => {
  it('runs a line by the shell, and keeps both streams as its output', async () => {
    const attempt = new CommandAttempt({ exec: 'echo one; echo two >&2; echo $((1 + 2))' });
    expect(await attempt.error).toBeNull();
    expect(attempt.output.split('\n').sort()).toEqual(['', '3', 'one', 'two']);
  });

  it('runs a file with its arguments without a shell: nothing in them is expanded', async () => {
    const attempt = new CommandAttempt({ exec: ['echo', '$HOME; rm -rf nothing', '*'] });
    expect(await attempt.error).toBeNull();
    expect(attempt.output).toBe('$HOME; rm -rf nothing *\n');
  });

  it('gives it directory, environment and what it may want to know of its run', async () => {
    const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'carillon-cwd-')));
    const attempt = new CommandAttempt({
      exec: 'pwd; echo $COLOUR; echo $CARILLON_JOB_ID $CARILLON_FIRE_TIME',
      cwd,
      env: { COLOUR: 'blue' },
    });
    expect(await attempt.error).toBeNull();
    expect(attempt.output).toBe(`${cwd}\nblue\nbackup 2026-01-01T00:00:00.000Z\n`);
  });

  it('fails by its exit code, and says the last lines of its errors', async () => {
    const attempt = new CommandAttempt({ exec: 'echo "no space left" >&2; exit 3' });
    expect(await attempt.error).toMatchObject({ code: 'COMMAND_FAILED', exitCode: 3, lastLines: 'no space left' });
  });

  it('names the signal that ended it', async () => {
    const attempt = new CommandAttempt({ exec: 'kill -KILL $$' });
    expect(await attempt.error).toMatchObject({ code: 'COMMAND_FAILED', exitCode: null, signal: 'SIGKILL' });
  });

  it.each([
    ['a program that is not there', { exec: ['no-such-program-here'] as const }, /no such program/],
    ['a directory that is not there', { exec: 'true', cwd: '/no/such/directory' }, /working directory/],
    ['a user that is not there', { exec: 'true', user: 'nobody-by-that-name' }, /no user nobody-by-that-name/],
  ])('is refused with advice: %s', async (_, task, message) => {
    const error = await new CommandAttempt(task).error;
    expect(error).toMatchObject({ code: 'COMMAND_NOT_STARTED' });
    expect(error!.message).toMatch(message);
  });

  it('says that the shell found no such command', async () => {
    const error = await new CommandAttempt({ exec: 'no-such-command-here' }).error;
    expect(error!.message).toMatch(/exit code 127 \(the shell found no such command\)/);
  });

  (process.getuid!() === 0 ? it : it.skip)('runs as another user (only root may test it)', async () => {
    const attempt = new CommandAttempt({ exec: 'id -un', user: 'nobody', cwd: '/' });
    expect(await attempt.error).toBeNull();
    expect(attempt.output).toBe('nobody\n');
  });

  (process.getuid!() === 0 ? it : it.skip).each([
    ['nobody', {}, 'nobody nobody /nonexistent'],
    [65534, {}, 'nobody nobody /nonexistent'],
    ['nobody', { HOME: '/srv', USER: 'me' }, 'me nobody /srv'],
    // Nobody has that number: nothing of the user of this process is left.
    [54321, {}, '  /'],
  ])('has name and home of its user %s, unless %j says otherwise', async (user, env, expected) => {
    const home = readFileSync('/etc/passwd', 'utf8').match(/^nobody:(?:[^:]*:){4}([^:]*)/m)![1];
    const attempt = new CommandAttempt({ exec: 'echo "$USER $LOGNAME $HOME"', user, env, cwd: '/' });
    expect(await attempt.error).toBeNull();
    expect(attempt.output).toBe(`${expected.replace('/nonexistent', home)}\n`);
  });

  it('ends well when it is asked to', async () => {
    const code = `process.on('SIGTERM', () => { console.log('tidy'); process.exit(0) }); console.log('up'); setInterval(() => {}, 1e6)`;
    const attempt = new CommandAttempt(script(code));
    await attempt.wrote('up');
    attempt.stop();
    expect(await attempt.error).toBeNull();
    expect(attempt.output).toBe('up\ntidy\n');
  });

  it('that ignores SIGTERM is killed with its whole group, and nothing is left', async () => {
    const child = `process.on('SIGTERM', () => {}); console.log('child up'); setInterval(() => {}, 1e6)`;
    const code = `
      process.on('SIGTERM', () => console.log('ignored'));
      console.log('leader', process.pid);
      require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' });
      setInterval(() => {}, 1e6)`;
    const attempt = new CommandAttempt(script(code));
    await attempt.wrote('child up');
    attempt.stop();
    await attempt.wrote('ignored');
    expect(await attempt.kill()).toBe(true);
    expect(await attempt.error).toMatchObject({ signal: 'SIGKILL' });
    await untilGroupIsGone(leaderOf(attempt.output));
  });

  it('lets a child of a shell that was stopped end well, too', async () => {
    const child = `process.on('SIGTERM', () => { console.log('tidy'); process.exit(0) }); console.log('up'); setInterval(() => {}, 1e6)`;
    const attempt = new CommandAttempt({ exec: `${node} -e "${child}"; echo not reached` });
    await attempt.wrote('up');
    attempt.stop();
    await attempt.error;
    expect(attempt.output).toBe('up\ntidy\n');
  });

  it('leaves no process behind that it forked, and says so', async () => {
    const attempt = new CommandAttempt({ exec: 'echo leader $$; sleep 1000 & echo done' });
    expect(await attempt.error).toBeNull();
    expect(attempt.output).toMatch(/done\nWARN processes that the command had left behind were killed/);
    await untilGroupIsGone(leaderOf(attempt.output));
  });

  it('holds a process that writes faster than its output is taken: 100 MB in little memory', async () => {
    let bytes = 0;
    let waits = 0;
    const slow = async (lines: string): Promise<void> => {
      bytes += lines.length;
      waits++;
      await new Promise((resolve) => setImmediate(resolve));
    };
    const before = process.memoryUsage().rss;
    const attempt = new CommandAttempt(
      { exec: `yes 0123456789012345678901234567890123456789 | head -c 100000000` },
      { print: slow },
    );
    expect(await attempt.error).toBeNull();
    expect(bytes).toBe(100_000_000);
    expect(waits).toBeGreaterThan(100);
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  });

  it('passes characters whole that two chunks share, and a line of 1 MiB', async () => {
    const code = `process.stdout.write(Buffer.from('é').subarray(0, 1)); setTimeout(() => { process.stdout.write(Buffer.from('é').subarray(1)); process.stdout.write('x'.repeat(1048576 - 1) + '\\n') }, 20)`;
    const printed: string[] = [];
    const attempt = new CommandAttempt(script(code), { print: (lines) => void printed.push(lines) });
    expect(await attempt.error).toBeNull();
    expect(printed).toEqual([`é${'x'.repeat(1_048_575)}\n`]);
  });

  it('passes a line that is longer than 1 MiB in parts, and nothing of it is lost', async () => {
    const printed: string[] = [];
    const attempt = new CommandAttempt(script(`process.stdout.write('x'.repeat(3_000_000))`), {
      print: (lines) => void printed.push(lines),
    });
    expect(await attempt.error).toBeNull();
    expect(printed.join('')).toBe('x'.repeat(3_000_000));
    expect(printed.length).toBeLessThanOrEqual(3);
  });
});

describe('a daemon that a shell task left behind, writing to its output', () => {
  const daemon = `while :; do echo tick; sleep 0.02; done`;
  let clock: ManualClock;
  let attempt: CommandAttempt;
  let folder: string;

  beforeEach(() => {
    clock = new ManualClock('2026-01-01T00:00Z');
    folder = mkdtempSync(join(tmpdir(), 'carillon-daemon-'));
  });
  // It has left the group, so nobody else ends it; what it writes to nobody ends most of them before.
  afterEach(() => {
    const pid = /daemon (\d+)/.exec(attempt.output)?.[1];
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended.
    }
  });

  function start(rest: string): void {
    const untilUp = 'until [ -e up ]; do sleep 0.02; done';
    const exec = `setsid sh -c 'echo daemon $$; touch up; ${daemon}' & ${untilUp}; ${rest}`;
    attempt = new CommandAttempt({ exec, cwd: folder }, { clock });
  }

  /** Seconds that go by while the run is waited for, in each of which the daemon writes, until `end` has come. */
  async function secondsUntil(end: Promise<unknown>): Promise<number> {
    let isOver = false;
    void end.then(() => (isOver = true));
    for (let seconds = 0; seconds < 100; seconds++) {
      while (!isOver && clock.timerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
      if (isOver) return seconds;
      await attempt.wroteSince(attempt.output.length);
      await clock.advanceAsync(1_000);
    }
    throw new Error('It goes on for ever.');
  }

  it('holds the run open for a few seconds, which says so', async () => {
    start('echo done');
    await attempt.wrote('tick');
    const seconds = await secondsUntil(attempt.error);
    expect(seconds).toBe(5);
    expect(await attempt.error).toBeNull();
    expect(attempt.output).toMatch(/WARN a process that has left the command still holds its output/);
  });

  it('keeps nobody from killing the run', async () => {
    start('sleep 1000');
    await attempt.wrote('tick');
    const killed = attempt.kill();
    expect(await secondsUntil(killed)).toBe(1);
    expect(await killed).toBe(true);
  });
});

it('a shell task that is killed does not wait for who takes its lines', async () => {
  const clock = new ManualClock('2026-01-01T00:00Z');
  let taken!: () => void;
  const isTaken = new Promise<void>((resolve) => (taken = resolve));
  const print = (): Promise<void> => {
    taken();
    return new Promise(() => undefined);
  };
  const attempt = new CommandAttempt({ exec: 'echo up; sleep 1000' }, { clock, print });
  await isTaken;
  const killed = attempt.kill();
  let isOver = false;
  void killed.then(() => (isOver = true));
  while (!isOver) await clock.advanceAsync(1_000);
  expect(await killed).toBe(true);
});
