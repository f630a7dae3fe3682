import { definitionIn } from '../../codec.js';
import type { Definition, StoredJob } from '../../records.js';
import { numbersOrNullsIn } from './arrays.js';
import { openJobs } from './claimed-batches.js';
import type { FreeJobs } from './free-jobs.js';
import type { JobColumns } from '../server/job-decoder.js';
import type { PostgresJobDecoder } from './job-decoder.js';
import type { Asked } from './job-list.js';
import type { Conditions } from './job-list.js';
import type { Scope } from './scope.js';

/** Columns that come as one array each, in the order of `DueArrays`. */
const ARRAYS = 'job_key shape_key generation version definition_version fire_time due_at run_count updated_at'.split(
  ' ',
);

/** What few due jobs have, beside those. */
const ASIDE = 'losses, status, status_reason, status_at, pause';

type Aside = readonly [
  losses: number,
  status: number,
  statusReason: string | null,
  statusAt: number | null,
  pause: string | null,
];

const PLAIN: Aside = [0, 0, null, null, null];

/** A definition is looked for where this has a value: of a job that has run before it is mostly known. */
const UNREAD = 'CASE j.run_count WHEN 0 THEN j.job_key END';

/** Due jobs, locked. All of them come in one row of arrays: a row for each costs this process more than all that it does with it. */
export class DueJobs {
  constructor(
    private readonly scope: Scope,
    private readonly decoder: PostgresJobDecoder,
    private readonly free: FreeJobs,
  ) {}

  async read(where: Conditions, limit: number): Promise<StoredJob[]> {
    const { caches } = this.scope;
    const areAllRead = caches.readsDefinitions;
    const { text, values } = this.statement(where, limit, areAllRead);
    const { rows } = await this.scope.statements.query(text, values, 'keeps plan');
    const [row] = rows;
    if (row[0] === null) return [];
    const columns = rows[0].slice(0, ARRAYS.length).map(numbersOrNullsIn);
    const [aside, open, bodies] = row.slice(ARRAYS.length) as (string | null)[];
    const jobs = rowsOf(columns, aside);
    if (this.scope.isHopeful) {
      const busy = new Set(open === null ? [] : numbersOrNullsIn(open));
      for (const [key] of jobs) if (!busy.has(key)) this.free.add(key);
    }
    caches.readsDefinitions = this.decoder.knowsFew(jobs);
    const isRead = areAllRead ? (): boolean => true : isNew;
    return await this.decoder.decode(jobs, bodies === null ? undefined : definitionsOf(jobs, bodies, isRead));
  }

  private statement(where: Conditions, limit: number, areAllRead: boolean): Asked {
    const { tables } = this.scope.place;
    // One that has not run before has hardly a run.
    const hasOpen = `j.run_count > 0 AND (EXISTS (SELECT 1 FROM ${tables}single_runs o WHERE o.job_key = j.job_key)
      OR j.job_key IN (${openJobs(`${tables}claimed_batches`, '$1')}))`;
    const isAside = `j.losses <> 0 OR j.status <> 0 OR j.status_reason IS NOT NULL OR j.status_at IS NOT NULL
      OR j.pause IS NOT NULL`;
    const text = `SELECT ${ARRAYS.map((column) => `array_agg(j.${column})`).join(', ')},
        json_object_agg(j.job_key, json_build_array(${ASIDE})) FILTER (WHERE ${isAside}),
        array_agg(j.job_key) FILTER (WHERE ${hasOpen}),
        string_agg(CASE WHEN d.version = j.definition_version THEN d.body END, ',')
      FROM (SELECT * FROM ${tables}jobs j WHERE ${where.toString()}
        ORDER BY j.wake_at, j.job_key LIMIT $${where.values.length + 1} FOR UPDATE SKIP LOCKED) j
      LEFT JOIN ${tables}definitions d ON d.job_key = ${areAllRead ? 'j.job_key' : UNREAD}`;
    return { text, values: [...where.values, limit] };
  }
}

/** As a statement for rows would have answered. */
function rowsOf(columns: readonly (readonly (number | null)[])[], aside: string | null): JobColumns[] {
  const [keys, shapes, generations, versions, definitions, fireTimes, dueAts, counts, updates] = columns as number[][];
  const asides = aside === null ? null : (JSON.parse(aside) as Record<number, Aside>);
  return keys.map((key, at): JobColumns => {
    const [losses, status, statusReason, statusAt, pause] = asides?.[key] ?? PLAIN;
    const start = [key, shapes[at], generations[at], versions[at], definitions[at]] as const;
    return [
      ...start,
      fireTimes[at],
      dueAts[at],
      counts[at],
      losses,
      updates[at],
      status,
      statusReason,
      statusAt,
      pause,
      null,
      null,
      null,
    ];
  });
}

/** By the jobs whose definitions were read; null: it has to be looked at by itself. */
function definitionsOf(
  jobs: readonly JobColumns[],
  bodies: string,
  isRead: (job: JobColumns) => boolean,
): (Definition | null)[] | undefined {
  const parsed = parsedTogether(bodies);
  if (parsed === null || parsed.length !== jobs.filter(isRead).length) return undefined;
  let next = 0;
  return jobs.map((job) => (isRead(job) ? definitionIn(parsed[next++]) : null));
}

function isNew(job: JobColumns): boolean {
  return job[7] === 0;
}

/** One text for all is parsed at once; null: one of them is damaged. */
function parsedTogether(bodies: string): unknown[] | null {
  try {
    return JSON.parse(`[${bodies}]`) as unknown[];
  } catch {
    return null;
  }
}
