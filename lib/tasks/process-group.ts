import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { GroupGuard } from './group-guard.js';
import type { ChildProcess, SpawnOptions } from 'node:child_process';

/** Groups that are alive: they end with this process, whose runs they are. */
const alive = new Set<ProcessGroup>();

/** For the ends of this process that it does not hear of itself. */
const guard = new GroupGuard();

/**
 * A process and all that it starts, as one group with its leader's number, so that a signal reaches them all. Where there
 * are no groups (Windows) the leader alone is reached.
 */
export class ProcessGroup {
  readonly leader: ChildProcess;

  constructor(command: { readonly file: string; readonly args: readonly string[]; readonly options: SpawnOptions }) {
    const stdio: SpawnOptions['stdio'] = ['ignore', 'pipe', 'pipe'];
    if (!isWindows) guard.prepare();
    this.leader = spawn(command.file, [...command.args], { ...command.options, stdio, detached: !isWindows });
    if (this.leader.pid === undefined) return;
    if (alive.size === 0) process.on('exit', killAll);
    alive.add(this);
    if (!isWindows) guard.watch(this.leader.pid);
  }

  /** Does any member live? The leader may have ended long ago. */
  get isAlive(): boolean {
    return this.signal(0) && hasLivingMember(this.leader.pid!);
  }

  /** @returns false when there is nobody to reach */
  signal(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.leader;
    if (pid === undefined) return false;
    try {
      return process.kill(isWindows ? pid : -pid, signal);
    } catch {
      return false;
    }
  }

  /** Everybody has ended. */
  forget(): void {
    alive.delete(this);
    if (this.leader.pid !== undefined) guard.forget(this.leader.pid);
    if (alive.size === 0) process.off('exit', killAll);
  }
}

/** A process that has ended and that nobody has asked about yet still takes signals; where that can be seen, it is none. */
function hasLivingMember(group: number): boolean {
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((entry) => /^\d+$/.test(entry) && isLivingIn(group, entry));
}

function isLivingIn(group: number, pid: string): boolean {
  try {
    // The name before it may hold spaces and brackets: state, parent and group follow its last bracket.
    const [state, , its] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return Number(its) === group && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}

const isWindows = process.platform === 'win32';

function killAll(): void {
  for (const group of alive) group.signal('SIGKILL');
}
