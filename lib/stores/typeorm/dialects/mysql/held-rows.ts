import type { Instant, Outcome, RunError, SkipReason } from '../../../../core/index.js';
import { REASON, RUN_STATES, STATE } from '../../codes.js';
import type { RunTexts } from '../../records.js';
import type { ClaimState, ClosedRuns, HeldRows, RunClose, SettledGroup } from '../../session.js';
import { inList, json, keysOf, orNull, text } from './literals.js';
import type { Literal } from './literals.js';
import { BY_KEY } from './run-select.js';
import { ADDED, COPIED, COPIED_NAMES, copyStatement, deleteRuns } from './run-moves.js';
import type { Scope } from './scope.js';

const TEXTS = 'detail, error, result, output';
const KEEP_TEXTS = `ON DUPLICATE KEY UPDATE detail = VALUES(detail), error = VALUES(error), result = VALUES(result),
  output = VALUES(output)`;

/** Places in a row of `COPIED`. */
const [KEY, JOB_KEY, GENERATION, FIRE_TIME, DUE_AT, SLOT, TOKEN, HAS_TEXTS] = [
  'run_key',
  'job_key',
  'generation',
  'fire_time',
  'due_at',
  'slot',
  'token',
  'has_texts',
].map((name) => COPIED_NAMES.indexOf(name));

type HeldRow = readonly (number | null)[];

/** Steps of those who hold a claim. Each locks the runs whose token and state are right, and writes those (P7). */
export class MySqlHeldRows implements HeldRows {
  private readonly tables: string;

  constructor(private readonly scope: Scope) {
    this.tables = scope.place.tables;
  }

  renew(keys: readonly number[], token: number, until: Instant): Promise<number> {
    return this.update({ keys, token }, `lease_until = ${until}, wants_at = ${until}`);
  }

  async close(group: SettledGroup, end: { outcome: Outcome; at: Instant; reason: SkipReason | null }): Promise<number> {
    const held = await this.lock('run_key', group);
    if (held.length === 0) return 0;
    const keys = inList(held.map((row) => row[0]!));
    const made = `${group.attempt}, ${orNull(group.startedAt)}`;
    this.scope.statements.send(copyStatement(this.tables, keys, { end, made }));
    this.scope.statements.send(deleteRuns(`${this.tables}open_runs`, keys));
    return held.length;
  }

  async closeAway(group: SettledGroup): Promise<number[]> {
    const held = await this.lock('run_key, has_texts', group);
    if (held.length === 0) return [];
    this.deleteAll(held.map((row) => ({ key: row[0]!, hasTexts: row[1] === 1 })));
    return held.map((row) => row[0]!);
  }

  /** One packet for the locks and the questions behind them, one for all that is written. */
  async closeAll(ends: readonly RunClose[]): Promise<ClosedRuns> {
    const { statements } = this.scope;
    const { appKey } = this.scope.place;
    // Looked at behind the runs' locks: who buffers a run behind one of them has to wait for it, or is seen here.
    const [found, after] = await Promise.all([
      statements.query(
        `SELECT ${COPIED} FROM ${this.tables}open_runs ${BY_KEY}
         WHERE run_key IN (${keysOf(ends)}) AND state = ${STATE.running} ORDER BY run_key FOR UPDATE`,
      ),
      statements.query(
        `SELECT EXISTS (SELECT 1 FROM ${this.tables}open_runs WHERE app_key = ${appKey} AND state = ${STATE.buffered}),
           EXISTS (SELECT 1 FROM ${this.tables}jobs WHERE app_key = ${appKey} AND losses > 0)`,
      ),
    ]);
    const byKey = new Map(ends.map((end) => [end.key, end]));
    const held = (found.rows as readonly HeldRow[]).filter((row) => byKey.get(row[KEY]!)!.token === row[TOKEN]);
    if (held.length > 0) this.closeHeld(held, byKey);
    const runs = held.map((row) => ({ key: row[KEY]!, jobKey: row[JOB_KEY]!, generation: row[GENERATION]! }));
    const [isAnyBuffered, isAnyLoss] = after.rows[0] as number[];
    return { runs, isAnyBuffered: isAnyBuffered === 1, isAnyLoss: isAnyLoss === 1 };
  }

  clearLossesOf(runs: ClosedRuns['runs']): void {
    if (runs.length === 0) return;
    const pairs = runs.map((run) => `(${run.jobKey},${run.generation})`).join(',');
    this.scope.statements.send(
      `UPDATE ${this.tables}jobs ${BY_KEY} SET losses = 0 WHERE job_key IN (${inList(runs.map((run) => run.jobKey))})
       AND (job_key, generation) IN (${pairs}) AND losses > 0`,
    );
  }

  wait(group: SettledGroup, dueAt: Instant): Promise<number> {
    const made = `attempt = ${group.attempt}, started_at = ${orNull(group.startedAt)}`;
    return this.free(group, `due_at = ${dueAt}, wants_at = ${dueAt}, ${made}`);
  }

  release(group: SettledGroup, dueAt: Instant): Promise<number> {
    return this.free(group, `due_at = ${dueAt}, wants_at = ${dueAt}, attempt = ${group.attempt}`);
  }

  writeTexts(key: number, texts: Omit<RunTexts, 'args'>): void {
    this.scope.sendRows(
      `INSERT INTO ${this.tables}run_texts (run_key, ${TEXTS})`,
      [[key, ...textsOf(texts)]],
      KEEP_TEXTS,
    );
    this.flag(key);
  }

  writeError(key: number, error: RunError | null): void {
    this.scope.statements.send(
      `INSERT INTO ${this.tables}run_texts (run_key, error) VALUES (${key}, ${json(error)})
       ON DUPLICATE KEY UPDATE error = VALUES(error)`,
    );
    this.flag(key);
  }

  async states(keys: readonly number[]): Promise<ClaimState[]> {
    const columns = 'run_key, job_key, generation, state, token, is_cancel_requested';
    const where = `app_key = ${this.scope.place.appKey} AND run_key IN (${inList(keys)})`;
    const { rows } = await this.scope.statements.query(
      `SELECT ${columns} FROM ${this.tables}open_runs ${BY_KEY} WHERE ${where}
       UNION ALL SELECT ${columns} FROM ${this.tables}runs ${BY_KEY} WHERE ${where}`,
    );
    return (rows as number[][]).map(([key, jobKey, generation, state, token, isCancelRequested]) => {
      return { key, jobKey, generation, state: RUN_STATES[state], token, isCancelRequested: isCancelRequested === 1 };
    });
  }

  isAnyBuffered(): Promise<boolean> {
    return this.isAny(`open_runs WHERE app_key = ${this.scope.place.appKey} AND state = ${STATE.buffered}`);
  }

  isAnyLoss(): Promise<boolean> {
    return this.isAny(`jobs WHERE app_key = ${this.scope.place.appKey} AND losses > 0`);
  }

  private closeHeld(held: readonly HeldRow[], ends: ReadonlyMap<number, RunClose>): void {
    const kept = held.filter((row) => ends.get(row[KEY]!)!.keepHistory);
    const away = held.filter((row) => !ends.get(row[KEY]!)!.keepHistory);
    if (kept.length > 0) {
      // Both were there only if the fire time had its run already: then that one is the run.
      const skipped = `ON DUPLICATE KEY UPDATE token = ${this.tables}runs.token`;
      const rows = kept.map((row) => settledRow(row, ends.get(row[KEY]!)!));
      this.scope.sendRows(`INSERT INTO ${this.tables}runs (${COPIED}, ${ADDED})`, rows, skipped);
      const keys = inList(kept.map((row) => row[KEY]!));
      this.scope.statements.send(deleteRuns(`${this.tables}open_runs`, keys));
      const texted = kept.map((row) => ends.get(row[KEY]!)!).filter(hasTexts);
      const texts = texted.map((end) => [end.key, ...textsOf(end)]);
      this.scope.sendRows(`INSERT INTO ${this.tables}run_texts (run_key, ${TEXTS})`, texts, KEEP_TEXTS);
    }
    if (away.length > 0) this.deleteAll(away.map((row) => ({ key: row[KEY]!, hasTexts: row[HAS_TEXTS] === 1 })));
  }

  private deleteAll(runs: readonly { key: number; hasTexts: boolean }[]): void {
    this.scope.statements.send(deleteRuns(`${this.tables}open_runs`, keysOf(runs)));
    const texted = runs.filter((run) => run.hasTexts);
    if (texted.length > 0) this.scope.statements.send(deleteRuns(`${this.tables}run_texts`, keysOf(texted)));
  }

  private async lock(columns: string, { keys, token }: Pick<SettledGroup, 'keys' | 'token'>): Promise<HeldRow[]> {
    const { rows } = await this.scope.statements.query(
      `SELECT ${columns} FROM ${this.tables}open_runs ${BY_KEY} WHERE ${heldOf(keys, token)} ORDER BY run_key FOR UPDATE`,
    );
    return rows as HeldRow[];
  }

  private async isAny(what: string): Promise<boolean> {
    const { rows } = await this.scope.statements.query(`SELECT 1 FROM ${this.tables}${what} LIMIT 1`);
    return rows.length > 0;
  }

  private free(group: SettledGroup, set: string): Promise<number> {
    return this.update(group, `state = ${STATE.waiting}, ${set}, node_key = NULL, lease_until = NULL`);
  }

  private async update({ keys, token }: { keys: readonly number[]; token: number }, set: string): Promise<number> {
    const { count } = await this.scope.statements.query(
      `UPDATE ${this.tables}open_runs ${BY_KEY} SET ${set} WHERE ${heldOf(keys, token)}`,
    );
    return count;
  }

  /** The run is in one of both tables. */
  private flag(key: number): void {
    for (const table of ['open_runs', 'runs']) {
      this.scope.statements.send(`UPDATE ${this.tables}${table} SET has_texts = 1 WHERE run_key = ${key}`);
    }
  }
}

function heldOf(keys: readonly number[], token: number): string {
  return `run_key IN (${inList(keys)}) AND token = ${token} AND state = ${STATE.running}`;
}

/** In the order of `COPIED` and `ADDED`. */
function settledRow(row: HeldRow, end: RunClose): Literal[] {
  const copied = row.map(orNull);
  if (row[DUE_AT] === row[FIRE_TIME]) copied[DUE_AT] = 'NULL';
  // A fire time that was skipped after all may be asked for again.
  if (end.outcome === 'skipped') copied[SLOT] = 'NULL';
  if (hasTexts(end)) copied[HAS_TEXTS] = 1;
  const reason = end.reason === null ? null : REASON[end.reason];
  copied.push(end.attempt, orNull(end.startedAt), end.at, STATE[end.outcome], orNull(reason));
  return copied;
}

function textsOf({ detail, error, result, output }: Omit<RunTexts, 'args'>): Literal[] {
  return [text(detail), json(error), json(result), text(output)];
}

function hasTexts({ detail, error, result, output }: RunClose): boolean {
  return detail !== null || error !== null || result !== null || output !== null;
}
