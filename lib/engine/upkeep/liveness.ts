import type { Awaitable, Instant, JobPatch, JobRecord, NodeRecord } from '../../core/index.js';
import { nextPosition } from '../manage/new-job.js';
import { eachInTurn, then } from '../settled.js';
import { ORPHANED_AFTER } from './upkeep-site.js';
import type { UpkeepSite } from './upkeep-site.js';

const JOBS_A_STEP = 500;

/** What the live nodes know, and since when that can be said. */
interface Known {
  readonly jobIds: ReadonlySet<string>;
  readonly tasks: ReadonlySet<string>;
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
  return eachInTurn(judged, (filter) => eachPage(site, filter, (jobs) => judge(site, jobs, known, now)));
}

function knownBy(site: UpkeepSite, nodes: readonly NodeRecord[], now: Instant): Known {
  const listing = nodes.filter((node) => node.seenAt >= now - ORPHANED_AFTER);
  const startedAt = nodes.find(({ id }) => id === site.parts.node.id)?.startedAt ?? now;
  return {
    jobIds: new Set(listing.flatMap((node) => node.jobIds)),
    tasks: new Set([...nodes.flatMap((node) => node.tasks), ...site.parts.tasks.names()]),
    canOrphan: now - startedAt >= ORPHANED_AFTER,
    canUnresolve: now - startedAt >= 2 * ORPHANED_AFTER,
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

function judge(site: UpkeepSite, jobs: readonly JobRecord[], known: Known, now: Instant): Awaitable<void> {
  const ids = jobs.filter((job) => verdictOn(site, job, known) !== null).map(({ id }) => id);
  if (ids.length === 0) return;
  const changed = site.store.jobs.change({
    ids,
    at: now,
    decide: (job) => patchOf(site, job, verdictOn(site, job, known), now),
  });
  return then(changed, (results) => {
    for (const { after } of results) if (after !== null) tell(site, after);
  });
}

function verdictOn(site: UpkeepSite, job: JobRecord, known: Known): Verdict {
  const isListed = job.origin === 'runtime' || known.jobIds.has(job.id);
  const isKnown = known.tasks.has(job.task);
  if (job.status === 'orphaned') return isListed ? 'active' : null;
  if (job.status === 'unresolved') return isListed && isKnown && isReadable(site, job) ? 'active' : null;
  if (!isListed && known.canOrphan) return 'orphaned';
  return !isKnown && known.canUnresolve && job.status === 'active' ? 'unresolved' : null;
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
