import type { Awaitable, DecideJob, Instant, JobPatch, JobRecord, Millis, NodeRecord } from '../../core/index.js';
import { nextPosition } from '../manage/new-job.js';
import { isKeptOff, isSwitchedOff } from '../manage/switch-off.js';
import { eachInTurn, then } from '../settled.js';
import { ORPHANED_AFTER } from './upkeep-site.js';
import type { UpkeepSite } from './upkeep-site.js';

const JOBS_A_STEP = 500;
/** A node that has just started may know more tasks than its heartbeat lists. */
const LISTED_WITHIN: Millis = 300_000;

/** What the live nodes know, and since when that can be said. */
interface Known {
  readonly jobIds: ReadonlySet<string>;
  readonly knowsTask: (task: string) => boolean;
  /** A start has switched the job off, and a node that goes by it lives. */
  readonly keepsOff: (job: JobRecord) => boolean;
  /** This node has watched long enough to say that nobody lists a job, or knows a task. */
  readonly canOrphan: boolean;
  readonly canUnresolve: boolean;
}

type Verdict = 'orphaned' | 'unresolved' | 'active' | null;

/**
 * Sets jobs aside that no live node has in its code (5 minutes) or can run (10 minutes), and takes them back when one
 * has. They are kept and shown, not claimed (P9, P10). `nodes` are those seen in the last 10 minutes.
 */
export function judgeLiveness(site: UpkeepSite, nodes: readonly NodeRecord[], now: Instant): Awaitable<void> {
  const known = knownBy(site, nodes, now);
  const judged = [
    { status: ['orphaned', 'unresolved'] as const },
    ...(known.canOrphan ? [{ origin: 'code' as const, status: ['active', 'finished'] as const }] : []),
    ...(known.canUnresolve ? [...site.exceptTasks].map((task) => ({ task, status: ['active'] as const })) : []),
  ];
  return eachInTurn(judged, (filter) => eachPage(site, filter, (jobs) => judge(site, jobs, known)));
}

function knownBy(site: UpkeepSite, nodes: readonly NodeRecord[], now: Instant): Known {
  const listing = nodes.filter((node) => node.seenAt >= now - ORPHANED_AFTER);
  const startedAt = nodes.find(({ id }) => id === site.parts.node.id)?.startedAt ?? now;
  const tasks = new Set(nodes.flatMap((node) => node.tasks));
  return {
    jobIds: new Set(listing.flatMap((node) => node.jobIds)),
    // One that has just said so may not be in the list yet.
    keepsOff: (job) => isSwitchedOff(job) && (now - job.statusAt! < ORPHANED_AFTER || isKeptOff(job, listing)),
    // A node lists what it has resolved so far; of itself it can say more.
    knowsTask: (task) => tasks.has(task) || site.parts.tasks.resolve(task) !== null,
    canOrphan: now - startedAt >= ORPHANED_AFTER,
    canUnresolve:
      now - startedAt >= 2 * ORPHANED_AFTER && listing.every((node) => now - node.startedAt >= LISTED_WITHIN),
  };
}

function eachPage(
  { store }: UpkeepSite,
  filter: object,
  act: (jobs: readonly JobRecord[]) => Awaitable<void>,
): Awaitable<void> {
  const from = (after: string | undefined): Awaitable<void> =>
    then(store.jobs.list({ ...filter, after, limit: JOBS_A_STEP }), (jobs) => {
      if (jobs.length === 0) return;
      const last = jobs[jobs.length - 1].id;
      return then(act(jobs), () => (jobs.length < JOBS_A_STEP ? undefined : from(last)));
    });
  return from(undefined);
}

function judge(site: UpkeepSite, jobs: readonly JobRecord[], known: Known): Awaitable<void> {
  const ids = jobs.filter((job) => verdictOn(site, job, known) !== null).map(({ id }) => id);
  if (ids.length === 0) return;
  const decide: DecideJob = (job, _unsettled, now) => patchOf(site, job, verdictOn(site, job, known), now);
  return then(site.store.jobs.change({ ids, now: () => site.time.latest(), decide }), (results) => {
    for (const { after } of results) if (after !== null) tell(site, after);
    if (results.some(({ after }) => after?.status === 'active')) site.loop.wake();
  });
}

function verdictOn(site: UpkeepSite, job: JobRecord, known: Known): Verdict {
  const isListed = job.origin === 'runtime' || known.jobIds.has(job.id);
  if (job.status === 'orphaned') return isListed && !known.keepsOff(job) ? 'active' : null;
  if (job.status === 'unresolved') {
    return isListed && known.knowsTask(job.task) && isReadable(site, job) ? 'active' : null;
  }
  if (!isListed && known.canOrphan) return 'orphaned';
  return known.canUnresolve && job.status === 'active' && !known.knowsTask(job.task) ? 'unresolved' : null;
}

function isReadable({ parts }: UpkeepSite, job: JobRecord): boolean {
  try {
    return parts.triggers.decode(job.trigger) !== null;
  } catch {
    return false;
  }
}

function patchOf({ parts }: UpkeepSite, job: JobRecord, verdict: Verdict, now: Instant): JobPatch | null {
  if (verdict === null) return null;
  if (verdict === 'active') return nextPosition(job, parts.triggers.decode(job.trigger), now);
  const statusReason = verdict === 'orphaned' ? 'in no live node’s code' : `no live node knows the task ${job.task}`;
  return { status: verdict, statusReason, statusAt: now, withdraw: true };
}

function tell({ facts, store }: UpkeepSite, job: JobRecord): void {
  const type =
    job.status === 'orphaned' || job.status === 'unresolved' ? (`job.${job.status}` as const) : 'job.changed';
  facts.tell(type, { store: store.alias, job, detail: job.statusReason ?? 'a live node knows it again' });
}
