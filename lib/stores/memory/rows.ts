import type {
  Instant,
  JobPatch,
  JobRecord,
  JsonValue,
  NewJob,
  RunError,
  RunKind,
  RunRecord,
  RunState,
  SkipReason,
} from '../../core/index.js';
import { NEVER } from './due-queue.js';
import type { Lane, Moment, Queued } from './due-queue.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The store's own copy. Scheduling fields are written in place; a change of anything else makes a new record. */
export type MutableJobRecord = Mutable<JobRecord>;
type MutableRunRecord = Mutable<RunRecord>;

/** What can be due: a job for its plan, a waiting run for a claim. */
export type Row = JobRow | RunRow;

const NO_RUNS: readonly RunRow[] = [];
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
export class JobRow implements Queued<Row> {
  /** Open and buffered runs, oldest first: a chain. */
  private firstRun: RunRow | null = null;
  private lastRun: RunRow | null = null;
  /** Settled runs: a chain through `SettledRuns`, oldest first. */
  firstSettled = -1;
  lastSettled = -1;
  settledCount = 0;
  moment: Moment<Row> | null = null;
  previousDue: Row | null = null;
  nextDue: Row | null = null;
  /** Latest fire time of this generation that a run was made for. */
  lastFireTime: Instant = -NEVER;
  isGone = false;

  constructor(
    public record: MutableJobRecord,
    public lane: Lane<Row>,
  ) {}

  get hasUnsettled(): boolean {
    return this.firstRun !== null;
  }

  attach(run: RunRow): void {
    if (this.lastRun === null) this.firstRun = run;
    else this.lastRun.nextRun = run;
    this.lastRun = run;
  }

  detach(run: RunRow): void {
    let before: RunRow | null = null;
    let at = this.firstRun;
    while (at !== run) {
      if (at === null) return;
      before = at;
      at = at.nextRun;
    }
    if (before === null) this.firstRun = run.nextRun;
    else before.nextRun = run.nextRun;
    if (this.lastRun === run) this.lastRun = before;
    run.nextRun = null;
  }

  /** A list of its own, which stays as it is when runs come and go. */
  unsettled(): readonly RunRow[] {
    if (this.firstRun === null) return NO_RUNS;
    const runs: RunRow[] = [];
    for (let run: RunRow | null = this.firstRun; run !== null; run = run.nextRun) runs.push(run);
    return runs;
  }

  unsettledRecords(): readonly RunRecord[] {
    return this.firstRun === null ? NO_RECORDS : this.unsettled().map((run) => run.record);
  }

  unsettledRun(runId: string): RunRow | undefined {
    let run = this.firstRun;
    while (run !== null && run.record.id !== runId) run = run.nextRun;
    return run ?? undefined;
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
    for (let run = this.firstRun; run !== null; run = run.nextRun) if (run.record.state !== 'buffered') count++;
    return count;
  }
}

/** An unsettled run. */
export class RunRow implements Queued<Row> {
  moment: Moment<Row> | null = null;
  previousDue: Row | null = null;
  nextDue: Row | null = null;
  /** Next in the job's chain. */
  nextRun: RunRow | null = null;
  /** Neighbours in the list of leases. */
  previousLease: RunRow | null = null;
  nextLease: RunRow | null = null;
  isLeased = false;

  constructor(
    readonly record: MemoryRun,
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

/**
 * A run's record; it waits, unclaimed. Made by a constructor, for V8 soon puts what a literal makes into old space when
 * much of it outlives a few collections, and what belongs to short runs would then have to be collected there.
 */
export class MemoryRun implements MutableRunRecord {
  readonly id: string;
  jobId: string;
  jobGeneration: number;
  task: string;
  kind: RunKind;
  fireTime: Instant;
  firstFireTime: Instant;
  count: number;
  countIsExact: boolean;
  dueAt: Instant;
  state: RunState = 'waiting';
  attempt = 0;
  token = 0;
  node: string | null = null;
  leaseUntil: Instant | null = null;
  cancelRequested = false;
  forced = false;
  args: readonly JsonValue[] | null = null;
  createdAt: Instant;
  startedAt: Instant | null = null;
  settledAt: Instant | null = null;
  reason: SkipReason | null = null;
  detail: string | null = null;
  error: RunError | null = null;
  result: JsonValue | null = null;
  output: string | null = null;

  constructor(id: string, job: JobRecord, start: RunStart, at: Instant) {
    this.id = id;
    this.jobId = job.id;
    this.jobGeneration = job.generation;
    this.task = job.task;
    this.kind = start.kind;
    this.fireTime = start.fireTime;
    this.firstFireTime = start.firstFireTime;
    this.count = start.count;
    this.countIsExact = start.countIsExact;
    this.dueAt = start.dueAt;
    this.createdAt = at;
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

/** A new record with the patch's defined fields. */
export function patched(record: JobRecord, patch: JobPatch): MutableJobRecord {
  const copy: Record<string, unknown> = { ...record };
  for (const [field, value] of Object.entries(patch)) {
    if (value !== undefined && field in copy) copy[field] = value;
  }
  return copy as unknown as MutableJobRecord;
}
