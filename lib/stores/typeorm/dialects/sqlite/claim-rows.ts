import type { Instant } from '../../../../core/index.js';
import { STATE, STATUS } from '../../codes.js';
import { wakeAtOf } from '../../records.js';
import type { StoredJob, StoredRun } from '../../records.js';
import type { ClaimRows, DueQuery } from '../../session.js';
import { asOneText, jobAsJson } from './job-decoder.js';
import type { JobDecoder } from './job-decoder.js';
import { decodeRun } from '../../run-decoder.js';
import type { RunRanges } from './run-ranges.js';
import { isIn, selectRuns } from './run-select.js';
import type { Scope } from './scope.js';
import { LIMIT, Statements } from './statements.js';

/** Before every instant. */
const BEGINNING = Number.MIN_SAFE_INTEGER;

/** What runs are claimed of: jobs that are active or finished; orphaned, unresolved and removed ones are not. */
const CLAIMABLE = `j.status <= ${STATUS.finished}`;

/** What a claim looks at. Each question comes in two forms: for everything, and with something left out. */
export class SqliteClaimRows implements ClaimRows {
  private readonly statements: Statements<Name>;

  constructor(
    private readonly scope: Scope,
    private readonly decoder: JobDecoder,
    private readonly ranges: RunRanges,
  ) {
    this.statements = new Statements(scope.handle, textsOf(scope.place.prefix));
  }

  isAnythingDue(query: DueQuery, recoverBefore: Instant | null): boolean {
    if (recoverBefore !== null && this.earliestLease(BEGINNING) <= recoverBefore) return true;
    if (this.nextOf('nextRun', query, BEGINNING) <= query.until) return true;
    return this.nextOf('nextJob', query, BEGINNING) <= query.until;
  }

  dueJobs(query: DueQuery): StoredJob[] {
    const { after, until, limit } = query;
    const { appKey } = this.scope.place;
    const from = after === null ? [BEGINNING, 0] : [wakeAtOf(after.record), after.key];
    const left = leftOut(query);
    const statement = this.statements.get(left === null ? 'dueJobs' : 'dueJobsBut');
    const [text, bodies] = statement.get(appKey, until, ...from, ...(left ?? []), limit) as [string, string | null];
    return this.decoder.decode(text, bodies);
  }

  dueRuns(query: DueQuery): StoredRun[] {
    const { until, limit } = query;
    // Mostly there is none, and a short question costs a tenth of the long one.
    if (this.nextOf('nextRun', query, BEGINNING) > until) return [];
    const left = leftOutOfRuns(query);
    const statement = this.statements.get(left === null ? 'dueRuns' : 'dueRunsBut');
    return this.runs(statement.all(this.scope.place.appKey, until, ...(left ?? []), limit));
  }

  endedLeases(query: DueQuery): StoredRun[] {
    const { until, limit } = query;
    this.ranges.takeEndedApart(until);
    if (this.nextLease(BEGINNING) > until) return [];
    const left = leftOutOfRuns(query);
    const statement = this.statements.get(left === null ? 'endedLeases' : 'endedLeasesBut');
    return this.runs(statement.all(this.scope.place.appKey, until, ...(left ?? []), limit));
  }

  nextInstant(query: DueQuery, now: Instant): Instant | null {
    const next = Math.min(
      this.nextOf('nextJob', query, now),
      this.nextOf('nextRun', query, now),
      this.earliestLease(now),
    );
    return next === Number.POSITIVE_INFINITY ? null : next;
  }

  private earliestLease(after: Instant): number {
    return Math.min(this.nextLease(after), this.ranges.nextLease(after));
  }

  private nextLease(after: Instant): number {
    const [lease] = this.statements.get('nextLease').get(this.scope.place.appKey, after) as [number | null];
    return lease ?? Number.POSITIVE_INFINITY;
  }

  private nextOf(name: 'nextJob' | 'nextRun', query: DueQuery, after: Instant): number {
    const left = name === 'nextJob' ? leftOut(query) : leftOutOfRuns(query);
    const statement = this.statements.get(left === null ? name : `${name}But`);
    const row = statement.get(this.scope.place.appKey, after, ...(left ?? [])) as [number] | undefined;
    return row === undefined ? Number.POSITIVE_INFINITY : row[0];
  }

  private runs(rows: unknown[][]): StoredRun[] {
    return rows.map((row) => decodeRun(this.scope, row));
  }
}

/** Parameters of the longer form; null: nothing is left out. */
function leftOut({ exceptTasks, exceptExecutors, isPaused }: DueQuery): unknown[] | null {
  if (exceptTasks.size + exceptExecutors.size === 0 && !isPaused) return null;
  return [JSON.stringify([...exceptTasks]), JSON.stringify([...exceptExecutors]), isPaused ? 1 : 0];
}

function leftOutOfRuns({ exceptTasks, exceptExecutors }: DueQuery): unknown[] | null {
  if (exceptTasks.size + exceptExecutors.size === 0) return null;
  return [JSON.stringify([...exceptTasks]), JSON.stringify([...exceptExecutors])];
}

type Name = keyof ReturnType<typeof textsOf>;

export function textsOf(p: string) {
  const given = '(SELECT value FROM json_each(?))';
  const butJobs = `AND j.shape_key NOT IN (SELECT shape_key FROM ${p}shapes
    WHERE task IN ${given} OR executor IN ${given} OR (? AND NOT runs_in_maintenance))`;
  // A run keeps the task it was made for; the executor is the job's.
  const butRuns = `AND r.shape_key NOT IN (SELECT shape_key FROM ${p}shapes WHERE task IN ${given})
    AND j.shape_key NOT IN (SELECT shape_key FROM ${p}shapes WHERE executor IN ${given})`;
  // The definition of a job that has run before is mostly known in this process.
  const due = (but: string) => `SELECT ${asOneText('f.text')}, group_concat(d.body) FROM (
    SELECT iif(run_count = 0, job_key, NULL) AS fresh_key, ${jobAsJson('j')} AS text
    FROM ${p}jobs j INDEXED BY ${p}jobs_wake
    WHERE app_key = ? AND wake_at <= ? AND (wake_at, job_key) > (?, ?) ${but} ORDER BY wake_at, job_key ${LIMIT}) f
    LEFT JOIN ${p}definitions d ON d.job_key = f.fresh_key`;
  const waiting = (but: string) =>
    selectRuns(
      p,
      `r.app_key = ? AND r.state = ${STATE.waiting} AND r.due_at <= ? AND ${CLAIMABLE} ${but} ORDER BY r.due_at ${LIMIT}`,
      'runs_waiting',
    );
  const ended = (but: string) =>
    selectRuns(p, `r.app_key = ? AND ${isIn('r.', STATE.running)} AND r.lease_until <= ? ${but} ${LIMIT}`, 'runs_open');
  const nextJob = (but: string) => `SELECT wake_at FROM ${p}jobs j INDEXED BY ${p}jobs_wake
    WHERE app_key = ? AND wake_at > ? ${but} ORDER BY wake_at LIMIT 1`;
  const nextRun = (but: string) => `SELECT r.due_at FROM ${p}run_rows r INDEXED BY ${p}runs_waiting
    CROSS JOIN ${p}jobs j ON j.job_key = r.job_key
    WHERE r.app_key = ? AND r.state = ${STATE.waiting} AND r.due_at > ? AND ${CLAIMABLE} ${but} ORDER BY r.due_at LIMIT 1`;
  return {
    dueJobs: due(''),
    dueJobsBut: due(butJobs),
    dueRuns: waiting(''),
    dueRunsBut: waiting(butRuns),
    endedLeases: ended(''),
    endedLeasesBut: ended(butRuns),
    nextJob: nextJob(''),
    nextJobBut: nextJob(butJobs),
    nextRun: nextRun(''),
    nextRunBut: nextRun(butRuns),
    nextLease: `SELECT min(lease_until) FROM ${p}run_rows INDEXED BY ${p}runs_open
      WHERE app_key = ? AND ${isIn('', STATE.running)} AND lease_until > ?`,
  };
}
