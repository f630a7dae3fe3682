import type { Instant, JobRecord, NewJob } from '../../../../core/index.js';
import { definitionTextOf } from '../../codec.js';
import { STATUS } from '../../codes.js';
import { newJobRecord } from '../../records.js';
import type { Link } from '../server/link.js';
import { jsonTexts, numbers, texts, textsOfJson } from './arrays.js';
import type { Caches } from './caches.js';
import { SOON } from './notices.js';
import { BLOCK, knownShapeKeys } from './scope.js';
import type { Place } from './scope.js';

export interface AddSite {
  readonly place: Place;
  readonly caches: Caches;
  /** Where other nodes are told, and by whom. */
  readonly channel: string;
  readonly sender: string;
}

/**
 * Adds jobs whose ids nobody has: one round trip, instead of four and a commit. Answers null, and has written nothing, when
 * one of the ids is there, or when it takes more than that.
 */
export async function addInOneStatement(
  link: Link,
  { place, caches, channel, sender }: AddSite,
  jobs: readonly NewJob[],
  at: Instant,
): Promise<JobRecord[] | null> {
  if (!jobs.every(isFresh)) return null;
  const shapeKeys = knownShapeKeys(caches, jobs, at);
  if (shapeKeys === null) return null;
  const dueAts = jobs.map((job) => job.dueAt);
  const earliest = Math.min(...dueAts.map((dueAt) => dueAt ?? Infinity));
  const { rows } = await link.query(statement(place.tables), [
    place.appKey,
    texts(jobs.map((job) => job.id)),
    jsonTexts(jobs.map((job) => definitionTextOf(newJobRecord(job, 0)))),
    numbers(shapeKeys),
    numbers(jobs.map((job) => job.fireTime)),
    numbers(dueAts),
    numbers(jobs.map((job) => job.updatedAt)),
    earliest === Infinity ? null : earliest,
    channel,
    sender,
  ]);
  if (rows.length === 0) return null;
  const first = rows[0][0] as number;
  return jobs.map((job, index) => newJobRecord(job, first + index));
}

/** Everything else of a job's row is as it is for every new one. */
function isFresh({ status, statusReason, statusAt, pause, runCount, losses }: NewJob): boolean {
  const isActive = status === 'active' && statusReason === null && statusAt === null && pause === null;
  return isActive && runCount === 0 && losses === 0;
}

/** Answers the first generation; no row when nothing was written. */
function statement(tables: string): string {
  return `WITH block AS MATERIALIZED (
      SELECT nextval('${tables}keys') * ${BLOCK} AS first WHERE NOT EXISTS (
        SELECT 1 FROM ${tables}definitions WHERE app_key = $1 AND id = ANY ($2::text[]) AND removed = 0)),
    given AS MATERIALIZED (
      SELECT b.first + u.place - 1 AS generation, b.first + cardinality($2::text[]) + u.place - 1 AS job_key, u.*
      FROM block b CROSS JOIN unnest($2::text[], ${textsOfJson('$3')}, $4::integer[], $5::bigint[], $6::bigint[], $7::bigint[])
        WITH ORDINALITY u (id, body, shape_key, fire_time, due_at, updated_at, place)),
    written AS (
      INSERT INTO ${tables}definitions (job_key, app_key, version, id, body)
      SELECT job_key, $1, 1, id, body FROM given),
    added AS (
      INSERT INTO ${tables}jobs (job_key, app_key, shape_key, definition_version, generation, version, status, fire_time,
        due_at, wake_at, run_count, losses, updated_at)
      SELECT job_key, $1, shape_key, 1, generation, 1, ${STATUS.active}, fire_time, due_at, due_at, 0, 0, updated_at
      FROM given),
    told AS MATERIALIZED (
      SELECT pg_notify($9, $10) FROM block
      WHERE $8::bigint <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint + ${SOON})
    SELECT first, (SELECT count(*) FROM told) FROM block`;
}
