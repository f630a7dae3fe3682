import type { Instant, JobRecord, Store } from '../core/index.js';
import type { SchedulerOptions } from './scheduler-parts.js';

/**
 * From when on the fire times of a job are for another process, where this one was started for a while that ends; null: never.
 * A job that was added at run time behind that end to a store of this process is known to no other.
 */
export function leftToOthersFrom(job: JobRecord, store: Store, { before }: SchedulerOptions): Instant | null {
  if (before === null) return null;
  const isKnownHereAlone = !store.isShared && job.origin === 'runtime' && job.createdAt >= before;
  return isKnownHereAlone ? null : before;
}
