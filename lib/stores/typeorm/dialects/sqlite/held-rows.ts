import type { Instant, Outcome, RunError, SkipReason } from '../../../../core/index.js';
import { REASON, RUN_STATES, STATE } from '../../codes.js';
import type { RunTexts } from '../../records.js';
import type { ClaimState, HeldRows, ReleasedRun, SettledGroup } from '../../session.js';
import { rangesOf } from '../../key-ranges.js';
import type { KeyRange } from '../../key-ranges.js';
import { RANGED_STATE, rangesOfRun } from '../../migrations/index.js';
import type { RunRanges } from './run-ranges.js';
import { isIn } from './run-select.js';
import type { Scope } from './scope.js';
import { Statements } from './statements.js';

/** Steps of those who hold a claim. Every statement compares the token and the state where it writes (P7). */
export class SqliteHeldRows implements HeldRows {
  private readonly statements: Statements<Name>;

  constructor(
    private readonly scope: Scope,
    private readonly ranges: RunRanges,
  ) {
    this.statements = new Statements(scope.handle, textsOf(scope.place.prefix));
  }

  renew(keys: readonly number[], token: number, until: Instant): number {
    this.ranges.takeApart(keys);
    return this.statements.get('renew').run(until, JSON.stringify(keys), token).changes;
  }

  close(group: SettledGroup, end: { outcome: Outcome; at: Instant; reason: SkipReason | null }): number {
    const { keys, token, attempt, startedAt } = group;
    const state = STATE[end.outcome];
    const reason = end.reason === null ? null : REASON[end.reason];
    const isSkipped = end.outcome === 'skipped';
    // A skip changes more than its outcome.
    if (isSkipped) this.ranges.takeApart(keys);
    const ended = this.ranges.end(keys, token, { state, attempt, startedAt, settledAt: end.at, reason });
    if (ended === keys.length) return ended;
    const written = [state, end.at, startedAt, attempt, reason];
    const ranges = rangesOf(keys);
    if (ranges === null) {
      const statement = this.statements.get(isSkipped ? 'closeSkipped' : 'close');
      return ended + statement.run(...written, JSON.stringify(keys), token).changes;
    }
    const statement = this.statements.get(isSkipped ? 'closeSkippedRange' : 'closeRange');
    return ranges.reduce((sum, range) => sum + statement.run(...written, ...range, token).changes, ended);
  }

  closeAway({ keys, token }: SettledGroup): number[] {
    const ended = this.ranges.endAway(keys, token);
    return ended.length === keys.length ? ended : [...ended, ...this.closeRowsAway(keys, token)];
  }

  private closeRowsAway(keys: readonly number[], token: number): number[] {
    const ranges = rangesOf(keys);
    if (ranges === null) {
      const gone = this.statements.get('closeAway').all(JSON.stringify(keys), token).flat() as number[];
      if (gone.length > 0) this.statements.get('deleteTexts').run(JSON.stringify(gone));
      return gone;
    }
    return ranges.flatMap((range) => this.closeRangeAway(range, token));
  }

  /** Texts of a run that is still there, in another's hands, stay. */
  private closeRangeAway(range: KeyRange, token: number): number[] {
    const gone = this.statements
      .get('closeRangeAway')
      .all(...range, token)
      .flat() as number[];
    const [first, last] = range;
    if (gone.length === last - first + 1) this.statements.get('deleteTextsRange').run(first, last);
    else if (gone.length > 0) this.statements.get('deleteTexts').run(JSON.stringify(gone));
    return gone;
  }

  wait({ keys, token, attempt, startedAt }: SettledGroup, dueAt: Instant): number {
    this.ranges.takeApart(keys);
    return this.statements.get('wait').run(dueAt, startedAt, attempt, JSON.stringify(keys), token).changes;
  }

  release(runs: readonly ReleasedRun[]): void {
    this.ranges.takeApart(runs.map((run) => run.key));
    const release = this.statements.get('release');
    for (const { key, token, attempt, dueAt } of runs) release.run(dueAt, attempt, key, token);
  }

  writeTexts(key: number, texts: Omit<RunTexts, 'args'>): void {
    this.statements.get('writeTexts').run(key, texts.detail, jsonOf(texts.error), jsonOf(texts.result), texts.output);
  }

  writeError(key: number, error: RunError | null): void {
    this.statements.get('writeError').run(key, jsonOf(error));
  }

  states(keys: readonly number[]): ClaimState[] {
    const rows = this.statements.get('states').all(this.scope.place.appKey, JSON.stringify(keys));
    return rows.map((row) => {
      const [key, jobKey, generation, state, token, isCancelRequested] = row as number[];
      const isAsked = isCancelRequested === 1;
      return { key, jobKey, generation, state: RUN_STATES[state], token, isCancelRequested: isAsked };
    });
  }

  isAnyBuffered(): boolean {
    return this.statements.get('anyBuffered').get(this.scope.place.appKey) !== undefined;
  }

  isAnyLoss(): boolean {
    return this.statements.get('anyLoss').get(this.scope.place.appKey) !== undefined;
  }
}

function jsonOf(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

type Name = keyof ReturnType<typeof textsOf>;

export function textsOf(p: string) {
  const given = '(SELECT value FROM json_each(?))';
  const isHeld = `token = ? AND state = ${STATE.running}`;
  const held = `run_key IN ${given} AND ${isHeld}`;
  const heldRange = `run_key BETWEEN ? AND ? AND ${isHeld}`;
  // Due time as long as the lease: a row that keeps its length is overwritten in place, and no page is split.
  const close = (
    slot: string,
    which: string,
  ) => `UPDATE ${p}run_rows SET state = ?, settled_at = ?, started_at = ?, attempt = ?, reason = ?,
    lease_until = NULL, due_at = nullif(due_at, fire_time)${slot} WHERE ${which}`;
  return {
    renew: `UPDATE ${p}run_rows SET lease_until = ? WHERE ${held}`,
    close: close('', held),
    closeRange: close('', heldRange),
    // A fire time that was skipped after all may be asked for again.
    closeSkipped: close(', slot = run_key', held),
    closeSkippedRange: close(', slot = run_key', heldRange),
    closeAway: `DELETE FROM ${p}run_rows WHERE ${held} RETURNING run_key`,
    closeRangeAway: `DELETE FROM ${p}run_rows WHERE ${heldRange} RETURNING run_key`,
    deleteTexts: `DELETE FROM ${p}run_texts WHERE run_key IN ${given}`,
    deleteTextsRange: `DELETE FROM ${p}run_texts WHERE run_key BETWEEN ? AND ?`,
    wait: `UPDATE ${p}run_rows SET state = ${STATE.waiting}, due_at = ?, started_at = ?, attempt = ?, node_key = NULL,
      lease_until = NULL WHERE ${held}`,
    release: `UPDATE ${p}run_rows SET state = ${STATE.waiting}, due_at = ?, attempt = ?, node_key = NULL, lease_until = NULL
      WHERE run_key = ? AND ${isHeld}`,
    writeTexts: `INSERT INTO ${p}run_texts (run_key, detail, error, result, output) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET detail = excluded.detail, error = excluded.error, result = excluded.result,
        output = excluded.output`,
    writeError: `INSERT INTO ${p}run_texts (run_key, error) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET error = excluded.error`,
    states: `SELECT r.run_key, r.job_key, r.generation, ${RANGED_STATE}, r.token, r.is_cancel_requested
      FROM ${p}run_rows r ${rangesOfRun(p)} WHERE +r.app_key = ? AND r.run_key IN ${given}`,
    anyLoss: `SELECT 1 FROM ${p}jobs INDEXED BY ${p}jobs_losses WHERE app_key = ? AND losses > 0 LIMIT 1`,
    anyBuffered: `SELECT 1 FROM ${p}run_rows INDEXED BY ${p}runs_open WHERE app_key = ? AND ${isIn('', STATE.buffered)} LIMIT 1`,
  };
}
