import type { PruneRequest } from '../../../../core/index.js';
import { REMOVED_STATUS, STATE } from '../../codes.js';
import { RANGED, rangesOfRun } from '../../migrations/index.js';
import type { RunRanges } from './run-ranges.js';
import type { Scope } from './scope.js';
import { LIMIT, Statements } from './statements.js';

/** Rows that one look goes through, whatever it finds: some 10 ms. */
const LOOK = 5_000;

/** Entries of an index alone that one look for jobs with too many runs goes through: as long. */
const SLICE = 100_000;

/** Such looks in one pass, at most; the next one goes on behind them. */
const SLICES = 10;

/** A run is not settled before its fire time, but clocks differ. */
const CLOCK_MARGIN = 600_000;

const BEGINNING = Number.MIN_SAFE_INTEGER;

/** What one look came to. */
interface Look {
  readonly deleted: number;
  /** All there is to be looked at has been. */
  readonly isDone: boolean;
}

/** Passes that are under way, at most: the oldest one begins anew. */
const PASSES = 8;

const STAGES = 4;

/** How far a pass came: what is kept is not looked at again by its next stretch. */
interface Pass {
  stage: number;
  /** The last entry of the history by time. */
  after: readonly [fireTime: number, runKey: number];
  /** The last job of those whose policy names an age. */
  aged: readonly [shapeKey: number, jobKey: number];
  slices: number;
  /** The last removed job. */
  removed: number;
}

/**
 * Deletes history in stretches that are short whatever is kept: each ends after so many rows, and the next one goes on behind
 * them. A pass is over when it has been through everything, or as far as one pass goes.
 */
export class Pruning {
  private readonly statements: Statements<Name>;
  /** By what they are to delete: two callers may be at it in turn. */
  private readonly passes = new Map<string, Pass>();
  private isLeft = false;
  /** Job key from which the next look for too many runs goes on. */
  private cursor = 0;

  constructor(
    private readonly scope: Scope,
    private readonly ranges: RunRanges,
  ) {
    this.statements = new Statements(scope.handle, textsOf(scope.place.prefix));
  }

  /** The last stretch came to its end before its pass did. */
  get isUnderWay(): boolean {
    return this.isLeft;
  }

  /** One stretch: `limit` rows at most. */
  prune(request: PruneRequest): number {
    const of = `${request.at} ${request.settledBefore} ${request.keepPerJob}`;
    const pass = this.passOf(of);
    let left = request.limit;
    while (pass.stage < STAGES && left > 0) {
      const { deleted, isDone } = this.look(request, left, pass);
      left -= deleted;
      if (!isDone) break;
      pass.stage++;
    }
    this.isLeft = pass.stage < STAGES;
    if (!this.isLeft) {
      this.passes.delete(of);
      this.statements.get('forgetShapes').run(request.limit);
    }
    return request.limit - left;
  }

  private passOf(of: string): Pass {
    const known = this.passes.get(of);
    if (known !== undefined) return known;
    const [oldest] = this.passes.keys();
    if (this.passes.size >= PASSES) this.passes.delete(oldest);
    const pass: Pass = { stage: 0, after: [BEGINNING, 0], aged: [0, 0], slices: 0, removed: 0 };
    this.passes.set(of, pass);
    return pass;
  }

  private look(request: PruneRequest, limit: number, pass: Pass): Look {
    switch (pass.stage) {
      case 0:
        return this.byAge(request, limit, pass);
      case 1:
        return this.byOwnAge(request, limit, pass);
      case 2:
        return this.byCount(request, limit, pass);
      default:
        return this.forgetRemovedJobs(pass);
    }
  }

  private byAge({ settledBefore }: PruneRequest, limit: number, pass: Pass): Look {
    if (settledBefore === null) return { deleted: 0, isDone: true };
    const { appKey } = this.scope.place;
    const before = settledBefore + CLOCK_MARGIN;
    const end = this.statements.get('lookEnd').get(appKey, ...pass.after, before, LOOK - 1) as
      Pass['after'] | undefined;
    const rows = this.statements.get('old').all(appKey, ...pass.after, ...(end ?? [before, -1]), settledBefore, limit);
    this.delete(rows);
    // Behind the last one that was deleted there may be more.
    if (rows.length === limit) return { deleted: limit, isDone: false };
    if (end !== undefined) pass.after = end;
    return { deleted: rows.length, isDone: end === undefined };
  }

  /** Jobs whose policy names an age of its own. */
  private byOwnAge({ at }: PruneRequest, limit: number, pass: Pass): Look {
    const { appKey } = this.scope.place;
    let [left, jobs] = [limit, LOOK];
    for (const [shapeKey, age] of this.statements.get('agedShapes').all(pass.aged[0]) as [number, number][]) {
      const after = shapeKey === pass.aged[0] ? pass.aged[1] : 0;
      const [count, last] = this.statements.get('jobsOfShape').get(shapeKey, after, jobs) as [number, number | null];
      const bounds = [at - age + CLOCK_MARGIN, at - age];
      const rows = this.statements.get('oldOfShape').all(shapeKey, after, last ?? after, appKey, ...bounds, left);
      left -= this.delete(rows);
      if (left === 0) return { deleted: limit, isDone: false };
      pass.aged = [shapeKey, last ?? after];
      if (count === jobs) return { deleted: limit - left, isDone: false };
      jobs -= count;
    }
    return { deleted: limit - left, isDone: true };
  }

  private byCount({ keepPerJob }: PruneRequest, limit: number, pass: Pass): Look {
    let left = limit;
    const end = this.sliceEnd();
    for (const [jobKey, keep] of this.crowdedUntil(end, keepPerJob)) {
      if (left > 0) left -= this.delete(this.statements.get('beyond').all(jobKey, left, keep));
    }
    if (left === 0) return { deleted: limit, isDone: false };
    this.cursor = end ?? 0;
    pass.slices++;
    return { deleted: limit - left, isDone: end === null || pass.slices >= SLICES };
  }

  /** Jobs that may have too many runs, and how many each keeps. */
  private crowdedUntil(end: number | null, keepPerJob: number | null): [jobKey: number, keep: number][] {
    const { appKey } = this.scope.place;
    // One job has more runs than a look goes through: they are not counted, since it is enough to go to the first that is too many.
    if (end === this.cursor + 1) {
      return this.statements.get('keptOf').all(keepPerJob, this.cursor, appKey, keepPerJob) as [number, number][];
    }
    const until = end ?? Number.MAX_SAFE_INTEGER;
    const found = this.statements.get('crowded').all(keepPerJob, this.cursor, until, appKey, keepPerJob);
    return found as [number, number][];
  }

  /** Job key before which this look ends; null: it reaches the end. */
  private sliceEnd(): number | null {
    const row = this.statements.get('sliceEnd').get(this.cursor, SLICE) as [number] | undefined;
    if (row === undefined) return null;
    return Math.max(row[0], this.cursor + 1);
  }

  /** Rows of removed jobs go when the last of their runs has gone. */
  private forgetRemovedJobs(pass: Pass): Look {
    const { appKey } = this.scope.place;
    const [count, last] = this.statements.get('removedUntil').get(appKey, pass.removed, LOOK) as [
      number,
      number | null,
    ];
    if (last === null) return { deleted: 0, isDone: true };
    const rows = this.statements.get('removedJobs').all(appKey, pass.removed, last);
    pass.removed = last;
    if (rows.length > 0) {
      const keys = JSON.stringify(rows.flat());
      this.statements.get('deleteJobs').run(keys);
      this.statements.get('deleteDefinitions').run(keys);
    }
    return { deleted: 0, isDone: count < LOOK };
  }

  private delete(rows: unknown[][]): number {
    if (rows.length === 0) return 0;
    const keys = JSON.stringify(rows.flat());
    this.statements.get('deleteRuns').run(keys);
    this.statements.get('deleteTexts').run(keys);
    this.ranges.forget(keys);
    return rows.length;
  }
}

type Name = keyof ReturnType<typeof textsOf>;

export function textsOf(p: string) {
  return { ...lookTexts(p), ...deleteTexts(p) };
}

function lookTexts(p: string) {
  // Null while the run is held.
  const settledAt = 'coalesce(ended.settled_at, r.settled_at)';
  const isRemoved = `app_key = ? AND status = ${REMOVED_STATUS}`;
  return {
    lookEnd: `SELECT fire_time, run_key FROM ${p}run_rows INDEXED BY ${p}runs_time
      WHERE app_key = ? AND (fire_time, run_key) > (?, ?) AND fire_time < ? ORDER BY fire_time, run_key LIMIT 1 OFFSET ?`,
    old: `SELECT r.run_key FROM ${p}run_rows r INDEXED BY ${p}runs_time CROSS JOIN ${p}jobs j USING (job_key)
      CROSS JOIN ${p}shapes s ON s.shape_key = j.shape_key ${rangesOfRun(p)}
      WHERE r.app_key = ? AND (r.fire_time, r.run_key) > (?, ?) AND (r.fire_time, r.run_key) <= (?, ?)
        AND r.state > ${STATE.running} AND ${settledAt} < ? AND s.history_age IS NULL ${LIMIT}`,
    agedShapes: `SELECT shape_key, history_age FROM ${p}shapes WHERE history_age IS NOT NULL AND shape_key >= ?
      ORDER BY shape_key`,
    jobsOfShape: `SELECT count(*), max(job_key) FROM (SELECT job_key FROM ${p}jobs INDEXED BY ${p}jobs_shape
      WHERE shape_key = ? AND job_key > ? ORDER BY job_key ${LIMIT})`,
    oldOfShape: `SELECT r.run_key FROM ${p}jobs j INDEXED BY ${p}jobs_shape
      CROSS JOIN ${p}run_rows r INDEXED BY ${p}runs_once ON r.job_key = j.job_key ${rangesOfRun(p)}
      WHERE j.shape_key = ? AND j.job_key > ? AND j.job_key <= ? AND j.app_key = ? AND r.fire_time < ?
        AND r.state > ${STATE.running} AND ${settledAt} < ? ${LIMIT}`,
    sliceEnd: `SELECT job_key FROM ${p}run_rows INDEXED BY ${p}runs_once WHERE job_key >= ? ORDER BY job_key LIMIT 1 OFFSET ?`,
    crowded: `SELECT g.job_key, coalesce(s.history_count, ?) FROM
      (SELECT job_key, count(*) AS runs FROM ${p}run_rows INDEXED BY ${p}runs_once WHERE job_key >= ? AND job_key < ? GROUP BY job_key) g
      CROSS JOIN ${p}jobs j USING (job_key) CROSS JOIN ${p}shapes s USING (shape_key)
      WHERE j.app_key = ? AND g.runs > coalesce(s.history_count, ?)`,
    keptOf: `SELECT j.job_key, coalesce(s.history_count, ?) FROM ${p}jobs j CROSS JOIN ${p}shapes s USING (shape_key)
      WHERE j.job_key = ? AND j.app_key = ? AND coalesce(s.history_count, ?) IS NOT NULL`,
    beyond: `SELECT r.run_key FROM ${p}run_rows r LEFT JOIN ${p}held_ranges held
        ON r.state = ${RANGED} AND r.run_key BETWEEN held.first_key AND held.last_key
      WHERE r.job_key = ? AND r.state > ${STATE.running} AND held.first_key IS NULL
      ORDER BY r.fire_time DESC, r.run_key DESC ${LIMIT} OFFSET ?`,
    removedUntil: `SELECT count(*), max(job_key) FROM (SELECT job_key FROM ${p}jobs INDEXED BY ${p}jobs_removed
      WHERE ${isRemoved} AND job_key > ? ORDER BY job_key ${LIMIT})`,
    removedJobs: `SELECT job_key FROM ${p}jobs j INDEXED BY ${p}jobs_removed WHERE ${isRemoved} AND job_key > ? AND job_key <= ?
      AND NOT EXISTS (SELECT 1 FROM ${p}run_rows r WHERE r.job_key = j.job_key)`,
  };
}

function deleteTexts(p: string) {
  const given = '(SELECT value FROM json_each(?))';
  return {
    deleteJobs: `DELETE FROM ${p}jobs WHERE job_key IN ${given}`,
    deleteDefinitions: `DELETE FROM ${p}definitions WHERE job_key IN ${given}`,
    forgetShapes: `DELETE FROM ${p}shapes WHERE shape_key IN (SELECT shape_key FROM ${p}shapes s
      WHERE NOT EXISTS (SELECT 1 FROM ${p}jobs j WHERE j.shape_key = s.shape_key) ${LIMIT})`,
    deleteRuns: `DELETE FROM ${p}run_rows WHERE run_key IN ${given}`,
    deleteTexts: `DELETE FROM ${p}run_texts WHERE run_key IN ${given}`,
  };
}
