import type { Instant, JobFilter, JobRecord } from '../../../../core/index.js';
import { isSameDefinition, isSameShape } from '../../codec.js';
import { REMOVED_STATUS, STATUS } from '../../codes.js';
import { wakeAtOf } from '../../records.js';
import type { StoredJob } from '../../records.js';
import type { JobRows, JobUpdate } from '../../session.js';
import { advanceGroups } from '../../advance-groups.js';
import type { AdvanceGroup } from '../../advance-groups.js';
import { definitionArrayOf } from './definition-text.js';
import { asOneText, jobAsJson } from './job-decoder.js';
import type { JobDecoder } from './job-decoder.js';
import { JobList } from './job-list.js';
import { rangesOf } from '../../key-ranges.js';
import type { Scope } from './scope.js';
import { Statements } from './statements.js';

/** From so many rows on, one statement for all is cheaper than one each. */
const WORTH_A_SET = 4;

export class SqliteJobRows implements JobRows {
  private readonly statements: Statements<Name>;
  private readonly jobList: JobList;

  constructor(
    private readonly scope: Scope,
    private readonly decoder: JobDecoder,
  ) {
    this.statements = new Statements(scope.handle, textsOf(scope.place.prefix));
    this.jobList = new JobList(scope);
  }

  byIds(ids: readonly string[]): StoredJob[] {
    return this.read('byIds', JSON.stringify(ids), this.scope.place.appKey);
  }

  byKeys(keys: readonly number[]): StoredJob[] {
    return this.read('byKeys', JSON.stringify(keys));
  }

  list(filter: JobFilter): StoredJob[] {
    return this.decoder.decode(this.jobList.read(filter));
  }

  insert(records: readonly JobRecord[]): StoredJob[] {
    const first = this.scope.take('job', records.length);
    const { appKey } = this.scope.place;
    const [addDefinition, addJob] = [this.statements.get('addDefinition'), this.statements.get('addJob')];
    return records.map((record, index) => {
      const key = first + index;
      const shapeKey = this.scope.shapeKey(record);
      addDefinition.run(key, appKey, record.id, definitionArrayOf(record));
      addJob.run(key, appKey, shapeKey, record.version, ...changeable(record));
      return { key, shapeKey, definitionVersion: record.version, record, isDamaged: false, isRemoved: false };
    });
  }

  update(updates: readonly JobUpdate[]): StoredJob[] {
    return updates.map(({ job, after }) => {
      const { key } = job;
      const before = job.record;
      const shapeKey = isSameShape(before, after) ? job.shapeKey : this.scope.shapeKey(after);
      const isSame = isSameDefinition(before, after);
      if (!isSame) this.statements.get('define').run(after.id, definitionArrayOf(after), key);
      const definitionVersion = isSame ? job.definitionVersion : after.version;
      this.statements.get('update').run(shapeKey, definitionVersion, ...changeable(after), key);
      return { ...job, shapeKey, definitionVersion, record: after, isDamaged: job.isDamaged && isSame };
    });
  }

  /** The rows were read under the write lock that is still held, so their versions cannot have changed. */
  advance(updates: readonly JobUpdate[]): void {
    for (const group of advanceGroups(updates)) {
      if (group.keys.length >= WORTH_A_SET) this.advanceAll(group);
      else for (const update of group.updates) this.advanceOne(update);
      if (!group.isFinished) for (const { job } of group.updates) this.decoder.keep(job);
    }
  }

  noteOvertaken(keys: readonly number[], by: Instant | null): void {
    this.statements.get('noteOvertaken').run(by, JSON.stringify(keys));
  }

  overtakenBy(key: number): Instant | null {
    const [by] = this.statements.get('overtakenBy').get(key) as [Instant | null];
    return by;
  }

  remove(jobs: readonly StoredJob[]): void {
    for (const { key } of jobs) {
      if (this.statements.get('hasRuns').get(key) === undefined) {
        this.statements.get('deleteJob').run(key);
        this.statements.get('deleteDefinition').run(key);
      } else {
        this.statements.get('retire').run(key);
        this.statements.get('retireDefinition').run(key);
      }
    }
  }

  addLosses(keys: readonly number[]): void {
    this.statements.get('addLosses').run(JSON.stringify(keys));
  }

  clearLosses(runKeys: readonly number[]): void {
    this.statements.get('clearLosses').run(this.scope.place.appKey, JSON.stringify(runKeys));
  }

  newGenerations(count: number): number {
    return this.scope.take('generation', count);
  }

  private read(name: Name, ...parameters: unknown[]): StoredJob[] {
    const [text] = this.statements.get(name).get(...parameters) as [string];
    return this.decoder.decode(text);
  }

  private advanceAll({ updates, keys, made, isFinished }: AdvanceGroup): void {
    const { after } = updates[0];
    const times = [made, after.fireTime, after.dueAt] as const;
    const written = isFinished ? [...times, after.statusReason, after.statusAt] : [...times, wakeAtOf(after)];
    const ranges = rangesOf(keys);
    if (ranges === null)
      this.statements.get(isFinished ? 'finishAll' : 'moveAll').run(...written, JSON.stringify(keys));
    else
      for (const range of ranges)
        this.statements.get(isFinished ? 'finishRange' : 'moveRange').run(...written, ...range);
  }

  private advanceOne({ job, after }: JobUpdate): void {
    const wakeAt = wakeAtOf(after);
    const status = STATUS[after.status];
    this.statements
      .get('advance')
      .run(after.fireTime, after.dueAt, wakeAt, after.runCount, status, after.statusReason, after.statusAt, job.key);
  }
}

/** What of a hot row may change, in the order of `addJob` and `update`. */
function changeable(record: JobRecord): unknown[] {
  return [
    record.generation,
    record.version,
    STATUS[record.status],
    record.statusReason,
    record.statusAt,
    record.pause === null ? null : JSON.stringify(record.pause),
    record.fireTime,
    record.dueAt,
    wakeAtOf(record),
    record.runCount,
    record.losses,
    record.updatedAt,
  ];
}

type Name = keyof ReturnType<typeof textsOf>;

export function textsOf(p: string) {
  const changeables =
    'generation, version, status, status_reason, status_at, pause, fire_time, due_at, wake_at, run_count, losses, updated_at';
  const given = '(SELECT value FROM json_each(?))';
  const advanced = 'version = version + 1, run_count = run_count + ?, fire_time = ?, due_at = ?, pause = NULL';
  const move = `UPDATE ${p}jobs SET ${advanced}, wake_at = ? WHERE`;
  const finish = `UPDATE ${p}jobs SET ${advanced}, wake_at = NULL, status = ${STATUS.finished}, status_reason = ?,
    status_at = ? WHERE`;
  return {
    byIds: `SELECT ${asOneText(jobAsJson('j'))} FROM json_each(?) e
      CROSS JOIN ${p}definitions d ON d.app_key = ? AND d.id = e.value AND d.removed = 0
      CROSS JOIN ${p}jobs j ON j.job_key = d.job_key`,
    byKeys: `SELECT ${asOneText(jobAsJson('j'))} FROM json_each(?) e CROSS JOIN ${p}jobs j ON j.job_key = e.value`,
    addDefinition: `INSERT INTO ${p}definitions (job_key, app_key, id, body) VALUES (?, ?, ?, ?)`,
    addJob: `INSERT INTO ${p}jobs (job_key, app_key, shape_key, definition_version, ${changeables})
      VALUES (${Array(16).fill('?').join(', ')})`,
    define: `UPDATE ${p}definitions SET id = ?, body = ? WHERE job_key = ?`,
    update: `UPDATE ${p}jobs SET shape_key = ?, definition_version = ?,
      ${changeables
        .split(', ')
        .map((column) => `${column} = ?`)
        .join(', ')} WHERE job_key = ?`,
    advance: `UPDATE ${p}jobs SET version = version + 1, fire_time = ?, due_at = ?, wake_at = ?, run_count = ?,
      status = ?, status_reason = ?, status_at = ?, pause = NULL WHERE job_key = ?`,
    moveAll: `${move} job_key IN ${given}`,
    moveRange: `${move} job_key BETWEEN ? AND ?`,
    finishAll: `${finish} job_key IN ${given}`,
    finishRange: `${finish} job_key BETWEEN ? AND ?`,
    noteOvertaken: `UPDATE ${p}jobs SET overtaken_by = ? WHERE job_key IN ${given}`,
    overtakenBy: `SELECT overtaken_by FROM ${p}jobs WHERE job_key = ?`,
    hasRuns: `SELECT 1 FROM ${p}run_rows WHERE job_key = ? LIMIT 1`,
    deleteJob: `DELETE FROM ${p}jobs WHERE job_key = ?`,
    deleteDefinition: `DELETE FROM ${p}definitions WHERE job_key = ?`,
    retire: `UPDATE ${p}jobs SET status = ${REMOVED_STATUS}, wake_at = NULL, losses = 0 WHERE job_key = ?`,
    retireDefinition: `UPDATE ${p}definitions SET removed = job_key WHERE job_key = ?`,
    addLosses: `UPDATE ${p}jobs SET losses = losses + 1 WHERE job_key IN ${given}`,
    clearLosses: `UPDATE ${p}jobs SET losses = 0 WHERE app_key = ? AND losses > 0 AND EXISTS (SELECT 1 FROM ${p}run_rows r
      WHERE r.run_key IN ${given} AND r.job_key = ${p}jobs.job_key AND r.generation = ${p}jobs.generation)`,
  };
}
