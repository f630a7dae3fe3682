import type { JobRecord } from './job-record.js';
import type { RunRecord } from './run-record.js';
import type { Instant } from './time.js';

/** Every event, past tense. The reference of events in docs is checked against this list. */
export const EVENT_TYPES = [
  'scheduler.started',
  'scheduler.paused',
  'scheduler.resumed',
  'scheduler.stopped',
  'job.added',
  'job.changed',
  'job.removed',
  'job.paused',
  'job.resumed',
  'job.finished',
  'job.orphaned',
  'job.unresolved',
  'job.quarantined',
  'run.claimed',
  'run.started',
  'run.succeeded',
  'run.failed',
  'run.retrying',
  'run.skipped',
  'run.timedOut',
  'run.cancelled',
  'run.lost',
  'run.abandoned',
  'run.progress',
  'lease.lost',
  'store.failed',
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
