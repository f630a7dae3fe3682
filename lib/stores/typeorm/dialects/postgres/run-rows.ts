import type { Awaitable, Instant, PlannedSkip, RunRecord } from '../../../../core/index.js';
import { KIND, STATE } from '../../codes.js';
import { runRecordOf, runsByJob } from '../../records.js';
import type { RunDraft, RunEnd, StoredJob, StoredRun } from '../../records.js';
import type { PlannedTime, RunRows } from '../../session.js';
import { isMoreOfTheSame, lengthened, skipDraft } from '../../skips.js';
import { booleans, keysOf, numbers, storable } from './arrays.js';
import type { ClaimedBatches } from './claimed-batches.js';
import type { FreeJobs } from './free-jobs.js';
import type { Notices } from './notices.js';
import { decodeRun } from '../../run-decoder.js';
import { selectOpenRuns, selectRuns, selectSingleRuns } from './run-select.js';
import { BY_KEY, MOVED_COLUMNS, movedAs } from './run-moves.js';
import { RunWriter } from './run-writer.js';
import type { Scope } from './scope.js';

const NONE: ReadonlyMap<number, StoredRun[]> = new Map();

export class PostgresRunRows implements RunRows {
  private readonly writer: RunWriter;
  private readonly tables: string;

  constructor(
    private readonly scope: Scope,
    private readonly notices: Notices,
    private readonly free: FreeJobs,
    private readonly batches: ClaimedBatches,
  ) {
    this.writer = new RunWriter(scope, free, batches);
    this.tables = scope.place.tables;
  }

  /** Locked: who settles one of them waits for what is decided here, and finds it when he looks. */
  unsettledOf(jobKeys: readonly number[]): Awaitable<Map<number, StoredRun[]>> {
    if (this.free.hasAll(jobKeys)) return NONE as Map<number, StoredRun[]>;
    return this.readUnsettled(jobKeys);
  }

  async peekUnsettledOf(jobKeys: readonly number[]): Promise<Map<number, StoredRun[]>> {
    const text = selectOpenRuns(this.tables, 'r.job_key = ANY ($1::bigint[])');
    return runsByJob(await this.read(text, [numbers(jobKeys)]));
  }

  async byKeys(keys: readonly number[]): Promise<StoredRun[]> {
    if (!this.scope.isReading) this.batches.splitRuns(keys);
    const where = `${BY_KEY('r.app_key')} = $1 AND r.run_key = ANY ($2::bigint[])`;
    return await this.read(selectRuns(this.tables, where), [this.scope.place.appKey, numbers(keys)]);
  }

  async forFireTime(job: StoredJob, fireTime: Instant): Promise<StoredRun | null> {
    if (!this.scope.isReading) this.batches.splitJobs([job.key]);
    const where = 'r.job_key = $1 AND r.fire_time = $2 AND r.generation = $3 AND r.slot = 0';
    const [run] = await this.read(selectRuns(this.tables, where), [job.key, fireTime, job.record.generation]);
    return run ?? null;
  }

  insert(drafts: readonly RunDraft[]): Awaitable<(StoredRun | null)[]> {
    return drafts.length === 0 ? [] : this.insertAll(drafts);
  }

  async skip(job: StoredJob, skip: PlannedSkip, at: Instant): Promise<RunRecord> {
    return (await this.lengthen(job, skip, at)) ?? (await this.addSkip(job, skip, at));
  }

  async hold(runs: readonly StoredRun[], node: string, leaseUntil: Instant): Promise<void> {
    if (runs.length === 0) return;
    const nodeKey = await this.scope.nodeKey(node, leaseUntil);
    const set = 'node_key = $2, lease_until = $3, wants_at = $3, token = token + 1, attempt = attempt + 1';
    this.update(`state = ${STATE.running}, ${set}`, runs, nodeKey, leaseUntil);
  }

  letWait(runs: readonly StoredRun[], dueAt: Instant): void {
    const set = 'due_at = $2, wants_at = $2, node_key = NULL, lease_until = NULL';
    this.update(`state = ${STATE.waiting}, ${set}`, runs, dueAt);
    this.notices.wakes(dueAt);
  }

  takeBack(runs: readonly StoredRun[]): void {
    const set = 'wants_at = due_at, token = token + 1, attempt = attempt - 1, node_key = NULL, lease_until = NULL';
    this.update(`state = ${STATE.waiting}, ${set}`, runs);
    this.notices.concernsOwners();
  }

  askToStop(runs: readonly StoredRun[]): void {
    this.update('is_cancel_requested = true', runs);
    this.notices.concernsOwners();
  }

  end(runs: readonly StoredRun[], end: RunEnd): void {
    if (!end.keepHistory) return this.delete(runs);
    const { tables } = this;
    const isSkipped = end.outcome === 'skipped';
    const { values, columns } = movedAs(end, isSkipped ? 'NULL' : 'slot');
    const moved = `WITH gone AS (DELETE FROM ${tables}single_runs WHERE run_key = ANY ($1::bigint[]) RETURNING *)
      INSERT INTO ${tables}runs (${MOVED_COLUMNS}) SELECT ${columns} FROM gone`;
    this.scope.statements.send(moved, [keysOf(runs), ...values]);
    if (end.detail === null) return;
    this.scope.statements.send(
      `INSERT INTO ${tables}run_texts (run_key, detail) SELECT k, $2 FROM unnest($1::bigint[]) k
       ON CONFLICT (run_key) DO UPDATE SET detail = excluded.detail`,
      [keysOf(runs), storable(end.detail)],
    );
    const flag = `UPDATE ${tables}runs SET has_texts = true WHERE run_key = ANY ($1::bigint[])`;
    this.scope.statements.send(flag, [keysOf(runs)]);
  }

  delete(runs: readonly StoredRun[]): void {
    for (const table of ['single_runs', 'run_texts']) {
      const text = `DELETE FROM ${this.tables}${table} WHERE run_key = ANY ($1::bigint[])`;
      this.scope.statements.send(text, [keysOf(runs)]);
    }
    if (runs.some((run) => run.record.state === 'running')) this.notices.concernsOwners();
  }

  /** Where no history is kept, a job's own note says it. */
  async overtaken(times: readonly PlannedTime[]): Promise<ReadonlySet<number>> {
    const { tables } = this;
    const { rows } = await this.scope.statements.query(
      `SELECT u.job_key
       FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[]) u (job_key, generation, fire_time, is_noted)
       WHERE EXISTS (SELECT 1 FROM ${tables}runs r WHERE r.job_key = u.job_key AND r.fire_time > u.fire_time
           AND r.generation = u.generation AND r.kind = ${KIND.scheduled})
         OR (u.is_noted AND EXISTS (SELECT 1 FROM ${tables}jobs j WHERE j.job_key = u.job_key
           AND j.overtaken_by > u.fire_time AND (j.fire_time IS NULL OR j.overtaken_by < j.fire_time)))`,
      [
        numbers(times.map(({ job }) => job.key)),
        numbers(times.map(({ job }) => job.record.generation)),
        numbers(times.map(({ fireTime }) => fireTime)),
        booleans(times.map(({ job }) => !job.record.policy.keepHistory)),
      ],
    );
    return new Set(rows.map((row) => row[0] as number));
  }

  private async insertAll(drafts: readonly RunDraft[]): Promise<(StoredRun | null)[]> {
    const first = await this.scope.take(drafts.length);
    const isWritten = await this.writer.write(drafts, first);
    for (const draft of drafts) if (draft.state === 'waiting') this.notices.wakes(draft.dueAt);
    return drafts.map((draft, index) => {
      const key = first + index;
      if (!isWritten(key)) return null;
      return { key, jobKey: draft.job.key, record: runRecordOf(this.scope.runId(key), draft) };
    });
  }

  private async readUnsettled(jobKeys: readonly number[]): Promise<Map<number, StoredRun[]>> {
    const among = 'r.job_key = ANY ($1::bigint[])';
    const { isReading, isClaiming } = this.scope;
    if (!isReading) this.batches.splitJobs(jobKeys);
    const text = isReading
      ? selectOpenRuns(this.tables, among)
      : `${selectSingleRuns(this.tables, among)} ORDER BY r.run_key FOR UPDATE OF r ${isClaiming ? 'SKIP LOCKED' : ''}`;
    return runsByJob(await this.read(text, [numbers(jobKeys)]));
  }

  private async read(text: string, values: readonly unknown[]): Promise<StoredRun[]> {
    const { rows } = await this.scope.statements.query(text, values);
    return rows.map((row) => decodeRun(this.scope, row));
  }

  private update(set: string, runs: readonly StoredRun[], ...values: unknown[]): void {
    const text = `UPDATE ${this.tables}single_runs SET ${set} WHERE run_key = ANY ($1::bigint[])`;
    this.scope.statements.send(text, [keysOf(runs), ...values]);
  }

  /** A blocked or paused job costs one row, not one a fire time: its newest record covers one more range. */
  private async lengthen(job: StoredJob, skip: PlannedSkip, at: Instant): Promise<RunRecord | null> {
    const text = `SELECT * FROM (${selectRuns(this.tables, 'r.job_key = $1')}) b
      ORDER BY fire_time DESC, generation DESC, run_key DESC LIMIT 1`;
    const [newest] = await this.read(text, [job.key]);
    if (newest === undefined || !isMoreOfTheSame(newest.record, job, skip)) return null;
    const { key, record } = newest;
    const after = lengthened(record, skip, at);
    const longer = `UPDATE ${this.tables}runs SET first_fire_time = $2, fire_time = $3, count = count + $4,
      is_count_exact = $5, settled_at = $6 WHERE run_key = $1`;
    const values = [key, record.firstFireTime, skip.fireTime, skip.count, after.countIsExact, at];
    this.scope.statements.send(longer, values);
    return after;
  }

  private async addSkip(job: StoredJob, skip: PlannedSkip, at: Instant): Promise<RunRecord> {
    const draft = skipDraft(job, skip, at);
    const key = await this.scope.take(1);
    await this.writer.write([draft], key);
    return runRecordOf(this.scope.runId(key), draft);
  }
}
