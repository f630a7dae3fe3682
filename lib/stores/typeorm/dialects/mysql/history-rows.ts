import type { PruneRequest, RunFilter } from '../../../../core/index.js';
import { isSettled } from '../../records.js';
import { KIND, REASON, STATE } from '../../codes.js';
import type { StoredRun } from '../../records.js';
import type { HistoryRows, Position } from '../../session.js';
import { deleteByKeys, inList, text } from './literals.js';
import { decodeRun } from '../../run-decoder.js';
import { selectBatchedRuns, selectSettledRuns, selectSingleRuns } from './run-select.js';
import { deleteRuns } from './run-moves.js';
import { forgetShapes } from '../server/unused-shapes.js';
import type { Place, Scope } from './scope.js';

/** A run is not settled before its fire time, but clocks differ. */
const CLOCK_MARGIN = 600_000;

/** Rows that say that claims were withdrawn: what counts is the last one. */
const KEPT_WITHDRAWALS = 100;

export class MySqlHistoryRows implements HistoryRows {
  private readonly tables: string;

  constructor(private readonly scope: Scope) {
    this.tables = scope.place.tables;
  }

  async page(filter: RunFilter, after: Position | null, limit: number): Promise<StoredRun[]> {
    const where = [`r.app_key = ${this.scope.place.appKey}`, ...conditionsOf(filter)];
    if (filter.jobId !== undefined) {
      const keys = await this.jobKeysOf(filter.jobId);
      if (keys.length === 0) return [];
      where.push(`r.job_key IN (${inList(keys)})`);
    }
    if (after !== null) {
      const { fireTime, key } = after;
      where.push(`r.fire_time <= ${fireTime} AND (r.fire_time < ${fireTime} OR r.run_key < ${key})`);
    }
    const parts = partsOf(filter, where.join(' AND '), this.scope.place);
    if (parts.length === 0) return [];
    // Each part ends by itself, by its own index, before the two are put together.
    const each = parts.map((part) => `(${part} ORDER BY r.fire_time DESC, r.run_key DESC LIMIT ${limit})`);
    const last = `ORDER BY fire_time DESC, run_key DESC LIMIT ${limit}`;
    const select = each.length === 1 ? each[0] : `SELECT * FROM (${each.join(' UNION ALL ')}) b ${last}`;
    const { rows } = await this.scope.statements.query(select);
    return rows.map((row) => decodeRun(this.scope, row));
  }

  async prune(request: PruneRequest): Promise<number> {
    let left = request.limit;
    if (request.settledBefore !== null) left -= await this.pruneByAge(request.settledBefore, left);
    left -= await this.pruneByOwnAge(request.at, left);
    left -= await this.pruneByCount(request.keepPerJob, left);
    await this.forgetRemovedJobs(request.limit);
    await this.forgetWithdrawals(request.limit);
    await forgetShapes(this.scope, request.at, request.limit);
    return request.limit - left;
  }

  private async jobKeysOf(id: string): Promise<number[]> {
    const find = `SELECT job_key FROM ${this.tables}definitions WHERE app_key = ${this.scope.place.appKey}`;
    const { rows } = await this.scope.statements.query(`${find} AND id = ${text(id)}`);
    return rows.map((row) => row[0] as number);
  }

  private pruneByAge(before: number, limit: number): Promise<number> {
    const { tables } = this;
    return this.delete(
      `SELECT r.run_key, r.has_texts FROM ${tables}runs r FORCE INDEX (runs_time)
       STRAIGHT_JOIN ${tables}jobs j ON j.job_key = r.job_key STRAIGHT_JOIN ${tables}shapes s ON s.shape_key = j.shape_key
       WHERE r.app_key = ${this.scope.place.appKey} AND r.fire_time < ${before + CLOCK_MARGIN}
         AND r.settled_at < ${before} AND s.history_age IS NULL ORDER BY r.fire_time LIMIT ${limit}`,
    );
  }

  /** Jobs whose policy names an age of its own. */
  private async pruneByOwnAge(at: number, limit: number): Promise<number> {
    if (limit <= 0) return 0;
    const { tables } = this;
    return await this.delete(
      `SELECT r.run_key, r.has_texts FROM ${tables}shapes s JOIN ${tables}jobs j ON j.shape_key = s.shape_key
       JOIN ${tables}runs r ON r.job_key = j.job_key
       WHERE s.history_age IS NOT NULL AND j.app_key = ${this.scope.place.appKey}
         AND r.fire_time < ${at + CLOCK_MARGIN} - s.history_age AND r.settled_at < ${at} - s.history_age LIMIT ${limit}`,
    );
  }

  /** By one count after the other: how many rows are passed over has to be a number, not a column. */
  private async pruneByCount(keepPerJob: number | null, limit: number): Promise<number> {
    const { tables } = this;
    const counted = `COALESCE(s.history_count, ${keepPerJob ?? 'NULL'})`;
    const { rows } = await this.scope.statements.query(`SELECT DISTINCT ${counted} FROM ${tables}shapes s`);
    let left = limit;
    for (const [count] of rows as [number | null][]) {
      if (count === null || left <= 0) continue;
      const beyond = (columns: string, job: string, most: number) =>
        `SELECT ${columns} FROM ${tables}runs FORCE INDEX (runs_once) WHERE job_key = ${job}
         ORDER BY fire_time DESC, generation DESC, slot DESC, run_key DESC LIMIT ${most} OFFSET ${count}`;
      const { rows: jobs } = await this.scope.statements.query(
        `SELECT j.job_key FROM ${tables}jobs j JOIN ${tables}shapes s ON s.shape_key = j.shape_key
         WHERE j.app_key = ${this.scope.place.appKey} AND ${counted} = ${count}
           AND (${beyond('1', 'j.job_key', 1)}) = 1 LIMIT ${left}`,
      );
      for (const [key] of jobs) {
        if (left > 0) left -= await this.delete(beyond('run_key, has_texts', String(key), left));
      }
    }
    return limit - left;
  }

  private async forgetRemovedJobs(limit: number): Promise<void> {
    const { tables } = this;
    const { rows } = await this.scope.statements.query(
      `SELECT job_key FROM ${tables}definitions d WHERE app_key = ${this.scope.place.appKey} AND removed > 0
         AND NOT EXISTS (SELECT 1 FROM ${tables}runs r WHERE r.job_key = d.job_key)
         AND NOT EXISTS (SELECT 1 FROM ${tables}single_runs r WHERE r.job_key = d.job_key) LIMIT ${limit}`,
    );
    if (rows.length === 0) return;
    const keys = rows.map((row) => row[0] as number);
    for (const table of ['jobs', 'definitions']) {
      this.scope.statements.send(deleteByKeys(tables + table, 'job_key', keys));
    }
  }

  /** The last ones stay: a number that was seen is not to be the last one again. Those of open transactions are passed over. */
  private async forgetWithdrawals(limit: number): Promise<void> {
    const { tables } = this;
    const { statements, place } = this.scope;
    const own = `${tables}withdrawals WHERE app_key = ${place.appKey}`;
    const { rows: last } = await statements.query(
      `SELECT withdrawal FROM ${own} ORDER BY withdrawal DESC LIMIT 1 OFFSET ${KEPT_WITHDRAWALS}`,
    );
    if (last.length === 0) return;
    const { rows } = await statements.query(
      `SELECT withdrawal FROM ${own} AND withdrawal <= ${last[0][0] as number} ORDER BY withdrawal LIMIT ${limit}
       FOR UPDATE SKIP LOCKED`,
    );
    if (rows.length === 0) return;
    const gone = rows.map((row) => row[0] as number);
    statements.send(deleteByKeys(`${tables}withdrawals`, 'withdrawal', gone));
  }

  private async delete(find: string): Promise<number> {
    const { rows } = await this.scope.statements.query(find);
    if (rows.length === 0) return 0;
    const found = rows as [key: number, hasTexts: number][];
    const texted = found.filter((row) => row[1] === 1).map((row) => row[0]);
    const gone = this.scope.statements.query(
      deleteRuns(
        `${this.tables}runs`,
        found.map((row) => row[0]),
      ),
    );
    if (texted.length > 0) this.scope.statements.send(deleteRuns(`${this.tables}run_texts`, texted));
    return (await gone).count;
  }
}

/** The tables in which such runs can be. */
function partsOf({ states, reason }: RunFilter, where: string, { tables, appKey }: Place): string[] {
  const isOpen = (states === undefined || states.some((state) => !isSettled(state))) && reason === undefined;
  const isPast = states === undefined || states.some(isSettled);
  const settled = reason === undefined ? where : `${where} AND r.reason = ${REASON[reason]}`;
  const open = [selectSingleRuns(tables, where), selectBatchedRuns(tables, `c.app_key = ${appKey}`, where)];
  return [...(isOpen ? open : []), ...(isPast ? [selectSettledRuns(tables, settled)] : [])];
}

function conditionsOf(filter: RunFilter): string[] {
  const where: string[] = [];
  if (filter.states !== undefined) where.push(`r.state IN (${inList(filter.states.map((state) => STATE[state]))})`);
  if (filter.kind !== undefined) where.push(`r.kind = ${KIND[filter.kind]}`);
  if (filter.node !== undefined) where.push(`n.id = ${text(filter.node)}`);
  if (filter.from !== undefined) where.push(`r.fire_time >= ${filter.from}`);
  if (filter.to !== undefined) where.push(`COALESCE(r.first_fire_time, r.fire_time) <= ${filter.to}`);
  return where;
}
