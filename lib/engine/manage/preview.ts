import type { Awaitable, Instant, JobFilter, JobRecord } from '../../core/index.js';
import { dueAtOf, nextFireTime } from '../fire-times.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import { then } from '../settled.js';
import type { DrivenJobs } from './driven-jobs.js';
import type { JobCommands } from './job-commands.js';

/** What a preview reads. */
export interface PreviewSite {
  readonly parts: SchedulerParts;
  /** Jobs as their readers see them. */
  readonly jobs: Pick<JobCommands, 'list'>;
  readonly driven: DrivenJobs;
}

/** A fire time to come. */
export interface PreviewFire {
  readonly jobId: string;
  readonly fireTime: Instant;
  readonly dueAt: Instant;
}

/** Fire times that one preview answers, at most. */
export const PREVIEW_LIMIT = 10_000;

/** Fire times of active jobs between two instants, both included, in their order; a paused job is left out. */
export function preview(
  site: PreviewSite,
  window: { readonly from: Instant; readonly to: Instant },
  filter: JobFilter & { readonly store?: string },
): Awaitable<PreviewFire[]> {
  return then(
    site.jobs.list({ ...filter, status: filter.status ?? ['active'], paused: filter.paused ?? false }),
    (found) => {
      const fires = found.flatMap(({ job }) => (isReadable(site, job) ? firesOf(site, job, window) : []));
      fires.sort((a, b) => a.fireTime - b.fireTime || (a.jobId < b.jobId ? -1 : 1));
      return fires.slice(0, PREVIEW_LIMIT);
    },
  );
}

/** A row of a newer version, say: nobody here can tell when it fires, and the others are shown all the same (P23). */
function isReadable({ parts }: PreviewSite, { trigger }: JobRecord): boolean {
  try {
    return parts.triggers.decode(trigger) !== null;
  } catch {
    return false;
  }
}

function firesOf(site: PreviewSite, job: JobRecord, { from, to }: { from: Instant; to: Instant }): PreviewFire[] {
  const trigger = site.parts.triggers.decode(job.trigger);
  const driver = site.driven.driverOf(job);
  const nextAfter = (after: Instant): Instant | null =>
    driver === null ? nextFireTime(trigger, after) : driver.next(after);
  const fires: PreviewFire[] = [];
  const left = trigger.limit === null ? PREVIEW_LIMIT : Math.max(0, trigger.limit - job.runCount);
  // A job that has its next fire time goes on from there; what lies before is history.
  let next = job.fireTime !== null && job.fireTime >= from ? job.fireTime : nextAfter(from - 1);
  while (next !== null && next <= to && fires.length < Math.min(left, PREVIEW_LIMIT)) {
    fires.push({ jobId: job.id, fireTime: next, dueAt: dueAtOf(job.id, trigger, next) });
    // What comes after a run that counts from its end is not known before it has run.
    next = trigger.fixedDelay === null ? nextAfter(next) : null;
  }
  return fires;
}
