import { SchedulerError } from '../core/index.js';

/** An executor cannot have that many slots. */
export class InvalidConcurrencyError extends SchedulerError {
  readonly code = 'INVALID_CONCURRENCY';

  constructor(
    readonly executor: string,
    readonly value: unknown,
  ) {
    super(
      `${executor} was given the concurrency ${String(value)}. Give a whole number of attempts at once, at least 1, ` +
        `such as { concurrency: 50 }, or Infinity for no limit.`,
    );
  }
}
