import { RANGED_STATE, rangesOfRun } from '../../migrations/index.js';

/** Columns of a run with its texts and the names that its keys stand for, in the order that `decodeRun` reads. */
const RUN_COLUMNS = `r.run_key, r.job_key, r.generation, r.kind, ${RANGED_STATE}, r.fire_time, r.first_fire_time, r.count,
  r.is_count_exact, r.due_at, coalesce(ended.attempt, r.attempt), r.token, coalesce(held.lease_until, r.lease_until),
  r.is_cancel_requested, r.is_forced, r.created_at, coalesce(ended.started_at, r.started_at),
  coalesce(ended.settled_at, r.settled_at), coalesce(ended.reason, r.reason), d.id, coalesce(s.task, js.task), n.id,
  t.args, t.detail, t.error, t.result, t.output`;

/**
 * Runs as `decodeRun` reads them. `index` names the index to go by; conditions are about `r` (rows of runs), `j` (jobs), and the
 * ranges `held` and `ended`.
 */
export function selectRuns(p: string, where: string, index?: string): string {
  return `SELECT ${RUN_COLUMNS} FROM ${p}run_rows r ${index === undefined ? '' : `INDEXED BY ${p}${index}`}
    CROSS JOIN ${p}jobs j ON j.job_key = r.job_key CROSS JOIN ${p}definitions d ON d.job_key = r.job_key
    LEFT JOIN ${p}shapes s ON s.shape_key = r.shape_key LEFT JOIN ${p}shapes js ON js.shape_key = j.shape_key
    LEFT JOIN ${p}nodes n ON n.node_key = r.node_key LEFT JOIN ${p}run_texts t ON t.run_key = r.run_key
    ${rangesOfRun(p)} WHERE ${where}`;
}

/** Condition for `runs_open`: SQLite takes a partial index only where its own condition stands in the question, word for word. */
export function isIn(alias: string, state: number | '?'): string {
  return `${alias}state = ${state} AND ${alias}state < 3`;
}
