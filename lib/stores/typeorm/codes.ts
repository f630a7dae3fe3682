import type { JobStatus, RunKind, RunState, SkipReason } from '../../core/index.js';

// Rows keep these words as numbers: their place in the list. A list may only grow at its end.

/** The first three are unsettled; `UNSETTLED_CODES` and the partial indexes count on it. */
export const RUN_STATES = [
  'buffered',
  'waiting',
  'running',
  'succeeded',
  'failed',
  'timedOut',
  'cancelled',
  'lost',
  'skipped',
] as const satisfies readonly RunState[];

export const RUN_KINDS = ['scheduled', 'start', 'manual', 'backfill'] as const satisfies readonly RunKind[];

export const SKIP_REASONS = [
  'misfire',
  'overlap',
  'condition',
  'paused',
  'limit',
  'past',
  'rescheduled',
  'unresolved',
  'denied',
] as const satisfies readonly SkipReason[];

export const JOB_STATUSES = ['active', 'finished', 'orphaned', 'unresolved'] as const satisfies readonly JobStatus[];

/** A job that was removed while runs of it are kept: no status that leaves the store. */
export const REMOVED_STATUS = 9;

export const STATE = codesOf(RUN_STATES);
export const KIND = codesOf(RUN_KINDS);
export const REASON = codesOf(SKIP_REASONS);
export const STATUS = codesOf(JOB_STATUSES);

function codesOf<W extends string>(words: readonly W[]): Readonly<Record<W, number>> {
  return Object.fromEntries(words.map((word, code) => [word, code])) as Record<W, number>;
}
