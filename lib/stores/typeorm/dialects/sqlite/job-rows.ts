import type { JobFilter, JobRecord } from '../../../../core/index.js';
import { definitionTextOf, isSameShape } from '../../codec.js';
import { REMOVED_STATUS, STATUS } from '../../codes.js';
import { wakeAtOf } from '../../records.js';
import type { StoredJob } from '../../records.js';
import type { JobRows, JobUpdate } from '../../session.js';
import { advanceGroups } from '../../advance-groups.js';
import type { AdvanceGroup } from '../../advance-groups.js';
import { JOB_COLUMNS, jobsAsJson } from './job-decoder.js';
import type { JobDecoder } from './job-decoder.js';
import type { Scope } from './scope.js';
import { Statements } from './statements.js';

/** From so many rows on, one statement for all is cheaper than one each. */
const WORTH_A_SET = 4;

export class SqliteJobRows implements JobRows {
  private readonly statements: Statements<Name>;

  constructor(
    private readonly scope: Scope,
    private readonly decoder: JobDecoder,
  ) {
    this.statements = new Statements(scope.handle, textsOf(scope.place.prefix));
  }

  byIds(ids: readonly string[]): StoredJob[] {
    return this.read('byIds', JSON.stringify(ids), this.scope.place.appKey);
  }

  byKeys(keys: readonly number[]): StoredJob[] {
    return this.read('byKeys', JSON.stringify(keys));
  }

  list(filter: JobFilter): StoredJob[] {
    const { statement, parameters } = this.listStatement(filter);
    const [text] = this.scope.handle
      .prepare(statement)
      .raw()
      .get(...parameters) as [string];
    return this.decoder.decode(text);
  }

  insert(records: readonly JobRecord[]): StoredJob[] {
    const first = this.scope.take('job', records.length);
    const { appKey } = this.scope.place;
    const [addDefinition, addJob] = [this.statements.get('addDefinition'), this.statements.get('addJob')];
    return records.map((record, index) => {
      const key = first + index;
      const shapeKey = this.scope.shapeKey(record);
      addDefinition.run(key, appKey, record.id, definitionTextOf(record));
      addJob.run(key, appKey, shapeKey, record.version, ...changeable(record));
      return { key, shapeKey, definitionVersion: record.version, record, isDamaged: false, isRemoved: false };
    });
  }

  update(updates: readonly JobUpdate[]): StoredJob[] {
    return updates.map(({ job, after }) => {
      const { key } = job;
      const before = job.record;
      const shapeKey = isSameShape(before, after) ? job.shapeKey : this.scope.shapeKey(after);
      const isSame = hasSameDefinition(before, after) || definitionTextOf(before) === definitionTextOf(after);
      if (!isSame) this.statements.get('define').run(after.id, definitionTextOf(after), key);
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

  private advanceAll(group: AdvanceGroup): void {
    const { after } = group.updates[0];
    const keys = JSON.stringify(group.keys);
    if (group.isFinished) {
      this.statements
        .get('finishAll')
        .run(group.made, after.fireTime, after.dueAt, after.statusReason, after.statusAt, keys);
    } else {
      this.statements.get('moveAll').run(group.made, after.fireTime, after.dueAt, wakeAtOf(after), keys);
    }
  }

  private advanceOne({ job, after }: JobUpdate): void {
    const wakeAt = wakeAtOf(after);
    const status = STATUS[after.status];
    this.statements
      .get('advance')
      .run(after.fireTime, after.dueAt, wakeAt, after.runCount, status, after.statusReason, after.statusAt, job.key);
  }

  private listStatement(filter: JobFilter): { statement: string; parameters: unknown[] } {
    const p = this.scope.place.prefix;
    const conditions: [string, unknown][] = [['d.app_key = ?', this.scope.place.appKey]];
    if (filter.ids !== undefined)
      conditions.push([`d.id IN (SELECT value FROM json_each(?))`, JSON.stringify(filter.ids)]);
    if (filter.after !== undefined) conditions.push(['d.id > ?', filter.after]);
    if (filter.origin !== undefined) conditions.push(['s.origin = ?', filter.origin]);
    if (filter.task !== undefined) conditions.push(['s.task = ?', filter.task]);
    if (filter.paused !== undefined) conditions.push(['(j.pause IS NOT NULL) = ?', filter.paused ? 1 : 0]);
    if (filter.status !== undefined) {
      const codes = filter.status.map((status) => STATUS[status]);
      conditions.push(['j.status IN (SELECT value FROM json_each(?))', JSON.stringify(codes)]);
    }
    if (filter.triggerHolds !== undefined) {
      // A trigger is JSON within the JSON of the body.
      conditions.push(['instr(d.body, ?) > 0', JSON.stringify(filter.triggerHolds).slice(1, -1)]);
    }
    if (filter.tag !== undefined) {
      const tags = `iif(json_valid(d.body), d.body, '{}'), '$.tags'`;
      conditions.push([`EXISTS (SELECT 1 FROM json_each(${tags}) t WHERE t.value = ?)`, filter.tag]);
    }
    const statement = `SELECT ${jobsAsJson('f')} FROM (SELECT ${columns('j')} FROM ${p}definitions d
      CROSS JOIN ${p}jobs j USING (job_key) CROSS JOIN ${p}shapes s USING (shape_key)
      WHERE d.removed = 0 AND ${conditions.map(([condition]) => condition).join(' AND ')} ORDER BY d.id LIMIT ?) f`;
    return { statement, parameters: [...conditions.map(([, value]) => value), filter.limit ?? -1] };
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

function hasSameDefinition(a: JobRecord, b: JobRecord): boolean {
  return (
    a.id === b.id &&
    a.name === b.name &&
    a.description === b.description &&
    a.tags === b.tags &&
    a.args === b.args &&
    a.trigger === b.trigger &&
    a.triggerFingerprint === b.triggerFingerprint &&
    a.restFingerprint === b.restFingerprint
  );
}

function columns(alias: string): string {
  return JOB_COLUMNS.map((column) => `${alias}.${column}`).join(', ');
}

type Name = keyof ReturnType<typeof textsOf>;

function textsOf(p: string) {
  const changeables =
    'generation, version, status, status_reason, status_at, pause, fire_time, due_at, wake_at, run_count, losses, updated_at';
  const given = '(SELECT value FROM json_each(?))';
  return {
    byIds: `SELECT ${jobsAsJson('j')} FROM json_each(?) e
      CROSS JOIN ${p}definitions d ON d.app_key = ? AND d.id = e.value AND d.removed = 0
      CROSS JOIN ${p}jobs j ON j.job_key = d.job_key`,
    byKeys: `SELECT ${jobsAsJson('j')} FROM json_each(?) e CROSS JOIN ${p}jobs j ON j.job_key = e.value`,
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
    moveAll: `UPDATE ${p}jobs SET version = version + 1, run_count = run_count + ?, fire_time = ?, due_at = ?,
      wake_at = ?, pause = NULL WHERE job_key IN ${given}`,
    finishAll: `UPDATE ${p}jobs SET version = version + 1, run_count = run_count + ?, fire_time = ?, due_at = ?,
      wake_at = NULL, pause = NULL, status = ${STATUS.finished}, status_reason = ?, status_at = ? WHERE job_key IN ${given}`,
    hasRuns: `SELECT 1 FROM ${p}runs WHERE job_key = ? LIMIT 1`,
    deleteJob: `DELETE FROM ${p}jobs WHERE job_key = ?`,
    deleteDefinition: `DELETE FROM ${p}definitions WHERE job_key = ?`,
    retire: `UPDATE ${p}jobs SET status = ${REMOVED_STATUS}, wake_at = NULL, losses = 0 WHERE job_key = ?`,
    retireDefinition: `UPDATE ${p}definitions SET removed = job_key WHERE job_key = ?`,
    addLosses: `UPDATE ${p}jobs SET losses = losses + 1 WHERE job_key IN ${given}`,
    clearLosses: `UPDATE ${p}jobs SET losses = 0 WHERE app_key = ? AND losses > 0 AND EXISTS (SELECT 1 FROM ${p}runs r
      WHERE r.run_key IN ${given} AND r.job_key = ${p}jobs.job_key AND r.generation = ${p}jobs.generation)`,
  };
}
