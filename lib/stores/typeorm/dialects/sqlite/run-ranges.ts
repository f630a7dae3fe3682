import type { Instant } from '../../../../core/index.js';
import { STATE } from '../../codes.js';
import { RANGED } from '../../migrations/index.js';
import { WORTH_A_RANGE } from '../../key-ranges.js';
import type { KeyRange } from '../../key-ranges.js';
import type { Scope } from './scope.js';
import { Statements } from './statements.js';

/** Columns of an end, as `run_rows` and `ended_ranges` have them. */
export interface RangeEnd {
  readonly state: number;
  readonly attempt: number;
  readonly startedAt: Instant | null;
  readonly settledAt: Instant;
  readonly reason: number | null;
}

/** What lies in one range of those that are to end. */
interface Part {
  readonly held: HeldRange;
  readonly keys: readonly number[];
}

type HeldRange = readonly [first: number, last: number, openCount: number];

/** The token under which runs are held in a range: they were claimed once. */
const TOKEN = 1;

/**
 * Plain runs of a claim: their rows are written once. That they are held, until when, and how they ended is said of ranges of
 * keys, since most runs of a claim end together. Runs that end one by one are written to their rows all the same; whatever else
 * a step wants of one takes its range apart first, into rows that speak for themselves.
 */
export class RunRanges {
  private readonly statements: Statements<Name>;

  constructor(private readonly scope: Scope) {
    this.statements = new Statements(scope.handle, textsOf(scope.place.prefix));
  }

  get isAnyHeld(): boolean {
    return this.statements.get('anyHeld').get(this.scope.place.appKey) !== undefined;
  }

  /** The earliest end of a lease after that instant. */
  nextLease(after: Instant): number {
    const [lease] = this.statements.get('nextLease').get(this.scope.place.appKey, after) as [number | null];
    return lease ?? Number.POSITIVE_INFINITY;
  }

  /** The rows of these runs have been written. */
  hold(first: number, count: number, leaseUntil: Instant): void {
    this.statements.get('hold').run(first, first + count - 1, this.scope.place.appKey, leaseUntil, count);
  }

  /** Takes apart the ranges in which these runs lie. */
  takeApart(keys: readonly number[]): void {
    if (keys.length === 0 || !this.isAnyHeld) return;
    for (const { held } of this.partsOf(keys)) this.takeRangeApart(held);
  }

  /** Takes apart the ranges whose lease ended at or before `until`. */
  takeEndedApart(until: Instant): void {
    const ended = this.statements.get('endedLeases').all(this.scope.place.appKey, until);
    for (const held of ended as unknown as HeldRange[]) this.takeRangeApart(held);
  }

  /** Ends those of the runs that lie in ranges; answers how many it found held. */
  end(keys: readonly number[], token: number, end: RangeEnd): number {
    if (token !== TOKEN) return 0;
    let count = 0;
    for (const { held, keys: some } of this.partsOf(keys)) {
      const range = rangeWorthCutting(held, some);
      if (range === null) count += this.endOneByOne(held, some, end);
      else {
        this.cut(held, range);
        this.statements.get('addEnded').run(...range, end.state, end.attempt, end.startedAt, end.settledAt, end.reason);
        count += some.length;
      }
    }
    return count;
  }

  /** Deletes those of the runs that lie in ranges; answers their keys. A run in a range has no texts. */
  endAway(keys: readonly number[], token: number): number[] {
    if (token !== TOKEN) return [];
    return this.partsOf(keys).flatMap(({ held, keys: some }) => {
      const range = rangeWorthCutting(held, some);
      if (range === null) {
        const gone = this.statements.get('deleteOpen').all(JSON.stringify(some)).flat() as number[];
        this.leave(held, gone.length);
        return gone;
      }
      this.cut(held, range);
      this.statements.get('deleteRange').run(...range);
      return some;
    });
  }

  /** Rows of ended runs were deleted: ranges that say nothing any more go. */
  forget(keys: string): void {
    this.statements.get('forgetEnded').run(keys);
  }

  private endOneByOne(held: HeldRange, keys: readonly number[], end: RangeEnd): number {
    const { changes } = this.statements
      .get('endOpen')
      .run(end.state, end.attempt, end.startedAt, end.settledAt, end.reason, JSON.stringify(keys));
    this.leave(held, changes);
    return changes;
  }

  /** Some runs of it have ended by themselves. */
  private leave([first, , openCount]: HeldRange, count: number): void {
    if (count === openCount) this.statements.get('drop').run(first);
    else if (count > 0) this.statements.get('leave').run(count, first);
  }

  /** Takes keys out of a range that is whole. */
  private cut([first, last]: HeldRange, [from, to]: KeyRange): void {
    if (to < last) this.statements.get('split').run(to + 1, last, last - to, first);
    if (from > first) this.statements.get('shorten').run(from - 1, from - first, first);
    else this.statements.get('drop').run(first);
  }

  private takeRangeApart([first, last]: HeldRange): void {
    this.statements.get('takeApart').run(first, first, last);
    this.statements.get('drop').run(first);
  }

  /** The keys by the range in which they lie; those that lie in none are left out. */
  private partsOf(keys: readonly number[]): Part[] {
    let [least, greatest] = [Infinity, -Infinity];
    for (const key of keys) {
      if (key < least) least = key;
      if (key > greatest) greatest = key;
    }
    const found = this.statements.get('held').all(greatest, least) as unknown as HeldRange[];
    if (found.length === 1) {
      const [[first, last]] = found;
      if (least >= first && greatest <= last) return [{ held: found[0], keys }];
    }
    return found.flatMap((held) => {
      const some = keys.filter((key) => key >= held[0] && key <= held[1]);
      return some.length === 0 ? [] : [{ held, keys: some }];
    });
  }
}

/**
 * Keys without a gap and without one twice: many of them, or some at an edge, where few follow many; null: they are not, or runs
 * of the range have ended by themselves.
 */
function rangeWorthCutting([first, last, openCount]: HeldRange, keys: readonly number[]): KeyRange | null {
  if (openCount !== last - first + 1) return null;
  let [least, greatest] = [keys[0], keys[0]];
  for (let at = 1; at < keys.length; at++) {
    if (keys[at] === greatest + 1) greatest++;
    else if (keys[at] === least - 1) least--;
    else return null;
  }
  return keys.length >= WORTH_A_RANGE || least === first || greatest === last ? [least, greatest] : null;
}

type Name = keyof ReturnType<typeof textsOf>;

export function textsOf(p: string) {
  const given = '(SELECT value FROM json_each(?))';
  return {
    anyHeld: `SELECT 1 FROM ${p}held_ranges WHERE app_key = ? LIMIT 1`,
    nextLease: `SELECT min(lease_until) FROM ${p}held_ranges WHERE app_key = ? AND lease_until > ?`,
    endedLeases: `SELECT first_key, last_key, open_count FROM ${p}held_ranges WHERE app_key = ? AND lease_until <= ?`,
    held: `SELECT first_key, last_key, open_count FROM ${p}held_ranges WHERE first_key <= ? AND last_key >= ?`,
    hold: `INSERT INTO ${p}held_ranges (first_key, last_key, app_key, lease_until, open_count) VALUES (?, ?, ?, ?, ?)`,
    drop: `DELETE FROM ${p}held_ranges WHERE first_key = ?`,
    leave: `UPDATE ${p}held_ranges SET open_count = open_count - ? WHERE first_key = ?`,
    shorten: `UPDATE ${p}held_ranges SET last_key = ?, open_count = ? WHERE first_key = ?`,
    split: `INSERT INTO ${p}held_ranges (first_key, last_key, app_key, lease_until, open_count)
      SELECT ?, ?, app_key, lease_until, ? FROM ${p}held_ranges WHERE first_key = ?`,
    addEnded: `INSERT INTO ${p}ended_ranges (first_key, last_key, state, attempt, started_at, settled_at, reason)
      VALUES (?, ?, ?, ?, ?, ?, ?)`,
    takeApart: `UPDATE ${p}run_rows SET state = ${STATE.running}, due_at = coalesce(due_at, fire_time),
      lease_until = (SELECT lease_until FROM ${p}held_ranges WHERE first_key = ?)
      WHERE run_key BETWEEN ? AND ? AND state = ${RANGED}`,
    endOpen: `UPDATE ${p}run_rows SET state = ?, attempt = ?, started_at = ?, settled_at = ?, reason = ?
      WHERE run_key IN ${given} AND state = ${RANGED}`,
    deleteOpen: `DELETE FROM ${p}run_rows WHERE run_key IN ${given} AND state = ${RANGED} RETURNING run_key`,
    deleteRange: `DELETE FROM ${p}run_rows WHERE run_key BETWEEN ? AND ?`,
    forgetEnded: `DELETE FROM ${p}ended_ranges WHERE first_key IN (SELECT (SELECT max(e.first_key) FROM ${p}ended_ranges e
        WHERE e.first_key <= k.value) FROM json_each(?) k)
      AND NOT EXISTS (SELECT 1 FROM ${p}run_rows r WHERE r.run_key BETWEEN first_key AND last_key)`,
  };
}
