import type { PruneRequest, RunFilter } from '../../../../core/index.js';
import { KIND, REASON, REMOVED_STATUS, STATE } from '../../codes.js';
import type { StoredRun } from '../../records.js';
import type { HistoryRows, Position } from '../../session.js';
import { decodeRun } from '../../run-decoder.js';
import { selectRuns } from './run-select.js';
import type { Scope } from './scope.js';
import { Statements } from './statements.js';

/** Entries of the index that one look for jobs with too many runs goes through: some 10 ms. */
const SLICE = 100_000;

/** Such looks in one step, at most; the next one goes on behind them. */
const SLICES = 10;

/** A run is not settled before its fire time, but clocks differ. */
const CLOCK_MARGIN = 600_000;

export class SqliteHistoryRows implements HistoryRows {
  private readonly statements: Statements<Name>;
  /** Job key from which the next look for too many runs goes on. */
  private cursor = 0;

  constructor(private readonly scope: Scope) {
    this.statements = new Statements(scope.handle, textsOf(scope.place.prefix));
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
    const text = `${selectRuns(prefix, where, index)} ORDER BY r.fire_time DESC, r.run_key DESC LIMIT ?`;
    const parameters = conditions.flatMap(([, ...values]) => values);
    const statement = this.scope.handle.prepare<unknown[], unknown[]>(text).raw();
    return statement.all(...parameters, limit).map((row) => decodeRun(this.scope, row));
  }

  prune(request: PruneRequest): number {
    let left = request.limit;
    if (request.settledBefore !== null) left -= this.pruneByAge(request.settledBefore, left);
    left -= this.pruneByOwnAge(request.at, left);
    left -= this.pruneByCount(request.keepPerJob, left);
    this.forgetRemovedJobs(request.limit);
    this.statements.get('forgetShapes').run(request.limit);
    return request.limit - left;
  }

  private pruneByAge(before: number, limit: number): number {
    const rows = this.statements.get('old').all(this.scope.place.appKey, before + CLOCK_MARGIN, before, limit);
    return this.delete(rows);
  }

  /** Jobs whose policy names an age of its own. */
  private pruneByOwnAge(at: number, limit: number): number {
    let left = limit;
    for (const [shapeKey, age] of this.statements.get('agedShapes').all() as [number, number][]) {
      if (left <= 0) break;
      const { appKey } = this.scope.place;
      left -= this.delete(
        this.statements.get('oldOfShape').all(shapeKey, appKey, at - age + CLOCK_MARGIN, at - age, left),
      );
    }
    return limit - left;
  }

  private pruneByCount(keepPerJob: number | null, limit: number): number {
    let left = limit;
    for (let slice = 0; slice < SLICES && left > 0; slice++) {
      const end = this.sliceEnd();
      const until = end ?? Number.MAX_SAFE_INTEGER;
      const jobs = this.statements
        .get('crowded')
        .all(keepPerJob, this.cursor, until, this.scope.place.appKey, keepPerJob);
      for (const [jobKey, keep] of jobs as [number, number][]) {
        if (left > 0) left -= this.delete(this.statements.get('beyond').all(jobKey, left, keep));
      }
      if (left <= 0) break;
      this.cursor = end ?? 0;
      if (end === null) break;
    }
    return limit - left;
  }

  /** Job key before which this look ends; null: it reaches the end. */
  private sliceEnd(): number | null {
    const row = this.statements.get('sliceEnd').get(this.cursor, SLICE) as [number] | undefined;
    if (row === undefined) return null;
    return Math.max(row[0], this.cursor + 1);
  }

  private forgetRemovedJobs(limit: number): void {
    const rows = this.statements.get('removedJobs').all(this.scope.place.appKey, limit);
    if (rows.length === 0) return;
    const keys = JSON.stringify(rows.flat());
    this.statements.get('deleteJobs').run(keys);
    this.statements.get('deleteDefinitions').run(keys);
  }

  private delete(rows: unknown[][]): number {
    if (rows.length === 0) return 0;
    const keys = JSON.stringify(rows.flat());
    this.statements.get('deleteRuns').run(keys);
    this.statements.get('deleteTexts').run(keys);
    return rows.length;
  }
}

function conditionsOf(filter: RunFilter): [string, ...unknown[]][] {
  const conditions: [string, ...unknown[]][] = [];
  if (filter.states !== undefined) {
    const codes = filter.states.map((state) => STATE[state]);
    conditions.push(['r.state IN (SELECT value FROM json_each(?))', JSON.stringify(codes)]);
  }
  if (filter.reason !== undefined) conditions.push(['r.reason = ?', REASON[filter.reason]]);
  if (filter.kind !== undefined) conditions.push(['r.kind = ?', KIND[filter.kind]]);
  if (filter.node !== undefined) conditions.push(['n.id = ?', filter.node]);
  if (filter.from !== undefined) conditions.push(['r.fire_time >= ?', filter.from]);
  if (filter.to !== undefined) conditions.push(['coalesce(r.first_fire_time, r.fire_time) <= ?', filter.to]);
  return conditions;
}

type Name = keyof ReturnType<typeof textsOf>;

function textsOf(p: string) {
  const given = '(SELECT value FROM json_each(?))';
  return {
    jobKeys: `SELECT job_key FROM ${p}definitions WHERE app_key = ? AND id = ?`,
    old: `SELECT r.run_key FROM ${p}runs r INDEXED BY ${p}runs_time CROSS JOIN ${p}jobs j USING (job_key)
      CROSS JOIN ${p}shapes s ON s.shape_key = j.shape_key
      WHERE r.app_key = ? AND r.fire_time < ? AND r.state > ${STATE.running} AND r.settled_at < ?
        AND s.history_age IS NULL LIMIT ?`,
    agedShapes: `SELECT shape_key, history_age FROM ${p}shapes WHERE history_age IS NOT NULL`,
    oldOfShape: `SELECT r.run_key FROM ${p}jobs j INDEXED BY ${p}jobs_shape
      CROSS JOIN ${p}runs r INDEXED BY ${p}runs_once ON r.job_key = j.job_key
      WHERE j.shape_key = ? AND j.app_key = ? AND r.fire_time < ? AND r.state > ${STATE.running} AND r.settled_at < ? LIMIT ?`,
    sliceEnd: `SELECT job_key FROM ${p}runs INDEXED BY ${p}runs_once WHERE job_key >= ? ORDER BY job_key LIMIT 1 OFFSET ?`,
    crowded: `SELECT g.job_key, coalesce(s.history_count, ?) FROM
      (SELECT job_key, count(*) AS runs FROM ${p}runs INDEXED BY ${p}runs_once WHERE job_key >= ? AND job_key < ? GROUP BY job_key) g
      CROSS JOIN ${p}jobs j USING (job_key) CROSS JOIN ${p}shapes s USING (shape_key)
      WHERE j.app_key = ? AND g.runs > coalesce(s.history_count, ?)`,
    beyond: `SELECT run_key FROM ${p}runs WHERE job_key = ? AND state > ${STATE.running}
      ORDER BY fire_time DESC, run_key DESC LIMIT ? OFFSET ?`,
    removedJobs: `SELECT job_key FROM ${p}jobs j INDEXED BY ${p}jobs_removed WHERE app_key = ? AND status = ${REMOVED_STATUS}
      AND NOT EXISTS (SELECT 1 FROM ${p}runs r WHERE r.job_key = j.job_key) LIMIT ?`,
    deleteJobs: `DELETE FROM ${p}jobs WHERE job_key IN ${given}`,
    deleteDefinitions: `DELETE FROM ${p}definitions WHERE job_key IN ${given}`,
    forgetShapes: `DELETE FROM ${p}shapes WHERE shape_key IN (SELECT shape_key FROM ${p}shapes s
      WHERE NOT EXISTS (SELECT 1 FROM ${p}jobs j WHERE j.shape_key = s.shape_key) LIMIT ?)`,
    deleteRuns: `DELETE FROM ${p}runs WHERE run_key IN ${given}`,
    deleteTexts: `DELETE FROM ${p}run_texts WHERE run_key IN ${given}`,
  };
}
