import type { Awaitable, Instant, PlannedSkip, RunRecord } from '../../../../core/index.js';
import { KIND, STATE } from '../../codes.js';
import { byAge, runRecordOf, runsByJob } from '../../records.js';
import type { RunDraft, RunEnd, StoredJob, StoredRun } from '../../records.js';
import type { PlannedTime, RunRows } from '../../session.js';
import { isMoreOfTheSame, lengthened, skipDraft } from '../../skips.js';
import type { Answer } from '../server/link.js';
import { BATCH_SIZE } from '../server/known-batches.js';
import type { ClaimedBatches } from './claimed-batches.js';
import { flag, inList, text } from './literals.js';
import type { DueJobs } from './due-jobs.js';
import { decodeRun } from '../../run-decoder.js';
import { amongRuns } from './run-keys.js';
import { BY_KEY, selectBatchedRuns, selectRuns, selectSettledRuns, selectSingleRuns } from './run-select.js';
import { copyStatement, deleteRuns } from './run-moves.js';
import { RunWriter } from './run-writer.js';
import type { Scope } from './scope.js';

export class MySqlRunRows implements RunRows {
  private readonly writer: RunWriter;
  private readonly tables: string;

  constructor(
    private readonly scope: Scope,
    private readonly due: DueJobs,
    private readonly batches: ClaimedBatches,
  ) {
    this.writer = new RunWriter(scope, due, batches);
    this.tables = scope.place.tables;
  }

  /**
   * Locked: who settles one of them waits for what is decided here, and finds it when he looks. Found without a lock, since
   * their index is written by settles that hold the rows; locked by their keys, as settles lock them (P27).
   */
  unsettledOf(jobKeys: readonly number[]): Awaitable<Map<number, StoredRun[]>> {
    const keys = jobKeys.filter((key) => !this.due.isNew(key));
    return keys.length === 0 ? new Map<number, StoredRun[]>() : this.readUnsettled(keys);
  }

  /** Without a lock: who only gives a buffered run its turn changes nothing of the others. */
  async peekUnsettledOf(jobKeys: readonly number[]): Promise<Map<number, StoredRun[]>> {
    const where = `r.job_key IN (${inList(jobKeys)})`;
    const batched = selectBatchedRuns(this.tables, `c.app_key = ${this.scope.place.appKey}`, where);
    const single = selectSingleRuns(this.tables, where, 'FORCE INDEX (single_runs_once)');
    return runsByJob(await this.read(`${single} UNION ALL ${batched}`));
  }

  async byKeys(keys: readonly number[]): Promise<StoredRun[]> {
    const { appKey } = this.scope.place;
    const where = `r.app_key = ${appKey} AND r.run_key IN (${inList(keys)})`;
    const select = selectRuns(this.tables, where, BY_KEY);
    if (!this.scope.isReading) {
      await this.batches.splitRuns(keys);
      return await this.read(select);
    }
    const [first, last] = [Math.min, Math.max].map((of) => of(...keys));
    const near = `c.app_key = ${appKey} AND c.batch_key BETWEEN ${first - BATCH_SIZE + 1} AND ${last}`;
    return await this.read(`${select} UNION ALL ${selectBatchedRuns(this.tables, near, where)}`);
  }

  async forFireTime(job: StoredJob, fireTime: Instant): Promise<StoredRun | null> {
    const { generation } = job.record;
    await this.batches.splitJobs([job.key]);
    const where = `r.job_key = ${job.key} AND r.fire_time = ${fireTime} AND r.generation = ${generation} AND r.slot = 0`;
    const [run] = await this.read(selectRuns(this.tables, where));
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
    const lease = `node_key = ${nodeKey}, lease_until = ${leaseUntil}, wants_at = ${leaseUntil}`;
    this.update(`state = ${STATE.running}, ${lease}, token = token + 1, attempt = attempt + 1`, runs);
  }

  letWait(runs: readonly StoredRun[], dueAt: Instant): void {
    const set = `due_at = ${dueAt}, wants_at = ${dueAt}, node_key = NULL, lease_until = NULL`;
    this.update(`state = ${STATE.waiting}, ${set}`, runs);
  }

  takeBack(runs: readonly StoredRun[]): void {
    const set = 'wants_at = due_at, token = token + 1, attempt = attempt - 1, node_key = NULL, lease_until = NULL';
    this.update(`state = ${STATE.waiting}, ${set}`, runs);
  }

  askToStop(runs: readonly StoredRun[]): void {
    this.scope.asksToStop = true;
    this.update('is_cancel_requested = 1', runs);
  }

  end(runs: readonly StoredRun[], end: RunEnd): void {
    if (runs.length === 0) return;
    if (!end.keepHistory) return this.delete(runs);
    const { tables } = this;
    const { statements } = this.scope;
    const keys = runs.map((run) => run.key);
    const among = amongRuns(keys);
    statements.send(copyStatement(tables, among, { end, made: 'attempt, started_at' }));
    statements.send(deleteRuns(`${tables}single_runs`, keys));
    if (end.detail === null) return;
    const detail = text(end.detail);
    this.scope.sendRows(
      `INSERT INTO ${tables}run_texts (run_key, detail)`,
      runs.map((run) => [run.key, detail]),
      'ON DUPLICATE KEY UPDATE detail = VALUES(detail)',
    );
    statements.send(`UPDATE ${tables}runs ${BY_KEY} SET has_texts = 1 WHERE ${among}`);
  }

  delete(runs: readonly StoredRun[]): void {
    if (runs.length === 0) return;
    const keys = runs.map((run) => run.key);
    for (const table of ['single_runs', 'run_texts']) {
      this.scope.statements.send(deleteRuns(this.tables + table, keys));
    }
  }

  /** One look each, which go over together. */
  async overtaken(times: readonly PlannedTime[]): Promise<ReadonlySet<number>> {
    const found = await Promise.all(times.map((time) => this.isOvertaken(time)));
    return new Set(times.filter((_, index) => found[index]).map(({ job }) => job.key));
  }

  /** Where no history is kept, the job's own note says it. */
  private async isOvertaken({ job: { key, record }, fireTime }: PlannedTime): Promise<boolean> {
    const { tables } = this;
    const settled = `SELECT 1 FROM ${tables}runs FORCE INDEX (runs_once) WHERE job_key = ${key} AND fire_time > ${fireTime}
      AND generation = ${record.generation} AND kind = ${KIND.scheduled} LIMIT 1`;
    const noted = `SELECT 1 FROM ${tables}jobs WHERE job_key = ${key} AND overtaken_by > ${fireTime}
      AND (fire_time IS NULL OR overtaken_by < fire_time)`;
    const look = record.policy.keepHistory ? settled : `(${settled}) UNION ALL (${noted})`;
    return (await this.scope.statements.query(look)).rows.length > 0;
  }

  private async insertAll(drafts: readonly RunDraft[]): Promise<(StoredRun | null)[]> {
    const first = await this.scope.take(drafts.length);
    this.noteRuns(drafts);
    const taken = await this.writer.write(drafts, first);
    for (const { job } of drafts) this.due.gotRun(job.key);
    return drafts.map((draft, index) => {
      const key = first + index;
      if (taken.has(key)) return null;
      return { key, jobKey: draft.job.key, record: runRecordOf(this.scope.runId(key), draft) };
    });
  }

  /** The plan of a due job is applied to it afterwards, which notes it too. */
  private noteRuns(drafts: readonly RunDraft[]): void {
    const entered = drafts.filter(({ job }) => !this.due.has(job.key)).map(({ job }) => job.key);
    if (entered.length === 0) return;
    const note = `UPDATE ${this.tables}jobs ${BY_KEY} SET has_runs = 1 WHERE has_runs = 0`;
    this.scope.statements.send(`${note} AND job_key IN (${inList(entered)})`);
  }

  private async readUnsettled(jobKeys: readonly number[]): Promise<Map<number, StoredRun[]>> {
    const [isSplit, seen] = await Promise.all([this.batches.splitJobs(jobKeys), this.findOpen(jobKeys)]);
    const { rows } = isSplit ? await this.findOpen(jobKeys) : seen;
    if (rows.length === 0) return new Map();
    const keys = inList(rows.map((row) => row[0] as number).sort((a, b) => a - b));
    const select = selectSingleRuns(this.tables, `r.run_key IN (${keys})`, BY_KEY);
    const [locked, runs] = await Promise.all([this.scope.isReading ? null : this.lock(keys), this.read(select)]);
    for (const run of runs) if (locked !== null && !locked.has(run.key)) this.batches.busyJobs.add(run.jobKey);
    return runsByJob(runs);
  }

  private findOpen(jobKeys: readonly number[]): Promise<Answer> {
    return this.scope.statements.query(
      `SELECT run_key FROM ${this.tables}single_runs FORCE INDEX (single_runs_once) WHERE job_key IN (${inList(jobKeys)})`,
    );
  }

  /** In the order of their keys; who claims holds others already, and waits for none. Answers which are locked. */
  private async lock(keys: string): Promise<ReadonlySet<number>> {
    const { rows } = await this.scope.statements.query(
      `SELECT run_key FROM ${this.tables}single_runs ${BY_KEY} WHERE run_key IN (${keys}) ORDER BY run_key
       FOR UPDATE ${this.scope.isClaiming ? 'SKIP LOCKED' : ''}`,
    );
    return new Set(rows.map((row) => row[0] as number));
  }

  private async read(select: string): Promise<StoredRun[]> {
    const { rows } = await this.scope.statements.query(select);
    return rows.map((row) => decodeRun(this.scope, row));
  }

  private update(set: string, runs: readonly StoredRun[]): void {
    if (runs.length === 0) return;
    this.scope.statements.send(
      `UPDATE ${this.tables}single_runs ${BY_KEY} SET ${set} WHERE ${amongRuns(runs.map((run) => run.key))}`,
    );
  }

  /** A blocked or paused job costs one row, not one a fire time: its newest record covers one more range. */
  private async lengthen(job: StoredJob, skip: PlannedSkip, at: Instant): Promise<RunRecord | null> {
    const newest = await this.newestOf(job.key);
    if (newest === null || !isMoreOfTheSame(newest.record, job, skip)) return null;
    const { key, record } = newest;
    const after = lengthened(record, skip, at);
    this.scope.statements.send(
      `UPDATE ${this.tables}runs SET first_fire_time = ${record.firstFireTime}, fire_time = ${skip.fireTime},
         count = count + ${skip.count}, is_count_exact = ${flag(after.countIsExact)}, settled_at = ${at} WHERE run_key = ${key}`,
    );
    return after;
  }

  private async newestOf(jobKey: number): Promise<StoredRun | null> {
    const keys = ['single_runs', 'runs'].map(
      (table) => `(SELECT run_key FROM ${this.tables}${table} FORCE INDEX (${table}_once) WHERE job_key = ${jobKey}
        ORDER BY fire_time DESC, generation DESC, slot DESC, run_key DESC LIMIT 1)`,
    );
    const open = selectSingleRuns(this.tables, `r.run_key = ${keys[0]}`);
    const settled = selectSettledRuns(this.tables, `r.run_key = ${keys[1]}`);
    const [first, second] = await this.read(`${open} UNION ALL ${settled}`);
    if (second === undefined) return first ?? null;
    return byAge(first, second) > 0 ? first : second;
  }

  private async addSkip(job: StoredJob, skip: PlannedSkip, at: Instant): Promise<RunRecord> {
    const draft = skipDraft(job, skip, at);
    const key = await this.scope.take(1);
    await this.writer.write([draft], key);
    return runRecordOf(this.scope.runId(key), draft);
  }
}
