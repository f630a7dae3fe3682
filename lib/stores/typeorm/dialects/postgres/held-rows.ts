import type { Instant, Outcome, RunError, SkipReason } from '../../../../core/index.js';
import { REASON, RUN_STATES, STATE } from '../../codes.js';
import type { RunTexts } from '../../records.js';
import type {
  ClaimState,
  ClosedRun,
  ClosedRuns,
  HeldRows,
  ReleasedRun,
  RunClose,
  SettledGroup,
} from '../../session.js';
import { jsonOf, keysOf, numbers, numbersIn, storable, texts } from './arrays.js';
import { BY_KEY, closeStatement, COPIED_COLUMNS, hasTexts, heldUnder, MOVED_COLUMNS } from './run-moves.js';
import type { BatchEnds } from '../server/known-batches.js';
import type { ClaimedBatches } from './claimed-batches.js';
import { Columns } from './columns.js';
import type { Scope } from './scope.js';

const HELD = `run_key = ANY ($1::bigint[]) AND ${heldUnder('$2')}`;

/** What every run becomes that waits again. */
const FREED = `state = ${STATE.waiting}, node_key = NULL, lease_until = NULL`;

/** Steps of those who hold a claim. Every statement compares the token and the state where it writes (P7). */
export class PostgresHeldRows implements HeldRows {
  private readonly tables: string;

  constructor(
    private readonly scope: Scope,
    private readonly batches: ClaimedBatches,
  ) {
    this.tables = scope.place.tables;
  }

  async renew(keys: readonly number[], token: number, until: Instant): Promise<number> {
    const single = token === 1 ? await this.batches.renew(keys, until) : keys;
    const renewed = keys.length - single.length;
    if (single.length === 0) return renewed;
    this.lockSingles(single);
    return renewed + (await this.update('lease_until = $3, wants_at = $3', [numbers(single), token, until]));
  }

  async close(group: SettledGroup, end: { outcome: Outcome; at: Instant; reason: SkipReason | null }): Promise<number> {
    const { keys, token, attempt, startedAt } = group;
    this.batches.splitRuns(keys);
    const reason = end.reason === null ? null : REASON[end.reason];
    // A fire time that was skipped after all may be asked for again.
    const slot = end.outcome === 'skipped' ? 'NULL' : 'slot';
    const { rows } = await this.scope.statements.query(
      `WITH gone AS (DELETE FROM ${this.tables}single_runs WHERE ${HELD} RETURNING *),
       kept AS (INSERT INTO ${this.tables}runs (${MOVED_COLUMNS})
         SELECT ${COPIED_COLUMNS}, $3, $4, $5, $6, $7, ${slot} FROM gone ON CONFLICT DO NOTHING)
       SELECT count(*) FROM gone`,
      [numbers(keys), token, attempt, startedAt, end.at, STATE[end.outcome], reason],
    );
    return rows[0][0] as number;
  }

  async closeAway({ keys, token }: SettledGroup): Promise<number[]> {
    this.batches.splitRuns(keys);
    const text = `DELETE FROM ${this.tables}single_runs WHERE ${HELD} RETURNING run_key, has_texts`;
    const { rows } = await this.scope.statements.query(text, [numbers(keys), token]);
    const gone = rows as [number, boolean][];
    const texted = gone.filter((row) => row[1]).map((row) => row[0]);
    if (texted.length > 0) this.deleteTexts(texted);
    return gone.map((row) => row[0]);
  }

  async closeAll(ends: readonly RunClose[]): Promise<ClosedRuns> {
    const { batched, single } = this.scope.caches.batches.sort(ends);
    // Looked at behind the runs' end: who buffers a run behind one of them has to wait for it, or is seen here.
    const [fromBatches, fromSingles, after] = await Promise.all([
      this.closeBatches(batched),
      single.length === 0 ? [] : this.closeSingles(single),
      this.lookAfter(),
    ]);
    const runs = [...fromBatches, ...fromSingles];
    let looked = after;
    const found = new Set(runs.map((run) => run.key));
    const missing = runs.length < ends.length ? ends.filter((end) => !found.has(end.key)) : [];
    if (missing.length > 0) {
      // What is not where this process takes it to be may lie in a row of its own by now.
      this.batches.splitRuns(missing.map((end) => end.key));
      const [more, lookedAgain] = await Promise.all([this.closeSingles(missing), this.lookAfter()]);
      runs.push(...more);
      looked = lookedAgain;
    }
    const kept = ends.filter((end) => end.keepHistory && hasTexts(end));
    if (kept.length > 0) this.writeAllTexts(kept);
    return { runs, ...looked };
  }

  /** Jobs first. As long as some run is buffered or some job has a loss, each settle looks after the jobs of its runs. */
  lockInOrder(keys: readonly number[], isMixed: boolean): void {
    if (!isMixed && !this.scope.caches.settlesWantJobs) return;
    this.scope.statements.send(
      `SELECT 1 FROM ${this.tables}jobs j WHERE j.job_key = ANY (ARRAY(
         SELECT r.job_key FROM ${this.tables}open_runs r WHERE r.run_key = ANY ($1::bigint[])))
       ORDER BY j.job_key FOR UPDATE`,
      [numbers(keys)],
    );
    if (!isMixed) return;
    this.batches.lockRuns(keys);
    this.lockSingles(keys);
  }

  clearLossesOf(runs: ClosedRuns['runs']): void {
    this.scope.statements.send(
      `UPDATE ${this.tables}jobs j SET losses = 0 FROM unnest($1::bigint[], $2::bigint[]) u (job_key, generation)
       WHERE j.job_key = u.job_key AND j.generation = u.generation AND j.losses > 0`,
      [numbers(runs.map((run) => run.jobKey)), numbers(runs.map((run) => run.generation))],
    );
  }

  wait({ keys, token, attempt, startedAt }: SettledGroup, dueAt: Instant): Promise<number> {
    this.batches.splitRuns(keys);
    const set = 'due_at = $3, wants_at = $3, attempt = $4, started_at = $5';
    return this.free(set, [numbers(keys), token, dueAt, attempt, startedAt]);
  }

  release(runs: readonly ReleasedRun[]): void {
    this.batches.splitRuns(runs.map((run) => run.key));
    const columns = new Columns([keysOf(runs)]);
    const column = (name: string, type: string, of: (run: ReleasedRun) => number): string =>
      columns.add(name, type, runs.map(of));
    const token = column('token', 'integer', (run) => run.token);
    const attempt = column('attempt', 'integer', (run) => run.attempt);
    const dueAt = column('due_at', 'bigint', (run) => run.dueAt);
    this.scope.statements.send(
      `UPDATE ${this.tables}single_runs o SET ${FREED}, due_at = ${dueAt}, wants_at = ${dueAt}, attempt = ${attempt}
       FROM unnest(${columns.types}) u (${columns.names})
       WHERE o.run_key = u.run_key AND ${heldUnder(token, 'o.')}`,
      columns.values,
    );
  }

  writeTexts(key: number, { detail, error, result, output }: Omit<RunTexts, 'args'>): void {
    this.scope.statements.send(
      `INSERT INTO ${this.tables}run_texts (run_key, detail, error, result, output) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (run_key) DO UPDATE SET detail = excluded.detail, error = excluded.error, result = excluded.result,
         output = excluded.output`,
      [key, storable(detail), jsonOf(error), jsonOf(result), storable(output)],
    );
    this.flag(key);
  }

  writeError(key: number, error: RunError | null): void {
    this.scope.statements.send(
      `INSERT INTO ${this.tables}run_texts (run_key, error) VALUES ($1, $2)
       ON CONFLICT (run_key) DO UPDATE SET error = excluded.error`,
      [key, jsonOf(error)],
    );
    this.flag(key);
  }

  async states(keys: readonly number[]): Promise<ClaimState[]> {
    const columns = 'run_key, job_key, generation, state, token, is_cancel_requested';
    const where = `${BY_KEY('app_key')} = $1 AND run_key = ANY ($2::bigint[])`;
    const { rows } = await this.scope.statements.query(
      `SELECT ${columns} FROM ${this.tables}open_runs WHERE ${where}
       UNION ALL SELECT ${columns} FROM ${this.tables}runs WHERE ${where}`,
      [this.scope.place.appKey, numbers(keys)],
    );
    return (rows as [number, number, number, number, number, boolean][]).map(
      ([key, jobKey, generation, state, token, isCancelRequested]) => {
        return { key, jobKey, generation, state: RUN_STATES[state], token, isCancelRequested };
      },
    );
  }

  isAnyBuffered(): Promise<boolean> {
    return this.isAny(`single_runs WHERE app_key = $1 AND state = ${STATE.buffered}`);
  }

  isAnyLoss(): Promise<boolean> {
    return this.isAny('jobs WHERE app_key = $1 AND losses > 0');
  }

  private async closeBatches(groups: readonly BatchEnds[]): Promise<ClosedRun[]> {
    if (groups.length === 0) return [];
    const closed = await this.batches.close(groups);
    return closed.flatMap(({ batch, ends }) =>
      ends.map(({ key }) => {
        const place = key - batch.key;
        return { key, jobKey: batch.jobKeys[place], generation: batch.generations[place] };
      }),
    );
  }

  private async closeSingles(ends: readonly RunClose[]): Promise<ClosedRun[]> {
    this.lockSingles(ends.map((end) => end.key));
    const { text, values } = closeStatement(this.tables, ends, this.scope.isHopeful);
    const { rows } = await this.scope.statements.query(text, values, 'keeps plan');
    const [keys, jobKeys, generations, texted] = rows[0].map(numbersIn);
    if (texted.length > 0) this.deleteTexts(texted);
    return keys.map((key, at) => ({ key, jobKey: jobKeys[at], generation: generations[at] }));
  }

  private async lookAfter(): Promise<Pick<ClosedRuns, 'isAnyBuffered' | 'isAnyLoss'>> {
    const { rows } = await this.scope.statements.query(
      `SELECT EXISTS (SELECT 1 FROM ${this.tables}single_runs WHERE app_key = $1 AND state = ${STATE.buffered}),
         EXISTS (SELECT 1 FROM ${this.tables}jobs WHERE app_key = $1 AND losses > 0)`,
      [this.scope.place.appKey],
      'keeps plan',
    );
    const [isAnyBuffered, isAnyLoss] = rows[0] as [boolean, boolean];
    this.scope.caches.settlesWantJobs = isAnyBuffered || isAnyLoss;
    return { isAnyBuffered, isAnyLoss };
  }

  /** In the order of their keys, as every step does. */
  private lockSingles(keys: readonly number[]): void {
    const text = `SELECT 1 FROM ${this.tables}single_runs WHERE run_key = ANY ($1::bigint[]) ORDER BY run_key FOR UPDATE`;
    this.scope.statements.send(text, [numbers(keys)], 'keeps plan');
  }

  private deleteTexts(keys: readonly number[]): void {
    const text = `DELETE FROM ${this.tables}run_texts WHERE run_key = ANY ($1::bigint[])`;
    this.scope.statements.send(text, [numbers(keys)]);
  }

  /** A settlement that came too late leaves no text: the run has another token, or is open again. */
  private writeAllTexts(ends: readonly RunClose[]): void {
    this.scope.statements.send(
      `INSERT INTO ${this.tables}run_texts (run_key, detail, error, result, output)
       SELECT u.run_key, u.detail, u.error, u.result, u.output
       FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[])
         u (run_key, token, detail, error, result, output)
       JOIN ${this.tables}runs r ON r.run_key = u.run_key AND r.token = u.token
       ON CONFLICT (run_key) DO UPDATE SET detail = excluded.detail, error = excluded.error, result = excluded.result,
         output = excluded.output`,
      [
        keysOf(ends),
        numbers(ends.map((end) => end.token)),
        texts(ends.map((end) => end.detail)),
        texts(ends.map((end) => jsonOf(end.error))),
        texts(ends.map((end) => jsonOf(end.result))),
        texts(ends.map((end) => end.output)),
      ],
    );
  }

  private async isAny(what: string): Promise<boolean> {
    const text = `SELECT 1 FROM ${this.tables}${what} LIMIT 1`;
    const { rows } = await this.scope.statements.query(text, [this.scope.place.appKey]);
    return rows.length > 0;
  }

  private free(set: string, values: unknown[]): Promise<number> {
    return this.update(`${FREED}, ${set}`, values);
  }

  private async update(set: string, values: unknown[]): Promise<number> {
    const { count } = await this.scope.statements.query(
      `UPDATE ${this.tables}single_runs SET ${set} WHERE ${HELD}`,
      values,
    );
    return count;
  }

  /** The run is in one of both tables. */
  private flag(key: number): void {
    for (const table of ['single_runs', 'runs']) {
      const text = `UPDATE ${this.tables}${table} SET has_texts = true WHERE run_key = $1 AND NOT has_texts`;
      this.scope.statements.send(text, [key]);
    }
  }
}
