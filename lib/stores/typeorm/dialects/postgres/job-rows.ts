import type { Awaitable, Instant, JobFilter, JobRecord } from '../../../../core/index.js';
import { definitionTextOf } from '../../codec.js';
import { REMOVED_STATUS, STATUS } from '../../codes.js';
import { wakeAtOf } from '../../records.js';
import type { StoredJob } from '../../records.js';
import type { JobRows, JobUpdate } from '../../session.js';
import { jsonOf, jsonTexts, keysOf, numbers, storable, texts, textsOfJson } from './arrays.js';
import type { ClaimedBatches } from './claimed-batches.js';
import { Columns } from './columns.js';
import type { JobColumns } from '../server/job-decoder.js';
import { redefined, updatedJobs } from '../server/updated-jobs.js';
import { JOB_COLUMNS } from './job-decoder.js';
import type { PostgresJobDecoder } from './job-decoder.js';
import { listStatement } from './job-list.js';
import type { Notices } from './notices.js';
import type { Scope } from './scope.js';

/** What of a hot row may change, in the order of `changeable`. */
const CHANGEABLE =
  'generation, version, status, status_reason, status_at, pause, fire_time, due_at, wake_at, run_count, losses, updated_at';
const CHANGEABLE_TYPES = 'bigint int smallint text bigint text bigint bigint bigint int int bigint'.split(' ');

export class PostgresJobRows implements JobRows {
  constructor(
    private readonly scope: Scope,
    private readonly decoder: PostgresJobDecoder,
    private readonly notices: Notices,
    private readonly batches: ClaimedBatches,
  ) {}

  byIds(ids: readonly string[]): Awaitable<StoredJob[]> {
    const { appKey } = this.scope.place;
    return this.read('d.app_key = $1 AND d.id = ANY ($2::text[]) AND d.removed = 0', [appKey, texts(ids)]);
  }

  byKeys(keys: readonly number[]): Awaitable<StoredJob[]> {
    return this.read('j.job_key = ANY ($1::bigint[])', [numbers(keys)], true);
  }

  async list(filter: JobFilter): Promise<StoredJob[]> {
    const { text, values } = listStatement(this.scope.place, filter);
    const { rows } = await this.scope.statements.query(text, values);
    const jobs = await this.decoder.decode(rows as unknown as JobColumns[]);
    const { tag, limit } = filter;
    return tag === undefined ? jobs : jobs.filter(({ record }) => record.tags.includes(tag)).slice(0, limit);
  }

  async insert(records: readonly JobRecord[]): Promise<StoredJob[]> {
    const { appKey, tables } = this.scope.place;
    const first = await this.scope.take(records.length);
    const shapeKeys = await this.scope.shapeKeys(records, records[0].updatedAt);
    const keys = numbers(records.map((_, index) => first + index));
    this.scope.statements.send(
      `INSERT INTO ${tables}definitions (job_key, app_key, version, id, body)
       SELECT u.job_key, $1, u.version, u.id, u.body
       FROM unnest($2::bigint[], $3::integer[], $4::text[], ${textsOfJson('$5')}) u (job_key, version, id, body)`,
      [
        appKey,
        keys,
        numbers(records.map((record) => record.version)),
        texts(records.map((record) => record.id)),
        jsonTexts(records.map(definitionTextOf)),
      ],
    );
    const casts = CHANGEABLE_TYPES.map((type, index) => `$${index + 4}::${type}[]`).join(', ');
    this.scope.statements.send(
      `INSERT INTO ${tables}jobs (app_key, job_key, shape_key, definition_version, ${CHANGEABLE})
       SELECT $1, u.job_key, u.shape_key, u.version, ${prefixed('u')}
       FROM unnest($2::bigint[], $3::integer[], ${casts}) u (job_key, shape_key, ${CHANGEABLE})`,
      [appKey, keys, numbers(shapeKeys), ...changeable(records)],
    );
    for (const record of records) this.notices.wakes(wakeAtOf(record));
    return records.map((record, index) => ({
      key: first + index,
      shapeKey: shapeKeys[index],
      definitionVersion: record.version,
      record,
      isDamaged: false,
      isRemoved: false,
    }));
  }

  async update(updates: readonly JobUpdate[]): Promise<StoredJob[]> {
    const jobs = await updatedJobs(this.scope, updates);
    this.writeDefinitions(redefined(jobs, updates));
    const casts = CHANGEABLE_TYPES.map((type, index) => `$${index + 4}::${type}[]`).join(', ');
    this.scope.statements.send(
      `UPDATE ${this.scope.place.tables}jobs j SET shape_key = u.shape_key, definition_version = u.definition_version,
         (${CHANGEABLE}) = ROW (${prefixed('u')})
       FROM unnest($1::bigint[], $2::integer[], $3::integer[], ${casts}) u (job_key, shape_key, definition_version,
         ${CHANGEABLE}) WHERE j.job_key = u.job_key`,
      [
        keysOf(jobs),
        numbers(jobs.map((job) => job.shapeKey)),
        numbers(jobs.map((job) => job.definitionVersion)),
        ...changeable(updates.map((update) => update.after)),
      ],
    );
    for (const { after } of updates) this.notices.wakes(wakeAtOf(after));
    return jobs;
  }

  /** The rows are locked since they were read, so their versions cannot have changed. */
  advance(updates: readonly JobUpdate[]): void {
    const moved = updates.filter(({ after }) => after.status !== 'finished');
    const finished = new Map<string, JobUpdate[]>();
    for (const update of updates) {
      if (update.after.status !== 'finished') continue;
      const { statusReason, statusAt, fireTime, dueAt } = update.after;
      const group = `${statusReason} ${statusAt} ${fireTime} ${dueAt}`;
      const alike = finished.get(group);
      if (alike === undefined) finished.set(group, [update]);
      else alike.push(update);
    }
    if (moved.length > 0) this.move(moved);
    for (const group of finished.values()) this.finish(group);
  }

  noteOvertaken(keys: readonly number[], by: Instant | null): void {
    const text = `UPDATE ${this.scope.place.tables}jobs SET overtaken_by = $2 WHERE job_key = ANY ($1::bigint[])`;
    this.scope.statements.send(text, [numbers(keys), by]);
  }

  async overtakenBy(key: number): Promise<Instant | null> {
    const { tables } = this.scope.place;
    const { rows } = await this.scope.statements.query(`SELECT overtaken_by FROM ${tables}jobs WHERE job_key = $1`, [
      key,
    ]);
    return rows[0][0] as Instant | null;
  }

  async remove(jobs: readonly StoredJob[]): Promise<void> {
    const { tables } = this.scope.place;
    const { statements } = this.scope;
    this.batches.splitJobs(jobs.map((job) => job.key));
    const { rows } = await statements.query(
      `SELECT k FROM unnest($1::bigint[]) k WHERE EXISTS (SELECT 1 FROM ${tables}single_runs r WHERE r.job_key = k)
         OR EXISTS (SELECT 1 FROM ${tables}runs r WHERE r.job_key = k)`,
      [keysOf(jobs)],
    );
    const kept = new Set(rows.map((row) => row[0]));
    const gone = jobs.filter((job) => !kept.has(job.key));
    if (gone.length > 0) {
      for (const table of ['jobs', 'definitions']) {
        statements.send(`DELETE FROM ${tables}${table} WHERE job_key = ANY ($1::bigint[])`, [keysOf(gone)]);
      }
    }
    if (kept.size === 0) return;
    const keys = numbers([...kept] as number[]);
    const retired = `status = ${REMOVED_STATUS}, wake_at = NULL, losses = 0`;
    statements.send(`UPDATE ${tables}jobs SET ${retired} WHERE job_key = ANY ($1::bigint[])`, [keys]);
    statements.send(`UPDATE ${tables}definitions SET removed = job_key WHERE job_key = ANY ($1::bigint[])`, [keys]);
  }

  addLosses(keys: readonly number[]): void {
    const text = `UPDATE ${this.scope.place.tables}jobs SET losses = losses + 1 WHERE job_key = ANY ($1::bigint[])`;
    this.scope.statements.send(text, [numbers(keys)]);
  }

  clearLosses(runKeys: readonly number[]): void {
    const { tables, appKey } = this.scope.place;
    const text = `UPDATE ${tables}jobs j SET losses = 0 WHERE app_key = $1 AND losses > 0 AND EXISTS (
      SELECT 1 FROM ${tables}runs r
      WHERE r.run_key = ANY ($2::bigint[]) AND r.job_key = j.job_key AND r.generation = j.generation)`;
    this.scope.statements.send(text, [appKey, numbers(runKeys)]);
  }

  newGenerations(count: number): Promise<number> {
    return this.scope.take(count);
  }

  /** Locked in the order of their keys, so that two steps that want the same jobs do not wait for each other. */
  private async read(where: string, values: unknown[], isRemovedToo = false): Promise<StoredJob[]> {
    const { tables } = this.scope.place;
    const living = isRemovedToo ? '' : `AND j.status <> ${REMOVED_STATUS}`;
    const { isReading, isClaiming } = this.scope;
    const lock = isReading ? '' : `ORDER BY j.job_key FOR UPDATE OF j ${isClaiming ? 'SKIP LOCKED' : ''}`;
    const text = `SELECT ${JOB_COLUMNS} FROM ${tables}definitions d JOIN ${tables}jobs j ON j.job_key = d.job_key
      WHERE ${where} ${living} ${lock}`;
    const { rows } = await this.scope.statements.query(text, values);
    return await this.decoder.decode(rows as unknown as JobColumns[]);
  }

  private writeDefinitions(jobs: readonly StoredJob[]): void {
    if (jobs.length === 0) return;
    this.scope.statements.send(
      `UPDATE ${this.scope.place.tables}definitions d SET version = u.version, id = u.id, body = u.body
       FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[]) u (job_key, version, id, body)
       WHERE d.job_key = u.job_key`,
      [
        keysOf(jobs),
        numbers(jobs.map((job) => job.definitionVersion)),
        texts(jobs.map((job) => job.record.id)),
        texts(jobs.map((job) => definitionTextOf(job.record))),
      ],
    );
  }

  private finish(updates: readonly JobUpdate[]): void {
    const { statusReason, statusAt, fireTime, dueAt } = updates[0].after;
    const keys = numbers(updates.map(({ job }) => job.key));
    const columns = new Columns([keys, storable(statusReason), statusAt, fireTime, dueAt]);
    const made = columns.add(
      'made',
      'integer',
      updates.map(({ job, after }) => after.runCount - job.record.runCount),
    );
    this.scope.statements.send(
      `UPDATE ${this.scope.place.tables}jobs j SET version = j.version + 1, run_count = j.run_count + ${made},
         wake_at = NULL, pause = NULL, status = ${STATUS.finished}, status_reason = $2, status_at = $3, fire_time = $4,
         due_at = $5
       FROM unnest(${columns.types}) u (${columns.names}) WHERE j.job_key = u.run_key`,
      columns.values,
      'keeps plan',
    );
  }

  private move(updates: readonly JobUpdate[]): void {
    const columns = new Columns([numbers(updates.map(({ job }) => job.key))]);
    const column = (name: string, type: string, of: (update: JobUpdate) => number | null): string =>
      columns.add(name, type, updates.map(of));
    const fireTime = column('fire_time', 'bigint', ({ after }) => after.fireTime);
    const dueAt = column('due_at', 'bigint', ({ after }) => after.dueAt);
    const isOnTime = updates.every(({ after }) => wakeAtOf(after) === after.dueAt);
    const wakeAt = isOnTime ? dueAt : column('wake_at', 'bigint', ({ after }) => wakeAtOf(after));
    const made = column('made', 'integer', ({ job, after }) => after.runCount - job.record.runCount);
    const status = column('status', 'smallint', ({ after }) => STATUS[after.status]);
    this.scope.statements.send(
      `UPDATE ${this.scope.place.tables}jobs j SET version = j.version + 1, fire_time = ${fireTime}, due_at = ${dueAt},
         wake_at = ${wakeAt}, run_count = j.run_count + ${made}, status = ${status}, pause = NULL
       FROM unnest(${columns.types}) u (${columns.names}) WHERE j.job_key = u.run_key`,
      columns.values,
      'keeps plan',
    );
    for (const { job } of updates) this.decoder.keep(job);
  }
}

function changeable(records: readonly JobRecord[]): string[] {
  return [
    numbers(records.map((record) => record.generation)),
    numbers(records.map((record) => record.version)),
    numbers(records.map((record) => STATUS[record.status])),
    texts(records.map((record) => record.statusReason)),
    numbers(records.map((record) => record.statusAt)),
    texts(records.map((record) => jsonOf(record.pause))),
    numbers(records.map((record) => record.fireTime)),
    numbers(records.map((record) => record.dueAt)),
    numbers(records.map(wakeAtOf)),
    numbers(records.map((record) => record.runCount)),
    numbers(records.map((record) => record.losses)),
    numbers(records.map((record) => record.updatedAt)),
  ];
}

function prefixed(alias: string): string {
  return CHANGEABLE.split(', ')
    .map((column) => `${alias}.${column}`)
    .join(', ');
}
