import type { PruneRequest, RunFilter } from '../../../../core/index.js';
import { isSettled } from '../../records.js';
import { KIND, REASON, REMOVED_STATUS, STATE } from '../../codes.js';
import type { StoredRun } from '../../records.js';
import type { HistoryRows, Position } from '../../session.js';
import { numbers, storable } from './arrays.js';
import { Conditions } from './job-list.js';
import { decodeRun } from '../../run-decoder.js';
import { selectOpenRuns, selectSettledRuns } from './run-select.js';
import { forgetShapes } from '../server/unused-shapes.js';
import type { Scope } from './scope.js';

/** A run is not settled before its fire time, but clocks differ. */
const CLOCK_MARGIN = 600_000;

export class PostgresHistoryRows implements HistoryRows {
  private readonly tables: string;

  constructor(private readonly scope: Scope) {
    this.tables = scope.place.tables;
  }

  async page(filter: RunFilter, after: Position | null, limit: number): Promise<StoredRun[]> {
    const { appKey } = this.scope.place;
    const where = new Conditions();
    where.add('r.app_key = ?', appKey);
    if (filter.jobId !== undefined) {
      const keys = await this.jobKeysOf(filter.jobId);
      if (keys.length === 0) return [];
      if (keys.length === 1) where.add('r.job_key = ?', keys[0]);
      else where.add('r.job_key = ANY (?::bigint[])', numbers(keys));
    }
    if (after !== null) where.add('(r.fire_time, r.run_key) < (?, ?)', after.fireTime, after.key);
    addConditions(where, filter);
    const parts = partsOf(filter, where, this.tables);
    if (parts.length === 0) return [];
    const last = `ORDER BY fire_time DESC, run_key DESC LIMIT $${where.values.push(limit)}`;
    // Each part ends by itself, by its own index, before the two are put together.
    const each = parts.map(
      (part) => `(${part} ${last.replace('fire_time', 'r.fire_time').replace('run_key', 'r.run_key')})`,
    );
    const text = each.length === 1 ? each[0] : `SELECT * FROM (${each.join(' UNION ALL ')}) b ${last}`;
    const { rows } = await this.scope.statements.query(text, where.values);
    return rows.map((row) => decodeRun(this.scope, row));
  }

  async prune(request: PruneRequest): Promise<number> {
    let left = request.limit;
    if (request.settledBefore !== null) left -= await this.pruneByAge(request.settledBefore, left);
    left -= await this.pruneByOwnAge(request.at, left);
    left -= await this.pruneByCount(request.keepPerJob, left);
    await this.forgetRemovedJobs(request.limit);
    await forgetShapes(this.scope, request.at, request.limit);
    return request.limit - left;
  }

  private async jobKeysOf(id: string): Promise<number[]> {
    const text = `SELECT job_key FROM ${this.tables}definitions WHERE app_key = $1 AND id = $2`;
    const { rows } = await this.scope.statements.query(text, [this.scope.place.appKey, storable(id)]);
    return rows.map((row) => row[0] as number);
  }

  /** In the order of time, whatever the server thinks of the tables: any other way reads all of history for each step. */
  private async pruneByAge(before: number, limit: number): Promise<number> {
    const { tables } = this;
    return await this.delete(
      `SELECT r.run_key FROM ${tables}runs r WHERE r.app_key = $1 AND r.fire_time < $2 AND r.settled_at < $3
         AND (SELECT s.history_age IS NULL FROM ${tables}jobs j JOIN ${tables}shapes s ON s.shape_key = j.shape_key
              WHERE j.job_key = r.job_key)
       ORDER BY r.fire_time, r.run_key LIMIT $4`,
      [this.scope.place.appKey, before + CLOCK_MARGIN, before, limit],
    );
  }

  /** Jobs whose policy names an age of its own; mostly there is none. */
  private async pruneByOwnAge(at: number, limit: number): Promise<number> {
    if (limit <= 0) return 0;
    const { tables } = this;
    return await this.delete(
      `SELECT r.run_key FROM ${tables}jobs j JOIN ${tables}shapes s ON s.shape_key = j.shape_key
       CROSS JOIN LATERAL (SELECT run_key FROM ${tables}runs WHERE job_key = j.job_key
         AND fire_time < $2 - s.history_age AND settled_at < $3 - s.history_age LIMIT $4) r
       WHERE j.app_key = $1 AND s.history_age IS NOT NULL
         AND EXISTS (SELECT FROM ${tables}shapes WHERE history_age IS NOT NULL) LIMIT $4`,
      [this.scope.place.appKey, at + CLOCK_MARGIN, at, limit],
    );
  }

  /** Whether a job has too many is read from the index alone. */
  private async pruneByCount(keepPerJob: number | null, limit: number): Promise<number> {
    if (limit <= 0) return 0;
    const { tables } = this;
    const kept = 'coalesce(s.history_count, $2)';
    return await this.delete(
      `SELECT r.run_key FROM ${tables}jobs j JOIN ${tables}shapes s ON s.shape_key = j.shape_key
       CROSS JOIN LATERAL (SELECT fire_time FROM ${tables}runs WHERE job_key = j.job_key
         ORDER BY fire_time DESC OFFSET ${kept} LIMIT 1) surplus
       CROSS JOIN LATERAL (SELECT run_key FROM ${tables}runs WHERE job_key = j.job_key
         ORDER BY fire_time DESC, run_key DESC OFFSET ${kept}) r
       WHERE j.app_key = $1 AND ${kept} IS NOT NULL LIMIT $3`,
      [this.scope.place.appKey, keepPerJob, limit],
    );
  }

  private async forgetRemovedJobs(limit: number): Promise<void> {
    const { tables } = this;
    const { rows } = await this.scope.statements.query(
      `SELECT job_key FROM ${tables}jobs j WHERE app_key = $1 AND status = ${REMOVED_STATUS}
         AND NOT EXISTS (SELECT 1 FROM ${tables}runs r WHERE r.job_key = j.job_key)
         AND NOT EXISTS (SELECT 1 FROM ${tables}single_runs r WHERE r.job_key = j.job_key) LIMIT $2`,
      [this.scope.place.appKey, limit],
    );
    if (rows.length === 0) return;
    const keys = numbers(rows.map((row) => row[0] as number));
    for (const table of ['jobs', 'definitions']) {
      this.scope.statements.send(`DELETE FROM ${tables}${table} WHERE job_key = ANY ($1::bigint[])`, [keys]);
    }
  }

  private async delete(found: string, values: unknown[]): Promise<number> {
    const { rows } = await this.scope.statements.query(
      `DELETE FROM ${this.tables}runs WHERE run_key = ANY (ARRAY(${found})) RETURNING CASE WHEN has_texts THEN run_key END`,
      values,
    );
    const texted = rows.filter((row) => row[0] !== null).map((row) => row[0] as number);
    if (texted.length > 0) {
      const text = `DELETE FROM ${this.tables}run_texts WHERE run_key = ANY ($1::bigint[])`;
      this.scope.statements.send(text, [numbers(texted)]);
    }
    return rows.length;
  }
}

/** The tables in which such runs can be. */
function partsOf({ states, reason }: RunFilter, where: Conditions, tables: string): string[] {
  const condition = where.toString();
  const isOpen = (states === undefined || states.some((state) => !isSettled(state))) && reason === undefined;
  const isPast = states === undefined || states.some(isSettled);
  const settled = reason === undefined ? condition : `${condition} AND r.reason = ${REASON[reason]}`;
  return [
    ...(isOpen ? [selectOpenRuns(tables, condition)] : []),
    ...(isPast ? [selectSettledRuns(tables, settled)] : []),
  ];
}

function addConditions(where: Conditions, filter: RunFilter): void {
  if (filter.states !== undefined) {
    where.add('r.state = ANY (?::smallint[])', numbers(filter.states.map((state) => STATE[state])));
  }
  if (filter.kind !== undefined) where.add('r.kind = ?', KIND[filter.kind]);
  if (filter.node !== undefined) where.add('n.id = ?', filter.node);
  if (filter.from !== undefined) where.add('r.fire_time >= ?', filter.from);
  if (filter.to !== undefined) where.add('coalesce(r.first_fire_time, r.fire_time) <= ?', filter.to);
}
