import { SchedulerError } from '../core/index.js';
import type { Instant } from '../core/index.js';

/** A trigger answered a fire time that does not lie after the one before; following it would never end. */
export class StuckTriggerError extends SchedulerError {
  readonly code = 'STUCK_TRIGGER';

  constructor(
    readonly trigger: string,
    readonly after: Instant,
    readonly answer: Instant,
  ) {
    super(
      `The trigger ${trigger} answered ${answer} as its fire time after ${after}. A fire time must lie strictly after ` +
        `the instant it was asked for; correct the trigger's next().`,
    );
  }
}

/** No store of this scheduler has a job with this id. */
export class UnknownJobError extends SchedulerError {
  readonly code = 'UNKNOWN_JOB';

  constructor(readonly jobId: string) {
    super(`There is no job "${jobId}" in any store of this application. list() shows the ids that are there.`);
  }
}

/** No store of this scheduler has a run with this id: it never was, or its history was pruned. */
export class UnknownRunError extends SchedulerError {
  readonly code = 'UNKNOWN_RUN';

  constructor(readonly runId: string) {
    super(
      `There is no run "${runId}" in any store of this application; it may have been pruned from the history. ` +
        `runs() shows those that are kept.`,
    );
  }
}

/** A job names a store that is not configured. */
export class UnknownStoreError extends SchedulerError {
  readonly code = 'UNKNOWN_STORE';

  constructor(
    readonly store: string,
    readonly known: readonly string[],
    where: string,
  ) {
    super(
      `${where} names the store "${store}", which is not configured. Use one of ${known.map((it) => `"${it}"`).join(', ')}, ` +
        `or add it under "stores".`,
    );
  }
}

/** Two jobs want one id. */
export class DuplicateJobError extends SchedulerError {
  readonly code = 'DUPLICATE_JOB';

  constructor(
    readonly jobId: string,
    readonly firstAt: string,
    readonly secondAt: string,
    { canReplace = false } = {},
  ) {
    const replace = ', or add it with replaceExisting: true if the new one is to take the place of the other';
    super(
      `Job "${jobId}" is defined twice, by ${firstAt} and by ${secondAt}. Give one of them another id` +
        `${canReplace ? replace : ''}.`,
    );
  }
}

/** A job of the code cannot be removed at run time: the next start would put it back. */
export class CodeJobError extends SchedulerError {
  readonly code = 'CODE_JOB';

  constructor(
    readonly jobId: string,
    readonly task: string,
  ) {
    super(
      `Job "${jobId}" is defined in code (task ${task}) and would be back with the next start, so it cannot be removed ` +
        `or replaced. Pause it with pause('${jobId}'), or take it out of the code.`,
    );
  }
}

/** A run can be tried again by hand only when it has ended. */
export class RunNotSettledError extends SchedulerError {
  readonly code = 'RUN_NOT_SETTLED';

  constructor(
    readonly runId: string,
    readonly jobId: string,
    readonly state: string,
  ) {
    super(
      `Run "${runId}" of job "${jobId}" is ${state}, so it cannot be retried. Wait until it has ended, or cancel it.`,
    );
  }
}

/** More fire times than one call may make runs for. */
export class BackfillTooLargeError extends SchedulerError {
  readonly code = 'BACKFILL_TOO_LARGE';

  constructor(
    readonly jobId: string,
    readonly limit: number,
  ) {
    super(
      `The window to backfill for job "${jobId}" holds more than ${limit} fire times. Make it shorter and call ` +
        `backfill once for each part.`,
    );
  }
}

/** A method was called that the scheduler's state does not allow. */
export class SchedulerStateError extends SchedulerError {
  readonly code = 'SCHEDULER_STATE';

  constructor(
    readonly method: string,
    readonly state: string,
    readonly expected: string,
  ) {
    super(`${method}() was called while the scheduler is ${state}; it must be ${expected}.`);
  }
}

/** A handler answered `false`, and its job says `failsOnFalse`: so every job of the fluent schedule does. */
export class ReturnedFalseError extends SchedulerError {
  readonly code = 'RETURNED_FALSE';

  constructor(readonly task: string) {
    super(
      `${task} returned false, which means that it failed. Throw an error to say why, return nothing when it went well, ` +
        `or set failsOnFalse: false where false is an ordinary answer.`,
    );
  }
}
