import type { HookKind } from './hook-kind.js';
import type { JobPolicy } from './policy.js';
import type { Instant, JsonValue } from './time.js';

/** `code`: decorators, configuration, fluent schedule. `runtime`: added through the registry. */
export type JobOrigin = 'code' | 'runtime';

/** `orphaned`: in no live node's code. `unresolved`: no live node knows its task. Neither is claimed; both are kept. */
export type JobStatus = 'active' | 'finished' | 'orphaned' | 'unresolved';

export type FinishReason = 'ended' | 'limit' | 'past';

export interface JobPause {
  readonly at: Instant;
  readonly by: string | null;
  readonly reason: string | null;
  /** Resumes by itself at this instant; null: only when asked to. */
  readonly until: Instant | null;
}

/** A job as a store keeps it: one row, plain values, no behaviour. */
export interface JobRecord {
  readonly id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly origin: JobOrigin;
  /** Name that another process can resolve, such as `ReportsService.send`. */
  readonly task: string;
  readonly args: readonly JsonValue[];
  /** Anchored trigger as JSON text. */
  readonly trigger: string;
  readonly timezone: string;
  readonly policy: JobPolicy;
  /** Hooks by name (`Class.method`); those that code gives as functions are not in the row. */
  readonly hooks: Partial<Record<HookKind, readonly string[]>> | null;
  /** Of trigger and zone, before anchoring; of a job changed at run time, as it was added and as it is: `added>now`. */
  readonly triggerFingerprint: string;
  /** Of everything else, likewise. */
  readonly restFingerprint: string;
  /** Given by the store; new with each add or replacement, and greater than any before. */
  readonly generation: number;
  /** Given by the store; raised by each change and each applied plan. */
  readonly version: number;
  readonly status: JobStatus;
  readonly statusReason: string | null;
  readonly statusAt: Instant | null;
  readonly pause: JobPause | null;
  /** Next fire time, not yet acted on; null: none. */
  readonly fireTime: Instant | null;
  /** `fireTime` plus jitter. */
  readonly dueAt: Instant | null;
  /** Runs made by the plan so far, for `limit`. */
  readonly runCount: number;
  /** Lost leases in a row. */
  readonly losses: number;
  /** Application version that last wrote the definition. */
  readonly appVersion: string;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/**
 * Fields a change may set; an undefined one is left as it is.
 *
 * `withdraw` takes back claims whose start (`dueAt`) is still to come: runs of the plan that were never attempted are
 * deleted, and fire time, due time and `runCount` of the job go back to before them unless the patch sets them; other
 * runs wait again, unclaimed, under a higher token. A run of the plan that has a later one behind it was due, whatever the
 * change's time says: it stays (`takenBack`). `replace` gives a new generation and deletes the runs that have not
 * started, as a removal does.
 */
export type JobPatch = Partial<Omit<JobRecord, 'id' | 'generation' | 'version' | 'createdAt'>> & {
  readonly replace?: boolean;
  readonly withdraw?: boolean;
};
