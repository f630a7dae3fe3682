import { SchedulerError } from '../core/index.js';
import { shown } from './shown.js';

/** A cron expression or a field of one is not understood. Names the field, the value and what is allowed there. */
export class InvalidCronError extends SchedulerError {
  readonly code = 'INVALID_CRON';

  constructor(
    readonly rule: unknown,
    readonly field: string | null,
    readonly value: unknown,
    readonly allowed: string,
  ) {
    super(
      field === null
        ? `Cron ${shown(rule)} is not understood: ${allowed}.`
        : `Cron ${shown(rule)}: ${field} cannot be ${shown(value)}. Allowed: ${allowed}.`,
    );
  }
}

/** A trigger's option or part is wrong. Names the place, the value and what to write instead. */
export class InvalidTriggerError extends SchedulerError {
  readonly code = 'INVALID_TRIGGER';

  constructor(
    readonly place: string,
    readonly value: unknown,
    readonly advice: string,
    options?: { cause?: unknown },
  ) {
    super(`${place} cannot be ${shown(value)}. ${advice}`, options);
  }
}

/** A length of time is not understood or out of bounds. */
export class InvalidDurationError extends SchedulerError {
  readonly code = 'INVALID_DURATION';

  constructor(
    readonly place: string,
    readonly value: unknown,
    readonly advice: string,
  ) {
    super(`${place} cannot be ${shown(value)}. ${advice}`);
  }
}

/** A point in time is not understood or does not exist. */
export class InvalidInstantError extends SchedulerError {
  readonly code = 'INVALID_INSTANT';

  constructor(
    readonly place: string,
    readonly value: unknown,
    readonly advice: string,
  ) {
    super(`${place} cannot be ${shown(value)}. ${advice}`);
  }
}

/** A time zone is not known. Says which known one comes nearest. */
export class InvalidTimezoneError extends SchedulerError {
  readonly code = 'INVALID_TIMEZONE';

  constructor(
    readonly value: unknown,
    readonly nearest: string | null,
  ) {
    super(
      `Time zone ${shown(value)} is not known. Use an IANA name such as 'Europe/Berlin' or 'UTC'` +
        `${nearest === null ? '' : `; did you mean '${nearest}'?`}${nearest === null ? '.' : ''}`,
    );
  }
}

/** A trigger that can fire at no time at all is refused where it is defined. */
export class NeverFiresError extends SchedulerError {
  readonly code = 'NEVER_FIRES';

  constructor(
    readonly trigger: string,
    readonly reason: string,
  ) {
    super(`${trigger} never fires: ${reason}`);
  }
}

/** `excluding()` names a calendar that is not registered. */
export class UnknownCalendarError extends SchedulerError {
  readonly code = 'UNKNOWN_CALENDAR';

  constructor(
    readonly calendar: string,
    readonly known: readonly string[],
  ) {
    super(
      `Calendar '${calendar}' is not registered. ` +
        (known.length === 0
          ? `Register it: SchedulerModule.forRoot({ calendars: { '${calendar}': ['2026-12-25'] } }).`
          : `Registered are: ${known.join(', ')}.`),
    );
  }
}

/** A calendar's definition, file or predicate is wrong. Names the calendar. */
export class InvalidCalendarError extends SchedulerError {
  readonly code = 'INVALID_CALENDAR';

  constructor(
    readonly calendar: string,
    readonly problem: string,
    options?: { cause?: unknown },
  ) {
    super(`Calendar '${calendar}' ${problem}`, options);
  }
}
