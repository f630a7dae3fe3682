import type { Awaitable, Instant, JobRecord, Millis } from '../../core/index.js';
import { then } from '../settled.js';
import type { UpkeepSite } from './upkeep-site.js';

/** Orphaned and unresolved jobs are kept this long. */
const KEPT: Millis = 14 * 86_400_000;
const JOBS_A_STEP = 500;
/** Rounds without a look, once all jobs were gone through and none was to go: what is kept for days may stay for minutes more. */
const RESTS = 4;

/** Removes rows that nobody needs any more: some of them each round, going through the ids in their order. */
export class RemovalRound {
  private after: string | undefined;
  private hasRemoved = false;
  private restsLeft = 0;

  constructor(private readonly site: UpkeepSite) {}

  step(now: Instant): Awaitable<void> {
    if (this.restsLeft > 0) {
      this.restsLeft--;
      return;
    }
    const { store } = this.site;
    const filter = { status: ['finished', 'orphaned', 'unresolved'] as const, after: this.after, limit: JOBS_A_STEP };
    return then(store.jobs.list(filter), (jobs) => {
      const isLast = jobs.length < JOBS_A_STEP;
      this.after = isLast ? undefined : jobs[jobs.length - 1].id;
      const ids = jobs.filter((job) => this.isOver(job, now)).map(({ id }) => id);
      this.hasRemoved ||= ids.length > 0;
      if (isLast) {
        if (!this.hasRemoved) this.restsLeft = RESTS;
        this.hasRemoved = false;
      }
      return ids.length === 0 ? undefined : this.remove(ids);
    });
  }

  private remove(ids: readonly string[]): Awaitable<void> {
    const { store, facts, time } = this.site;
    const removed = store.jobs.change({
      ids,
      now: () => time.latest(),
      decide: (job, unsettled, now) => (this.isOver(job, now) && unsettled.length === 0 ? 'remove' : null),
    });
    return then(removed, (results) => {
      for (const { before } of results) {
        facts.tell('job.removed', { store: store.alias, job: before, detail: `${before.status} and kept long enough` });
      }
    });
  }

  /** A finished job of the code stays as long as its code does. */
  private isOver({ status, statusAt, origin }: JobRecord, now: Instant): boolean {
    if (statusAt === null) return false;
    if (status === 'finished') return origin === 'runtime' && statusAt < now - this.site.parts.options.history.age;
    return status !== 'active' && statusAt < now - KEPT;
  }
}
