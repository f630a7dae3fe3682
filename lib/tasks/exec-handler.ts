import { existsSync } from 'node:fs';
import { commandLine } from './command-line.js';
import { CommandNotStartedError } from './errors.js';
import { CommandRun } from './command-run.js';
import { findUser, userEnvironment } from './users.js';
import type { SpawnOptions } from 'node:child_process';
import type { User } from './users.js';
import type { Clock, ExecTask, JobContext, TaskHandler } from '../core/index.js';

/**
 * Runs a shell task for each attempt, as a process group of its own. An aborted signal sends SIGTERM to the whole group;
 * `kill` sends SIGKILL. Both streams become the run's output. Another exit code than 0 fails the attempt.
 *
 * @throws {CommandFailedError} {CommandNotStartedError} from the handler
 * @example execHandler({ exec: ['node', 'backup.js'], cwd: '/srv/app' }, clock)
 */
export function execHandler(task: ExecTask, clock: Clock): TaskHandler {
  const runs = new WeakMap<JobContext, CommandRun>();
  const handler = async (_args: unknown, context: JobContext): Promise<void> => {
    const run = new CommandRun(commandOf(task, context), { line: commandLine(task), context, clock });
    runs.set(context, run);
    await run.end;
  };
  return Object.assign(handler, { kill: (context: JobContext) => runs.get(context)?.kill() ?? false });
}

function commandOf(task: ExecTask, context: JobContext) {
  const [file, ...args] = typeof task.exec === 'string' ? [task.exec] : task.exec;
  return { file, args, options: optionsOf(task, context) };
}

function optionsOf(task: ExecTask, context: JobContext): SpawnOptions {
  const { cwd, env } = task;
  const user = task.user === undefined ? null : knownUser(task.user, task);
  const whose = user === null ? {} : userEnvironment(user);
  return {
    shell: typeof task.exec === 'string',
    ...(cwd === undefined ? {} : { cwd: existing(cwd, task) }),
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
    env: { ...process.env, ...whose, ...runEnvironment(context), ...env },
    windowsHide: true,
  };
}

/** What a script may want to know of its run. */
function runEnvironment(context: JobContext): Record<string, string> {
  return {
    CARILLON_JOB_ID: context.jobId,
    CARILLON_RUN_ID: context.runId,
    CARILLON_FIRE_TIME: context.fireTime.toISOString(),
    CARILLON_ATTEMPT: String(context.attempt),
  };
}

/** A directory that is not there would be reported as if the program were missing. */
function existing(cwd: string, task: ExecTask): string {
  if (existsSync(cwd)) return cwd;
  throw new CommandNotStartedError(
    commandLine(task),
    `its working directory ${cwd} is not there. Make it, or correct cwd.`,
  );
}

function knownUser(user: string | number, task: ExecTask): User {
  const found = findUser(user);
  if (found !== null) return found;
  throw new CommandNotStartedError(commandLine(task), `there is no user ${user} on this machine. Correct user.`);
}
