import type { Awaitable, Instant, JobFilter, JobRecord, Trigger } from '../../core/index.js';
import { dueAtOf, nextFireTime } from '../fire-times.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import { then } from '../settled.js';
import type { DrivenJobs } from './driven-jobs.js';
import { FireLine } from './fire-line.js';
import type { PreviewFire } from './fire-line.js';
import type { JobCommands } from './job-commands.js';

/** What a preview reads. */
export interface PreviewSite {
  readonly parts: SchedulerParts;
  /** Jobs as their readers see them. */
  readonly jobs: Pick<JobCommands, 'list'>;
  readonly driven: DrivenJobs;
}

/** Fire times that one preview answers, at most. */
export const PREVIEW_LIMIT = 10_000;

interface Window {
  readonly from: Instant;
  readonly to: Instant;
}

/** A list that says of itself whether there was more. */
export type Cuttable<T> = T[] & { readonly isCut: boolean };

export function cuttable<T>(items: T[], isCut: boolean): Cuttable<T> {
  // Not among what a reader of the list goes through, or sees in its JSON.
  return Object.defineProperty(items, 'isCut', { value: isCut }) as Cuttable<T>;
}

/**
 * Fire times of active jobs between two instants, both included, in their order; a paused job is left out. Each job's are
 * computed one by one as their turn comes, so that neither many jobs nor a long window cost more than what is answered.
 */
export function preview(
  site: PreviewSite,
  window: Window,
  filter: JobFilter & { readonly store?: string },
): Awaitable<Cuttable<PreviewFire>> {
  return then(
    site.jobs.list({ ...filter, status: filter.status ?? ['active'], paused: filter.paused ?? false }),
    (found) => {
      const line = new FireLine(
        found.flatMap(({ job }) => {
          const fires = firesOf(site, job, window)?.[Symbol.iterator]();
          const first = fires?.next();
          return first === undefined || first.done === true ? [] : [{ fires: fires!, next: first.value }];
        }),
      );
      const fires: PreviewFire[] = [];
      while (line.first !== null && fires.length < PREVIEW_LIMIT) fires.push(line.take());
      return cuttable(fires, line.first !== null);
    },
  );
}

/** null: a row of a newer version, say. Nobody here can tell when it fires; the others are shown all the same (P23). */
function firesOf(site: PreviewSite, job: JobRecord, window: Window): Iterable<PreviewFire> | null {
  try {
    return eachFire(site, job, site.parts.triggers.decode(job.trigger), window);
  } catch {
    return null;
  }
}

function* eachFire(
  site: PreviewSite,
  job: JobRecord,
  trigger: Trigger,
  { from, to }: Window,
): Generator<PreviewFire, void> {
  const driver = site.driven.driverOf(job);
  const nextAfter = (after: Instant): Instant | null =>
    driver === null ? nextFireTime(trigger, after) : driver.next(after);
  let left = trigger.limit === null ? Infinity : trigger.limit - job.runCount;
  // A job that has its next fire time goes on from there; what lies before is history.
  let next = job.fireTime !== null && job.fireTime >= from ? job.fireTime : nextAfter(from - 1);
  while (next !== null && next <= to && left-- > 0) {
    yield { jobId: job.id, fireTime: next, dueAt: dueAtOf(job.id, trigger, next) };
    // What comes after a run that counts from its end is not known before it has run.
    next = trigger.fixedDelay === null ? nextAfter(next) : null;
  }
}
