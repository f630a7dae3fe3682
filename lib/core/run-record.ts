import type { Instant, JsonValue } from './time.js';

/** `scheduled`: made by the plan for a fire time. `start`: runOnStart. The others were asked for. */
export type RunKind = 'scheduled' | 'start' | 'manual' | 'backfill';

export type Outcome = 'succeeded' | 'failed' | 'timedOut' | 'cancelled' | 'lost' | 'skipped';

/** `buffered`: not open, waits for another run of its job to close. */
export type RunState = 'buffered' | 'waiting' | 'running' | Outcome;

export type SkipReason =
  'misfire' | 'overlap' | 'condition' | 'paused' | 'limit' | 'past' | 'rescheduled' | 'unresolved' | 'denied';

export interface RunError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | null;
  readonly code: string | null;
}

/**
 * A run as a store keeps it, also a skipped one. It covers `count` fire times from `firstFireTime` to `fireTime`:
 * one, or several when it was coalesced or skipped as a range.
 *
 * Open = `waiting` or `running`. Claimed = it has a `node` and a `leaseUntil`.
 */
export interface RunRecord {
  /** Given by the store, unique over all stores of an application. */
  readonly id: string;
  readonly jobId: string;
  readonly jobGeneration: number;
  readonly task: string;
  readonly kind: RunKind;
  /** For a manual run: when it was asked for. */
  readonly fireTime: Instant;
  readonly firstFireTime: Instant;
  readonly count: number;
  /** false: `count` stands for "at least". */
  readonly countIsExact: boolean;
  /** When it may next start: fire time plus jitter, or the retry's time. */
  readonly dueAt: Instant;
  readonly state: RunState;
  /** Attempts begun so far; the open one included. */
  readonly attempt: number;
  /** Fencing token of the latest claim; only ever grows. */
  readonly token: number;
  readonly node: string | null;
  readonly leaseUntil: Instant | null;
  readonly cancelRequested: boolean;
  /** Manual runs may obey nothing (`force`) and carry arguments of their own. */
  readonly forced: boolean;
  readonly args: readonly JsonValue[] | null;
  readonly createdAt: Instant;
  /** Start of the latest attempt. */
  readonly startedAt: Instant | null;
  readonly settledAt: Instant | null;
  readonly reason: SkipReason | null;
  /** More on the reason: the condition's name, the run in the way, how late it was. */
  readonly detail: string | null;
  readonly error: RunError | null;
  readonly result: JsonValue | null;
  readonly output: string | null;
}
