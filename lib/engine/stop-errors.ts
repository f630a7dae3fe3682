import { SchedulerError } from '../core/index.js';
import type { Millis } from '../core/index.js';

/** The attempt took longer than its job's `timeout`. */
export class RunTimedOutError extends SchedulerError {
  readonly code = 'RUN_TIMED_OUT';

  constructor(
    readonly jobId: string,
    readonly runId: string,
    readonly timeout: Millis,
  ) {
    super(
      `Run ${runId} of job "${jobId}" took longer than its timeout of ${timeout} ms. Let the handler watch ` +
        `job.signal, make it quicker, or raise the timeout.`,
    );
  }
}

/** Somebody asked for the run to stop: `cancel`, or a newer run with overlap `cancelOther`. */
export class RunCancelledError extends SchedulerError {
  readonly code = 'RUN_CANCELLED';

  constructor(
    readonly jobId: string,
    readonly runId: string,
    detail: string | null,
  ) {
    super(`Run ${runId} of job "${jobId}" was cancelled${detail === null ? '' : `: ${detail}`}.`);
  }
}

/** The node can no longer say that the run is its own: the lease ended, or another node took the run over. */
export class LeaseLostError extends SchedulerError {
  readonly code = 'LEASE_LOST';

  constructor(
    readonly jobId: string,
    readonly runId: string,
  ) {
    super(
      `The lease on run ${runId} of job "${jobId}" ended before it could be renewed; another node may run it again. ` +
        `Look at the connection to the store, and at handlers that block the event loop.`,
    );
  }
}

/** The scheduler is being stopped and the run was still open at the deadline. */
export class SchedulerStoppedError extends SchedulerError {
  readonly code = 'SCHEDULER_STOPPED';

  constructor(
    readonly jobId: string,
    readonly runId: string,
    readonly timeout: Millis,
  ) {
    super(
      `Run ${runId} of job "${jobId}" was still open ${timeout} ms after the scheduler was told to stop, and was ` +
        `aborted. Let the handler watch job.signal, or raise shutdownTimeout.`,
    );
  }
}

/** The node that ran the attempt died, or was cut off from the store, before it could write an outcome. */
export class RunLostError extends SchedulerError {
  readonly code = 'RUN_LOST';

  constructor(
    readonly jobId: string,
    readonly runId: string,
    readonly losses: number,
  ) {
    super(
      `Run ${runId} of job "${jobId}" was lost: its lease ended without an outcome, ${losses} in a row. Look whether ` +
        `the process was killed (out of memory?) or cut off from the store.`,
    );
  }
}

/** A step of a stop that failed. */
export interface StopFailure {
  /** For a message: what was done. */
  readonly what: string;
  readonly error: unknown;
}

/** The scheduler has stopped and closed what it could, but steps of that have failed: a store was away, say. */
export class UncleanStopError extends SchedulerError {
  readonly code = 'UNCLEAN_STOP';

  constructor(readonly failures: readonly StopFailure[]) {
    const list = failures.map(
      ({ what, error }) => `${what}: ${error instanceof Error ? error.message : String(error)}`,
    );
    super(
      `The scheduler has stopped, but not all of it in order: ${list.join('; ')}. What it still held is taken over when ` +
        `its leases end. Look whether the store could be reached when the process ended.`,
      { cause: failures[0].error },
    );
  }
}
