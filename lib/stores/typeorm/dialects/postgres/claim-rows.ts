import type { Instant } from '../../../../core/index.js';
import { STATE, STATUS } from '../../codes.js';
import { wakeAtOf } from '../../records.js';
import type { StoredJob, StoredRun } from '../../records.js';
import type { ClaimRows, DueQuery } from '../../session.js';
import { numbers, texts } from './arrays.js';
import type { ClaimedBatches } from './claimed-batches.js';
import type { DueJobs } from './due-jobs.js';
import type { FreeJobs } from './free-jobs.js';
import { ClaimQuestions } from '../server/claim-questions.js';
import type { Firsts } from '../server/claim-questions.js';
import { Conditions } from './job-list.js';
import { decodeRun } from '../../run-decoder.js';
import { selectSingleRuns } from './run-select.js';
import type { Scope } from './scope.js';

/** What runs are claimed of: jobs that are active or finished; orphaned, unresolved and removed ones are not. */
const CLAIMABLE = `j.status <= ${STATUS.finished}`;

const NO_JOBS: ReadonlySet<number> = new Set();

/** What a claim looks at. */
export class PostgresClaimRows extends ClaimQuestions implements ClaimRows {
  private readonly tables: string;
  /** The server's clock, where this session has read it. */
  readAt: Instant | null = null;

  constructor(
    private readonly scope: Scope,
    private readonly due: DueJobs,
    private readonly free: FreeJobs,
    private readonly batches: ClaimedBatches,
  ) {
    super();
    this.tables = scope.place.tables;
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

  protected async readFirsts(query: DueQuery, after: Instant): Promise<Firsts> {
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

  protected async readJobs(query: DueQuery): Promise<StoredJob[]> {
    const { tables } = this;
    const { after, until, limit } = query;
    const where = new Conditions();
    where.add('j.app_key = ? AND j.wake_at <= ?', this.scope.place.appKey, until);
    if (after !== null) where.add('(j.wake_at, j.job_key) > (?, ?)', wakeAtOf(after.record), after.key);
    leaveOutJobs(where, query, tables);
    return (await this.due.read(where, limit)).sort(inTurn);
  }

  protected async readRuns(query: DueQuery): Promise<StoredRun[]> {
    const where = new Conditions();
    const { appKey } = this.scope.place;
    where.add(`r.app_key = ? AND r.state = ${STATE.waiting} AND r.wants_at <= ?`, appKey, query.until);
    where.add(CLAIMABLE);
    leaveOutRuns(where, query, this.tables);
    return await this.readOpen(where, query.limit);
  }

  protected async readLeases(query: DueQuery): Promise<StoredRun[]> {
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
    const { rows } = await this.scope.statements.query(text, [...where.values, limit], 'keeps plan');
    return rows.map((row) => decodeRun(this.scope, row));
  }
}

/** As they were found, unless a row was changed while it was waited for. */
function inTurn(a: StoredJob, b: StoredJob): number {
  return wakeAtOf(a.record)! - wakeAtOf(b.record)! || a.key - b.key;
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
