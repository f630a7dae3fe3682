import type { Awaitable, DecideJob, Instant, JobPatch, JobRecord, Store, TriggerCodec } from '../../core/index.js';
import { nextAfterClose } from '../plan.js';
import { then } from '../settled.js';
import type { StoreTime } from '../store-time.js';

/** A store of this node, and how its triggers are read. */
export interface DelayedJobsPlace {
  readonly store: Store;
  readonly time: StoreTime;
  readonly parts: { readonly triggers: TriggerCodec };
}

/** A job that counts from the end of its run, and has no fire time: one is open, or its end set none. */
export function mayStandStill(job: JobRecord): boolean {
  return job.status === 'active' && job.fireTime === null && job.trigger.includes('"fixedDelay"');
}

/**
 * Gives `fixedDelay` jobs without an open run their next fire time. The settlement of a run does that in its own step; but
 * a run may end without one: cancelled while nobody held it, or replaced while it was buffered.
 */
export function setGoing({ store, time, parts }: DelayedJobsPlace, ids: readonly string[]): Awaitable<boolean> {
  const decide: DecideJob = (job, unsettled, now) =>
    mayStandStill(job) && unsettled.every((run) => run.kind !== 'scheduled') ? goOn(job, parts.triggers, now) : null;
  return then(store.jobs.change({ ids, now: () => time.latest(), decide }), (changed) => changed.length > 0);
}

/** null: left to a node that can read the trigger. */
function goOn(job: JobRecord, triggers: TriggerCodec, now: Instant): JobPatch | null {
  try {
    const next = nextAfterClose(job, triggers.decode(job.trigger), now);
    if (next === null) return null;
    const { finished, ...position } = next;
    return finished === undefined
      ? position
      : { ...position, status: 'finished', statusReason: finished, statusAt: now };
  } catch {
    return null;
  }
}
