import type {
  Instant,
  JobPause,
  JobPolicy,
  JobRecord,
  JobStatus,
  JsonValue,
  NewJob,
  Outcome,
  RunError,
  RunKind,
  RunRecord,
  RunState,
  SkipReason,
} from '../../core/index.js';

/** A job as a dialect reads it: its key beside the record that leaves the store. */
export interface StoredJob {
  readonly key: number;
  readonly shapeKey: number;
  /** Version at which the definition was last written: what was decoded for it may be kept. */
  readonly definitionVersion: number;
  readonly record: JobRecord;
  /** Its texts cannot be read: the record is a stand-in, good for showing and removing. */
  readonly isDamaged: boolean;
  /** The job was removed; runs of it are still there. */
  readonly isRemoved: boolean;
}

/** A run as a dialect reads it. */
export interface StoredRun {
  readonly key: number;
  readonly jobKey: number;
  readonly record: RunRecord;
}

/** What many jobs have in common. One row for all of them, written once and never changed, so decoded once a process. */
export interface Shape {
  readonly origin: JobRecord['origin'];
  readonly task: string;
  readonly timezone: string;
  readonly policy: JobPolicy;
  readonly hooks: JobRecord['hooks'];
  readonly appVersion: string;
}

/** What is a job's own, but changes only with its definition. */
export interface Definition {
  readonly id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly args: readonly JsonValue[];
  readonly trigger: string;
  readonly triggerFingerprint: string;
  readonly restFingerprint: string;
  readonly createdAt: Instant;
}

/** A definition as its text says it: what is empty is left out. */
export type WrittenDefinition = Pick<
  Definition,
  'id' | 'trigger' | 'triggerFingerprint' | 'restFingerprint' | 'createdAt'
> &
  Partial<Definition>;

/** What the loop changes. */
export interface Progress {
  readonly generation: number;
  readonly version: number;
  readonly status: JobStatus;
  readonly statusReason: string | null;
  readonly statusAt: Instant | null;
  readonly pause: JobPause | null;
  readonly fireTime: Instant | null;
  readonly dueAt: Instant | null;
  readonly runCount: number;
  readonly losses: number;
  readonly updatedAt: Instant;
}

/** Texts of a run; most runs have none. */
export interface RunTexts {
  readonly args: readonly JsonValue[] | null;
  readonly detail: string | null;
  readonly error: RunError | null;
  readonly result: JsonValue | null;
  readonly output: string | null;
}

/** A run to be written. */
export interface RunDraft {
  readonly job: StoredJob;
  readonly kind: RunKind;
  readonly fireTime: Instant;
  readonly firstFireTime: Instant;
  readonly count: number;
  readonly countIsExact: boolean;
  readonly dueAt: Instant;
  readonly state: RunState;
  readonly forced: boolean;
  readonly createdAt: Instant;
  /** Who holds it at once; null: nobody. */
  readonly claim: { readonly node: string; readonly leaseUntil: Instant } | null;
  readonly args: readonly JsonValue[] | null;
  readonly reason: SkipReason | null;
  readonly detail: string | null;
}

/** How a held or waiting run ends. */
export interface RunEnd extends Omit<RunTexts, 'args'> {
  readonly outcome: Outcome;
  readonly at: Instant;
  readonly reason: SkipReason | null;
  readonly keepHistory: boolean;
}

export const BARE_END = { reason: null, detail: null, error: null, result: null, output: null } as const;

const NONE: readonly never[] = [];

/** One literal for every job that is read or planned: all records share one hidden class. */
export function jobRecordOf(progress: Progress, shape: Shape, definition: WrittenDefinition): JobRecord {
  return {
    id: definition.id,
    name: definition.name ?? null,
    description: definition.description ?? null,
    tags: definition.tags ?? NONE,
    origin: shape.origin,
    task: shape.task,
    args: definition.args ?? NONE,
    trigger: definition.trigger,
    timezone: shape.timezone,
    policy: shape.policy,
    hooks: shape.hooks,
    triggerFingerprint: definition.triggerFingerprint,
    restFingerprint: definition.restFingerprint,
    generation: progress.generation,
    version: progress.version,
    status: progress.status,
    statusReason: progress.statusReason,
    statusAt: progress.statusAt,
    pause: progress.pause,
    fireTime: progress.fireTime,
    dueAt: progress.dueAt,
    runCount: progress.runCount,
    losses: progress.losses,
    appVersion: shape.appVersion,
    createdAt: definition.createdAt,
    updatedAt: progress.updatedAt,
  };
}

/**
 * A literal of its own, in the order of `jobRecordOf`: many jobs that are added at once live long, so V8 makes what comes of their
 * literal among what is old from then on, and a claim's records, which live for a moment, would be made there too.
 */
export function newJobRecord(job: NewJob, generation: number): JobRecord {
  return {
    id: job.id,
    name: job.name,
    description: job.description,
    tags: job.tags,
    origin: job.origin,
    task: job.task,
    args: job.args,
    trigger: job.trigger,
    timezone: job.timezone,
    policy: job.policy,
    hooks: job.hooks,
    triggerFingerprint: job.triggerFingerprint,
    restFingerprint: job.restFingerprint,
    generation,
    version: 1,
    status: job.status,
    statusReason: job.statusReason,
    statusAt: job.statusAt,
    pause: job.pause,
    fireTime: job.fireTime,
    dueAt: job.dueAt,
    runCount: job.runCount,
    losses: job.losses,
    appVersion: job.appVersion,
    createdAt: job.createdAt,
    updatedAt: job.updatedAt,
  };
}

/** The record of a run that was just written. */
export function runRecordOf(id: string, draft: RunDraft): RunRecord {
  const { claim } = draft;
  const isSettled = draft.state === 'skipped';
  return {
    id,
    jobId: draft.job.record.id,
    jobGeneration: draft.job.record.generation,
    task: draft.job.record.task,
    kind: draft.kind,
    fireTime: draft.fireTime,
    firstFireTime: draft.firstFireTime,
    count: draft.count,
    countIsExact: draft.countIsExact,
    dueAt: draft.dueAt,
    state: draft.state,
    attempt: claim === null ? 0 : 1,
    token: claim === null ? 0 : 1,
    node: claim === null ? null : claim.node,
    leaseUntil: claim === null ? null : claim.leaseUntil,
    cancelRequested: false,
    forced: draft.forced,
    args: draft.args,
    createdAt: draft.createdAt,
    startedAt: null,
    settledAt: isSettled ? draft.createdAt : null,
    reason: draft.reason,
    detail: draft.detail,
    error: null,
    result: null,
    output: null,
  };
}

/** When a job's plan is to be asked; null: not as it is now. */
export function wakeAtOf(job: Pick<Progress, 'status' | 'dueAt' | 'pause'>): Instant | null {
  if (job.status !== 'active' || job.dueAt === null) return null;
  if (job.pause === null) return job.dueAt;
  return job.pause.until === null ? null : Math.max(job.dueAt, job.pause.until);
}

export function isSettled(state: RunState): boolean {
  return state !== 'buffered' && state !== 'waiting' && state !== 'running';
}

/** Oldest first: the order in which buffered runs get their turn. */
export function byAge(a: StoredRun, b: StoredRun): number {
  return a.record.fireTime - b.record.fireTime || a.key - b.key;
}

/** By the key of their job, oldest first. */
export function runsByJob(runs: readonly StoredRun[]): Map<number, StoredRun[]> {
  const found = new Map<number, StoredRun[]>();
  for (const run of runs) {
    const list = found.get(run.jobKey);
    if (list === undefined) found.set(run.jobKey, [run]);
    else list.push(run);
  }
  for (const list of found.values()) list.sort(byAge);
  return found;
}
