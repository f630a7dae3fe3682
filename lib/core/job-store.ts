import type { ReadWithin } from './clock.js';
import type { FinishReason, JobOrigin, JobPatch, JobPause, JobRecord, JobStatus } from './job-record.js';
import type { Outcome, RunError, RunKind, RunRecord, SkipReason } from './run-record.js';
import type { Awaitable, Instant, Millis, JsonValue } from './time.js';

/** A store as the engine meets it. All three parts share one place and one application. */
export interface Store {
  /** Alias under `stores` of the configuration. */
  readonly alias: string;
  /** false: it lives and dies with this process (memory); no leases, heartbeats or polling are needed. */
  readonly isShared: boolean;
  readonly jobs: JobStore;
  readonly history: RunHistory;
  readonly nodes: NodeRegistry;
}

/**
 * Keeps jobs and unsettled runs and decides which node may run them. Each method is atomic; instants are epoch ms, UTC.
 * Callbacks (`reconcile`, `decide`, `admit`, `plan`) are pure and synchronous, and may be called again when a row changed
 * under them. A store may answer at once or with a promise; the memory store answers at once.
 */
export interface JobStore {
  /** Creates or upgrades the schema; idempotent. */
  open(): Awaitable<void>;
  /** Gives back what it holds; claims are left to expire; idempotent. */
  close(): Awaitable<void>;
  /**
   * Adds jobs; where the id (or an alias) exists, `reconcile` decides. One result an item, in order. A row found under an
   * alias takes the new id with its runs and history (`changed`), unless it is refused.
   */
  put(jobs: readonly NewJob[], options: PutOptions): Awaitable<PutResult[]>;
  /**
   * Reads each target job, applies the answer, raises its version; or asks a run to stop. Answers the jobs that changed
   * or went, in the order of `ids` (else by id); unknown ones and those left alone are not in the answer.
   */
  change(request: ChangeRequest): Awaitable<ChangeResult[]>;
  /** Adds runs that nobody's trigger made (run now, backfill, runOnStart, retry by hand). */
  enter(request: EnterRequest): Awaitable<EnterResult[]>;
  /** Ordered by id; the filter's fields are ANDed. */
  list(filter?: JobFilter): Awaitable<JobRecord[]>;
  /**
   * Reads due jobs with their unsettled runs, calls `plan`, and applies the answer only if the job's version is still as
   * read; else the job is left for the next claim. Runs that the plan makes with `dueAt` <= `until` are claimed at once.
   * Also claims waiting runs that are due (retries, entered and promoted ones), and takes over runs whose lease ended:
   * their token is raised, `job.losses` too, and the claim says `recovered`. Tokens of one run only ever grow.
   *
   * A claim makes a run `running` and raises its `attempt`. Only active jobs are planned; a paused one only once its
   * `pause.until` is at or before `now`: applying the plan ends that pause. `isPaused` and pauses stop the planning alone:
   * waiting runs go on, except those of orphaned and unresolved jobs. A plan that throws leaves its job alone.
   */
  claimDue(request: ClaimRequest, plan: PlanRuns): Awaitable<ClaimResult>;
  /** Extends leases whose token is still the latest, also ones that ended. One result an item, in order. */
  renew(claims: readonly ClaimKey[], until: Instant): Awaitable<Renewal[]>;
  /**
   * Per item: writes the outcome (or the retry, or the release) and ends the claim, if the token is the latest. The same
   * settlement again answers true. The step that closes a run makes its job's first buffered run due, if fewer than
   * `maxInstances` are open then, and none that was made in one step with it (`inTurn`). An outcome other than `lost` zeroes `job.losses`. What it sets on the job, it sets only
   * on the generation that the run is of.
   */
  settle(settlements: readonly Settlement[]): Awaitable<boolean[]>;
  /** true: a claim may bring settlements along, and both are one step; for stores where each step waits for a disk. */
  readonly settlesWithClaims?: boolean;
  /**
   * Claims of one node that may be on their way at a time, while it is behind: another is read while the last is made durable.
   * Default 1. What one of them has found, the others must leave alone.
   */
  readonly claimsAtOnce?: number;
  /**
   * How long a few settlements wait for company after those before them, in ms, where a step of a few costs as much as one of
   * many. Default 0. Many, and the first after a while, go at once.
   */
  readonly settleSpacing?: Millis;
  /**
   * Calls `wake` when another node changed something, and `doubt` as soon as anybody, this process too, is about to take claims
   * back; returns what ends it. Without it the loop polls.
   */
  watch?(wake: () => void, doubt: () => void): () => void;
  /**
   * true: somebody else may have written since the last call, so claims may have been withdrawn. Answers cheaply, and never
   * throws: asked before runs start that were claimed ahead. At once where that can be known without asking anybody; a store that
   * answers later is asked once for all runs that are due by then. For stores that cannot wake the owners of claims, or cannot
   * now, such as one whose connection for wake-ups is cut. Of a store with neither this nor `watch`, true is assumed: its claims
   * are renewed once more just before their runs start.
   */
  hasForeignWrites?(): Awaitable<boolean>;
}

/** A job to be added; `generation` and `version` are the store's to give. */
export interface NewJob extends Omit<JobRecord, 'generation' | 'version'> {
  readonly aliases: readonly string[];
}

export interface PutOptions {
  /** As of a `ChangeRequest`. */
  now(): Instant;
  /** What to do with a row that is there: a patch (null: leave it as it is), or refuse. */
  reconcile(existing: JobRecord, incoming: NewJob, now: Instant): JobPatch | null | 'refuse';
  /** The caller's transaction, where the store supports one. */
  readonly within?: unknown;
}

export interface PutResult {
  readonly kind: 'added' | 'changed' | 'unchanged' | 'refused';
  /** As it is now. */
  readonly job: JobRecord;
  /** As it was; null when added. */
  readonly before: JobRecord | null;
}

export type ChangeRequest =
  | {
      /** null: every job of the application. */
      readonly ids: readonly string[] | null;
      /**
       * Store time, asked for once the rows are held: the step may have waited for them, and what was to come when it was asked
       * for may have begun since. Whoever holds a claim that may be taken back must see, from before this call until the step
       * is durable, that it is in doubt (`watch`, else `hasForeignWrites`), and `renew` of it must wait for the step: a run starts
       * only while it is known to be its holder's, so one that falls due later than this instant has not begun. A store whose
       * messages take a while decides as of a moment later, where claims are held ahead. One may also ask and decide before, to
       * see whether any claim is taken back at all: the last decision counts.
       */
      now(): Instant;
      decide: DecideJob;
      /** Skip records to write with it, such as `paused` at resume. */
      record?(before: JobRecord, now: Instant): readonly PlannedSkip[];
    }
  /**
   * A run that nobody holds is settled as cancelled; one that is held gets `cancelRequested`, and the `detail` for whoever
   * holds it. One result with the run; a settled run is answered as it is, an unknown one not at all.
   */
  | { readonly cancel: string; readonly at: Instant; readonly detail: string | null };

/** `remove` deletes the job and its runs that have not started; null leaves it. */
export type DecideJob = (job: JobRecord, unsettled: readonly RunRecord[], now: Instant) => JobPatch | 'remove' | null;

export interface ChangeResult {
  readonly before: JobRecord;
  /** null: removed. */
  readonly after: JobRecord | null;
  /** The run a cancel reached. */
  readonly run?: RunRecord;
}

export interface NewRun {
  readonly jobId: string;
  readonly kind: RunKind;
  readonly fireTime: Instant;
  readonly dueAt: Instant;
  readonly forced: boolean;
  readonly args: readonly JsonValue[] | null;
}

export interface EnterRequest {
  readonly runs: readonly NewRun[];
  readonly at: Instant;
  /** Open, buffered, skipped for a reason, or refused because a run for that fire time is there already. */
  admit(job: JobRecord, unsettled: readonly RunRecord[], run: NewRun): Admission;
}

export type Admission =
  | { readonly as: 'open'; readonly cancel?: readonly string[] }
  | { readonly as: 'buffered'; readonly cancel?: readonly string[]; readonly drop?: readonly string[] }
  | { readonly as: 'skipped'; readonly reason: SkipReason; readonly detail: string | null };

export interface EnterResult {
  /** `exists`: a run for that fire time is there, it is `run`. `noJob`: the job is gone. */
  readonly kind: 'entered' | 'skipped' | 'exists' | 'noJob';
  readonly run: RunRecord | null;
}

export interface JobFilter {
  readonly ids?: readonly string[];
  readonly origin?: JobOrigin;
  readonly status?: readonly JobStatus[];
  readonly task?: string;
  readonly tag?: string;
  readonly paused?: boolean;
  /** A hint: the caller wants only jobs whose trigger's JSON holds this text; a store may answer others besides. */
  readonly triggerHolds?: string;
  /** Only ids after this one. */
  readonly after?: string;
  readonly limit?: number;
}

export interface ClaimRequest {
  readonly node: string;
  /** Store time. */
  readonly now: Instant;
  /** Look-ahead: also claim what is due up to here; never less than `now`. */
  readonly until: Instant;
  /** Claims, at most. */
  readonly limit: number;
  readonly leaseUntil: Instant;
  /** Tasks this node cannot resolve, and executors it has no free slot for, are left alone. */
  readonly exceptTasks: ReadonlySet<string>;
  /** Grows while plans are asked: one that is refused for want of a slot makes further jobs of its executor useless to look at. */
  readonly exceptExecutors: ReadonlySet<string>;
  /** Only jobs that go on in maintenance mode. */
  readonly isPaused: boolean;
  /** Leases that ended at or before this instant are taken over; null: none (a node that has just come back waits). */
  readonly recoverBefore: Instant | null;
  /** Written in the same step, before anything is claimed; only asked of a store that `settlesWithClaims`. */
  readonly settlements?: readonly Settlement[];
}

/** Where a claimed run came from. */
export type ClaimCause = 'planned' | 'waiting' | 'recovered';

export interface ClaimKey {
  readonly runId: string;
  readonly jobId: string;
  readonly token: number;
}

export interface Claim extends ClaimKey {
  readonly run: RunRecord;
  readonly job: JobRecord;
  readonly leaseUntil: Instant;
  readonly cause: ClaimCause;
  /**
   * Of a recovered run: when the lease had ended that nobody settled. It shows until when the former owner was seen; a
   * store that leaves it out is believed to have lost an attempt that had begun.
   */
  readonly leaseEndedAt?: Instant | null;
}

export interface ClaimResult {
  readonly claims: readonly Claim[];
  /** What `settle` would have answered to the request's `settlements`. */
  readonly settled?: readonly boolean[];
  /** Skip records written by this claim. */
  readonly skipped: readonly RunRecord[];
  /** Jobs that this claim finished. */
  readonly finished: readonly JobRecord[];
  /** Open runs that a plan asked to stop. */
  readonly cancelled: readonly ClaimKey[];
  /** true: something is due still, by the request's `until` (the limit was reached, or the store's own bound): claim again. */
  readonly hasMore: boolean;
  /**
   * When something will next be due (a job, a pause's end, a waiting run, a lease that ends); null: nothing is to come.
   * What this request left out, and what is due but was left alone by its plan, does not count. With `hasMore` it is the
   * earliest of what was left behind the limit, and of jobs ahead that their plans left alone: the next claim may wait for it.
   */
  readonly nextDueAt: Instant | null;
  /**
   * The store's own clock, read in this call; a store on this machine answers `request.now`. null: it was not read this
   * time, since nothing has changed; it is read at least once a minute, and whenever `request.recoverBefore` is null.
   */
  readonly storeNow: Instant | null;
  /** When that was; left out: at any moment of the call. */
  readonly storeReadWithin?: ReadWithin;
}

/** The one place that judges due, late, missed and overlapping fire times (engine/plan). Null: leave the job alone. */
export type PlanRuns = (
  job: JobRecord,
  unsettled: readonly RunRecord[],
  window: { readonly now: Instant; readonly until: Instant },
) => JobPlan | null;

export interface JobPlan {
  readonly runs: readonly PlannedRun[];
  readonly skips: readonly PlannedSkip[];
  /** Open runs to ask to stop. */
  readonly cancel: readonly string[];
  /** Buffered runs to drop; each is recorded as skipped, reason `overlap`. */
  readonly drop: readonly string[];
  /** Buffered runs to make due now. */
  readonly promote: readonly string[];
  /** The job's next fire time from here on. */
  readonly fireTime: Instant | null;
  readonly dueAt: Instant | null;
  readonly runCount: number;
  /** Not null: the job is finished by this step. */
  readonly finished: FinishReason | null;
}

export interface PlannedRun {
  readonly kind: RunKind;
  readonly fireTime: Instant;
  readonly firstFireTime: Instant;
  readonly count: number;
  readonly countIsExact: boolean;
  readonly dueAt: Instant;
  readonly isBuffered: boolean;
}

export interface PlannedSkip {
  readonly reason: SkipReason;
  readonly detail: string | null;
  readonly fireTime: Instant;
  readonly firstFireTime: Instant;
  readonly count: number;
  readonly countIsExact: boolean;
}

export interface Renewal {
  readonly held: boolean;
  readonly cancelRequested: boolean;
}

/**
 * What closing a run sets on its job: the next fire time of a `fixedDelay` job, a quarantine. A fire time (with its due
 * time) or an end is set only where the job has no fire time: it was rescheduled meanwhile otherwise.
 */
export interface JobAfterwards {
  readonly fireTime?: Instant | null;
  readonly dueAt?: Instant | null;
  readonly finished?: FinishReason;
  readonly pause?: JobPause;
}

interface SettlementBase extends ClaimKey {
  readonly at: Instant;
  readonly attempt: number;
  readonly startedAt: Instant | null;
}

export type Settlement =
  | (SettlementBase & {
      readonly kind: 'outcome';
      readonly outcome: Outcome;
      readonly reason: SkipReason | null;
      readonly detail: string | null;
      readonly error: RunError | null;
      readonly result: JsonValue | null;
      readonly output: string | null;
      readonly keepHistory: boolean;
      readonly afterwards: JobAfterwards | null;
    })
  /** Stays open, waits until `dueAt`, keeps the error of the failed attempt. */
  | (SettlementBase & { readonly kind: 'retry'; readonly dueAt: Instant; readonly error: RunError | null })
  /** Given back unstarted; `attempt` is what it was before the claim; counts as nothing. */
  | (SettlementBase & { readonly kind: 'release'; readonly dueAt: Instant });

/** Settled runs, and unsettled ones too, for reading. */
export interface RunHistory {
  find(runId: string): Awaitable<RunRecord | null>;
  /** Newest fire time first, then newest id. */
  page(filter: RunFilter): Awaitable<RunPage>;
  /** Deletes settled runs beyond age or count (of the job's policy, else of the request), `limit` rows at most; answers how many. */
  prune(request: PruneRequest): Awaitable<number>;
}

export interface RunFilter {
  readonly jobId?: string;
  readonly states?: readonly RunRecord['state'][];
  readonly reason?: SkipReason;
  readonly node?: string;
  readonly kind?: RunKind;
  /** Runs whose range of fire times touches [from, to]. */
  readonly from?: Instant;
  readonly to?: Instant;
  readonly limit: number;
  /** Where the page before ended. */
  readonly cursor?: string;
}

export interface RunPage {
  readonly runs: readonly RunRecord[];
  /** null: that was the last page. */
  readonly cursor: string | null;
}

export interface PruneRequest {
  readonly at: Instant;
  readonly settledBefore: Instant | null;
  readonly keepPerJob: number | null;
  readonly limit: number;
}

/** One running scheduler. */
export interface NodeRecord {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly appVersion: string;
  readonly startedAt: Instant;
  readonly seenAt: Instant;
  /** Digest of its list of code jobs, and the list's ids. */
  readonly jobsDigest: string;
  readonly jobIds: readonly string[];
  /** Names of the tasks it can resolve. */
  readonly tasks: readonly string[];
}

/** Heartbeats, the list of nodes and the application's paused flag. */
export interface NodeRegistry {
  /** Writes the heartbeat; answers the paused flag as it is now. */
  beat(node: NodeRecord): Awaitable<JobPause | null>;
  leave(nodeId: string): Awaitable<void>;
  /** Nodes seen since `since`, ordered by id. */
  list(since: Instant): Awaitable<NodeRecord[]>;
  readPause(): Awaitable<JobPause | null>;
  writePause(pause: JobPause | null): Awaitable<void>;
  /** Deletes nodes not seen since then. */
  forget(before: Instant): Awaitable<number>;
}
