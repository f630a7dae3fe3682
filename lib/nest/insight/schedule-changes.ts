import { Job } from '../registry/job.js';
import { dateOrNull } from '../registry/run.js';
import type { ScheduleDiff } from '../../engine/index.js';
import type { JobReading } from '../registry/job.js';

/** A job whose definition in the code is another one than in its store. */
export interface JobChange {
  readonly id: string;
  /** Another one than `id` where an alias renames the job. */
  readonly idBefore: string;
  readonly store: string;
  /** What differs; `status`: it had been set aside, and would go on. */
  readonly what: readonly ('trigger' | 'options' | 'id' | 'status')[];
  readonly nextFireTimeBefore: Date | null;
  readonly nextFireTimeAfter: Date | null;
}

/** A job of an earlier code. */
export interface OrphanedJob {
  readonly id: string;
  readonly store: string;
  readonly nextFireTime: Date | null;
}

/** What a start of this code would change in shared stores. */
export interface ScheduleChanges {
  readonly added: readonly Job[];
  readonly changed: readonly JobChange[];
  /** Would be set aside once no live node has them in its code. */
  readonly orphaned: readonly OrphanedJob[];
  /** Would not be scheduled: a job that was added at run time has their id. */
  readonly refused: readonly string[];
  /** Stay as a newer version of the application wrote them. */
  readonly newer: readonly string[];
}

export function scheduleChanges(diff: ScheduleDiff, parts: JobReading): ScheduleChanges {
  return {
    added: diff.added.map(({ job, store }) => Job.ofRecord(job, { store, parts })),
    changed: diff.changed.map(({ fireTimeBefore, fireTimeAfter, ...change }) => ({
      ...change,
      nextFireTimeBefore: dateOrNull(fireTimeBefore),
      nextFireTimeAfter: dateOrNull(fireTimeAfter),
    })),
    orphaned: diff.orphaned.map(({ fireTime, ...job }) => ({ ...job, nextFireTime: dateOrNull(fireTime) })),
    refused: diff.refused,
    newer: diff.newer,
  };
}
