import { SchedulerError } from '../../core/index.js';

/** The object that stands for a provider has no such method: an override in a test, or a factory's value. */
export class MissingMethodError extends SchedulerError {
  readonly code = 'MISSING_METHOD';

  constructor(
    readonly task: string,
    readonly moduleName: string,
    readonly method: string,
  ) {
    super(
      `${task} cannot be called: what ${moduleName} provides in its place has no method ${method}. ` +
        `Give the object that overrides the provider that method, or override it with a class that has it.`,
    );
  }
}
