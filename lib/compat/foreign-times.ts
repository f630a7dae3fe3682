import type { Instant } from '../core/index.js';
import type { ForeignCronJob } from './foreign-cron-job.js';

const SECOND = 1_000;
/** A timer may come some milliseconds early. */
const EARLY = 10;

/** What is used of a luxon `DateTime`. */
interface Moment {
  toMillis(): number;
  plus(length: { milliseconds: number }): Moment;
}

/** When a job of the package `cron` fires: as it says itself. */
export class ForeignTimes {
  private last: unknown;

  constructor(private readonly job: ForeignCronJob) {
    this.last = job.lastExecution;
  }

  next(after: Instant): Instant | null {
    const { job } = this;
    const { cronTime } = job;
    if (job.isActive !== true || typeof cronTime?.sendAt !== 'function') return null;
    try {
      const first = cronTime.sendAt() as Moment;
      const at = first.toMillis();
      if (at > after) return at;
      if (cronTime.realDate === true || typeof cronTime.getNextDateFrom !== 'function') return null;
      return (cronTime.getNextDateFrom(first.plus({ milliseconds: after - at }) as never) as Moment).toMillis();
    } catch {
      // It says so of an instant that is past.
      return null;
    }
  }

  /** The fire time of a call that its timer made at `now`; null: somebody else made it, by hand. */
  tickedBy(now: Instant): Instant | null {
    const { lastExecution, cronTime } = this.job;
    if (lastExecution === this.last) return null;
    this.last = lastExecution;
    if (cronTime?.realDate === true) return Math.min(now, Number(cronTime.source));
    return Math.min(now, Math.floor((now + EARLY) / SECOND) * SECOND);
  }
}
