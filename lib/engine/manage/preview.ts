import type { Awaitable, Instant, JobFilter, JobRecord } from '../../core/index.js';
import { dueAtOf, nextFireTime } from '../fire-times.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import { then } from '../settled.js';
import type { JobCommands } from './job-commands.js';

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
  parts: SchedulerParts,
  jobs: JobCommands,
  window: { readonly from: Instant; readonly to: Instant },
  filter: JobFilter & { readonly store?: string },
): Awaitable<PreviewFire[]> {
  return then(
    jobs.list({ ...filter, status: filter.status ?? ['active'], paused: filter.paused ?? false }),
    (found) => {
      const fires = found.flatMap(({ job }) => firesOf(parts, job, window));
      fires.sort((a, b) => a.fireTime - b.fireTime || (a.jobId < b.jobId ? -1 : 1));
      return fires.slice(0, PREVIEW_LIMIT);
    },
  );
}

function firesOf(parts: SchedulerParts, job: JobRecord, { from, to }: { from: Instant; to: Instant }): PreviewFire[] {
  const trigger = parts.triggers.decode(job.trigger);
  const fires: PreviewFire[] = [];
  const left = trigger.limit === null ? PREVIEW_LIMIT : Math.max(0, trigger.limit - job.runCount);
  // A job that has its next fire time goes on from there; what lies before is history.
  let next = job.fireTime !== null && job.fireTime >= from ? job.fireTime : nextFireTime(trigger, from - 1);
  while (next !== null && next <= to && fires.length < Math.min(left, PREVIEW_LIMIT)) {
    fires.push({ jobId: job.id, fireTime: next, dueAt: dueAtOf(job.id, trigger, next) });
    // What comes after a run that counts from its end is not known before it has run.
    next = trigger.fixedDelay === null ? nextFireTime(trigger, next) : null;
  }
  return fires;
}
