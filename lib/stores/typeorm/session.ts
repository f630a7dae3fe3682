import type {
  Awaitable,
  ClaimResult,
  Instant,
  Millis,
  JobFilter,
  JobPause,
  JobRecord,
  NewJob,
  NodeRecord,
  Outcome,
  PlannedSkip,
  PruneRequest,
  RunError,
  RunFilter,
  RunRecord,
  SkipReason,
} from '../../core/index.js';
import type { RunDraft, RunEnd, RunTexts, StoredJob, StoredRun } from './records.js';
import type { Steps } from './steps.js';

/** The store's clock, and when it was read. */
export type StoreReading = Pick<ClaimResult, 'storeReadWithin'> & { readonly storeNow: Instant };

/** A database as the store meets it; one class for each dialect. */
export interface StoreDatabase {
  /** Connects, makes or checks the tables; idempotent. */
  open(): Awaitable<void>;
  close(): Awaitable<void>;
  /** Runs the work in one transaction, and again from the start when it could not get its locks. */
  write<T>(work: (session: Session) => Steps<T>): Awaitable<T>;
  /** Runs the work in the caller's transaction (a TypeORM EntityManager), which must be on the same database. */
  writeWithin<T>(within: unknown, work: (session: Session) => Steps<T>): Awaitable<T>;
  /** As `JobStore.watch`. */
  readonly watch?: (wake: () => void, doubt: () => void) => () => void;
  /** true: each statement is a round trip. */
  readonly isServer?: boolean;
  /** As `JobStore.settlesWithClaims`. */
  readonly settlesWithClaims?: boolean;
  /** As `JobStore.claimsAtOnce`. */
  readonly claimsAtOnce?: number;
  /** As `JobStore.settleSpacing`. */
  readonly settleSpacing?: Millis;
  /** As `JobStore.hasForeignWrites`; absent where owners of claims are woken. */
  hasForeignWrites?(): Awaitable<boolean>;
  /**
   * Adds jobs whose ids nobody has, all or none, without a look at them first. `refused`: that is not to be had, and nothing was
   * written; `doubt`: nobody knows whether they were added.
   */
  add?(jobs: readonly NewJob[], at: Instant): Awaitable<JobRecord[] | 'refused' | 'doubt'>;
  /** Runs work that only reads, outside of a transaction. */
  read<T>(work: (session: Session) => Steps<T>): Awaitable<T>;
}

/** Rows of one application within one transaction. Methods take whole batches: it is the round trip that costs. */
export interface Session {
  readonly jobs: JobRows;
  readonly runs: RunRows;
  readonly claims: ClaimRows;
  readonly held: HeldRows;
  readonly history: HistoryRows;
  readonly nodes: NodeRows;
  /** Key of a run by its id; null when the id is none of this store's. */
  runKey(id: string): number | null;
  /** Servers only: asks at once what a claim asks first (`limit` as for `dueJobs`), so that there is one round trip. */
  lookAhead?(query: DueQuery, recoverBefore: Instant | null): void;
  /** Servers only: the server's own clock, read in this session. */
  storeTime?(now: Instant): Awaitable<StoreReading>;
  /**
   * Servers only: tells the owners of claims that some may be withdrawn, when the rows are locked and before it is decided. A run
   * that falls due while its withdrawal is written would start else. Answers how long it may take until they have heard of it.
   */
  announceWithdrawal?(): Awaitable<Millis>;
  /** Servers only: wakes other nodes when the transaction is durable, if what it changed concerns them. */
  tellOthers?(): Awaitable<void>;
}

/** A job and what it is to become. */
export interface JobUpdate {
  readonly job: StoredJob;
  readonly after: JobRecord;
}

export interface JobRows {
  /** Those that are there, in no order. */
  byIds(ids: readonly string[]): Awaitable<StoredJob[]>;
  /** Removed ones too; in a claim, of some databases, without those that another step is at. */
  byKeys(keys: readonly number[]): Awaitable<StoredJob[]>;
  /** Ordered by id. */
  list(filter: JobFilter): Awaitable<StoredJob[]>;
  insert(records: readonly JobRecord[]): Awaitable<StoredJob[]>;
  /** Writes all that changed, id and definition too. */
  update(updates: readonly JobUpdate[]): Awaitable<StoredJob[]>;
  /** Writes what an applied plan changes: version, times, run count, status, and the end of a pause. */
  advance(updates: readonly JobUpdate[]): Awaitable<void>;
  /** Notes of jobs that keep no history: the plan has made a run for this fire time while there was an earlier one; null: forgets it. */
  noteOvertaken(keys: readonly number[], by: Instant | null): Awaitable<void>;
  /** The latest fire time that was noted so; null: none. */
  overtakenBy(key: number): Awaitable<Instant | null>;
  /** Takes jobs away; those that still have runs lend them their id. */
  remove(jobs: readonly StoredJob[]): Awaitable<void>;
  addLosses(keys: readonly number[]): Awaitable<void>;
  /** Zeroes the losses of the jobs that these runs are of, where the generation is still the same. */
  clearLosses(runKeys: readonly number[]): Awaitable<void>;
  /** The first of `count` new generations, greater than any before. */
  newGenerations(count: number): Awaitable<number>;
}

/** What a claim looks for, and what it leaves out. */
export interface DueQuery {
  readonly until: Instant;
  readonly limit: number;
  readonly exceptTasks: ReadonlySet<string>;
  readonly exceptExecutors: ReadonlySet<string>;
  /** Jobs only that go on in maintenance mode; runs are not asked. */
  readonly isPaused: boolean;
  /** Only jobs behind this one, in the order of the answer. */
  readonly after: StoredJob | null;
}

export interface ClaimRows {
  /** Is there anything that a claim would look at? Cheap, and without a lock. */
  isAnythingDue(query: DueQuery, recoverBefore: Instant | null): Awaitable<boolean>;
  /** Jobs whose plan is to be asked, the earliest first; locked until the transaction ends. */
  dueJobs(query: DueQuery): Awaitable<StoredJob[]>;
  /** Waiting runs, the earliest first. */
  dueRuns(query: DueQuery): Awaitable<StoredRun[]>;
  /** Held runs whose lease ended at or before `until`, those of removed jobs too. */
  endedLeases(query: DueQuery): Awaitable<StoredRun[]>;
  /**
   * Servers that wait for nobody in a claim: those jobs that have a run besides those that `unsettledOf` has found, since
   * another step is at it. What becomes of it is not known, so nothing is planned for the job.
   */
  busyJobs?(
    jobKeys: readonly number[],
    found: ReadonlyMap<number, readonly StoredRun[]>,
  ): Awaitable<ReadonlySet<number>>;
  /** The first instant after `now` at which a job, a waiting run or a lease will want something. */
  nextInstant(query: DueQuery, now: Instant): Awaitable<Instant | null>;
}

export interface RunRows {
  /** Unsettled runs of jobs by the job's key, oldest first; jobs without any are absent. */
  unsettledOf(jobKeys: readonly number[]): Awaitable<Map<number, StoredRun[]>>;
  /** The same of jobs that are locked, of which nothing is to be locked besides; absent where that makes no difference. */
  peekUnsettledOf?(jobKeys: readonly number[]): Awaitable<Map<number, StoredRun[]>>;
  byKeys(keys: readonly number[]): Awaitable<StoredRun[]>;
  /** The run of a fire time in the job's generation; skipped and manual ones are none. */
  forFireTime(job: StoredJob, fireTime: Instant): Awaitable<StoredRun | null>;
  /** One result a draft; null: the fire time has its run. The jobs' rows must be as they were read: not advanced yet. */
  insert(drafts: readonly RunDraft[]): Awaitable<(StoredRun | null)[]>;
  /** Records fire times that made no run; what says the same as the newest record makes that one longer. */
  skip(job: StoredJob, skip: PlannedSkip, at: Instant): Awaitable<RunRecord>;
  /** Claims runs that are there: raises token and attempt. */
  hold(runs: readonly StoredRun[], node: string, leaseUntil: Instant): Awaitable<void>;
  /** Makes runs wait, unclaimed. */
  letWait(runs: readonly StoredRun[], dueAt: Instant): Awaitable<void>;
  /** Undoes claims: the runs wait as before, under a higher token. */
  takeBack(runs: readonly StoredRun[]): Awaitable<void>;
  askToStop(runs: readonly StoredRun[]): Awaitable<void>;
  /** Ends runs for good, whoever holds them. */
  end(runs: readonly StoredRun[], end: RunEnd): Awaitable<void>;
  delete(runs: readonly StoredRun[]): Awaitable<void>;
  /**
   * Servers, where each look is a round trip: the keys of those jobs of which a later fire time than this one has had its run, in
   * the same generation. What is unsettled the caller knows.
   */
  overtaken?(times: readonly PlannedTime[]): Awaitable<ReadonlySet<number>>;
}

/** Held runs that end or wait alike: one statement for all of them. */
export interface SettledGroup {
  readonly keys: number[];
  readonly token: number;
  readonly attempt: number;
  readonly startedAt: Instant | null;
}

/** What a run's row says of its claim. */
export interface ClaimState {
  readonly key: number;
  readonly jobKey: number;
  readonly generation: number;
  readonly state: RunRecord['state'];
  readonly token: number;
  readonly isCancelRequested: boolean;
}

/** How one held run ends. */
export interface RunClose extends RunEnd {
  readonly key: number;
  readonly token: number;
  readonly attempt: number;
  readonly startedAt: Instant | null;
}

export interface ClosedRun {
  readonly key: number;
  readonly jobKey: number;
  readonly generation: number;
}

/** What `closeAll` closed, and what is to be looked after then. */
export interface ClosedRuns {
  readonly runs: readonly ClosedRun[];
  readonly isAnyBuffered: boolean;
  readonly isAnyLoss: boolean;
}

/** A held run that is given back unstarted. */
export interface ReleasedRun {
  readonly key: number;
  readonly token: number;
  readonly attempt: number;
  readonly dueAt: Instant;
}

/** A fire time of a job's plan. */
export interface PlannedTime {
  readonly job: StoredJob;
  readonly fireTime: Instant;
}

/** Steps of those who hold a claim. Each compares the token where it writes, and answers how many runs it found held. */
export interface HeldRows {
  renew(keys: readonly number[], token: number, until: Instant): Awaitable<number>;
  close(group: SettledGroup, end: { outcome: Outcome; at: Instant; reason: SkipReason | null }): Awaitable<number>;
  /** Leaves no row of them; answers the keys of those it found held. */
  closeAway(group: SettledGroup): Awaitable<number[]>;
  wait(group: SettledGroup, dueAt: Instant): Awaitable<number>;
  /** As `wait`, as if they had never been claimed: all that a step gives back, each due at its own time. */
  release(runs: readonly ReleasedRun[]): Awaitable<void>;
  writeTexts(key: number, texts: Omit<RunTexts, 'args'>): Awaitable<void>;
  writeError(key: number, error: RunError | null): Awaitable<void>;
  states(keys: readonly number[]): Awaitable<ClaimState[]>;
  isAnyBuffered(): Awaitable<boolean>;
  /** Does any job count losses? */
  isAnyLoss(): Awaitable<boolean>;
  /**
   * Servers, where each statement is a round trip: ends held runs, each in its own way, with their texts. What it says of
   * buffered runs and losses is as it is then.
   */
  closeAll?(ends: readonly RunClose[]): Awaitable<ClosedRuns>;
  /**
   * Servers only: locks what a settle of these runs may come to, in the order in which every step does; mixed: it does more
   * than `closeAll`, one after the other.
   */
  lockInOrder?(keys: readonly number[], isMixed: boolean): Awaitable<void>;
  /** Servers only: zeroes the losses of the jobs that these runs are of, where the generation is still the same. */
  clearLossesOf?(runs: ClosedRuns['runs']): Awaitable<void>;
}

/** A place in the order of history. */
export interface Position {
  readonly fireTime: Instant;
  readonly key: number;
}

export interface HistoryRows {
  /** Newest fire time first, then newest key; from behind `after` on. */
  page(filter: RunFilter, after: Position | null, limit: number): Awaitable<StoredRun[]>;
  prune(request: PruneRequest): Awaitable<number>;
  /** Where a step holds up all else in this process: the last one ended before it had looked at everything. */
  readonly isPruning?: boolean;
}

export interface NodeRows {
  beat(node: NodeRecord): Awaitable<void>;
  leave(nodeId: string): Awaitable<void>;
  list(since: Instant): Awaitable<NodeRecord[]>;
  forget(before: Instant): Awaitable<number>;
  readPause(): Awaitable<JobPause | null>;
  writePause(pause: JobPause | null): Awaitable<void>;
}
