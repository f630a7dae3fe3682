import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompiledLib } from '../stores/typeorm/compiled-lib.js';
import { LifeLine } from './life-line.js';

let lib: CompiledLib;
let app: ChildProcess;
let lines: LifeLine[];
let groups: number[];

beforeAll(() => {
  lib = new CompiledLib('tasks');
});
afterAll(() => lib.clear());
beforeEach(async () => {
  lines = [];
  groups = [];
  app = fork(join(import.meta.dirname, 'shell-app.mjs'), [lib.folder], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  await once(app, 'message');
});
afterEach(() => {
  app.kill('SIGKILL');
  for (const group of groups) killGroup(group);
  for (const line of lines) line.clear();
});

/** Runs some commands, then one that waits with a child of its own, both holding a line; answers its number. */
async function start(...before: string[]): Promise<number> {
  const line = new LifeLine();
  lines.push(line);
  app.send({ lines: [...before, `exec 3>${line.path}; sleep 1000 & echo $$ >&3; wait`] });
  const [[first]] = await Promise.all([line.lines(1), once(app, 'message')]);
  const group = Number(first);
  groups.push(group);
  return group;
}

const allEnded = () => Promise.all(lines.map((line) => line.allEnded()));

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // Nobody of it is left.
  }
}

interface Process {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
}

function processes(): Process[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const [state, parent] = readFileSync(`/proc/${entry}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ');
        return [{ pid: Number(entry), state, parent: Number(parent) }];
      } catch {
        return [];
      }
    });
}

const childrenOf = (pid: number) => processes().filter(({ parent }) => parent === pid);
const isAlive = (pid: number) => processes().some((it) => it.pid === pid && it.state !== 'Z' && it.state !== 'X');

/** The kernel ends processes in its own time. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

describe('what a shell task started', () => {
  it.each([
    ['process.exit()', () => app.send('exit')],
    ['an error that nobody catches', () => app.send('throw')],
    ['SIGTERM without a listener', () => app.kill('SIGTERM')],
    ['kill -9', () => app.kill('SIGKILL')],
  ])('ends with an application that ends by %s, and so does its guard', async (_, end) => {
    await start();
    const children = childrenOf(app.pid!).map(({ pid }) => pid);
    end();
    await allEnded();
    await until(() => !children.some(isAlive));
  });

  it('is guarded by one process, whatever ran before, and no zombie is left', async () => {
    const group = await start('true', 'exit 3', 'sleep 1000 & true');
    const children = childrenOf(app.pid!);
    expect(children.filter(({ state }) => state === 'Z')).toEqual([]);
    expect(children.filter(({ pid }) => pid !== group)).toHaveLength(1);
  });

  it('ends with its application when somebody had killed the guard and another command was started since', async () => {
    const first = await start();
    const [guard] = childrenOf(app.pid!).filter(({ pid }) => pid !== first);
    process.kill(guard.pid, 'SIGKILL');
    await until(() => childrenOf(app.pid!).length === 1);
    await start();
    app.kill('SIGKILL');
    await allEnded();
  });

  it('keeps an application from ending no longer than it lives itself', async () => {
    const group = await start();
    const exited = once(app, 'exit');
    killGroup(group);
    app.disconnect();
    expect(await exited).toEqual([0, null]);
  });
});
