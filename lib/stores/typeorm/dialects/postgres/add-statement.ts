import type { Instant, JobRecord, NewJob } from '../../../../core/index.js';
import { definitionTextOf } from '../../codec.js';
import { STATUS } from '../../codes.js';
import { newJobRecord } from '../../records.js';
import type { Answer, Link } from '../server/link.js';
import type { ServerCaches } from '../server/server-caches.js';
import { BLOCK } from '../server/server-scope.js';
import { jsonTexts, numbers, texts, textsOfJson } from './arrays.js';
import { SOON } from './notices.js';
import { knownShapeKeys } from './scope.js';
import type { Place } from './scope.js';

export interface AddSite {
  readonly place: Place;
  readonly caches: ServerCaches;
  /** Where other nodes are told, and by whom. */
  readonly channel: string;
  readonly sender: string;
  /** Begins a transaction that the server ends when this process stands still. */
  readonly beginning: string;
}

const nextTurn = globalThis.setImmediate;

/** Jobs in one statement, at most: they take a block of keys twice. */
const AT_A_TIME = 2_000;

/** Some of the jobs, with the keys of their shapes. */
interface Part {
  readonly jobs: readonly NewJob[];
  readonly shapeKeys: readonly number[];
}

/**
 * Adds jobs whose ids nobody has: one round trip, instead of four and a commit; more of them than fit one statement share a
 * transaction. Answers null, and has written nothing, when one of the ids is there, or when it takes more than that; with
 * several statements an id that is there fails as a conflict.
 */
export async function addNew(
  link: Link,
  site: AddSite,
  jobs: readonly NewJob[],
  at: Instant,
): Promise<JobRecord[] | null> {
  if (!jobs.every(isFresh)) return null;
  const shapeKeys = knownShapeKeys(site.caches, jobs, at);
  if (shapeKeys === null) return null;
  if (jobs.length <= AT_A_TIME) return await answered(ask(link, site, valuesOf(site, { jobs, shapeKeys }), true), jobs);
  try {
    await link.query(site.beginning);
    const added = await addInParts(link, site, { jobs, shapeKeys });
    await link.query(added === null ? 'ROLLBACK' : 'COMMIT');
    return added;
  } catch (error) {
    await link.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function addInParts(link: Link, site: AddSite, { jobs, shapeKeys }: Part): Promise<JobRecord[] | null> {
  const partFrom = (from: number): Part => ({
    jobs: jobs.slice(from, from + AT_A_TIME),
    shapeKeys: shapeKeys.slice(from, from + AT_A_TIME),
  });
  const added: JobRecord[] = [];
  let part = partFrom(0);
  let values = valuesOf(site, part);
  for (let from = AT_A_TIME; part.jobs.length > 0; from += AT_A_TIME) {
    const answer = ask(link, site, values, false);
    // It may fail before it is awaited.
    answer.catch(() => undefined);
    const sent = part.jobs;
    // The server is at one part while the next is made ready, once the first has left this process.
    await new Promise(nextTurn);
    part = partFrom(from);
    if (part.jobs.length > 0) values = valuesOf(site, part);
    const records = await answered(answer, sent);
    if (records === null) return null;
    for (const record of records) added.push(record);
  }
  return added;
}

function ask(
  link: Link,
  { place: { tables } }: AddSite,
  values: readonly unknown[],
  isAlone: boolean,
): Promise<Answer> {
  const known = isAlone ? statements : statementsOfMany;
  let text = known.get(tables);
  if (text === undefined) known.set(tables, (text = statement(tables, isAlone)));
  return link.query(text, values, 'keeps plan');
}

/** By the tables: to look up the plan of a long text that was just made takes longer than to send it. */
const statements = new Map<string, string>();
const statementsOfMany = new Map<string, string>();

async function answered(answer: Promise<Answer>, jobs: readonly NewJob[]): Promise<JobRecord[] | null> {
  const { rows } = await answer;
  if (rows.length === 0) return null;
  const first = rows[0][0] as number;
  return jobs.map((job, index) => newJobRecord(job, first + index));
}

function valuesOf({ place, channel, sender }: AddSite, { jobs, shapeKeys }: Part): unknown[] {
  let earliest: Instant | null = null;
  for (const { dueAt } of jobs) if (dueAt !== null && (earliest === null || dueAt < earliest)) earliest = dueAt;
  return [
    place.appKey,
    texts(jobs.map((job) => job.id)),
    jsonTexts(jobs.map(definitionTextOf)),
    numbers(shapeKeys),
    numbers(jobs.map((job) => job.fireTime)),
    numbers(jobs.map((job) => job.dueAt)),
    numbers(jobs.map((job) => job.updatedAt)),
    earliest,
    channel,
    sender,
  ];
}

/** Everything else of a job's row is as it is for every new one. */
function isFresh({ status, statusReason, statusAt, pause, runCount, losses }: NewJob): boolean {
  const isActive = status === 'active' && statusReason === null && statusAt === null && pause === null;
  return isActive && runCount === 0 && losses === 0;
}

/**
 * Answers the first generation; no row when nothing was written, and fails when that is so for some of them only. One of many
 * does not look for each id before: that is a sixth of its time, and it just fails where one is there.
 */
function statement(tables: string, isAlone: boolean): string {
  return `WITH block AS MATERIALIZED (SELECT nextval('${tables}keys') * ${BLOCK} AS first),
    given AS MATERIALIZED (
      SELECT b.first + u.place - 1 AS generation, b.first + cardinality($2::text[]) + u.place - 1 AS job_key, u.*
      FROM block b CROSS JOIN unnest($2::text[], ${textsOfJson('$3')}, $4::integer[], $5::bigint[], $6::bigint[], $7::bigint[])
        WITH ORDINALITY u (id, body, shape_key, fire_time, due_at, updated_at, place)),
    written AS (
      INSERT INTO ${tables}definitions (job_key, app_key, version, id, body)
      SELECT job_key, $1, 1, id, body FROM given ${isAlone ? 'ON CONFLICT (app_key, id, removed) DO NOTHING' : ''} RETURNING job_key),
    added AS (
      INSERT INTO ${tables}jobs (job_key, app_key, shape_key, definition_version, generation, version, status, fire_time,
        due_at, wake_at, run_count, losses, updated_at)
      SELECT g.job_key, $1, g.shape_key, 1, g.generation, 1, ${STATUS.active}, g.fire_time, g.due_at, g.due_at, 0, 0,
        g.updated_at
      FROM given g WHERE EXISTS (SELECT 1 FROM written)),
    counted AS MATERIALIZED (SELECT count(*) AS written FROM written)
    SELECT b.first, c.written, 1 / (c.written = cardinality($2::text[]))::integer,
      CASE WHEN $8::bigint <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint + ${SOON}
        THEN pg_notify($9, $10) IS NULL END
    FROM block b CROSS JOIN counted c WHERE c.written > 0`;
}
