import { SchedulerError } from '../../core/index.js';

/** One thing that is wrong with options. */
export interface OptionFault {
  /** Where it was written: `ReportsService.send (@Cron)`, `SchedulerModule.forRoot`. */
  readonly place: string;
  /** Path of the option: `retry.attempts`, `jobDefaults.maxInstances`. */
  readonly option: string;
  readonly value: unknown;
  /** What is wrong and what to write instead; a sentence part that follows the option's name. */
  readonly message: string;
}

/**
 * Options of a job, of the module or of a call are wrong. All faults are reported at once, each with its place, the
 * option, the value and what to write instead; nothing was stored.
 */
export class InvalidOptionsError extends SchedulerError {
  readonly code = 'INVALID_OPTIONS';

  constructor(readonly faults: readonly OptionFault[]) {
    super(describeFaults(faults));
    // Node and loggers print the own properties of an error: the message shows values with care, these are as given.
    Object.defineProperty(this, 'faults', { enumerable: false });
  }
}

/**
 * Arguments of a job or a run are not JSON, or larger than 64 kB. The message names the path of the value, such as
 * `args[0].when`; nothing was stored.
 */
export class InvalidArgumentsError extends SchedulerError {
  readonly code = 'INVALID_ARGUMENTS';

  constructor(
    readonly place: string,
    readonly path: string,
    problem: string,
  ) {
    super(`${place}: ${path} ${problem}`);
  }
}

function describeFaults(faults: readonly OptionFault[]): string {
  const lines = faults.map((fault) => `${fault.place}: option "${fault.option}" ${fault.message}`);
  if (lines.length === 1) return lines[0] ?? '';
  return `${lines.length} options are wrong:\n${lines.map((line) => `  - ${line}`).join('\n')}`;
}
