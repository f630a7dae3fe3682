import type { Instant, Outcome, SkipReason } from '../../../../core/index.js';
import { REASON, STATE } from '../../codes.js';
import { deleteRows, orNull } from './literals.js';
import { amongRuns } from './run-keys.js';
import { BY_KEY } from './run-select.js';

/** What is copied of an unsettled run when it is settled, as it lies in the row. */
export const COPIED = `run_key, job_key, generation, fire_time, created_at, first_fire_time, due_at, app_key, shape_key,
  count, kind, slot, node_key, token, is_count_exact, is_cancel_requested, is_forced, has_texts`;

/** What its end adds. */
export const ADDED = 'attempt, started_at, settled_at, state, reason';

export const COPIED_NAMES = COPIED.split(',').map((name) => name.trim());

export interface Ended {
  readonly outcome: Outcome;
  readonly at: Instant;
  readonly reason: SkipReason | null;
}

/** What the end says, in the order of the last three of `ADDED`. */
export function endOf({ outcome, at, reason }: Ended): string {
  return `${at}, ${STATE[outcome]}, ${orNull(reason === null ? null : REASON[reason])}`;
}

/** Both are there only if the fire time had its run already: then that one is the run. */
export const UNLESS_THERE = (tables: string): string =>
  `ON DUPLICATE KEY UPDATE ${tables}runs.token = ${tables}runs.token`;

export interface Copying {
  readonly end: Ended;
  /** Attempt and start, where the end says them. */
  readonly made: string;
  /** Texts are written besides. */
  readonly addsTexts?: boolean;
}

/** Copies unsettled runs to history; they are locked. */
export function copyStatement(tables: string, among: string, { end, made, addsTexts }: Copying): string {
  // A fire time that was skipped after all may be asked for again.
  let copied = end.outcome === 'skipped' ? COPIED.replace('slot', 'NULL') : COPIED;
  if (addsTexts) copied = copied.replace('has_texts', '1');
  const due = copied.replace('due_at', 'NULLIF(due_at, fire_time)');
  return `INSERT INTO ${tables}runs (${COPIED}, ${ADDED}) SELECT ${due}, ${made}, ${endOf(end)}
    FROM ${tables}single_runs ${BY_KEY} WHERE ${among} ${UNLESS_THERE(tables)}`;
}

export function deleteRuns(table: string, keys: readonly number[]): string {
  return deleteRows(table, 'run_key', { among: amongRuns(keys), count: keys.length });
}
