import type { RunRecord } from '../../../../core/index.js';
import { RUN_KINDS, RUN_STATES, SKIP_REASONS } from '../../codes.js';
import type { StoredRun } from '../../records.js';
import type { Scope } from './scope.js';

/** Columns of a run with its texts and the names that its keys stand for, in the order of `RunColumns`. */
const RUN_COLUMNS = `r.run_key, r.job_key, r.generation, r.kind, r.state, r.fire_time, r.first_fire_time, r.count,
  r.is_count_exact, r.due_at, r.attempt, r.token, r.lease_until, r.is_cancel_requested, r.is_forced, r.created_at,
  r.started_at, r.settled_at, r.reason, d.id, coalesce(s.task, js.task), n.id, t.args, t.detail, t.error, t.result,
  t.output`;

type RunColumns = readonly [
  key: number,
  jobKey: number,
  generation: number,
  kind: number,
  state: number,
  fireTime: number,
  firstFireTime: number | null,
  count: number,
  isCountExact: number,
  dueAt: number | null,
  attempt: number,
  token: number,
  leaseUntil: number | null,
  isCancelRequested: number,
  isForced: number,
  createdAt: number,
  startedAt: number | null,
  settledAt: number | null,
  reason: number | null,
  jobId: string,
  task: string,
  node: string | null,
  args: string | null,
  detail: string | null,
  error: string | null,
  result: string | null,
  output: string | null,
];

/** Runs as `decodeRun` reads them. `index` names the index to go by; conditions are about `r` (runs) and `j` (jobs). */
export function selectRuns(p: string, where: string, index?: string): string {
  return `SELECT ${RUN_COLUMNS} FROM ${p}runs r ${index === undefined ? '' : `INDEXED BY ${p}${index}`}
    CROSS JOIN ${p}jobs j ON j.job_key = r.job_key CROSS JOIN ${p}definitions d ON d.job_key = r.job_key
    LEFT JOIN ${p}shapes s ON s.shape_key = r.shape_key LEFT JOIN ${p}shapes js ON js.shape_key = j.shape_key
    LEFT JOIN ${p}nodes n ON n.node_key = r.node_key LEFT JOIN ${p}run_texts t ON t.run_key = r.run_key
    WHERE ${where}`;
}

export function decodeRun(scope: Scope, columns: unknown[]): StoredRun {
  const row = columns as unknown as RunColumns;
  const record: RunRecord = {
    id: scope.runId(row[0]),
    jobId: row[19],
    jobGeneration: row[2],
    task: row[20],
    kind: RUN_KINDS[row[3]],
    fireTime: row[5],
    firstFireTime: row[6] ?? row[5],
    count: row[7],
    countIsExact: row[8] === 1,
    dueAt: row[9] ?? row[5],
    state: RUN_STATES[row[4]],
    attempt: row[10],
    token: row[11],
    node: row[21],
    leaseUntil: row[12],
    cancelRequested: row[13] === 1,
    forced: row[14] === 1,
    args: parsed(row[22]),
    createdAt: row[15],
    startedAt: row[16],
    settledAt: row[17],
    reason: row[18] === null ? null : SKIP_REASONS[row[18]],
    detail: row[23],
    error: parsed(row[24]),
    result: parsed(row[25]),
    output: row[26],
  };
  return { key: row[0], jobKey: row[1], record };
}

/** A text that is damaged reads as none: a run of the past is shown without it. */
function parsed<T>(text: string | null): T | null {
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
