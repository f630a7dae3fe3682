import type { OutputOptions, PingOptions } from './job-output.js';
import type { Millis } from './time.js';

/** What happens to a fire time while `maxInstances` runs of its job are open (SEMANTICS 2.4). */
export type Overlap = 'skip' | 'bufferOne' | 'bufferAll' | 'cancelOther' | 'allowAll';

/** What becomes of a run whose node died in the middle of an attempt. */
export type Recovery = 'retry' | 'fail' | 'skip';

export interface RetryPolicy {
  /** All tries, the first included; 1 is no retry. Handler failures only. */
  readonly attempts: number;
  readonly backoff: 'fixed' | 'exponential';
  readonly delay: Millis;
  readonly maxDelay: Millis;
  /** Upper bound of a random part added to each delay; 0 for none. */
  readonly jitter: Millis;
}

/** How much of a job's past is kept; null leaves a bound to the store's default. */
export interface HistoryPolicy {
  readonly age: Millis | null;
  readonly count: number | null;
}

/** Everything the plan and the engine obey, complete: defaults are filled in before a job is put. Kept as JSON. */
export interface JobPolicy {
  /** How late a run may still start; null: however late. */
  readonly misfireGraceTime: Millis | null;
  readonly coalesce: boolean;
  readonly catchUpLimit: number;
  readonly maxInstances: number;
  readonly overlap: Overlap;
  readonly retry: RetryPolicy;
  /** Time limit of one attempt; null: none. */
  readonly timeout: Millis | null;
  /** After the signal was aborted, how long until the outcome is written anyway. */
  readonly abortGrace: Millis;
  readonly recovery: Recovery;
  /** withoutOverlapping: after this age an open run no longer stands in the way; null: it always does. */
  readonly overlapExpiry: Millis | null;
  readonly evenInMaintenanceMode: boolean;
  /** Alias of the executor. */
  readonly executor: string;
  /** false: settled runs leave no row. */
  readonly keepHistory: boolean;
  readonly history: HistoryPolicy | null;
  /** A handler that answers `false` has failed: so the fluent schedule reads it. */
  readonly failsOnFalse: boolean;
  /** Where the output goes besides the history; null: nowhere. */
  readonly output: OutputOptions | null;
  /** URLs that are called around a run; null: none. */
  readonly pings: PingOptions | null;
}

/** SEMANTICS section 4. */
export const DEFAULT_POLICY: JobPolicy = Object.freeze({
  misfireGraceTime: null,
  coalesce: true,
  catchUpLimit: 100,
  maxInstances: 1,
  overlap: 'skip',
  retry: Object.freeze({ attempts: 1, backoff: 'fixed', delay: 1_000, maxDelay: 3_600_000, jitter: 0 }),
  timeout: null,
  abortGrace: 5_000,
  recovery: 'retry',
  overlapExpiry: null,
  evenInMaintenanceMode: false,
  executor: 'default',
  keepHistory: true,
  history: null,
  failsOnFalse: false,
  output: null,
  pings: null,
} as const);

/** Buffered runs of one job, at most. */
export const BUFFER_LIMIT = 1_000;

/** Losses in a row after which a run ends `lost` and its job is quarantined. */
export const LOSS_LIMIT = 3;
