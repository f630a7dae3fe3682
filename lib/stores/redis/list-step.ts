import type { JobFilter, JobRecord } from '../../core/index.js';
import { lineOf, textOf } from './lines.js';
import type { Rows } from './rows.js';

/** Jobs read at a time. */
const PAGE = 500;

/** Of these a node asks the same few each minute. */
const MOST_FILTERS = 100;

/** Jobs by id, those that match. Ids are read at once, rows a page at a time. */
export async function listJobs(rows: Rows, filter: JobFilter): Promise<JobRecord[]> {
  const { limit = Number.POSITIVE_INFINITY, after } = filter;
  if (filter.ids !== undefined) {
    const ids = [...new Set(filter.ids)].sort();
    return (await readPages(rows, ids, { filter, from: after === undefined ? 0 : firstBehind(ids, after), limit }))
      .found;
  }
  const { changed, revision } = await marks(rows);
  const asked = JSON.stringify(filter);
  if (rows.none !== null && rows.none.changed === changed && rows.none.filters.has(asked)) return [];
  const ids = await allIds(rows, revision);
  const from = after === undefined ? 0 : firstBehind(ids, after);
  const { found, isEnd } = await readPages(rows, ids, { filter, from, limit });
  // Whoever reads page by page is at the end.
  if (isEnd) rows.idList = null;
  if (isEnd && found.length === 0 && changed !== null) noteNone(rows, changed, asked);
  return found;
}

async function readPages(
  rows: Rows,
  ids: readonly string[],
  { filter, from, limit }: { filter: JobFilter; from: number; limit: number },
): Promise<{ found: JobRecord[]; isEnd: boolean }> {
  const found: JobRecord[] = [];
  let at = from;
  for (; at < ids.length && found.length < limit; at += PAGE) {
    const jobs = await rows.jobs(ids.slice(at, at + PAGE).map(lineOf), false);
    for (const { job } of jobs) {
      if (found.length < limit && matches(job.record, filter)) found.push(job.record);
    }
  }
  return { found, isEnd: at >= ids.length };
}

/** Names of the last commit, and of the last that made jobs come or go. */
async function marks({ link }: Rows): Promise<{ changed: string | null; revision: string }> {
  const keys = [`${link.base}:changed`, `${link.base}:revision`];
  const [changed, revision] = await link.command((client) => client.mget(...keys));
  return { changed, revision: revision ?? '' };
}

function noteNone(rows: Rows, changed: string, asked: string): void {
  if (rows.none?.changed !== changed || rows.none.filters.size >= MOST_FILTERS) {
    rows.none = { changed, filters: new Set() };
  }
  rows.none.filters.add(asked);
}

/** Whoever reads page by page finds the same list, as long as no job came or went. */
async function allIds(rows: Rows, revision: string): Promise<readonly string[]> {
  if (rows.idList?.revision !== revision) {
    const keys = await rows.link.command((client) => client.hkeys(`${rows.link.base}:hot`));
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
