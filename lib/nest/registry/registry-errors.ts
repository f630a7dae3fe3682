import { SchedulerError } from '../../core/index.js';
import { nearest } from '../options/nearest.js';

/**
 * A job names a task that this process does not know: no provider's method, no name from `forFeature({ tasks })`. A
 * process with `role: 'client'` may name tasks of others in a shared store.
 */
export class UnknownTaskError extends SchedulerError {
  readonly code = 'UNKNOWN_TASK';

  constructor(
    readonly place: string,
    readonly task: string,
    known: readonly string[],
  ) {
    const meant = nearest(task, known);
    const advice =
      meant === null
        ? `Name a method as 'Class.method' or [Class, 'method'], and provide the class in a module that is imported.`
        : `Did you mean '${meant}'?`;
    super(`${place}: no task is called '${task}'. ${advice}`);
  }
}

/** A function was given as task, condition or hook of a job in a store that outlives this process. */
export class FunctionNotStorableError extends SchedulerError {
  readonly code = 'FUNCTION_NOT_STORABLE';

  constructor(
    readonly place: string,
    readonly option: string,
    readonly functionName: string,
    readonly store: string,
  ) {
    super(
      `${place}: ${option} is the function ${functionName || '(no name)'}, which store '${store}' cannot keep: another ` +
        `process could not call it. Name a method, [Class, 'method'], or keep the job in a memory store.`,
    );
  }
}

/** A job that code defines is switched off here by `enabled` or `environments`: it is in no store and cannot be managed. */
export class JobNotEnabledError extends SchedulerError {
  readonly code = 'JOB_NOT_ENABLED';

  constructor(
    readonly place: string,
    readonly jobId: string,
    readonly definedAt: string,
  ) {
    super(
      `${place}: job "${jobId}" of ${definedAt} is switched off by its options enabled or environments, so no store ` +
        `holds it. Switch it on there, or with forRoot({ jobs: { '${jobId}': { enabled: true } } }).`,
    );
  }
}
