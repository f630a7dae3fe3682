import { SchedulerError } from '../../core/index.js';

/** A condition or hook names a method that no provider of this process has. */
export class UnknownHookError extends SchedulerError {
  readonly code = 'UNKNOWN_HOOK';

  constructor(
    readonly hook: string,
    readonly place: string,
    problem: string,
  ) {
    super(
      `${place}: the condition or hook ${hook} cannot be called: ${problem}. ` +
        `Put the class among the providers of a module, or correct the name.`,
    );
  }
}
