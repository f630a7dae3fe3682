import type { ClaimRequest, Instant, RunRecord } from '../../core/index.js';
import { wakeAtOf } from './job-text.js';
import type { StoredJob } from './job-text.js';
import { lineOf } from './lines.js';
import { byJob, decodeRuns, LIST_MARK } from './rows.js';
import type { Rows, Text } from './rows.js';
import { idsOf } from './run-ids.js';

/** Something that was taken out of a lane to be looked at. */
export interface DueItem {
  readonly kind: 'job' | 'run';
  /** Key of the job, or id of the run. */
  readonly key: string;
  readonly lane: string;
  /** Of a job that is due itself; null: its row is not there. */
  job: StoredJob | null;
}

/** A page of what is due. */
export interface DuePage {
  readonly items: readonly DueItem[];
  /** Each item is of another job. */
  readonly isPlain: boolean;
  /** Jobs that runs of theirs are due of, by key. */
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
  /** The last step that was one to look out for; nothing: all must be looked at. */
  readonly edited: string;
}

/** Lists come as few texts, but for the rows of runs, which are few themselves. */
type Answer = readonly [
  millis: string,
  /** Lanes, each with what was taken out of it. */
  found: readonly string[],
  /** Jobs that only runs of theirs are due of. */
  others: string,
  hots: readonly string[],
  owns: readonly string[],
  losses: readonly string[],
  runTexts: readonly Text[],
  marks: readonly [
    nextAt: string,
    leaseEndsAt: string,
    ended: number,
    comesBackAt: string,
    changed: string,
    edited: string,
  ],
];

const NO_RUNS: ReadonlyMap<string, RunRecord> = new Map();
const NO_JOBS: ReadonlyMap<string, StoredJob> = new Map();
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
  const [millis, found, others, hots, owns, losses, runTexts, marks] = answer;
  const [nextAt, leaseEndsAt, ended, comesBackAt, changed, edited] = marks;
  const taken = takenOf(found);
  const keys = others === '' ? taken.jobs : taken.jobs.concat(others.split(LIST_MARK));
  const { items } = taken;
  const jobs = await rows.decodeLists({ keys, hots, owns, losses });
  taken.due.forEach((item, index) => (item.job = jobs[index]));
  const hasRuns = taken.runs.length > 0;
  const runs = hasRuns ? byId(decodeRuns(taken.runs, runTexts, [])) : NO_RUNS;
  if (found.length > 2) inOrder(items, runs);
  return {
    items,
    isPlain: !hasRuns && found.length <= 2,
    jobs: hasRuns ? byKey(keys, jobs) : NO_JOBS,
    runs,
    unsettled: await unsettledOf(rows, taken.due),
    nextAt: numberOf(nextAt),
    leaseEndsAt: numberOf(leaseEndsAt),
    isAnyEnded: ended > 0,
    storeNow: Number(millis),
    comesBackAt: numberOf(comesBackAt),
    changed,
    edited,
  };
}

/** Of the jobs that are due themselves. Most have none. */
async function unsettledOf(rows: Rows, due: readonly DueItem[]): Promise<ReadonlyMap<string, readonly RunRecord[]>> {
  let open = '';
  for (const { job } of due) if (job !== null && job.open !== '') open += rows.withoutClosed(job.open);
  return open === '' ? NO_LISTS : byJob(await rows.unsettled(idsOf(open)));
}

interface Taken {
  readonly items: DueItem[];
  /** Those that are jobs, and their keys. */
  readonly due: readonly DueItem[];
  readonly jobs: readonly string[];
  readonly runs: readonly string[];
}

/** Keys and ids in the order of what was found, lane by lane. */
function takenOf(found: Answer[1]): Taken {
  const items: DueItem[] = [];
  const due: DueItem[] = [];
  const jobs: string[] = [];
  const runs: string[] = [];
  for (let from = 0; from < found.length; from += 2) {
    const lane = found[from];
    for (const name of found[from + 1].split(LIST_MARK)) {
      const kind = name.startsWith('j') ? 'job' : 'run';
      const key = name.slice(1);
      const item: DueItem = { kind, key, lane, job: null };
      items.push(item);
      if (kind === 'job') {
        due.push(item);
        jobs.push(key);
      } else {
        runs.push(key);
      }
    }
  }
  return { items, due, jobs, runs };
}

/** What comes of several lanes. What is not there, or not due any more, is passed over wherever it stands. */
function inOrder(items: DueItem[], runs: ReadonlyMap<string, RunRecord>): void {
  const at = new Map<DueItem, Instant>();
  for (const item of items) {
    at.set(item, (item.job === null ? runs.get(item.key)?.dueAt : wakeAtOf(item.job.record)) ?? 0);
  }
  items.sort((a, b) => at.get(a)! - at.get(b)!);
}

function byKey(keys: readonly string[], jobs: readonly (StoredJob | null)[]): Map<string, StoredJob> {
  const found = new Map<string, StoredJob>();
  keys.forEach((key, index) => {
    const job = jobs[index];
    if (job !== null) found.set(key, job);
  });
  return found;
}

function byId(runs: readonly RunRecord[]): Map<string, RunRecord> {
  return new Map(runs.map((run) => [run.id, run]));
}

function numberOf(text: string): number | null {
  return text === '' ? null : Number(text);
}
