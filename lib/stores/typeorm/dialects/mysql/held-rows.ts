import type { Instant, Outcome, RunError, SkipReason } from '../../../../core/index.js';
import { RUN_STATES, STATE } from '../../codes.js';
import type { RunTexts } from '../../records.js';
import type { ClaimState, ClosedRuns, HeldRows, RunClose, SettledGroup } from '../../session.js';
import { inList, json, orNull } from './literals.js';
import { KEEP_TEXTS, RunCloser, TEXTS, textsOf } from './run-closer.js';
import { amongRuns } from './run-keys.js';
import { copyStatement, deleteRuns } from './run-moves.js';
import { BY_KEY } from './run-select.js';
import type { Scope } from './scope.js';

type HeldRow = readonly (number | null)[];

/** Steps of those who hold a claim. Each locks the runs whose token and state are right, and writes those (P7). */
export class MySqlHeldRows implements HeldRows {
  private readonly tables: string;
  private readonly closer: RunCloser;

  constructor(private readonly scope: Scope) {
    this.closer = new RunCloser(scope);
    this.tables = scope.place.tables;
  }

  renew(keys: readonly number[], token: number, until: Instant): Promise<number> {
    return this.update({ keys, token }, `lease_until = ${until}, wants_at = ${until}`);
  }

  async close(group: SettledGroup, end: { outcome: Outcome; at: Instant; reason: SkipReason | null }): Promise<number> {
    const held = await this.lock('run_key', group);
    if (held.length === 0) return 0;
    const among = amongRuns(held.map((row) => row[0]!));
    const made = `${group.attempt}, ${orNull(group.startedAt)}`;
    this.scope.statements.send(copyStatement(this.tables, among, { end, made }));
    this.scope.statements.send(deleteRuns(`${this.tables}open_runs`, among));
    return held.length;
  }

  async closeAway(group: SettledGroup): Promise<number[]> {
    const held = await this.lock('run_key, has_texts', group);
    if (held.length === 0) return [];
    this.closer.deleteAll(held.map((row) => ({ key: row[0]!, hasTexts: row[1] === 1 })));
    return held.map((row) => row[0]!);
  }

  closeAll(ends: readonly RunClose[]): Promise<ClosedRuns> {
    return this.closer.closeAll(ends);
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
  return `${amongRuns(keys)} AND token = ${token} AND state = ${STATE.running}`;
}
