import { SchedulerError } from '../core/index.js';

/** Exit codes of the command line. */
export const EXIT = {
  ok: 0,
  /** It was done, and the answer is no: a run failed, lint or diff found something. */
  negative: 1,
  /** The command was not understood, or what it names is not there. */
  usage: 2,
  /** The application could not be loaded or started. */
  application: 3,
  /** It could not be done: a store does not answer, this process may not run jobs, or what nobody thought of. */
  failed: 4,
} as const;

/** A command that was not understood, or cannot be done. */
export class CommandLineError extends SchedulerError {
  readonly code = 'COMMAND_LINE';

  constructor(
    message: string,
    readonly exitCode: number = EXIT.usage,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
