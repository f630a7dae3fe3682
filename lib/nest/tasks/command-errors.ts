import { SchedulerError } from '../../core/index.js';

/** The schedule names a console command that the application does not have. */
export class UnknownCommandError extends SchedulerError {
  readonly code = 'UNKNOWN_COMMAND';

  constructor(
    readonly command: string,
    readonly place: string,
    known: readonly string[],
  ) {
    super(
      `${place}: the application has no console command "${command}". Mark a method with @ConsoleCommand('${command}'), ` +
        `provide a nest-commander command of that name, or set forRoot({ console: ['node', 'dist/cli.js'] }). ` +
        `Known: ${known.length === 0 ? 'none' : known.join(', ')}.`,
    );
  }
}

/** Two providers have a console command of the same name. */
export class DuplicateCommandError extends SchedulerError {
  readonly code = 'DUPLICATE_COMMAND';

  constructor(
    readonly command: string,
    readonly owners: readonly [string, string],
  ) {
    super(`Console command "${command}" is there twice: ${owners.join(' and ')}. Give one of them another name.`);
  }
}

/** Words or options of a command that it does not take. */
export class InvalidCommandArgumentsError extends SchedulerError {
  readonly code = 'INVALID_COMMAND_ARGUMENTS';

  constructor(
    readonly command: string,
    readonly args: readonly string[],
    problem: string,
  ) {
    super(`Console command "${command}" cannot be run: ${problem}`);
  }
}
