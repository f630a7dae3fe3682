/** Columns of a run (`r`) with its texts and the names that its keys stand for, in the order that `decodeRun` reads. */
const SHARED =
  'run_key job_key generation kind state fire_time first_fire_time count is_count_exact due_at attempt token';
const LATER = 'is_cancel_requested is_forced created_at started_at';
const NAMES = `d.id AS job_id, coalesce(s.task, js.task) AS task, n.id AS node, t.args, t.detail, t.error, t.result,
  t.output`;

const OPEN = `${named(SHARED)}, r.lease_until, ${named(LATER)}, NULL::bigint AS settled_at, NULL::smallint AS reason, ${NAMES}`;
const SETTLED = `${named(SHARED)}, NULL::bigint AS lease_until, ${named(LATER)}, r.settled_at, r.reason, ${NAMES}`;

/** Unsettled runs as `decodeRun` reads them; conditions are about `r` (runs) and `j` (jobs). */
export function selectOpenRuns(tables: string, where: string): string {
  return `SELECT ${OPEN} FROM ${tables}open_runs r ${joined(tables)} WHERE ${where}`;
}

/** Those that have a row of their own, which can be locked. */
export function selectSingleRuns(tables: string, where: string): string {
  return `SELECT ${OPEN} FROM ${tables}single_runs r ${joined(tables)} WHERE ${where}`;
}

/** Settled runs as `decodeRun` reads them. */
export function selectSettledRuns(tables: string, where: string): string {
  return `SELECT ${SETTLED} FROM ${tables}runs r ${joined(tables)} WHERE ${where}`;
}

/** Both kinds. */
export function selectRuns(tables: string, where: string): string {
  return `${selectOpenRuns(tables, where)} UNION ALL ${selectSettledRuns(tables, where)}`;
}

function joined(tables: string): string {
  return `JOIN ${tables}jobs j ON j.job_key = r.job_key JOIN ${tables}definitions d ON d.job_key = r.job_key
    LEFT JOIN ${tables}shapes s ON s.shape_key = r.shape_key LEFT JOIN ${tables}shapes js ON js.shape_key = j.shape_key
    LEFT JOIN ${tables}nodes n ON n.node_key = r.node_key
    LEFT JOIN ${tables}run_texts t ON r.has_texts AND t.run_key = r.run_key`;
}

function named(columns: string): string {
  return columns
    .split(' ')
    .map((column) => `r.${column}`)
    .join(', ');
}
