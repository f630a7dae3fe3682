import { REASON, STATE } from '../../codes.js';
import type { RunTexts } from '../../records.js';
import type { ClosedRuns, RunClose } from '../../session.js';
import { json, orNull, text } from './literals.js';
import type { Literal } from './literals.js';
import { alikeEnds, hasTexts } from './run-end-groups.js';
import type { EndGroup } from './run-end-groups.js';
import { amongRuns } from './run-keys.js';
import { ADDED, COPIED, COPIED_NAMES, copyStatement, deleteRuns, UNLESS_THERE } from './run-moves.js';
import { BY_KEY } from './run-select.js';
import type { Scope } from './scope.js';

export const TEXTS = 'detail, error, result, output';
export const KEEP_TEXTS = `ON DUPLICATE KEY UPDATE detail = VALUES(detail), error = VALUES(error), result = VALUES(result),
  output = VALUES(output)`;

/** What is looked at of a run that is to be closed. */
const LOOKED_AT = 'run_key, job_key, generation, token, has_texts';
const [KEY, JOB_KEY, GENERATION, TOKEN, HAS_TEXTS] = [0, 1, 2, 3, 4];
/** Where what is copied begins, if it is asked for. */
const WHOLE = 5;

const [FIRE_TIME, DUE_AT, SLOT, TEXTED] = ['fire_time', 'due_at', 'slot', 'has_texts'].map((name) =>
  COPIED_NAMES.indexOf(name),
);

type Row = readonly (number | null)[];
type Ends = ReadonlyMap<number, RunClose>;

/** Ends held runs, each in its own way: one packet for the locks and the questions behind them, one for all that is written. */
export class RunCloser {
  private readonly tables: string;

  constructor(private readonly scope: Scope) {
    this.tables = scope.place.tables;
  }

  async closeAll(all: readonly RunClose[]): Promise<ClosedRuns> {
    const ends: Ends = new Map(all.map((end) => [end.key, end]));
    const groups = alikeEnds(all.filter((end) => end.keepHistory));
    const { rows, isAnyBuffered, isAnyLoss } = await this.lock([...ends.keys()], groups === null);
    const held = rows.filter((row) => ends.get(row[KEY]!)!.token === row[TOKEN]);
    if (held.length > 0) this.move(held, ends, groups);
    const runs = held.map((row) => ({ key: row[KEY]!, jobKey: row[JOB_KEY]!, generation: row[GENERATION]! }));
    return { runs, isAnyBuffered, isAnyLoss };
  }

  /** Takes runs away that leave no history; their rows are locked. */
  deleteAll(runs: readonly { readonly key: number; readonly hasTexts: boolean }[]): void {
    const { statements } = this.scope;
    statements.send(deleteRuns(`${this.tables}open_runs`, amongRuns(runs.map((run) => run.key))));
    const texted = runs.filter((run) => run.hasTexts).map((run) => run.key);
    if (texted.length > 0) statements.send(deleteRuns(`${this.tables}run_texts`, amongRuns(texted)));
  }

  /** What is asked behind the runs' locks: who buffers a run behind one of them has to wait for it, or is seen here. */
  private async lock(keys: readonly number[], isWhole: boolean) {
    const { statements, place } = this.scope;
    const [{ rows }, after] = await Promise.all([
      statements.query(
        `SELECT ${LOOKED_AT}${isWhole ? `, ${COPIED}` : ''} FROM ${this.tables}open_runs ${BY_KEY}
         WHERE ${amongRuns(keys)} AND state = ${STATE.running} ORDER BY run_key FOR UPDATE`,
      ),
      statements.query(
        `SELECT EXISTS (SELECT 1 FROM ${this.tables}open_runs WHERE app_key = ${place.appKey} AND state = ${STATE.buffered}),
           EXISTS (SELECT 1 FROM ${this.tables}jobs WHERE app_key = ${place.appKey} AND losses > 0)`,
      ),
    ]);
    const [isAnyBuffered, isAnyLoss] = (after.rows[0] as number[]).map(Boolean);
    return { rows: rows as readonly Row[], isAnyBuffered, isAnyLoss };
  }

  private move(held: readonly Row[], ends: Ends, groups: readonly EndGroup[] | null): void {
    const kept = held.filter((row) => ends.get(row[KEY]!)!.keepHistory);
    const away = held.filter((row) => !ends.get(row[KEY]!)!.keepHistory);
    if (kept.length > 0) {
      if (groups === null) this.writeRows(kept, ends);
      else this.copyGroups(kept, groups);
      this.writeTexts(kept.map((row) => ends.get(row[KEY]!)!).filter(hasTexts));
    }
    const gone = (row: Row) => ({ key: row[KEY]!, hasTexts: row[HAS_TEXTS] === 1 });
    this.deleteAll([...away.map(gone), ...kept.map((row) => ({ key: row[KEY]!, hasTexts: false }))]);
  }

  private copyGroups(kept: readonly Row[], groups: readonly EndGroup[]): void {
    const held = new Set(kept.map((row) => row[KEY]));
    for (const { end, keys } of groups) {
      const among = keys.filter((key) => held.has(key));
      if (among.length === 0) continue;
      const made = `${end.attempt}, ${orNull(end.startedAt)}`;
      this.scope.statements.send(copyStatement(this.tables, amongRuns(among), { end, made, addsTexts: hasTexts(end) }));
    }
  }

  private writeRows(kept: readonly Row[], ends: Ends): void {
    const rows = kept.map((row) => settledRow(row.slice(WHOLE), ends.get(row[KEY]!)!));
    this.scope.sendRows(`INSERT INTO ${this.tables}runs (${COPIED}, ${ADDED})`, rows, UNLESS_THERE(this.tables));
  }

  private writeTexts(ends: readonly RunClose[]): void {
    const texts = ends.map((end) => [end.key, ...textsOf(end)]);
    this.scope.sendRows(`INSERT INTO ${this.tables}run_texts (run_key, ${TEXTS})`, texts, KEEP_TEXTS);
  }
}

/** In the order of `COPIED` and `ADDED`. */
function settledRow(row: Row, end: RunClose): Literal[] {
  const copied = row.map(orNull);
  if (row[DUE_AT] === row[FIRE_TIME]) copied[DUE_AT] = 'NULL';
  // A fire time that was skipped after all may be asked for again.
  if (end.outcome === 'skipped') copied[SLOT] = 'NULL';
  if (hasTexts(end)) copied[TEXTED] = 1;
  const reason = end.reason === null ? null : REASON[end.reason];
  copied.push(end.attempt, orNull(end.startedAt), end.at, STATE[end.outcome], orNull(reason));
  return copied;
}

export function textsOf({ detail, error, result, output }: Omit<RunTexts, 'args'>): Literal[] {
  return [text(detail), json(error), json(result), text(output)];
}
