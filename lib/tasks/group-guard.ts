import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Notes the groups that it is told of, and kills those that are left when its input ends: the system closes that however
 * this process ends. Signals that a terminal or a process manager sends to all are for us, not for the guard.
 */
const SCRIPT = `trap '' HUP INT TERM
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done`;

/**
 * Ends process groups when this process ends without a word: by kill -9, or by a signal that nobody listens to. One small
 * shell, started before the first group and kept for the next ones, for all of them; it ends with this process, and keeps it
 * from nothing. Where there is no /bin/sh, nothing is guarded.
 */
export class GroupGuard {
  private readonly groups = new Set<number>();
  private shell: ChildProcess | null = null;

  /** Before a group is started, so that there is next to no time in which nobody knows it. */
  prepare(): void {
    if (this.shell === null) this.start();
  }

  watch(group: number): void {
    this.groups.add(group);
    this.tell('+', group);
  }

  /** Its number may become that of others from here on. */
  forget(group: number): void {
    if (this.groups.delete(group)) this.tell('-', group);
  }

  /** One that somebody killed is replaced with the next group. */
  private start(): void {
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'carillon-guard'], {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    const gone = (): void => {
      if (this.shell === shell) this.shell = null;
    };
    shell.once('error', gone).once('exit', gone);
    shell.stdin.on('error', gone);
    shell.unref();
    (shell.stdin as Socket).unref();
    this.shell = shell;
    for (const group of this.groups) this.tell('+', group);
  }

  private tell(sign: '+' | '-', group: number): void {
    this.shell?.stdin?.write(`${sign} ${group}\n`);
  }
}
