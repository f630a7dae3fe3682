import { SchedulerError } from '../core/index.js';

/** How a process ended. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A command ended with another exit code than 0, or by a signal. */
export class CommandFailedError extends SchedulerError {
  readonly code = 'COMMAND_FAILED';
  readonly exitCode: number | null;
  readonly signal: string | null;

  constructor(
    readonly commandLine: string,
    end: ProcessEnd,
    /** The last lines that it wrote to its standard error. */
    readonly lastLines: string,
  ) {
    super(`"${commandLine}" ${howItEnded(end)}${lastLines === '' ? '.' : `: ${lastLines}`}`);
    this.exitCode = end.exitCode;
    this.signal = end.signal;
  }
}

/** A command could not be started: no such program, directory or user, or no permission. */
export class CommandNotStartedError extends SchedulerError {
  readonly code = 'COMMAND_NOT_STARTED';

  constructor(
    readonly commandLine: string,
    problem: string,
    options?: { cause?: unknown },
  ) {
    super(`"${commandLine}" could not be started: ${problem}`, options);
  }
}

/** Exit codes by which a shell says that it could not run the line. */
const SHELL_CODES: Readonly<Record<number, string>> = {
  126: ' (found, but not executable)',
  127: ' (the shell found no such command)',
};

function howItEnded({ exitCode, signal }: ProcessEnd): string {
  if (exitCode === null) return `was ended by ${signal ?? 'an unknown signal'}`;
  return `ended with exit code ${exitCode}${SHELL_CODES[exitCode] ?? ''}`;
}
