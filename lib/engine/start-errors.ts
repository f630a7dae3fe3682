import { SchedulerError } from '../core/index.js';
import type { Awaitable } from '../core/index.js';
import { isPromise } from './settled.js';

/** Something that is not of this package failed while the scheduler was started: a store, or a trigger, of one's own. */
export class StartFailedError extends SchedulerError {
  readonly code = 'START_FAILED';

  constructor(
    readonly store: string,
    readonly jobId: string | null,
    doing: string,
    cause: unknown,
  ) {
    const where = jobId === null ? `Store "${store}"` : `Job "${jobId}" of store "${store}"`;
    super(
      `${where} failed when ${doing}: ${cause instanceof Error ? cause.message : String(cause)}. The scheduler was not ` +
        `started, and what it had opened was closed again. Mend that and start the application again.`,
      { cause },
    );
  }
}

/** A step of the start; `jobId`: it is about one job. */
export interface StartStep {
  readonly store: string;
  readonly jobId?: string;
  /** For a message: what was done when it failed. */
  readonly doing: string;
}

/** Does a step of the start. What it throws says where; errors of this package say so themselves. */
export function starting<T>(step: StartStep, work: () => Awaitable<T>): Awaitable<T> {
  const fail = (error: unknown): never => {
    if (error instanceof SchedulerError) throw error;
    throw new StartFailedError(step.store, step.jobId ?? null, step.doing, error);
  };
  try {
    const answer = work();
    return isPromise(answer) ? answer.catch(fail) : answer;
  } catch (error) {
    return fail(error);
  }
}
