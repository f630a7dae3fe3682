import type { ClaimRequest, Instant, RunRecord } from '../../core/index.js';
import type { StoredJob } from './job-text.js';
import { lineOf } from './lines.js';
import { byJob, decodeRuns } from './rows.js';
import type { Rows, Text } from './rows.js';
import { idsOf } from './run-ids.js';

/** Something that was taken out of a lane to be looked at. */
export interface DueItem {
  readonly kind: 'job' | 'run';
  /** Key of the job, or id of the run. */
  readonly key: string;
  readonly lane: string;
  readonly at: Instant;
}

/** A page of what is due. */
export interface DuePage {
  readonly items: readonly DueItem[];
  readonly jobs: ReadonlyMap<string, StoredJob>;
  /** Waiting runs that are due themselves. */
  readonly runs: ReadonlyMap<string, RunRecord>;
  /** Unsettled runs of the due jobs, by the job's id. */
  readonly unsettled: ReadonlyMap<string, readonly RunRecord[]>;
  /** The earliest instant left in the lanes. */
  readonly nextAt: Instant | null;
  readonly leaseEndsAt: Instant | null;
  readonly isAnyEnded: boolean;
  /** The server's clock. */
  readonly storeNow: Instant;
  /** When what another claim has taken comes back, should that one have died; by the server's clock. */
  readonly comesBackAt: Instant | null;
  /** Name of the last commit; nothing: there was none. */
  readonly changed: string;
}

type Answer = readonly [
  millis: string,
  found: readonly (readonly [lane: string, rows: readonly string[]])[],
  keys: readonly string[],
  hots: readonly Text[],
  owns: readonly Text[],
  losses: readonly Text[],
  runIds: readonly string[],
  runTexts: readonly Text[],
  nextAt: string,
  leaseEndsAt: string,
  ended: number,
  comesBackAt: string,
  changed: string,
];

const NO_RUNS: ReadonlyMap<string, RunRecord> = new Map();
const NO_LISTS: ReadonlyMap<string, readonly RunRecord[]> = new Map();

/** Takes up to `limit` due items, noted under `batch` until a commit ends it. */
export async function readDue(
  rows: Rows,
  request: ClaimRequest,
  { batch, limit, looksForEnded }: { batch: string; limit: number; looksForEnded: boolean },
): Promise<DuePage> {
  const { until, now, recoverBefore, exceptExecutors } = request;
  const before = looksForEnded && recoverBefore !== null ? String(recoverBefore) : '';
  const left = exceptExecutors.size === 0 ? [] : [...exceptExecutors].map(lineOf);
  const asked = rows.pack([String(until), String(limit), batch, before, String(now), left]);
  const answer = (await rows.link.run('readDue', asked)) as Answer;
  const [millis, found, keys, hots, owns, losses, runIds, runTexts] = answer;
  const [nextAt, leaseEndsAt, ended, comesBackAt, changed] = answer.slice(8) as [
    string,
    string,
    number,
    string,
    string,
  ];
  const decoded = await rows.decodeJobs({ keys, hots, owns, losses });
  const jobs = new Map<string, StoredJob>();
  // Rows that are not there are left out of what was decoded.
  let index = 0;
  for (let at = 0; at < keys.length; at++) if (hots[at] !== null) jobs.set(keys[at], decoded[index++]);
  const items = itemsOf(found);
  return {
    items,
    jobs,
    runs: runIds.length === 0 ? NO_RUNS : byId(decodeRuns(runIds, runTexts, [])),
    unsettled: await unsettledOf(rows, items, jobs),
    nextAt: numberOf(nextAt),
    leaseEndsAt: numberOf(leaseEndsAt),
    isAnyEnded: ended > 0,
    storeNow: Number(millis),
    comesBackAt: numberOf(comesBackAt),
    changed,
  };
}

/** Of the jobs that are due themselves. Most have none. */
async function unsettledOf(
  rows: Rows,
  items: readonly DueItem[],
  jobs: ReadonlyMap<string, StoredJob>,
): Promise<ReadonlyMap<string, readonly RunRecord[]>> {
  let open = '';
  for (const { kind, key } of items) if (kind === 'job') open += jobs.get(key)?.open ?? '';
  return open === '' ? NO_LISTS : byJob(await rows.unsettled(idsOf(open)));
}

function itemsOf(found: Answer[1]): DueItem[] {
  const items: DueItem[] = [];
  for (const [lane, rows] of found) {
    for (let at = 0; at < rows.length; at += 2) {
      const kind = rows[at].startsWith('j') ? 'job' : 'run';
      items.push({ kind, key: rows[at].slice(1), lane, at: Number(rows[at + 1]) });
    }
  }
  return found.length > 1 ? items.sort((a, b) => a.at - b.at) : items;
}

function byId(runs: readonly RunRecord[]): Map<string, RunRecord> {
  return new Map(runs.map((run) => [run.id, run]));
}

function numberOf(text: string): number | null {
  return text === '' ? null : Number(text);
}
