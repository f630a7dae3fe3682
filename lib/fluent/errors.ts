import { SchedulerError } from '../core/index.js';

/** A method of the fluent schedule was given what it cannot mean. Names the method and the value, and says what may stand there. */
export class InvalidScheduleError extends SchedulerError {
  readonly code = 'INVALID_SCHEDULE';

  constructor(
    readonly method: string,
    readonly value: unknown,
    readonly advice: string,
    options?: { cause?: unknown },
  ) {
    super(`${method}() cannot be given ${shown(value)}. ${advice}`, options);
  }
}

/** Two frequencies of one job cannot be spliced into one rule: `every(30).daily()`. */
export class ConflictingFrequenciesError extends SchedulerError {
  readonly code = 'CONFLICTING_FREQUENCIES';

  constructor(
    readonly first: string,
    readonly second: string,
    readonly advice: string,
  ) {
    super(`${second}() cannot stand beside ${first}(): they cannot be made one rule. ${advice}`);
  }
}

/** A job of the fluent schedule says no time. */
export class MissingFrequencyError extends SchedulerError {
  readonly code = 'MISSING_FREQUENCY';

  constructor(readonly job: string) {
    super(
      `${job} says no time at which it runs. Add one, such as .daily(), .everyFiveMinutes() or .cron('0 9 * * *').`,
    );
  }
}

/** The fluent schedule has no such method; a near one is named. */
export class UnknownScheduleMethodError extends SchedulerError {
  readonly code = 'UNKNOWN_SCHEDULE_METHOD';

  constructor(
    readonly method: string,
    readonly meant: string,
  ) {
    super(`The schedule has no method ${method}(). Did you mean ${meant}()?`);
  }
}

/** The schedule was read already, and a job is added or changed: nobody would see it. */
export class ScheduleClosedError extends SchedulerError {
  readonly code = 'SCHEDULE_CLOSED';

  constructor(readonly method: string) {
    super(
      `${method}() was called after the schedule was read. Define jobs before defineSchedule() returns (it may be async); ` +
        `later ones are added by SchedulerRegistry.add().`,
    );
  }
}

/** A function without a name is to run once in the cluster, or without overlap: its job needs an identity that stays. */
export class UnnamedFunctionError extends SchedulerError {
  readonly code = 'UNNAMED_FUNCTION';

  constructor(readonly method: string) {
    super(
      `call() of a function without a name cannot have ${method}(), which needs an identity that stays from start to start. ` +
        `Give it one: .name('purge-sessions').`,
    );
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`;
  if (typeof value === 'function') return `function ${value.name}`;
  if (Array.isArray(value)) return `[${value.slice(0, 5).map(shown).join(', ')}${value.length > 5 ? ', …' : ''}]`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
