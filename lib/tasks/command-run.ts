import { CommandFailedError, CommandNotStartedError } from './errors.js';
import { LastLines } from './last-lines.js';
import { LineSplitter } from './line-splitter.js';
import { ProcessGroup } from './process-group.js';
import { redacted } from './redacted.js';
import type { SpawnOptions } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock, JobContext, Millis } from '../core/index.js';

/** How long the pipes may be silent after the last process of the group has ended. */
const SILENCE: Millis = 1_000;

/** How often the pipes may be found at work after that: who still writes then has left the group. */
const MOST_LOOKS = 5;

/** More than pipes and their readers hold: what comes after that is from somebody who left the group, too. */
const MOST_LEFT_IN_PIPES = 4_000_000;

/** What a command started and left behind would hold its pipes open, and outlive a run that counts as over. */
const LEFT_OVERS = 'WARN processes that the command had left behind were killed';

/** Who leaves its group, as a daemon does, and keeps the pipes is left alone. */
const CUT = 'WARN a process that has left the command still holds its output: what it writes is not read any more';

/** A command as `spawn` takes it. */
export interface SpawnCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: SpawnOptions;
}

export interface CommandRunParts {
  /** For messages. */
  readonly line: string;
  readonly context: JobContext;
  readonly clock: Clock;
}

/** One attempt of a command, from its start until nothing of it is left. */
export class CommandRun {
  /** Resolves when it ended with exit code 0. */
  readonly end: Promise<void>;
  private readonly group: ProcessGroup;
  private readonly errors = new LastLines();
  private bytes = 0;
  /** Chunks that somebody is taking right now. */
  private passing = 0;
  private wasKilled = false;
  private markKilled: () => void = () => undefined;
  private readonly killed = new Promise<void>((resolve) => (this.markKilled = resolve));
  private readonly terminate = (): void => void this.group.signal('SIGTERM');

  constructor(
    command: SpawnCommand,
    private readonly parts: CommandRunParts,
  ) {
    this.group = this.start(command);
    const { signal } = parts.context;
    if (signal.aborted) this.terminate();
    else signal.addEventListener('abort', this.terminate, { once: true });
    this.end = this.untilGone().finally(() => {
      signal.removeEventListener('abort', this.terminate);
      this.group.forget();
    });
  }

  /** Ends the whole group; true: it is over. */
  async kill(): Promise<boolean> {
    this.wasKilled = true;
    this.group.signal('SIGKILL');
    this.markKilled();
    await this.end.catch(() => undefined);
    return true;
  }

  /** Some failures are thrown by `spawn`, others told by an event. */
  private start(command: SpawnCommand): ProcessGroup {
    try {
      return new ProcessGroup(command);
    } catch (error) {
      throw this.notStarted(error as NodeJS.ErrnoException);
    }
  }

  private async untilGone(): Promise<void> {
    const { leader } = this.group;
    const ended = new Promise<{ exitCode: number | null; signal: string | null }>((resolve, reject) => {
      leader.once('error', (error) => reject(this.notStarted(error)));
      leader.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    });
    const read = Promise.all([this.read(leader.stdout!, false), this.read(leader.stderr!, true)]);
    // Whatever fails first is told; the other one must not be left unhandled.
    read.catch(() => undefined);
    const end = await ended;
    // Asked to stop, the others have as long to end well as the leader had: until `kill`.
    if (this.parts.context.signal.aborted) await Promise.race([read, this.killed]);
    // Those that are still on their way out of `kill` were not left behind.
    const hasLeftOvers = !this.wasKilled && this.group.isAlive;
    if (hasLeftOvers) this.group.signal('SIGKILL');
    const wasCut = await this.drained(read);
    if (hasLeftOvers) await this.say(LEFT_OVERS);
    if (wasCut) await this.say(CUT);
    if (end.exitCode !== 0) throw new CommandFailedError(this.parts.line, end, redacted(this.errors.text));
  }

  /**
   * A process that has left the group may hold a pipe open for ever: what it writes is no longer this run's. What is in
   * the pipes is, however long the taking of it lasts, unless the run is killed.
   *
   * @returns true: a pipe was open still, and was closed
   */
  private async drained(read: Promise<unknown>): Promise<boolean> {
    const before = this.bytes;
    let seen = before;
    let looks = 0;
    let wasCut = false;
    let giveUp: () => void = () => undefined;
    const givenUp = new Promise<void>((resolve) => (giveUp = resolve));
    const look = (): void => {
      const isTaken = this.passing === 0;
      if (isTaken) looks++;
      const isSilent = isTaken && this.bytes === seen;
      if (this.wasKilled) giveUp();
      if (this.wasKilled || isSilent || looks >= MOST_LOOKS || this.bytes - before > MOST_LEFT_IN_PIPES) {
        wasCut = true;
        this.closePipes();
      }
      seen = this.bytes;
      timer = this.parts.clock.after(SILENCE, look);
    };
    let timer = this.parts.clock.after(SILENCE, look);
    await Promise.race([read, givenUp]).finally(() => timer.cancel());
    return wasCut;
  }

  /** A run that is killed waits for nobody who takes its lines. */
  private async say(line: string): Promise<void> {
    await Promise.race([this.parts.context.print(line), this.killed]);
  }

  private closePipes(): void {
    this.group.leader.stdout?.destroy();
    this.group.leader.stderr?.destroy();
  }

  /** Waits for whoever takes the lines: a process that writes more than can be kept up with is held by its pipe. */
  private async read(stream: Readable, isError: boolean): Promise<void> {
    const splitter = new LineSplitter();
    const pass = async (lines: string): Promise<void> => {
      if (lines === '') return;
      if (isError) this.errors.add(lines);
      this.passing++;
      await this.parts.context.print(lines);
      this.passing--;
    };
    try {
      for await (const chunk of stream) {
        this.bytes += (chunk as Buffer).length;
        await pass(splitter.take(chunk as Buffer));
      }
    } catch (error) {
      if (!stream.destroyed) throw error;
    }
    await pass(splitter.end());
  }

  private notStarted(error: NodeJS.ErrnoException): CommandNotStartedError {
    const problem = redacted(error.message);
    // Node's own error has all arguments on it.
    const cause = Object.assign(new Error(problem), { code: error.code, syscall: 'spawn' });
    return new CommandNotStartedError(this.parts.line, ADVICE[error.code ?? ''] ?? problem, { cause });
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program. Give its whole path, or put its directory into PATH.',
  EACCES: 'it is not executable for this user. Correct its permissions.',
  EPERM: 'this process may not become that user. Run it with the right to, or leave out user.',
  E2BIG: 'its arguments are too long for the operating system. Pass them in a file.',
};
