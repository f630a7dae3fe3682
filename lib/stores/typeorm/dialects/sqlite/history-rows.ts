import type { PruneRequest, RunFilter } from '../../../../core/index.js';
import { KIND, REASON, STATE } from '../../codes.js';
import type { StoredRun } from '../../records.js';
import type { HistoryRows, Position } from '../../session.js';
import { decodeRun } from '../../run-decoder.js';
import { RANGED_STATE } from '../../migrations/index.js';
import { Pruning } from './pruning.js';
import type { RunRanges } from './run-ranges.js';
import { selectRuns } from './run-select.js';
import type { Scope } from './scope.js';
import { LIMIT, Statements } from './statements.js';

export class SqliteHistoryRows implements HistoryRows {
  private readonly statements: Statements<Name>;
  private readonly pruning: Pruning;

  constructor(
    private readonly scope: Scope,
    ranges: RunRanges,
  ) {
    this.statements = new Statements(scope.handle, textsOf(scope.place.prefix));
    this.pruning = new Pruning(scope, ranges);
  }

  get isPruning(): boolean {
    return this.pruning.isUnderWay;
  }

  page(filter: RunFilter, after: Position | null, limit: number): StoredRun[] {
    const { appKey, prefix } = this.scope.place;
    const conditions: [string, ...unknown[]][] = [['r.app_key = ?', appKey]];
    let index = 'runs_time';
    if (filter.jobId !== undefined) {
      const keys = this.statements.get('jobKeys').all(appKey, filter.jobId) as [number][];
      if (keys.length === 0) return [];
      index = 'runs_once';
      if (keys.length === 1) conditions.push(['r.job_key = ?', keys[0][0]]);
      else conditions.push(['r.job_key IN (SELECT value FROM json_each(?))', JSON.stringify(keys.flat())]);
    }
    if (after !== null) conditions.push(['(r.fire_time, r.run_key) < (?, ?)', after.fireTime, after.key]);
    conditions.push(...conditionsOf(filter));
    const where = conditions.map(([condition]) => condition).join(' AND ');
    const text = `${selectRuns(prefix, where, index)} ORDER BY r.fire_time DESC, r.run_key DESC ${LIMIT}`;
    const parameters = conditions.flatMap(([, ...values]) => values);
    const statement = this.scope.handle.prepare<unknown[], unknown[]>(text).raw();
    return statement.all(...parameters, limit).map((row) => decodeRun(this.scope, row));
  }

  prune(request: PruneRequest): number {
    return this.pruning.prune(request);
  }
}

function conditionsOf(filter: RunFilter): [string, ...unknown[]][] {
  const conditions: [string, ...unknown[]][] = [];
  if (filter.states !== undefined) {
    const codes = filter.states.map((state) => STATE[state]);
    conditions.push([`${RANGED_STATE} IN (SELECT value FROM json_each(?))`, JSON.stringify(codes)]);
  }
  if (filter.reason !== undefined) conditions.push(['coalesce(ended.reason, r.reason) = ?', REASON[filter.reason]]);
  if (filter.kind !== undefined) conditions.push(['r.kind = ?', KIND[filter.kind]]);
  if (filter.node !== undefined) conditions.push(['n.id = ?', filter.node]);
  if (filter.from !== undefined) conditions.push(['r.fire_time >= ?', filter.from]);
  if (filter.to !== undefined) conditions.push(['coalesce(r.first_fire_time, r.fire_time) <= ?', filter.to]);
  return conditions;
}

type Name = keyof ReturnType<typeof textsOf>;

export function textsOf(p: string) {
  return {
    jobKeys: `SELECT job_key FROM ${p}definitions WHERE app_key = ? AND id = ?`,
  };
}
