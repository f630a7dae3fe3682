import type { Awaitable, Instant } from '../../../../core/index.js';
import { STATE, STATUS } from '../../codes.js';
import { wakeAtOf } from '../../records.js';
import type { StoredJob, StoredRun } from '../../records.js';
import type { ClaimRows, DueQuery } from '../../session.js';
import type { DueJobs } from './due-jobs.js';
import { HAS_RUNS, JOB_COLUMNS } from './job-decoder.js';
import type { JobColumns, JobDecoder } from './job-decoder.js';
import { flag, inList, texts } from './literals.js';
import { decodeRun } from '../../run-decoder.js';
import { BY_KEY, selectOpenRuns } from './run-select.js';
import type { Scope } from './scope.js';

/** Before every instant. */
const BEGINNING = Number.MIN_SAFE_INTEGER;

/** What runs are claimed of: jobs that are active or finished; orphaned, unresolved and removed ones are not. */
const CLAIMABLE = `j.status <= ${STATUS.finished}`;

/** The server's clock in milliseconds, whatever the time zone of the connection (P26). */
export const SERVER_NOW = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000";

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
export class MySqlClaimRows implements ClaimRows {
  private readonly tables: string;
  private readonly ahead: Ahead = { leases: null, runs: null, jobs: null };
  private firsts: Firsts | null = null;
  /** The server's clock, where this session has read it. */
  readAt: Instant | null = null;

  constructor(
    private readonly scope: Scope,
    private readonly decoder: JobDecoder,
    private readonly due: DueJobs,
  ) {
    this.tables = scope.place.tables;
  }

  /** Asks everything that a claim will ask first, in one packet with the begin. */
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
    const { appKey } = this.scope.place;
    const { rows } = await this.scope.statements.query(
      `SELECT
         (SELECT j.wake_at FROM ${tables}jobs j FORCE INDEX (jobs_wake)
          WHERE j.app_key = ${appKey} AND j.wake_at > ${after} ${leftOutJobs(query, tables)}
          ORDER BY j.wake_at LIMIT 1),
         (SELECT r.wants_at FROM ${tables}open_runs r FORCE INDEX (open_runs_wants)
          WHERE r.app_key = ${appKey} AND r.state = ${STATE.waiting} AND r.wants_at > ${after}
            AND ${claimable(query, tables)} ORDER BY r.wants_at LIMIT 1),
         (SELECT r.wants_at FROM ${tables}open_runs r FORCE INDEX (open_runs_wants)
          WHERE r.app_key = ${appKey} AND r.state = ${STATE.running} AND r.wants_at > ${after}
          ORDER BY r.wants_at LIMIT 1),
         ${SERVER_NOW}`,
    );
    const [job, run, lease, readAt] = rows[0] as [number | null, number | null, number | null, number];
    this.readAt = readAt;
    return { job: job ?? Infinity, run: run ?? Infinity, lease: lease ?? Infinity };
  }

  private async readJobs(query: DueQuery): Promise<StoredJob[]> {
    const { tables } = this;
    const { after, until, limit } = query;
    const from = after === null ? null : wakeAtOf(after.record);
    const behind =
      from === null ? '' : `AND j.wake_at >= ${from} AND (j.wake_at > ${from} OR j.job_key > ${after!.key})`;
    // The definition of a job that has run before is mostly known here.
    const { rows } = await this.scope.statements.query(
      `SELECT ${JOB_COLUMNS}
       FROM (SELECT * FROM ${tables}jobs j FORCE INDEX (jobs_wake)
         WHERE j.app_key = ${this.scope.place.appKey} AND j.wake_at <= ${until} ${behind} ${leftOutJobs(query, tables)}
         ORDER BY j.wake_at, j.job_key LIMIT ${limit} FOR UPDATE SKIP LOCKED) j
       LEFT JOIN ${tables}definitions d ON j.run_count = 0 AND d.job_key = j.job_key ORDER BY j.wake_at, j.job_key`,
    );
    // On a second try nothing is taken for granted.
    if (this.scope.isHopeful) for (const row of rows) this.due.add(row[0] as number, row[HAS_RUNS] === 1);
    return await this.decoder.decode(rows as unknown as JobColumns[]);
  }

  private readRuns(query: DueQuery): Promise<StoredRun[]> {
    const { appKey } = this.scope.place;
    const due = `r.app_key = ${appKey} AND r.state = ${STATE.waiting} AND r.wants_at <= ${query.until}`;
    return this.readOpen(`${due} AND ${claimable(query, this.tables)}`, query.limit);
  }

  private readLeases(query: DueQuery): Promise<StoredRun[]> {
    const { appKey } = this.scope.place;
    const ended = `r.app_key = ${appKey} AND r.state = ${STATE.running} AND r.wants_at <= ${query.until}`;
    const { exceptTasks, exceptExecutors } = query;
    const isAll = exceptTasks.size + exceptExecutors.size === 0;
    return this.readOpen(
      isAll ? ended : `${ended} AND ${ofJob(leftOutRuns(query, this.tables), this.tables)}`,
      query.limit,
    );
  }

  /** Locked by themselves first: a lock on a join would be one on the names of nodes, too. */
  private async readOpen(where: string, limit: number): Promise<StoredRun[]> {
    const { rows: found } = await this.scope.statements.query(
      `SELECT r.run_key FROM ${this.tables}open_runs r FORCE INDEX (open_runs_wants) WHERE ${where}
       ORDER BY r.wants_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`,
    );
    if (found.length === 0) return [];
    const keys = inList(found.map((row) => row[0] as number));
    const select = `${selectOpenRuns(this.tables, `r.run_key IN (${keys})`, BY_KEY)} ORDER BY r.wants_at`;
    const { rows } = await this.scope.statements.query(select);
    return rows.map((row) => decodeRun(this.scope, row));
  }
}

/** Looked at later; until then it is no unhandled rejection. */
function watched<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined);
  return answer;
}

function leftOutJobs({ exceptTasks, exceptExecutors, isPaused }: DueQuery, tables: string): string {
  if (exceptTasks.size + exceptExecutors.size === 0 && !isPaused) return '';
  return `AND j.shape_key NOT IN (SELECT shape_key FROM ${tables}shapes WHERE task IN (${texts(exceptTasks)})
    OR executor IN (${texts(exceptExecutors)}) OR (${flag(isPaused)} = 1 AND runs_in_maintenance = 0))`;
}

/** A run keeps the task it was made for; the executor is the job's. */
function leftOutRuns({ exceptTasks, exceptExecutors }: DueQuery, tables: string): string {
  if (exceptTasks.size + exceptExecutors.size === 0) return '';
  return `AND r.shape_key NOT IN (SELECT shape_key FROM ${tables}shapes WHERE task IN (${texts(exceptTasks)}))
    AND j.shape_key NOT IN (SELECT shape_key FROM ${tables}shapes WHERE executor IN (${texts(exceptExecutors)}))`;
}

function claimable(query: DueQuery, tables: string): string {
  return ofJob(`AND ${CLAIMABLE} ${leftOutRuns(query, tables)}`, tables);
}

/** A condition about the job of a run, whose row is not locked by it. */
function ofJob(condition: string, tables: string): string {
  return `EXISTS (SELECT 1 FROM ${tables}jobs j WHERE j.job_key = r.job_key ${condition})`;
}
