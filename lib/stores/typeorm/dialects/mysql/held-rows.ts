import type { Instant, Outcome, RunError, SkipReason } from '../../../../core/index.js';
import { RUN_STATES, STATE } from '../../codes.js';
import type { RunTexts } from '../../records.js';
import type { ClaimState, ClosedRuns, HeldRows, ReleasedRun, RunClose, SettledGroup } from '../../session.js';
import type { ClaimedBatches } from './claimed-batches.js';
import { inList, json, orNull } from './literals.js';
import { KEEP_TEXTS, RunCloser, TEXTS, textsOf } from './run-closer.js';
import { amongRuns } from './run-keys.js';
import { copyStatement, deleteRuns } from './run-moves.js';
import { BY_KEY } from './run-select.js';
import type { Scope } from './scope.js';

type HeldRow = readonly (number | null)[];

/** Runs, and the token under which they are held. */
interface Held {
  readonly keys: readonly number[];
  readonly token: number;
}

/** What every run becomes that waits again. */
const FREED = `state = ${STATE.waiting}, node_key = NULL, lease_until = NULL`;

/** Steps of those who hold a claim. Each locks the runs whose token and state are right, and writes those (P7). */
export class MySqlHeldRows implements HeldRows {
  private readonly tables: string;
  private readonly closer: RunCloser;

  constructor(
    private readonly scope: Scope,
    private readonly batches: ClaimedBatches,
  ) {
    this.closer = new RunCloser(scope, batches);
    this.tables = scope.place.tables;
  }

  async renew(keys: readonly number[], token: number, until: Instant): Promise<number> {
    const single = token === 1 ? await this.batches.renew(keys, until) : keys;
    const renewed = keys.length - single.length;
    if (single.length === 0) return renewed;
    return renewed + (await this.update({ keys: single, token }, `lease_until = ${until}, wants_at = ${until}`));
  }

  async close(group: SettledGroup, end: { outcome: Outcome; at: Instant; reason: SkipReason | null }): Promise<number> {
    await this.batches.splitRuns(group.keys);
    const held = await this.lock('run_key', group);
    if (held.length === 0) return 0;
    const keys = held.map((row) => row[0]!);
    const among = amongRuns(keys);
    const made = `${group.attempt}, ${orNull(group.startedAt)}`;
    this.scope.statements.send(copyStatement(this.tables, among, { end, made }));
    this.scope.statements.send(deleteRuns(`${this.tables}single_runs`, keys));
    return held.length;
  }

  async closeAway(group: SettledGroup): Promise<number[]> {
    await this.batches.splitRuns(group.keys);
    const held = await this.lock('run_key, has_texts', group);
    if (held.length === 0) return [];
    this.closer.deleteAll(held.map((row) => ({ key: row[0]!, hasTexts: row[1] === 1 })));
    return held.map((row) => row[0]!);
  }

  closeAll(ends: readonly RunClose[]): Promise<ClosedRuns> {
    return this.closer.closeAll(ends);
  }

  /** Jobs first. As long as some run is buffered or some job has a loss, each settle looks after the jobs of its runs. */
  async lockInOrder(keys: readonly number[], isMixed: boolean): Promise<void> {
    if (!isMixed && !this.scope.caches.settlesWantJobs) return;
    const jobKeys = new Set((await this.states(keys)).map((state) => state.jobKey));
    const lock = (table: string, key: string, among: string): void =>
      this.scope.statements.send(
        `SELECT 1 FROM ${this.tables}${table} ${BY_KEY} WHERE ${among} ORDER BY ${key} FOR UPDATE`,
      );
    if (jobKeys.size > 0) lock('jobs', 'job_key', `job_key IN (${inList(jobKeys)})`);
    if (!isMixed) return;
    await this.batches.lockRuns(keys);
    lock('single_runs', 'run_key', amongRuns(keys));
  }

  clearLossesOf(runs: ClosedRuns['runs']): void {
    if (runs.length === 0) return;
    const pairs = runs.map((run) => `(${run.jobKey},${run.generation})`).join(',');
    this.scope.statements.send(
      `UPDATE ${this.tables}jobs ${BY_KEY} SET losses = 0 WHERE job_key IN (${inList(runs.map((run) => run.jobKey))})
       AND (job_key, generation) IN (${pairs}) AND losses > 0`,
    );
  }

  async wait(group: SettledGroup, dueAt: Instant): Promise<number> {
    await this.batches.splitRuns(group.keys);
    const made = `attempt = ${group.attempt}, started_at = ${orNull(group.startedAt)}`;
    return await this.update(group, `${FREED}, due_at = ${dueAt}, wants_at = ${dueAt}, ${made}`);
  }

  /** One statement each, which go over together. */
  async release(runs: readonly ReleasedRun[]): Promise<void> {
    await this.batches.splitRuns(runs.map((run) => run.key));
    for (const { key, token, attempt, dueAt } of runs) {
      const set = `${FREED}, due_at = ${dueAt}, wants_at = ${dueAt}, attempt = ${attempt}`;
      this.scope.statements.send(this.updateStatement({ keys: [key], token }, set));
    }
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
    const { batches } = this.scope.caches;
    const others = keys.filter((key) => batches.of(key) === null);
    const [batched, single] = await Promise.all([this.batches.states(keys), this.readStates(others)]);
    const found = [...batched, ...single];
    if (found.length === keys.length) return found;
    const seen = new Set(found.map((state) => state.key));
    const missing = keys.filter((key) => !seen.has(key));
    // Rows that this process knows may be taken apart by now; others may lie in rows that it does not know.
    const more = await this.readStates(missing.filter((key) => batches.of(key) !== null));
    for (const { key } of more) seen.add(key);
    const unknown = missing.filter((key) => !seen.has(key));
    return [...found, ...more, ...(unknown.length === 0 ? [] : await this.batches.statesOfOthers(unknown))];
  }

  isAnyBuffered(): Promise<boolean> {
    return this.isAny(`single_runs WHERE app_key = ${this.scope.place.appKey} AND state = ${STATE.buffered}`);
  }

  isAnyLoss(): Promise<boolean> {
    return this.isAny(`jobs WHERE app_key = ${this.scope.place.appKey} AND losses > 0`);
  }

  private async readStates(keys: readonly number[]): Promise<ClaimState[]> {
    if (keys.length === 0) return [];
    const columns = 'run_key, job_key, generation, state, token, is_cancel_requested';
    const where = `app_key = ${this.scope.place.appKey} AND run_key IN (${inList(keys)})`;
    const { rows } = await this.scope.statements.query(
      `SELECT ${columns} FROM ${this.tables}single_runs ${BY_KEY} WHERE ${where}
       UNION ALL SELECT ${columns} FROM ${this.tables}runs ${BY_KEY} WHERE ${where}`,
    );
    return (rows as number[][]).map(([key, jobKey, generation, state, token, isCancelRequested]) => {
      return { key, jobKey, generation, state: RUN_STATES[state], token, isCancelRequested: isCancelRequested === 1 };
    });
  }

  private async lock(columns: string, { keys, token }: Held): Promise<HeldRow[]> {
    const { rows } = await this.scope.statements.query(
      `SELECT ${columns} FROM ${this.tables}single_runs ${BY_KEY} WHERE ${heldOf(keys, token)} ORDER BY run_key FOR UPDATE`,
    );
    return rows as HeldRow[];
  }

  private async isAny(what: string): Promise<boolean> {
    const { rows } = await this.scope.statements.query(`SELECT 1 FROM ${this.tables}${what} LIMIT 1`);
    return rows.length > 0;
  }

  private async update(held: Held, set: string): Promise<number> {
    const { count } = await this.scope.statements.query(this.updateStatement(held, set));
    return count;
  }

  private updateStatement({ keys, token }: Held, set: string): string {
    return `UPDATE ${this.tables}single_runs ${BY_KEY} SET ${set} WHERE ${heldOf(keys, token)}`;
  }

  /** The run is in one of both tables. */
  private flag(key: number): void {
    for (const table of ['single_runs', 'runs']) {
      this.scope.statements.send(`UPDATE ${this.tables}${table} SET has_texts = 1 WHERE run_key = ${key}`);
    }
  }
}

function heldOf(keys: readonly number[], token: number): string {
  return `${amongRuns(keys)} AND token = ${token} AND state = ${STATE.running}`;
}
