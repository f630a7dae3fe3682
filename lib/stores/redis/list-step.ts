import type { Clock, JobFilter, JobRecord, Millis } from '../../core/index.js';
import { letterOf } from './job-text.js';
import type { JobKind } from './job-text.js';
import { lineOf, textOf } from './lines.js';
import type { IdList, Rows } from './rows.js';

/** Jobs read at a time. */
const PAGE = 500;

/** Of these a node asks the same few each minute. */
const MOST_FILTERS = 100;

/** What was found by status or kind is gone by for so long: whoever reads page by page is quicker than that. */
const FOUND_FOR: Millis = 1_000;

/** What the server itself can tell jobs by. */
interface Narrowing {
  /** No job is of a kind that matches. */
  readonly isNone: boolean;
  /** Letters; nothing: any. */
  readonly statuses: string;
  /** Kinds that do not match. */
  readonly unwanted: readonly string[];
  /** Of the trigger; nothing: any. */
  readonly holds: string;
}

/** Jobs by id, those that match. Ids are read at once, or only those that may match; rows a page at a time. */
export async function listJobs(rows: Rows, filter: JobFilter, clock: Clock): Promise<JobRecord[]> {
  const { limit = Number.POSITIVE_INFINITY, after } = filter;
  if (filter.ids !== undefined) {
    const ids = [...new Set(filter.ids)].sort();
    return (await readPages(rows, ids, { filter, from: after === undefined ? 0 : firstBehind(ids, after), limit }))
      .found;
  }
  const { changed, revision } = await marks(rows);
  const asked = JSON.stringify(filter);
  if (rows.none !== null && rows.none.changed === changed && rows.none.filters.has(asked)) return [];
  const narrowing = await narrowingOf(rows, filter);
  const ids =
    narrowing === null ? await allIds(rows, revision) : await idsThatMay(rows, { narrowing, filter, revision, clock });
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
  if (rows.idList?.revision !== revision || rows.idList.found !== null) {
    const keys = await rows.link.command((client) => client.hkeys(`${rows.link.base}:hot`));
    rows.idList = { revision, found: null, ids: keys.map(textOf).sort() };
  }
  return rows.idList.ids;
}

/** null: (nearly) all may match. Finished jobs, and those that were set aside, are asked for by themselves; most are active. */
async function narrowingOf(rows: Rows, { status, origin, task, triggerHolds }: JobFilter): Promise<Narrowing | null> {
  const statuses = status === undefined || status.includes('active') ? '' : status.map(letterOf).join('');
  const holds = triggerHolds ?? '';
  const isWanted = (kind: JobKind): boolean =>
    (origin === undefined || kind.origin === origin) && (task === undefined || kind.task === task);
  const isOfAnyKind = origin === undefined && task === undefined;
  const { unwanted, count } = isOfAnyKind ? ANY_KIND : await rows.kindsBut(isWanted);
  if (statuses === '' && holds === '' && unwanted.length === 0) return null;
  return { statuses, unwanted, holds, isNone: unwanted.length > 0 && unwanted.length === count };
}

const ANY_KIND = { unwanted: [], count: 0 };

interface Search {
  readonly narrowing: Narrowing;
  readonly filter: JobFilter;
  readonly revision: string;
  readonly clock: Clock;
}

/** Of very many jobs these are mostly few: the server looks for them, a part at a time. */
async function idsThatMay(rows: Rows, { narrowing, filter, revision, clock }: Search): Promise<readonly string[]> {
  const { statuses, unwanted, holds, isNone } = narrowing;
  if (isNone) return [];
  const by = JSON.stringify([statuses, unwanted, holds]);
  const now = clock.monotonic();
  const known: IdList | null = rows.idList;
  const isNext = filter.after !== undefined && known?.revision === revision && known.found?.by === by;
  if (isNext && now - known.found.at < FOUND_FOR) return known.ids;
  const keys = new Set<string>();
  let place = '0';
  do {
    const part = (await rows.link.run('findJobs', rows.pack([place, statuses, unwanted, holds]))) as [string, string[]];
    place = part[0];
    for (const key of part[1]) keys.add(textOf(key));
  } while (place !== '0');
  const ids = [...keys].sort();
  rows.idList = { revision, found: { by, at: now }, ids };
  return ids;
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
