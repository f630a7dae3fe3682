import type { Instant } from '../../../../core/index.js';
import { KIND, STATE } from '../../codes.js';
import { runsOfBatches } from '../../migrations/index.js';
import type { RunDraft } from '../../records.js';
import type { RunClose } from '../../session.js';
import { keysOf, numbers, numbersIn, texts } from './arrays.js';
import { Columns } from './columns.js';
import { BATCH_SIZE, newBatch } from '../server/known-batches.js';
import type { BatchEnds, KnownBatch } from '../server/known-batches.js';
import { endColumns, MOVED_COLUMNS } from './run-moves.js';
import type { Scope } from './scope.js';

/**
 * For some tens of runs a third of the time of these statements is to plan them, and the server would do it again each time: it
 * takes a plan for few rows to be better. For others it may be: one that looks at jobs or history by a plan of long ago goes
 * through all that came since.
 */
const ONE_PLAN = 'SET LOCAL plan_cache_mode = force_generic_plan';
const PLANS_AS_EVER = 'SET LOCAL plan_cache_mode TO DEFAULT';

/**
 * Plain runs of a claim, many in a row: that is what most runs are from their claim to their end. Whatever else a step wants
 * of one takes its row apart first, into a row of `single_runs` for each.
 */
export class ClaimedBatches {
  private readonly table: string;

  constructor(private readonly scope: Scope) {
    this.table = `${scope.place.tables}claimed_batches`;
  }

  /** Hopeful: nothing is in the way, and the statement fails when something is. Keys follow each other from `first` on. */
  write(drafts: readonly RunDraft[], first: number, nodeKey: number): void {
    const keys: number[] = [];
    const arrays = {
      jobKeys: [] as string[],
      generations: [] as string[],
      fireTimes: [] as string[],
      shapes: [] as string[],
    };
    const sizes: number[] = [];
    const known: KnownBatch[] = [];
    for (let from = 0; from < drafts.length; from += BATCH_SIZE) {
      const some = drafts.slice(from, from + BATCH_SIZE);
      const jobKeys = some.map(({ job }) => job.key);
      const generations = some.map(({ job }) => job.record.generation);
      keys.push(first + from);
      sizes.push(some.length);
      arrays.jobKeys.push(numbers(jobKeys));
      arrays.generations.push(numbers(generations));
      arrays.fireTimes.push(numbers(some.map(({ fireTime }) => fireTime)));
      arrays.shapes.push(numbers(some.map(({ job }) => job.shapeKey)));
      known.push(newBatch(first + from, jobKeys, generations));
    }
    const { claim, createdAt } = drafts[0];
    const haveRun = drafts.some(({ job }) => job.record.runCount > 0);
    const lists = [arrays.jobKeys, arrays.generations, arrays.fireTimes, arrays.shapes].map(texts);
    const values = [this.scope.place.appKey, createdAt, nodeKey, claim!.leaseUntil, numbers(keys), numbers(sizes)];
    this.scope.statements.send(this.insertStatement(haveRun), [...values, ...lists], 'keeps plan');
    this.scope.onCommit(() => {
      for (const batch of known) this.scope.caches.batches.add(batch);
    });
  }

  /** Takes apart the rows in which these runs lie. */
  splitRuns(keys: readonly number[]): void {
    this.split(this.holding, [this.scope.place.appKey, numbers(keys)]);
    const { batches } = this.scope.caches;
    this.scope.onCommit(() => {
      for (const key of keys) {
        const batch = batches.of(key);
        if (batch !== null) batches.forget(batch);
      }
    });
  }

  /** Locks the rows in which these runs lie. */
  lockRuns(keys: readonly number[]): void {
    this.scope.statements.send(this.holding, [this.scope.place.appKey, numbers(keys)]);
  }

  /** A statement for several rows locks them as it comes to them: in any order. */
  private lockRows(keys: readonly number[]): void {
    const text = `SELECT 1 FROM ${this.table} c WHERE c.batch_key = ANY ($1::bigint[]) ${this.lock}`;
    this.scope.statements.send(text, [numbers(keys)], 'keeps plan');
  }

  /** Takes apart the rows in which runs of these jobs lie. */
  splitJobs(jobKeys: readonly number[]): void {
    this.split(
      `SELECT c.batch_key FROM ${this.table} c WHERE c.app_key = $1 AND c.batch_key IN (
         SELECT b.batch_key FROM ${this.table} b CROSS JOIN LATERAL unnest(b.job_keys) j (job_key)
         WHERE b.app_key = $1 AND j.job_key IN (SELECT unnest($2::bigint[]))) ${this.lock}`,
      [this.scope.place.appKey, numbers(jobKeys)],
    );
  }

  /** Takes apart rows whose lease ended at or before `until`; what another node is at is left to it. */
  splitEnded(until: Instant, limit: number): void {
    this.split(
      `SELECT c.batch_key FROM ${this.table} c WHERE c.app_key = $1 AND c.lease_until <= $2
       ORDER BY c.lease_until LIMIT $3 FOR UPDATE SKIP LOCKED`,
      [this.scope.place.appKey, until, limit],
    );
  }

  /** Renews rows of which every open run is named; answers the keys of the runs that are left to be renewed by themselves. */
  async renew(keys: readonly number[], until: Instant): Promise<number[]> {
    const { whole, rest } = this.scope.caches.batches.wholeOf(keys);
    if (whole.length === 0) {
      this.splitRuns(rest);
      return rest;
    }
    const { rows } = await this.scope.statements.query(
      `UPDATE ${this.table} SET lease_until = $3 WHERE batch_key = ANY (ARRAY(SELECT c.batch_key FROM ${this.table} c
         WHERE c.app_key = $1 AND c.batch_key = ANY ($2::bigint[]) ${this.lock})) RETURNING batch_key`,
      [this.scope.place.appKey, numbers(whole.map(({ batch }) => batch.key)), until],
    );
    const renewed = new Set(rows.map((row) => row[0] as number));
    for (const { batch, keys: some } of whole) if (!renewed.has(batch.key)) rest.push(...some);
    // Others too than this process knows of: it may have forgotten theirs.
    if (rest.length > 0) this.splitRuns(rest);
    return rest;
  }

  /** Moves runs to history, or away; answers the groups of those whose row was as this process knows it. */
  async close(groups: readonly BatchEnds[]): Promise<readonly BatchEnds[]> {
    const whole = groups.filter(({ batch, ends }) => ends.length === batch.open);
    const parts = groups.filter(({ batch, ends }) => ends.length !== batch.open);
    const { statements } = this.scope;
    statements.send(ONE_PLAN);
    if (groups.length > 1) this.lockRows(groups.map(({ batch }) => batch.key));
    const closing = Promise.all([
      whole.length === 0
        ? []
        : this.closeTaken(whole, this.takeWhole(), [numbers(whole.map(({ ends }) => ends.length))]),
      parts.length === 0
        ? []
        : this.closeTaken(parts, this.takeParts(), [
            numbers(parts.map(({ ends }) => ends.length)),
            texts(parts.map(maskOf)),
          ]),
    ]);
    statements.send(PLANS_AS_EVER);
    const answers = await closing;
    const taken = new Set(answers.flat());
    const closed = groups.filter(({ batch }) => taken.has(batch.key));
    const { batches } = this.scope.caches;
    this.scope.onCommit(() => {
      for (const { batch, ends } of closed)
        batches.leave(
          batch,
          ends.map((end) => end.key),
        );
    });
    return closed;
  }

  private insertStatement(haveRun: boolean): string {
    const { tables } = this.scope.place;
    // Looked at as it was before this statement.
    const elsewhere = haveRun ? `OR r.job_key IN (${openJobs(this.table, '$1')})` : '';
    return `WITH added AS (
        INSERT INTO ${this.table} (app_key, created_at, node_key, lease_until, batch_key, size, open_count, ended, job_keys,
          generations, fire_times, shape_keys)
        SELECT $1, $2, $3, $4, b.batch_key, b.size, b.size, repeat('0', b.size)::bit varying, b.job_keys::bigint[],
          b.generations::bigint[], b.fire_times::bigint[], b.shape_keys::integer[]
        FROM unnest($5::bigint[], $6::integer[], $7::text[], $8::text[], $9::text[], $10::text[])
          b (batch_key, size, job_keys, generations, fire_times, shape_keys)
        RETURNING job_keys, generations, fire_times)
      SELECT 1 / (count(*) = 0)::integer
      FROM added a CROSS JOIN LATERAL unnest(a.job_keys, a.generations, a.fire_times) r (job_key, generation, fire_time)
      WHERE EXISTS (SELECT 1 FROM ${tables}runs h WHERE h.job_key = r.job_key AND h.fire_time = r.fire_time
          AND h.generation = r.generation AND h.slot = 0)
        OR EXISTS (SELECT 1 FROM ${tables}single_runs o WHERE o.job_key = r.job_key) ${elsewhere}`;
  }

  private split(found: string, values: readonly unknown[]): void {
    const { tables } = this.scope.place;
    this.scope.statements.send(
      `WITH gone AS (DELETE FROM ${this.table} WHERE batch_key = ANY (ARRAY(${found})) RETURNING *)
       INSERT INTO ${tables}single_runs (run_key, job_key, generation, fire_time, due_at, created_at, wants_at, lease_until,
         first_fire_time, started_at, app_key, shape_key, count, attempt, token, node_key, kind, state, slot,
         is_count_exact, is_cancel_requested, is_forced, has_texts)
       ${runsOfBatches('gone')}`,
      values,
      'keeps plan',
    );
  }

  /** The rows in which runs lie, by the keys of these. */
  private get holding(): string {
    return `SELECT c.batch_key FROM ${this.table} c WHERE c.app_key = $1 AND c.batch_key IN (
      SELECT b.batch_key FROM unnest($2::bigint[]) k JOIN ${this.table} b
        ON b.batch_key BETWEEN k - ${BATCH_SIZE - 1} AND k AND k < b.batch_key + b.size) ${this.lock}`;
  }

  /** Rows are locked in the order of their keys by every step; one that claims waits for no other. */
  private get lock(): string {
    return `ORDER BY c.batch_key FOR UPDATE OF c ${this.scope.isClaiming ? 'SKIP LOCKED' : ''}`;
  }

  /** A row goes when all that is open in it ends. */
  private takeWhole(): string {
    return `DELETE FROM ${this.table} c USING w WHERE c.batch_key = w.batch_key AND c.open_count = w.count RETURNING c.*`;
  }

  private takeParts(): string {
    return `UPDATE ${this.table} c SET open_count = c.open_count - w.count, ended = c.ended | w.mask::bit varying FROM w
      WHERE c.batch_key = w.batch_key AND position(B'1' IN c.ended & w.mask::bit varying) = 0 RETURNING c.*`;
  }

  /** `take` answers the rows as they are behind it, of those that `w` names with a count, and a mask. */
  private async closeTaken(groups: readonly BatchEnds[], take: string, more: readonly string[]): Promise<number[]> {
    const kept = groups.flatMap(({ ends }) => ends.filter((end) => end.keepHistory));
    const columns = new Columns(kept.length === 0 ? [] : [keysOf(kept)]);
    const toHistory = kept.length === 0 ? '' : `, kept AS (${this.historyStatement(columns, kept)})`;
    const { values } = columns;
    const given = [numbers(groups.map(({ batch }) => batch.key)), ...more].map((value) => `$${values.push(value)}`);
    const types = ['bigint[]', 'integer[]', 'text[]'];
    const names = ['batch_key', 'count', 'mask'].slice(0, given.length);
    const w = given.map((value, index) => `${value}::${types[index]}`).join(', ');
    const { rows } = await this.scope.statements.query(
      `WITH w AS (SELECT * FROM unnest(${w}) w (${names.join(', ')})), gone AS (${take}) ${toHistory}
       SELECT array_agg(batch_key) FROM gone`,
      values,
      'keeps plan',
    );
    return numbersIn(rows[0][0]);
  }

  private historyStatement(columns: Columns, ends: readonly RunClose[]): string {
    const end = endColumns(columns, ends);
    return `INSERT INTO ${this.scope.place.tables}runs (${MOVED_COLUMNS})
      SELECT u.run_key, r.job_key, r.generation, r.fire_time, c.created_at, NULL, NULL, c.app_key, r.shape_key, 1,
        ${KIND.scheduled}, c.node_key, 1, true, false, false, ${end.isTexted}, ${end.attempt}, ${end.startedAt}, ${end.at},
        ${end.state}, ${end.reason}, CASE WHEN ${end.state} <> ${STATE.skipped} THEN 0 END
      FROM gone c CROSS JOIN LATERAL unnest(c.job_keys, c.generations, c.fire_times, c.shape_keys)
        WITH ORDINALITY r (job_key, generation, fire_time, shape_key, place)
      JOIN unnest(${columns.types}) u (${columns.names}) ON u.run_key = c.batch_key + r.place - 1
      ${this.scope.isHopeful ? '' : 'ON CONFLICT DO NOTHING'}`;
  }
}

/** Jobs that have a run in such a row. */
export function openJobs(table: string, appKey: string): string {
  return `SELECT held.job_key FROM ${table} b CROSS JOIN LATERAL unnest(b.job_keys) WITH ORDINALITY held (job_key, place)
    WHERE b.app_key = ${appKey} AND get_bit(b.ended, held.place::integer - 1) = 0`;
}

function maskOf({ isNamed }: BatchEnds): string {
  return isNamed.join('');
}
