import { mysqlRunsOfBatches } from '../../migrations/index.js';

/** Columns of a run (`r`) with its texts and the names that its keys stand for, in the order that `decodeRun` reads. */
const SHARED =
  'run_key job_key generation kind state fire_time first_fire_time count is_count_exact due_at attempt token';
const LATER = 'is_cancel_requested is_forced created_at started_at';
const NAMES = `d.id AS job_id, COALESCE(s.task, js.task) AS task, n.id AS node, t.args, t.detail, t.error, t.result,
  t.output`;

const OPEN = `${named(SHARED)}, r.lease_until, ${named(LATER)}, NULL AS settled_at, NULL AS reason, ${NAMES}`;
const SETTLED = `${named(SHARED)}, NULL AS lease_until, ${named(LATER)}, r.settled_at, r.reason, ${NAMES}`;

/** Rows are looked up by their keys, however small a table seems to be. */
export const BY_KEY = 'FORCE INDEX (PRIMARY)';

/** Unsettled runs with rows of their own, as `decodeRun` reads them; conditions are about `r` (runs) and `j` (jobs). */
export function selectSingleRuns(tables: string, where: string, index = ''): string {
  return `SELECT ${OPEN} FROM ${tables}single_runs r ${index} ${joined(tables)} WHERE ${where}`;
}

/** Those that lie together; `batches` is about their rows (`c`). */
export function selectBatchedRuns(tables: string, batches: string, where: string): string {
  return `SELECT ${OPEN} FROM (${mysqlRunsOfBatches(tables, batches)}) r ${joined(tables)} WHERE ${where}`;
}

/** Settled runs as `decodeRun` reads them. */
export function selectSettledRuns(tables: string, where: string, index = ''): string {
  return `SELECT ${SETTLED} FROM ${tables}runs r ${index} ${joined(tables)} WHERE ${where}`;
}

/** Of those with rows of their own, both kinds. */
export function selectRuns(tables: string, where: string, index = ''): string {
  return `${selectSingleRuns(tables, where, index)} UNION ALL ${selectSettledRuns(tables, where, index)}`;
}

/** Runs come first: the answer is small when they are chosen, whatever the server believes about its tables. */
function joined(tables: string): string {
  return `STRAIGHT_JOIN ${tables}jobs j ON j.job_key = r.job_key
    STRAIGHT_JOIN ${tables}definitions d ON d.job_key = r.job_key
    LEFT JOIN ${tables}shapes s ON s.shape_key = r.shape_key LEFT JOIN ${tables}shapes js ON js.shape_key = j.shape_key
    LEFT JOIN ${tables}nodes n ON n.node_key = r.node_key
    LEFT JOIN ${tables}run_texts t ON r.has_texts = 1 AND t.run_key = r.run_key`;
}

function named(columns: string): string {
  return columns
    .split(' ')
    .map((column) => `r.${column}`)
    .join(', ');
}
