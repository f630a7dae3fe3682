import type { Instant, RunFilter, RunPage, RunRecord } from '../../core/index.js';
import { lineOf } from './lines.js';
import { pastIds, readRuns } from './past.js';
import type { Rows } from './rows.js';
import { idsOf } from './run-ids.js';
import { idsAt, SPREAD, startOf } from './run-packs.js';

/** Runs read at a time. */
const PAGE = 500;

/** A place in the order of history. */
interface Position {
  readonly fireTime: Instant;
  readonly id: string;
}

/** Newest fire time first, then newest id; what does not match is passed over. */
export async function readPage(rows: Rows, filter: RunFilter): Promise<RunPage> {
  const after = positionOf(filter.cursor);
  const found = filter.jobId === undefined ? await scan(rows, filter, after) : await ofJob(rows, filter, after);
  const runs = found.slice(0, filter.limit);
  const last = runs[runs.length - 1];
  return { runs, cursor: found.length > filter.limit ? `${last.fireTime}_${last.id}` : null };
}

/** Its runs are in the order they were made, which is not quite the page's. */
async function ofJob(rows: Rows, filter: RunFilter, after: Position | null): Promise<RunRecord[]> {
  const id = filter.jobId!;
  const [[found], past] = await Promise.all([rows.jobs([lineOf(id)], false), pastIds(rows, id)]);
  const runs = await readRuns(rows, [...past, ...idsOf(found?.job.recent ?? '')]);
  const isWanted = (run: RunRecord): boolean => (after === null || newestFirst(after, run) < 0) && matches(run, filter);
  return runs
    .filter(isWanted)
    .sort(newestFirst)
    .slice(0, filter.limit + 1);
}

/**
 * What lies in one place may be runs of several fire times, the latest of which is the place's: they are shown when all the
 * places that are left to be read lie behind them.
 */
async function scan(rows: Rows, filter: RunFilter, after: Position | null): Promise<RunRecord[]> {
  const found: RunRecord[] = [];
  let ahead: RunRecord[] = [];
  const least = filter.from === undefined ? '-inf' : String(filter.from);
  let from = after === null ? '+inf' : String(after.fireTime + SPREAD);
  /** Of those at `from`, so many were seen. */
  let seen = 0;
  for (;;) {
    const entries = await rows.link.command((client) =>
      client.zrevrangebyscore(`${rows.link.base}:time`, from, least, 'WITHSCORES', 'LIMIT', seen, PAGE),
    );
    const places = entries.filter((_, at) => at % 2 === 0);
    for (const run of await readRuns(rows, places.flatMap(idsAt))) {
      if ((after === null || newestFirst(after, run) < 0) && matches(run, filter)) ahead.push(run);
    }
    ahead.sort(newestFirst);
    const isEnd = places.length < PAGE;
    const last = isEnd ? null : { at: Number(entries[entries.length - 1]), start: startOf(places[PAGE - 1]) };
    const shown = last === null ? ahead.length : countBefore(ahead, last);
    found.push(...ahead.slice(0, shown));
    if (isEnd || found.length > filter.limit) return found;
    ahead = ahead.slice(shown);
    const score = entries[entries.length - 1];
    const atLast = entries.filter((it, at) => at % 2 === 1 && it === score).length;
    seen = score === from ? seen + atLast : atLast;
    from = score;
  }
}

/** How many of these come before whatever lies behind a place. */
function countBefore(runs: readonly RunRecord[], { at, start }: { at: Instant; start: string }): number {
  const isBehind = (run: RunRecord): boolean => run.fireTime < at || (run.fireTime === at && startOf(run.id) <= start);
  const first = runs.findIndex(isBehind);
  return first < 0 ? runs.length : first;
}

function newestFirst(one: Position, other: Position): number {
  return other.fireTime - one.fireTime || (one.id < other.id ? 1 : one.id > other.id ? -1 : 0);
}

function positionOf(cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  const [fireTime, id] = cursor.split('_');
  return { fireTime: Number(fireTime), id };
}

function matches(run: RunRecord, filter: RunFilter): boolean {
  return (
    (filter.states === undefined || filter.states.includes(run.state)) &&
    (filter.reason === undefined || run.reason === filter.reason) &&
    (filter.node === undefined || run.node === filter.node) &&
    (filter.kind === undefined || run.kind === filter.kind) &&
    (filter.from === undefined || run.fireTime >= filter.from) &&
    (filter.to === undefined || run.firstFireTime <= filter.to)
  );
}
