import type { Instant } from '../../../../core/index.js';
import { STATE, STATUS } from '../../codes.js';
import { wakeAtOf } from '../../records.js';
import type { StoredJob, StoredRun } from '../../records.js';
import type { ClaimRows, DueQuery } from '../../session.js';
import type { ClaimedBatches } from './claimed-batches.js';
import type { DueJobs } from './due-jobs.js';
import { ClaimQuestions } from '../server/claim-questions.js';
import type { Firsts } from '../server/claim-questions.js';
import type { JobColumns } from '../server/job-decoder.js';
import { HAS_RUNS, JOB_COLUMNS } from './job-decoder.js';
import type { MySqlJobDecoder } from './job-decoder.js';
import { flag, inList, texts } from './literals.js';
import { decodeRun } from '../../run-decoder.js';
import { BY_KEY, selectSingleRuns } from './run-select.js';
import type { Scope } from './scope.js';

/** What runs are claimed of: jobs that are active or finished; orphaned, unresolved and removed ones are not. */
const CLAIMABLE = `j.status <= ${STATUS.finished}`;

/** The server's clock in milliseconds, whatever the time zone of the connection (P26). */
export const SERVER_NOW = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000";

/** What a claim looks at. */
export class MySqlClaimRows extends ClaimQuestions implements ClaimRows {
  private readonly tables: string;
  /** The server's clock, where this session has read it. */
  readAt: Instant | null = null;

  constructor(
    private readonly scope: Scope,
    private readonly decoder: MySqlJobDecoder,
    private readonly due: DueJobs,
    private readonly batches: ClaimedBatches,
  ) {
    super();
    this.tables = scope.place.tables;
  }

  busyJobs(): ReadonlySet<number> {
    return this.batches.busyJobs;
  }

  protected async readFirsts(query: DueQuery, after: Instant): Promise<Firsts> {
    const { tables } = this;
    const { appKey } = this.scope.place;
    const { rows } = await this.scope.statements.query(
      `SELECT ${SERVER_NOW},
         (SELECT j.wake_at FROM ${tables}jobs j FORCE INDEX (jobs_wake)
          WHERE j.app_key = ${appKey} AND j.wake_at > ${after} ${leftOutJobs(query, tables)}
          ORDER BY j.wake_at LIMIT 1),
         (SELECT r.wants_at FROM ${tables}single_runs r FORCE INDEX (single_runs_wants)
          WHERE r.app_key = ${appKey} AND r.state = ${STATE.waiting} AND r.wants_at > ${after}
            AND ${claimable(query, tables)} ORDER BY r.wants_at LIMIT 1),
         (SELECT r.wants_at FROM ${tables}single_runs r FORCE INDEX (single_runs_wants)
          WHERE r.app_key = ${appKey} AND r.state = ${STATE.running} AND r.wants_at > ${after}
          ORDER BY r.wants_at LIMIT 1),
         (SELECT c.lease_until FROM ${tables}claimed_batches c FORCE INDEX (claimed_batches_lease)
          WHERE c.app_key = ${appKey} AND c.lease_until > ${after} ORDER BY c.lease_until LIMIT 1)`,
    );
    const [readAt, ...firsts] = rows[0] as [number, ...(number | null)[]];
    this.readAt = readAt;
    const [job, run, single, batch] = firsts.map((first) => first ?? Infinity);
    return { job, run, lease: Math.min(single, batch) };
  }

  protected async readJobs(query: DueQuery): Promise<StoredJob[]> {
    const { tables } = this;
    const { after, until, limit } = query;
    const from = after === null ? null : wakeAtOf(after.record);
    const behind =
      from === null ? '' : `AND j.wake_at >= ${from} AND (j.wake_at > ${from} OR j.job_key > ${after!.key})`;
    // The definition of a job that has run before is mostly known here.
    const { rows } = await this.scope.statements.query(
      `SELECT ${JOB_COLUMNS} FROM ${tables}jobs j FORCE INDEX (jobs_wake)
       LEFT JOIN ${tables}definitions d FORCE INDEX (PRIMARY) ON j.run_count = 0 AND d.job_key = j.job_key
       WHERE j.app_key = ${this.scope.place.appKey} AND j.wake_at <= ${until} ${behind} ${leftOutJobs(query, tables)}
       ORDER BY j.wake_at, j.job_key LIMIT ${limit} FOR UPDATE SKIP LOCKED`,
    );
    // On a second try nothing is taken for granted.
    if (this.scope.isHopeful) for (const row of rows) this.due.add(row[0] as number, row[HAS_RUNS] === 1);
    return await this.decoder.decode(rows as unknown as JobColumns[]);
  }

  protected readRuns(query: DueQuery): Promise<StoredRun[]> {
    const { appKey } = this.scope.place;
    const due = `r.app_key = ${appKey} AND r.state = ${STATE.waiting} AND r.wants_at <= ${query.until}`;
    return this.readOpen(`${due} AND ${claimable(query, this.tables)}`, query.limit);
  }

  protected async readLeases(query: DueQuery): Promise<StoredRun[]> {
    const [batches, runs] = await Promise.all([
      this.batches.lockEnded(query.until, query.limit),
      this.readSingleLeases(query),
    ]);
    if (batches.length === 0) return runs;
    this.batches.splitRows(batches);
    return await this.readSingleLeases(query);
  }

  private readSingleLeases(query: DueQuery): Promise<StoredRun[]> {
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
      `SELECT r.run_key FROM ${this.tables}single_runs r FORCE INDEX (single_runs_wants) WHERE ${where}
       ORDER BY r.wants_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`,
    );
    if (found.length === 0) return [];
    const keys = inList(found.map((row) => row[0] as number));
    const select = `${selectSingleRuns(this.tables, `r.run_key IN (${keys})`, BY_KEY)} ORDER BY r.wants_at`;
    const { rows } = await this.scope.statements.query(select);
    return rows.map((row) => decodeRun(this.scope, row));
  }
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
