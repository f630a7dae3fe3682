import type { Instant, Outcome, SkipReason } from '../../../../core/index.js';
import { REASON, STATE } from '../../codes.js';
import type { RunClose } from '../../session.js';
import { keysOf } from './arrays.js';
import type { Asked } from './job-list.js';
import { Columns } from './columns.js';

/** Columns of a settled run, in the order of `movedAs`. */
export const MOVED_COLUMNS = `run_key, job_key, generation, fire_time, created_at, first_fire_time, due_at, app_key,
  shape_key, count, kind, node_key, token, is_count_exact, is_cancel_requested, is_forced, has_texts, attempt,
  started_at, settled_at, state, reason, slot`;

/** Those that are copied from the unsettled run. */
export const COPIED_COLUMNS = `run_key, job_key, generation, fire_time, created_at, first_fire_time,
  nullif(due_at, fire_time), app_key, shape_key, count, kind, node_key, token, is_count_exact, is_cancel_requested,
  is_forced, has_texts`;

/**
 * Conditions that no index may serve: rows are found by their keys. A table that was never analysed seems so small that any
 * other index looks as good.
 */
export const BY_KEY = (column: string): string => `(${column} + 0)`;

/**
 * The run is held under this token. Tokens only grow, and an unsettled run is buffered, waiting or held: said like this, the
 * planner takes most of the rows for held, as they are.
 */
export const heldUnder = (token: string, alias = ''): string =>
  `${alias}token <= ${token} AND ${alias}state <> ${STATE.buffered} AND ${alias}state <> ${STATE.waiting}`;

export interface Ended {
  readonly outcome: Outcome;
  readonly at: Instant;
  readonly reason: SkipReason | null;
}

/** What an unsettled run becomes when it ends; its values are the second to fourth of the statement. */
export function movedAs({ outcome, at, reason }: Ended, slot: string): { columns: string; values: unknown[] } {
  return {
    columns: `${COPIED_COLUMNS}, attempt, started_at, $2::bigint, $3::smallint, $4::smallint, ${slot}`,
    values: [at, STATE[outcome], reason === null ? null : REASON[reason]],
  };
}

/**
 * Moves held runs to history, or away, each by its own token. Answers arrays: keys, job keys and generations of those it
 * found held, and the keys of those whose texts are to go with them. Hopeful: none of them is in history already, against
 * every rule; to make sure costs as much as to write.
 */
export function closeStatement(tables: string, ends: readonly RunClose[], isHopeful: boolean): Asked {
  const columns = new Columns([keysOf(ends)]);
  const own = <T extends number | boolean>(name: string, type: string, of: (end: RunClose) => T) =>
    columns.add(name, type, ends.map(of));
  const token = own('token', 'integer', (end) => end.token);
  const isKept = own('is_kept', 'boolean', (end) => end.keepHistory);
  const end = endColumns(columns, ends);
  // A fire time that was skipped after all may be asked for again.
  const text = `WITH gone AS (
      DELETE FROM ${tables}single_runs o USING unnest(${columns.types}) u (${columns.names})
      WHERE o.run_key = u.run_key AND ${heldUnder(token, 'o.')}
      RETURNING o.run_key, o.job_key, o.generation, o.fire_time, o.created_at, o.first_fire_time,
        nullif(o.due_at, o.fire_time) AS due_at, o.app_key, o.shape_key, o.count, o.kind, o.node_key, o.token,
        o.is_count_exact, o.is_cancel_requested, o.is_forced, o.has_texts, ${end.attempt} AS attempt,
        ${end.startedAt} AS started_at, ${end.at} AS settled_at, ${end.state} AS state, ${end.reason} AS reason,
        CASE WHEN ${end.state} <> ${STATE.skipped} THEN o.slot END AS slot, ${isKept} AS is_kept,
        ${end.isTexted} AS is_texted),
    kept AS (INSERT INTO ${tables}runs (${MOVED_COLUMNS})
      SELECT run_key, job_key, generation, fire_time, created_at, first_fire_time, due_at, app_key, shape_key, count,
        kind, node_key, token, is_count_exact, is_cancel_requested, is_forced, has_texts OR is_texted, attempt,
        started_at, settled_at, state, reason, slot FROM gone WHERE is_kept ${isHopeful ? '' : 'ON CONFLICT DO NOTHING'})
    SELECT array_agg(run_key), array_agg(job_key), array_agg(generation),
      array_agg(run_key) FILTER (WHERE has_texts AND NOT is_kept) FROM gone`;
  return { text, values: columns.values };
}

/** How the statement names each part of an end. */
export function endColumns(columns: Columns, ends: readonly RunClose[]) {
  const integers = (name: string, of: (end: RunClose) => number) => columns.add(name, 'integer', ends.map(of));
  const instants = (name: string, of: (end: RunClose) => number | null) => columns.add(name, 'bigint', ends.map(of));
  const codes = (name: string, of: (end: RunClose) => number | null) => columns.add(name, 'smallint', ends.map(of));
  const flags = (name: string, of: (end: RunClose) => boolean) => columns.add(name, 'boolean', ends.map(of));
  return {
    attempt: integers('attempt', (end) => end.attempt),
    startedAt: instants('started_at', (end) => end.startedAt),
    at: instants('settled_at', (end) => end.at),
    state: codes('state', (end) => STATE[end.outcome]),
    reason: codes('reason', (end) => (end.reason === null ? null : REASON[end.reason])),
    isTexted: flags('is_texted', hasTexts),
  };
}

export function hasTexts({ detail, error, result, output }: RunClose): boolean {
  return detail !== null || error !== null || result !== null || output !== null;
}
