import type { Awaitable, Instant } from '../../../../core/index.js';
import { STATE, STATUS } from '../../codes.js';
import { wakeAtOf } from '../../records.js';
import type { StoredJob, StoredRun } from '../../records.js';
import type { ClaimRows, DueQuery } from '../../session.js';
import { numbers, texts } from './arrays.js';
import { openJobs } from './claimed-batches.js';
import type { ClaimedBatches } from './claimed-batches.js';
import type { FreeJobs } from './free-jobs.js';
import { JOB_COLUMNS } from './job-decoder.js';
import type { JobColumns, JobDecoder } from './job-decoder.js';
import { Conditions } from './job-list.js';
import { decodeRun } from '../../run-decoder.js';
import { selectSingleRuns } from './run-select.js';
import type { Scope } from './scope.js';

/** Before every instant. */
const BEGINNING = Number.MIN_SAFE_INTEGER;

/** What runs are claimed of: jobs that are active or finished; orphaned, unresolved and removed ones are not. */
const CLAIMABLE = `j.status <= ${STATUS.finished}`;

const NO_JOBS: ReadonlySet<number> = new Set();

/** Place of the column that says whether a job has unsettled runs. */
const HAS_OPEN = 17;

/** The answers of a claim's first questions, all asked at once. */
interface Ahead {
  leases: Promise<StoredRun[]> | null;
  runs: Promise<StoredRun[]> | null;
  jobs: Promise<StoredJob[]> | null;
}

/** The instants at which something will first be wanted. */
interface Firsts {
  readonly job: number;
  readonly run: number;
  readonly lease: number;
}

/** What a claim looks at. */
export class PostgresClaimRows implements ClaimRows {
  private readonly tables: string;
  private readonly ahead: Ahead = { leases: null, runs: null, jobs: null };
  private firsts: Firsts | null = null;
  /** The server's clock, where this session has read it. */
  readAt: Instant | null = null;

  constructor(
    private readonly scope: Scope,
    private readonly decoder: JobDecoder,
    private readonly free: FreeJobs,
    private readonly batches: ClaimedBatches,
  ) {
    this.tables = scope.place.tables;
  }

  /** Asks everything that a claim will ask first, without waiting in between. */
  lookAhead(query: DueQuery, recoverBefore: Instant | null): void {
    const { ahead } = this;
    if (recoverBefore !== null) ahead.leases = watched(this.readLeases({ ...query, until: recoverBefore }));
    ahead.runs = watched(this.readRuns(query));
    ahead.jobs = watched(this.readJobs(query));
  }

  /** One question for this one and for `nextInstant`. */
  async isAnythingDue(query: DueQuery, recoverBefore: Instant | null): Promise<boolean> {
    const firsts = await this.readFirsts(query, BEGINNING);
    if (recoverBefore !== null && firsts.lease <= recoverBefore) return true;
    if (Math.min(firsts.job, firsts.run) <= query.until) return true;
    this.firsts = firsts;
    return false;
  }

  dueJobs(query: DueQuery): Awaitable<StoredJob[]> {
    const { jobs } = this.ahead;
    if (jobs === null || query.after !== null) return this.readJobs(query);
    this.ahead.jobs = null;
    return jobs.then((found) => found.slice(0, query.limit));
  }

  dueRuns(query: DueQuery): Awaitable<StoredRun[]> {
    const { runs } = this.ahead;
    this.ahead.runs = null;
    return runs === null ? this.readRuns(query) : runs.then((found) => found.slice(0, query.limit));
  }

  endedLeases(query: DueQuery): Awaitable<StoredRun[]> {
    const { leases } = this.ahead;
    this.ahead.leases = null;
    return leases ?? this.readLeases(query);
  }

  /** Looked at without a lock, and later: what is there and was not found was not to be locked then. */
  async busyJobs(
    jobKeys: readonly number[],
    found: ReadonlyMap<number, readonly StoredRun[]>,
  ): Promise<ReadonlySet<number>> {
    if (this.free.hasAll(jobKeys)) return NO_JOBS;
    const { rows } = await this.scope.statements.query(
      `SELECT run_key, job_key FROM ${this.tables}open_runs WHERE job_key = ANY ($1::bigint[])`,
      [numbers(jobKeys)],
    );
    const busy = new Set<number>();
    for (const [runKey, jobKey] of rows as [number, number][]) {
      if (!found.get(jobKey)?.some((run) => run.key === runKey)) busy.add(jobKey);
    }
    return busy;
  }

  async nextInstant(query: DueQuery, now: Instant): Promise<Instant | null> {
    const known = this.firsts;
    // What was left out of a claim says nothing here; a lease that has ended and is not taken over yet does not count.
    const isKnown = known !== null && Math.min(known.job, known.run, known.lease) > now;
    const { job, run, lease } = isKnown ? known : await this.readFirsts(query, now);
    const next = Math.min(job, run, lease);
    return next === Number.POSITIVE_INFINITY ? null : next;
  }

  private async readFirsts(query: DueQuery, after: Instant): Promise<Firsts> {
    const { tables } = this;
    const values: unknown[] = [this.scope.place.appKey, after];
    const [jobs, runs] = [new Conditions(values), new Conditions(values)];
    leaveOutJobs(jobs, query, tables);
    leaveOutRuns(runs, query, tables);
    const { rows } = await this.scope.statements.query(
      `SELECT
         (SELECT j.wake_at FROM ${tables}jobs j WHERE j.app_key = $1 AND j.wake_at > $2 ${jobs.following()}
          ORDER BY j.wake_at LIMIT 1),
         (SELECT r.wants_at FROM ${tables}single_runs r JOIN ${tables}jobs j ON j.job_key = r.job_key
          WHERE r.app_key = $1 AND r.state = ${STATE.waiting} AND r.wants_at > $2 AND ${CLAIMABLE} ${runs.following()}
          ORDER BY r.wants_at LIMIT 1),
         least((SELECT r.wants_at FROM ${tables}single_runs r
          WHERE r.app_key = $1 AND r.state = ${STATE.running} AND r.wants_at > $2 ORDER BY r.wants_at LIMIT 1),
           (SELECT b.lease_until FROM ${tables}claimed_batches b WHERE b.app_key = $1 AND b.lease_until > $2
            ORDER BY b.lease_until LIMIT 1)),
         (extract(epoch FROM clock_timestamp()) * 1000)::bigint`,
      values,
    );
    const [job, run, lease, readAt] = rows[0] as [number | null, number | null, number | null, number];
    this.readAt = readAt;
    return { job: job ?? Infinity, run: run ?? Infinity, lease: lease ?? Infinity };
  }

  private async readJobs(query: DueQuery): Promise<StoredJob[]> {
    const { tables } = this;
    const { after, until, limit } = query;
    const where = new Conditions();
    where.add('j.app_key = ? AND j.wake_at <= ?', this.scope.place.appKey, until);
    if (after !== null) where.add('(j.wake_at, j.job_key) > (?, ?)', wakeAtOf(after.record), after.key);
    leaveOutJobs(where, query, tables);
    // The definition of a job that has run before is mostly known here; one that has not has hardly a run.
    const hasOpen = `j.run_count > 0 AND (EXISTS (SELECT 1 FROM ${tables}single_runs o WHERE o.job_key = j.job_key)
      OR j.job_key IN (${openJobs(`${tables}claimed_batches`, '$1')}))`;
    const text = `SELECT ${JOB_COLUMNS}, ${hasOpen} FROM (SELECT * FROM ${tables}jobs j WHERE ${where.toString()}
        ORDER BY j.wake_at, j.job_key LIMIT $${where.values.length + 1} FOR UPDATE SKIP LOCKED) j
      LEFT JOIN ${tables}definitions d ON j.run_count = 0 AND d.job_key = j.job_key`;
    const { rows } = await this.scope.statements.query(text, [...where.values, limit]);
    if (this.scope.isHopeful) for (const row of rows) if (row[HAS_OPEN] === false) this.free.add(row[0] as number);
    return (await this.decoder.decode(rows as unknown as JobColumns[])).sort(inTurn);
  }

  private async readRuns(query: DueQuery): Promise<StoredRun[]> {
    const where = new Conditions();
    const { appKey } = this.scope.place;
    where.add(`r.app_key = ? AND r.state = ${STATE.waiting} AND r.wants_at <= ?`, appKey, query.until);
    where.add(CLAIMABLE);
    leaveOutRuns(where, query, this.tables);
    return await this.readOpen(where, query.limit);
  }

  private async readLeases(query: DueQuery): Promise<StoredRun[]> {
    if (!this.scope.isReading) this.batches.splitEnded(query.until, query.limit);
    const where = new Conditions();
    const { appKey } = this.scope.place;
    where.add(`r.app_key = ? AND r.state = ${STATE.running} AND r.wants_at <= ?`, appKey, query.until);
    leaveOutRuns(where, query, this.tables);
    return await this.readOpen(where, query.limit);
  }

  private async readOpen(where: Conditions, limit: number): Promise<StoredRun[]> {
    const text = `${selectSingleRuns(this.tables, where.toString())}
      ORDER BY r.wants_at LIMIT $${where.values.length + 1} FOR UPDATE OF r SKIP LOCKED`;
    const { rows } = await this.scope.statements.query(text, [...where.values, limit]);
    return rows.map((row) => decodeRun(this.scope, row));
  }
}

/** As they were found, unless a row was changed while it was waited for. */
function inTurn(a: StoredJob, b: StoredJob): number {
  return wakeAtOf(a.record)! - wakeAtOf(b.record)! || a.key - b.key;
}

/** Looked at later; until then it is no unhandled rejection. */
function watched<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined);
  return answer;
}

function leaveOutJobs(where: Conditions, query: DueQuery, tables: string): void {
  const { exceptTasks, exceptExecutors, isPaused } = query;
  if (exceptTasks.size + exceptExecutors.size === 0 && !isPaused) return;
  where.add(
    `j.shape_key NOT IN (SELECT shape_key FROM ${tables}shapes
      WHERE task = ANY (?::text[]) OR executor = ANY (?::text[]) OR (? AND NOT runs_in_maintenance))`,
    texts(exceptTasks),
    texts(exceptExecutors),
    isPaused,
  );
}

/** A run keeps the task it was made for; the executor is the job's. */
function leaveOutRuns(where: Conditions, { exceptTasks, exceptExecutors }: DueQuery, tables: string): void {
  if (exceptTasks.size + exceptExecutors.size === 0) return;
  where.add(
    `r.shape_key NOT IN (SELECT shape_key FROM ${tables}shapes WHERE task = ANY (?::text[]))`,
    texts(exceptTasks),
  );
  where.add(
    `j.shape_key NOT IN (SELECT shape_key FROM ${tables}shapes WHERE executor = ANY (?::text[]))`,
    texts(exceptExecutors),
  );
}
