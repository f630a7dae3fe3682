import type { JobFilter, JobRecord } from '../../core/index.js';
import { lineOf, textOf } from './lines.js';
import type { Rows } from './rows.js';

/** Jobs read at a time. */
const PAGE = 500;

/** Jobs by id, those that match. Ids are read at once, rows a page at a time. */
export async function listJobs(rows: Rows, filter: JobFilter): Promise<JobRecord[]> {
  const { limit = Number.POSITIVE_INFINITY, after } = filter;
  const ids = filter.ids === undefined ? await allIds(rows) : [...new Set(filter.ids)].sort();
  const found: JobRecord[] = [];
  let from = after === undefined ? 0 : firstBehind(ids, after);
  for (; from < ids.length && found.length < limit; from += PAGE) {
    const jobs = await rows.jobs(ids.slice(from, from + PAGE).map(lineOf), false);
    for (const { job } of jobs) {
      if (found.length < limit && matches(job.record, filter)) found.push(job.record);
    }
  }
  // Whoever reads page by page is at the end.
  if (from >= ids.length) rows.idList = null;
  return found;
}

/** Whoever reads page by page finds the same list, as long as no job came or went. */
async function allIds(rows: Rows): Promise<readonly string[]> {
  const { base } = rows.link;
  const revision = (await rows.link.command((client) => client.get(`${base}:revision`))) ?? '';
  if (rows.idList?.revision !== revision) {
    const keys = await rows.link.command((client) => client.hkeys(`${base}:hot`));
    rows.idList = { revision, ids: keys.map(textOf).sort() };
  }
  return rows.idList.ids;
}

function firstBehind(ids: readonly string[], after: string): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ids[middle] > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

function matches(record: JobRecord, filter: JobFilter): boolean {
  return (
    (filter.origin === undefined || record.origin === filter.origin) &&
    (filter.status === undefined || filter.status.includes(record.status)) &&
    (filter.task === undefined || record.task === filter.task) &&
    (filter.tag === undefined || record.tags.includes(filter.tag)) &&
    (filter.paused === undefined || (record.pause !== null) === filter.paused)
  );
}
