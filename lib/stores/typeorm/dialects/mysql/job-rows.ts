import type { Instant, JobFilter, JobRecord } from '../../../../core/index.js';
import { definitionTextOf } from '../../codec.js';
import { REMOVED_STATUS, STATUS } from '../../codes.js';
import { wakeAtOf } from '../../records.js';
import type { StoredJob } from '../../records.js';
import type { JobRows, JobUpdate } from '../../session.js';
import { advanceGroups } from '../../advance-groups.js';
import type { AdvanceGroup } from '../../advance-groups.js';
import type { JobColumns } from '../server/job-decoder.js';
import { redefined, updatedJobs } from '../server/updated-jobs.js';
import { JOB_COLUMNS } from './job-decoder.js';
import type { MySqlJobDecoder } from './job-decoder.js';
import { listStatement } from './job-list.js';
import { deleteByKeys, inList, json, keysOf, orNull, overwriting, text, texts } from './literals.js';
import type { Literal } from './literals.js';
import { BY_KEY } from './run-select.js';
import type { Scope } from './scope.js';

/** What of a hot row may change, in the order of `changeable`. */
const CHANGEABLE = `shape_key, definition_version, generation, version, status, status_reason, status_at, pause, fire_time,
  due_at, wake_at, run_count, losses, updated_at`;

/** Jobs that a plan moved alike are written by their keys; where few are alike, each is written whole. */
const MOST_GROUPS = 8;

export class MySqlJobRows implements JobRows {
  private readonly tables: string;

  constructor(
    private readonly scope: Scope,
    private readonly decoder: MySqlJobDecoder,
  ) {
    this.tables = scope.place.tables;
  }

  /** Looked up without a lock: one on ids that are not there could keep others from adding theirs. */
  async byIds(ids: readonly string[]): Promise<StoredJob[]> {
    if (ids.length === 0) return [];
    const find = `SELECT job_key FROM ${this.tables}definitions FORCE INDEX (definitions_id)
      WHERE app_key = ${this.scope.place.appKey} AND id IN (${texts(ids)}) AND removed = 0`;
    const { rows } = await this.scope.statements.query(find);
    if (rows.length === 0) return [];
    const found = await this.byKeys(rows.map((row) => row[0] as number));
    return found.filter((job) => !job.isRemoved);
  }

  /** Locked in the order of their keys, so that two steps that want the same jobs do not wait for each other (P27). */
  async byKeys(keys: readonly number[]): Promise<StoredJob[]> {
    if (keys.length === 0) return [];
    const lock = this.scope.isReading ? '' : 'FOR UPDATE';
    const { rows } = await this.scope.statements.query(
      `SELECT ${JOB_COLUMNS} FROM ${this.tables}jobs j FORCE INDEX (PRIMARY)
       STRAIGHT_JOIN ${this.tables}definitions d ON d.job_key = j.job_key
       WHERE j.job_key IN (${inList(keys)}) ORDER BY j.job_key ${lock}`,
    );
    return await this.decoder.decode(rows as unknown as JobColumns[]);
  }

  async list(filter: JobFilter): Promise<StoredJob[]> {
    const { rows } = await this.scope.statements.query(listStatement(this.scope.place, filter));
    const jobs = await this.decoder.decode(rows as unknown as JobColumns[]);
    const { tag, limit } = filter;
    return tag === undefined ? jobs : jobs.filter(({ record }) => record.tags.includes(tag)).slice(0, limit);
  }

  async insert(records: readonly JobRecord[]): Promise<StoredJob[]> {
    const { appKey } = this.scope.place;
    const first = await this.scope.take(records.length);
    const shapeKeys = await this.scope.shapeKeys(records, records[0].updatedAt);
    const jobs = records.map((record, index): StoredJob => ({
      key: first + index,
      shapeKey: shapeKeys[index],
      definitionVersion: record.version,
      record,
      isDamaged: false,
      isRemoved: false,
    }));
    this.scope.sendRows(
      `INSERT INTO ${this.tables}definitions (job_key, app_key, version, id, body)`,
      jobs.map(({ key, record }) => [
        key,
        appKey,
        record.version,
        this.scope.text(record.id),
        this.scope.text(definitionTextOf(record)),
      ]),
    );
    this.write(jobs);
    return jobs;
  }

  async update(updates: readonly JobUpdate[]): Promise<StoredJob[]> {
    const jobs = await updatedJobs(this.scope, updates);
    for (const { key, definitionVersion, record } of redefined(jobs, updates)) {
      const set = `version = ${definitionVersion}, id = ${text(record.id)}, body = ${text(definitionTextOf(record))}`;
      this.scope.statements.send(`UPDATE ${this.tables}definitions SET ${set} WHERE job_key = ${key}`);
    }
    this.overwrite(jobs);
    return jobs;
  }

  /** The rows are locked since they were read, so their versions cannot have changed. */
  advance(updates: readonly JobUpdate[]): void {
    const groups = advanceGroups(updates);
    if (groups.length > MOST_GROUPS) {
      const jobs = updates.map(({ job, after }) => ({ ...job, record: after }));
      this.write(jobs, `${overwriting(CHANGEABLE)}, has_runs = 1`);
    } else for (const group of groups) this.advanceGroup(group);
    for (const { job, after } of updates) if (after.status !== 'finished') this.decoder.keep(job);
  }

  noteOvertaken(keys: readonly number[], by: Instant | null): void {
    const note = `UPDATE ${this.tables}jobs ${BY_KEY} SET overtaken_by = ${by} WHERE job_key IN (${inList(keys)})`;
    this.scope.statements.send(note);
  }

  async overtakenBy(key: number): Promise<Instant | null> {
    const { rows } = await this.scope.statements.query(
      `SELECT overtaken_by FROM ${this.tables}jobs WHERE job_key = ${key}`,
    );
    return rows[0][0] as Instant | null;
  }

  async remove(jobs: readonly StoredJob[]): Promise<void> {
    if (jobs.length === 0) return;
    const { tables } = this;
    const { statements } = this.scope;
    const { rows } = await statements.query(
      `SELECT j.job_key FROM ${tables}jobs j WHERE j.job_key IN (${keysOf(jobs)})
       AND (EXISTS (SELECT 1 FROM ${tables}single_runs r WHERE r.job_key = j.job_key)
         OR EXISTS (SELECT 1 FROM ${tables}runs r WHERE r.job_key = j.job_key))`,
    );
    const kept = new Set(rows.map((row) => row[0] as number));
    const gone = jobs.filter((job) => !kept.has(job.key));
    if (gone.length > 0) {
      for (const table of ['jobs', 'definitions']) {
        statements.send(
          deleteByKeys(
            tables + table,
            'job_key',
            gone.map((job) => job.key),
          ),
        );
      }
    }
    if (kept.size === 0) return;
    const keys = inList(kept);
    const retired = `status = ${REMOVED_STATUS}, wake_at = NULL, losses = 0`;
    statements.send(`UPDATE ${tables}jobs ${BY_KEY} SET ${retired} WHERE job_key IN (${keys})`);
    statements.send(`UPDATE ${tables}definitions ${BY_KEY} SET removed = job_key WHERE job_key IN (${keys})`);
  }

  addLosses(keys: readonly number[]): void {
    const add = `UPDATE ${this.tables}jobs ${BY_KEY} SET losses = losses + 1 WHERE job_key IN (${inList(keys)})`;
    this.scope.statements.send(add);
  }

  clearLosses(runKeys: readonly number[]): void {
    const { appKey } = this.scope.place;
    this.scope.statements.send(
      `UPDATE ${this.tables}jobs j JOIN ${this.tables}runs r ON r.job_key = j.job_key AND r.generation = j.generation
       SET j.losses = 0 WHERE r.run_key IN (${inList(runKeys)}) AND j.app_key = ${appKey} AND j.losses > 0`,
    );
  }

  newGenerations(count: number): Promise<number> {
    return this.scope.take(count);
  }

  private write(jobs: readonly StoredJob[], end = ''): void {
    const { appKey } = this.scope.place;
    const start = `INSERT INTO ${this.tables}jobs (job_key, app_key, ${CHANGEABLE})`;
    this.scope.sendRows(
      start,
      jobs.map((job) => [job.key, appKey, ...changeable(job)]),
      end,
    );
  }

  /** The quickest way to write many rows, each with values of its own. They are there: whoever calls holds their locks. */
  private overwrite(jobs: readonly StoredJob[]): void {
    this.write(jobs, overwriting(CHANGEABLE));
  }

  private advanceGroup({ updates, keys, made, isFinished }: AdvanceGroup): void {
    const { status, statusReason, statusAt, fireTime, dueAt } = updates[0].after;
    const end = `, status_reason = ${text(statusReason)}, status_at = ${orNull(statusAt)}`;
    this.scope.statements.send(
      `UPDATE ${this.tables}jobs ${BY_KEY} SET version = version + 1, run_count = run_count + ${made}, has_runs = 1, pause = NULL,
         fire_time = ${orNull(fireTime)}, due_at = ${orNull(dueAt)}, wake_at = ${orNull(wakeAtOf(updates[0].after))},
         status = ${STATUS[status]} ${isFinished ? end : ''} WHERE job_key IN (${inList(keys)})`,
    );
  }
}

function changeable({ shapeKey, definitionVersion, record }: StoredJob): Literal[] {
  return [
    shapeKey,
    definitionVersion,
    record.generation,
    record.version,
    STATUS[record.status],
    text(record.statusReason),
    orNull(record.statusAt),
    json(record.pause),
    orNull(record.fireTime),
    orNull(record.dueAt),
    orNull(wakeAtOf(record)),
    record.runCount,
    record.losses,
    record.updatedAt,
  ];
}
