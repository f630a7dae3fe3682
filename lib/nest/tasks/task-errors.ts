import { SchedulerError } from '../../core/index.js';

/** Two classes of one name have such a method, so that a row that keeps the name could mean either. */
export class AmbiguousTaskError extends SchedulerError {
  readonly code = 'AMBIGUOUS_TASK';

  constructor(
    readonly task: string,
    readonly moduleNames: readonly [string, string],
  ) {
    super(
      `Task "${task}" is ambiguous: ${moduleNames.join(' and ')} each provide a class of that name. ` +
        `Rename one of the classes, for jobs keep their task by its name.`,
    );
  }
}

/** A method is named as a task whose class no module provides. */
export class UnknownProviderError extends SchedulerError {
  readonly code = 'UNKNOWN_PROVIDER';

  constructor(
    readonly place: string,
    readonly task: string,
    problem: string,
  ) {
    super(
      `${place}: ${task} cannot be called: ${problem}. Put the class among the providers or controllers of a module ` +
        `that the application imports, and name one of its methods.`,
    );
  }
}

/** Two functions, or a function and a method, were given one name as a task. */
export class DuplicateTaskError extends SchedulerError {
  readonly code = 'DUPLICATE_TASK';

  constructor(readonly task: string) {
    super(
      `Task "${task}" is registered twice. forFeature({ tasks }) names functions for the whole application: ` +
        `give one of them another name.`,
    );
  }
}
