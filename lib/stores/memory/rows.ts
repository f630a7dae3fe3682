import type { Instant, JobPatch, JobRecord, NewJob, RunKind, RunRecord } from '../../core/index.js';
import { NEVER } from './due-queue.js';
import type { Lane } from './due-queue.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The store's own copy. Scheduling fields are written in place; a change of anything else makes a new record. */
export type MutableJobRecord = Mutable<JobRecord>;
export type MutableRunRecord = Mutable<RunRecord>;

/** What can be due: a job for its plan, a waiting run for a claim. */
export type Row = JobRow | RunRow;

const NO_RUNS: RunRow[] = [];
const NO_RECORDS: readonly RunRecord[] = [];

/** A run in the making. */
export interface RunStart {
  readonly kind: RunKind;
  readonly fireTime: Instant;
  readonly firstFireTime: Instant;
  readonly count: number;
  readonly countIsExact: boolean;
  readonly dueAt: Instant;
}

/** A job with what hangs on it. The record alone leaves the store, so that it can be printed and compared. */
export class JobRow {
  /** Open and buffered runs, oldest first. Shared and empty while there is none. */
  unsettled: RunRow[] = NO_RUNS;
  /** Settled runs: a chain through `SettledRuns`, oldest first. */
  firstSettled = -1;
  lastSettled = -1;
  settledCount = 0;
  /** Instant of its valid entry in the queue. */
  queuedAt: Instant = NEVER;
  /** Latest fire time of this generation that a run was made for. */
  lastFireTime: Instant = -NEVER;
  isGone = false;

  constructor(
    public record: MutableJobRecord,
    public lane: Lane<Row>,
  ) {}

  attach(run: RunRow): void {
    if (this.unsettled.length === 0) this.unsettled = [run];
    else this.unsettled.push(run);
  }

  detach(run: RunRow): void {
    if (this.unsettled.length === 1 && this.unsettled[0] === run) this.unsettled = NO_RUNS;
    else this.unsettled = this.unsettled.filter((it) => it !== run);
  }

  unsettledRecords(): readonly RunRecord[] {
    return this.unsettled.length === 0 ? NO_RECORDS : this.unsettled.map((run) => run.record);
  }

  unsettledRun(runId: string): RunRow | undefined {
    const { unsettled } = this;
    // One open run is the rule; its id is the very text that the claim handed out.
    if (unsettled.length === 1) return unsettled[0].record.id === runId ? unsettled[0] : undefined;
    return unsettled.find((run) => run.record.id === runId);
  }

  /** When its plan is to be asked next. */
  dueForPlan(): Instant {
    const { status, dueAt, pause } = this.record;
    if (status !== 'active' || dueAt === null) return NEVER;
    if (pause === null) return dueAt;
    return pause.until === null ? NEVER : Math.max(dueAt, pause.until);
  }

  openCount(): number {
    let count = 0;
    for (const run of this.unsettled) if (run.record.state !== 'buffered') count++;
    return count;
  }
}

/** An unsettled run. */
export class RunRow {
  queuedAt: Instant = NEVER;
  /** Neighbours in the list of leases. */
  previousLease: RunRow | null = null;
  nextLease: RunRow | null = null;
  isLeased = false;

  constructor(
    readonly record: MutableRunRecord,
    /** Counts up with each run of the store; its id is made of it. */
    readonly serial: number,
    public job: JobRow,
  ) {}

  get lane(): Lane<Row> {
    return this.job.lane;
  }

  isHeld(): boolean {
    return this.record.node !== null && this.record.state === 'running';
  }

  /** When it may be claimed. */
  dueForClaim(): Instant {
    if (this.record.state !== 'waiting') return NEVER;
    const { status } = this.job.record;
    return status === 'orphaned' || status === 'unresolved' ? NEVER : this.record.dueAt;
  }
}

/** One literal for every job: all records share one shape. */
export function recordOf(job: NewJob, generation: number): MutableJobRecord {
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

/** One literal for every run: all records share one shape. It waits, unclaimed. */
export function runRecordOf(id: string, job: JobRecord, start: RunStart, at: Instant): MutableRunRecord {
  return {
    id,
    jobId: job.id,
    jobGeneration: job.generation,
    task: job.task,
    kind: start.kind,
    fireTime: start.fireTime,
    firstFireTime: start.firstFireTime,
    count: start.count,
    countIsExact: start.countIsExact,
    dueAt: start.dueAt,
    state: 'waiting',
    attempt: 0,
    token: 0,
    node: null,
    leaseUntil: null,
    cancelRequested: false,
    forced: false,
    args: null,
    createdAt: at,
    startedAt: null,
    settledAt: null,
    reason: null,
    detail: null,
    error: null,
    result: null,
    output: null,
  };
}

/** A new record with the patch's defined fields. */
export function patched(record: JobRecord, patch: JobPatch): MutableJobRecord {
  const copy: Record<string, unknown> = { ...record };
  for (const [field, value] of Object.entries(patch)) {
    if (value !== undefined && field in copy) copy[field] = value;
  }
  return copy as unknown as MutableJobRecord;
}
