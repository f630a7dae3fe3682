import type { JobRecord } from './job-record.js';
import type { RunRecord } from './run-record.js';
import type { Instant } from './time.js';

/** Every event, past tense. The reference of events in docs is checked against this list. */
export const EVENT_TYPES = [
  /**
   * Claims from here on. data: `isPassive`, when this process never claims; `role`, of a worker; of the code `jobs`,
   * `nextFireTime` (epoch ms), `nextJobId`; `changes` in stores that outlive the process: `added`, `changed`, `orphaned`, `unresolved`, `refused`.
   */
  'scheduler.started',
  /** The whole application was paused, on all nodes. detail: the reason. */
  'scheduler.paused',
  /** The pause of the whole application was lifted. */
  'scheduler.resumed',
  /** Every outcome is written and no timer is left. data: `hasStarted`, false of one whose start failed. */
  'scheduler.stopped',
  /** A job is in its store for the first time; in a caller's transaction, once that has committed. job. */
  'job.added',
  /** A start or a call changed a job. job; data: `what`, `fireTimeBefore`, `fireTimeAfter` (epoch ms). */
  'job.changed',
  /** A job was removed by hand. job, as it was. */
  'job.removed',
  /** A job was paused by hand. job; detail: the reason. */
  'job.paused',
  /** A job was resumed by hand. job. */
  'job.resumed',
  /** No fire time is left. job; detail: `ended`, `limit` or `past`. */
  'job.finished',
  /** A job of the code is in no live node's code any more; it is kept and not fired. job. */
  'job.orphaned',
  /** No live node knows the task of a job; it is kept and not fired. job. */
  'job.unresolved',
  /** A job was paused after three lost leases in a row. job, run; detail: what happened. */
  'job.quarantined',
  /** This node holds a run. job, run. */
  'run.claimed',
  /** An attempt begins. job, run. */
  'run.started',
  /** A run ended well. job, run. */
  'run.succeeded',
  /** The last attempt failed. job, run, error. */
  'run.failed',
  /** An attempt failed and another will follow. job, run, error; data: `dueAt` (epoch ms). */
  'run.retrying',
  /** Fire times made no run. run, with reason, first and last fire time and count; detail: more on the reason. */
  'run.skipped',
  /** An attempt took longer than `timeout`. job, run, error. */
  'run.timedOut',
  /** A run was stopped by hand, or by `cancelOther`. job, run; detail: what was said. */
  'run.cancelled',
  /** A lease ended without an outcome: the node died. job, run; detail: which loss it is. */
  'run.lost',
  /** A handler still runs although its outcome is written; its result is dropped. job, run, error. */
  'run.abandoned',
  /**
   * The node stopped before it could write what became of a run: it is taken over when its lease ends, as if the node had
   * died. job, run; detail: what could not be written.
   */
  'run.unsettled',
  /** A handler said how far it is. job, run; data: `value` (0 to 1), `message`. */
  'run.progress',
  /** Another node took a run over; its handler is aborted here. job, run; detail: why. */
  'lease.lost',
  /** A store does not answer; it is asked again until it does. error, detail. */
  'store.failed',
  /** A store answers again. */
  'store.recovered',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** An immutable fact. Which optional fields are there depends on the type: see docs/reference/events.md. */
export interface SchedulerFact {
  readonly type: EventType;
  readonly at: Instant;
  readonly node: string;
  readonly store: string | null;
  readonly job: JobRecord | null;
  readonly run: RunRecord | null;
  /** More in words, for a log line; never secret. */
  readonly detail: string | null;
  readonly error: unknown;
  /** Numbers and texts of this type: progress, the report of a start, what changed. */
  readonly data: Readonly<Record<string, unknown>> | null;
}

/** Where rooms tell what happened. `emit` never throws and never waits. */
export interface EventSink {
  /** false: nobody listens, so the fact need not be made. */
  wants(type: EventType): boolean;
  emit(fact: SchedulerFact): void;
}
