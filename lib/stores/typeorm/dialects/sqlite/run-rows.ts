import type { Instant, PlannedSkip, RunRecord } from '../../../../core/index.js';
import { KIND, REASON, STATE } from '../../codes.js';
import { byAge, runRecordOf } from '../../records.js';
import type { RunDraft, RunEnd, StoredJob, StoredRun } from '../../records.js';
import type { RunRows } from '../../session.js';
import { isMoreOfTheSame, lengthened, skipDraft } from '../../skips.js';
import { decodeRun } from '../../run-decoder.js';
import { WORTH_A_RANGE } from '../../key-ranges.js';
import { RANGED } from '../../migrations/index.js';
import type { RunRanges } from './run-ranges.js';
import { isIn, selectRuns } from './run-select.js';
import type { Scope } from './scope.js';
import { isUniqueViolation } from './sqlite-errors.js';
import { Statements } from './statements.js';

/** `runs_open` and the questions that name it hold these three. */
const UNSETTLED = [STATE.buffered, STATE.waiting, STATE.running];

export class SqliteRunRows implements RunRows {
  private readonly statements: Statements<Name>;

  constructor(
    private readonly scope: Scope,
    private readonly ranges: RunRanges,
  ) {
    this.statements = new Statements(scope.handle, textsOf(scope.place.prefix));
  }

  unsettledOf(jobKeys: readonly number[]): Map<number, StoredRun[]> {
    const found = new Map<number, StoredRun[]>();
    const { appKey } = this.scope.place;
    let keys: string | null = null;
    for (const state of UNSETTLED) {
      // Mostly there is none in a state at all, and a short question costs a hundredth of the long one.
      if (this.statements.get('anyIn').get(appKey, state) === undefined) continue;
      keys ??= JSON.stringify(jobKeys);
      this.addTo(found, this.statements.get('unsettledOf').iterate(appKey, state, keys));
    }
    if (this.ranges.isAnyHeld) {
      keys ??= JSON.stringify(jobKeys);
      this.addTo(found, this.statements.get('rangedOf').iterate(appKey, appKey, keys));
    }
    for (const list of found.values()) list.sort(byAge);
    return found;
  }

  byKeys(keys: readonly number[]): StoredRun[] {
    const rows = this.statements.get('byKeys').all(this.scope.place.appKey, JSON.stringify(keys));
    return rows.map((row) => decodeRun(this.scope, row));
  }

  forFireTime(job: StoredJob, fireTime: Instant): StoredRun | null {
    const row = this.statements.get('forFireTime').get(job.key, fireTime, job.record.generation);
    return row === undefined ? null : decodeRun(this.scope, row);
  }

  insert(drafts: readonly RunDraft[]): (StoredRun | null)[] {
    if (drafts.length === 0) return [];
    const first = this.scope.take('run', drafts.length);
    const runs: (StoredRun | null)[] = drafts.map((draft, index) => {
      const key = first + index;
      return { key, jobKey: draft.job.key, record: runRecordOf(this.scope.runId(key), draft) };
    });
    // Most batches are plain throughout; then one statement copies from the jobs what the runs need.
    if (drafts.every(isPlain) && this.insertPlain(drafts, first)) return runs;
    drafts.forEach((draft, index) => {
      if (!this.insertOne(draft, first + index)) runs[index] = null;
    });
    return runs;
  }

  skip(job: StoredJob, skip: PlannedSkip, at: Instant): RunRecord {
    return this.lengthen(job, skip, at) ?? this.addSkip(job, skip, at);
  }

  hold(runs: readonly StoredRun[], node: string, leaseUntil: Instant): void {
    const nodeKey = this.scope.nodeKey(node, leaseUntil);
    this.statements.get('hold').run(nodeKey, leaseUntil, keysOf(runs));
  }

  letWait(runs: readonly StoredRun[], dueAt: Instant): void {
    this.statements.get('letWait').run(dueAt, keysOf(runs));
  }

  takeBack(runs: readonly StoredRun[]): void {
    this.takeApart(runs);
    this.statements.get('takeBack').run(keysOf(runs));
  }

  askToStop(runs: readonly StoredRun[]): void {
    this.takeApart(runs);
    this.statements.get('askToStop').run(keysOf(runs));
  }

  end(runs: readonly StoredRun[], end: RunEnd): void {
    if (!end.keepHistory) return this.delete(runs);
    this.takeApart(runs);
    const reason = end.reason === null ? null : REASON[end.reason];
    this.statements.get('end').run(STATE[end.outcome], end.at, reason, end.outcome === 'skipped' ? 1 : 0, keysOf(runs));
    if (end.detail === null) return;
    for (const { key } of runs) this.statements.get('addDetail').run(key, end.detail);
  }

  delete(runs: readonly StoredRun[]): void {
    this.takeApart(runs);
    const keys = keysOf(runs);
    this.statements.get('delete').run(keys);
    this.statements.get('deleteTexts').run(keys);
  }

  private takeApart(runs: readonly StoredRun[]): void {
    this.ranges.takeApart(runs.map((run) => run.key));
  }

  private addTo(found: Map<number, StoredRun[]>, rows: Iterable<unknown[]>): void {
    for (const row of rows) {
      const run = decodeRun(this.scope, row);
      const list = found.get(run.jobKey);
      if (list === undefined) found.set(run.jobKey, [run]);
      else list.push(run);
    }
  }

  /** False: one of them is there already, and none was written. */
  private insertPlain(drafts: readonly RunDraft[], first: number): boolean {
    const { claim, createdAt } = drafts[0];
    const jobKeys = JSON.stringify(drafts.map((draft) => draft.job.key));
    const nodeKey = this.scope.nodeKey(claim!.node, createdAt);
    try {
      if (drafts.length < WORTH_A_RANGE) {
        this.statements.get('insertPlain').run(first, nodeKey, claim!.leaseUntil, createdAt, jobKeys);
        return true;
      }
      this.statements.get('insertRanged').run(first, nodeKey, createdAt, jobKeys);
      this.ranges.hold(first, drafts.length, claim!.leaseUntil);
      return true;
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
  }

  /** False: the fire time has its run already. A skip record that is not to be kept is not written. */
  private insertOne(draft: RunDraft, key: number): boolean {
    const { claim, job } = draft;
    if (draft.state === 'skipped' && !job.record.policy.keepHistory) return true;
    const isOnce = draft.kind !== 'manual' && draft.state !== 'skipped';
    const { changes } = this.statements
      .get('insert')
      .run(
        key,
        this.scope.place.appKey,
        job.key,
        job.shapeKey,
        job.record.generation,
        isOnce ? 0 : key,
        KIND[draft.kind],
        STATE[draft.state],
        draft.fireTime,
        draft.firstFireTime === draft.fireTime ? null : draft.firstFireTime,
        draft.count,
        draft.countIsExact ? 1 : 0,
        draft.state === 'skipped' && draft.dueAt === draft.fireTime ? null : draft.dueAt,
        claim === null ? 0 : 1,
        claim === null ? 0 : 1,
        claim === null ? null : this.scope.nodeKey(claim.node, draft.createdAt),
        claim === null ? null : claim.leaseUntil,
        draft.forced ? 1 : 0,
        draft.createdAt,
        draft.state === 'skipped' ? draft.createdAt : null,
        draft.reason === null ? null : REASON[draft.reason],
      );
    if (changes === 0) return false;
    if (draft.args !== null || draft.detail !== null) {
      this.statements.get('addTexts').run(key, draft.args === null ? null : JSON.stringify(draft.args), draft.detail);
    }
    return true;
  }

  /** A blocked or paused job costs one row, not one a fire time: its newest record covers one more range. */
  private lengthen(job: StoredJob, skip: PlannedSkip, at: Instant): RunRecord | null {
    const row = this.statements.get('newest').get(job.key);
    if (row === undefined) return null;
    const { key, record } = decodeRun(this.scope, row);
    if (!isMoreOfTheSame(record, job, skip)) return null;
    const after = lengthened(record, skip, at);
    this.statements
      .get('lengthen')
      .run(record.firstFireTime, skip.fireTime, skip.count, after.countIsExact ? 1 : 0, at, key);
    return after;
  }

  private addSkip(job: StoredJob, skip: PlannedSkip, at: Instant): RunRecord {
    const draft = skipDraft(job, skip, at);
    const key = this.scope.take('run', 1);
    this.insertOne(draft, key);
    return runRecordOf(this.scope.runId(key), draft);
  }
}

/** The run of the job's fire time as it stands, claimed at once: everything in it can be copied from the job's row. */
function isPlain(draft: RunDraft): boolean {
  const { record } = draft.job;
  return (
    draft.claim !== null &&
    draft.kind === 'scheduled' &&
    draft.count === 1 &&
    draft.countIsExact &&
    draft.fireTime === record.fireTime &&
    draft.firstFireTime === record.fireTime &&
    draft.dueAt === record.dueAt
  );
}

function keysOf(runs: readonly StoredRun[]): string {
  return JSON.stringify(runs.map((run) => run.key));
}

const COLUMNS = `run_key, app_key, job_key, shape_key, generation, slot, kind, state, fire_time, first_fire_time, count,
  is_count_exact, due_at, attempt, token, node_key, lease_until, is_forced, created_at, settled_at, reason,
  is_cancel_requested`;

type Name = keyof ReturnType<typeof textsOf>;

export function textsOf(p: string) {
  const given = '(SELECT value FROM json_each(?))';
  return {
    anyIn: `SELECT 1 FROM ${p}run_rows INDEXED BY ${p}runs_open WHERE app_key = ? AND ${isIn('', '?')} LIMIT 1`,
    unsettledOf: selectRuns(p, `r.app_key = ? AND ${isIn('r.', '?')} AND r.job_key IN ${given}`, 'runs_open'),
    // A plus keeps a column from being looked for: by an application, or a state, that is all of its history.
    rangedOf: selectRuns(
      p,
      `+r.app_key = ? AND r.run_key IN (SELECT k.run_key FROM ${p}held_ranges h CROSS JOIN ${p}run_rows k
         ON k.run_key BETWEEN h.first_key AND h.last_key AND +k.state = ${RANGED} WHERE h.app_key = ? AND +k.job_key IN ${given})`,
    ),
    byKeys: selectRuns(p, `+r.app_key = ? AND r.run_key IN ${given}`),
    forFireTime: selectRuns(p, 'r.job_key = ? AND r.fire_time = ? AND r.generation = ? AND r.slot = 0'),
    newest: `${selectRuns(p, 'r.job_key = ?', 'runs_once')} ORDER BY r.fire_time DESC, r.generation DESC, r.slot DESC LIMIT 1`,
    insertPlain: plainInsert(p, { state: STATE.running, dueAt: 'j.due_at', leaseUntil: '?' }),
    insertRanged: plainInsert(p, {
      state: RANGED,
      dueAt: 'nullif(j.due_at, j.fire_time)',
      leaseUntil: 'NULL',
    }),
    insert: `INSERT INTO ${p}run_rows (${COLUMNS}) VALUES (${Array(21).fill('?').join(', ')}, 0) ON CONFLICT DO NOTHING`,
    addTexts: `INSERT INTO ${p}run_texts (run_key, args, detail) VALUES (?, ?, ?)`,
    addDetail: `INSERT INTO ${p}run_texts (run_key, detail) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET detail = excluded.detail`,
    lengthen: `UPDATE ${p}run_rows SET first_fire_time = ?, fire_time = ?, count = count + ?, is_count_exact = ?, settled_at = ?
      WHERE run_key = ?`,
    hold: `UPDATE ${p}run_rows SET state = ${STATE.running}, node_key = ?, lease_until = ?, token = token + 1,
      attempt = attempt + 1 WHERE run_key IN ${given}`,
    letWait: `UPDATE ${p}run_rows SET state = ${STATE.waiting}, due_at = ?, node_key = NULL, lease_until = NULL
      WHERE run_key IN ${given}`,
    takeBack: `UPDATE ${p}run_rows SET state = ${STATE.waiting}, token = token + 1, attempt = attempt - 1, node_key = NULL,
      lease_until = NULL WHERE run_key IN ${given}`,
    askToStop: `UPDATE ${p}run_rows SET is_cancel_requested = 1 WHERE run_key IN ${given}`,
    end: `UPDATE ${p}run_rows SET state = ?, settled_at = ?, reason = ?, slot = iif(?, run_key, slot), lease_until = NULL
      WHERE run_key IN ${given}`,
    delete: `DELETE FROM ${p}run_rows WHERE run_key IN ${given}`,
    deleteTexts: `DELETE FROM ${p}run_texts WHERE run_key IN ${given}`,
  };
}

/** Copies from the jobs what their plain runs need. */
function plainInsert(p: string, own: { state: number; dueAt: string; leaseUntil: string }): string {
  return `INSERT INTO ${p}run_rows (${COLUMNS})
    SELECT ? + e.key, j.app_key, j.job_key, j.shape_key, j.generation, 0, ${KIND.scheduled}, ${own.state}, j.fire_time, NULL,
      1, 1, ${own.dueAt}, 1, 1, ?, ${own.leaseUntil}, 0, ?, NULL, NULL, 0
    FROM json_each(?) e CROSS JOIN ${p}jobs j ON j.job_key = e.value`;
}
