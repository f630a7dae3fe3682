import type { Awaitable } from '../../core/index.js';
import { mayStandStill, setGoing } from '../manage/delayed-jobs.js';
import { then } from '../settled.js';
import type { UpkeepSite } from './upkeep-site.js';

const JOBS_A_STEP = 500;

/** Looks for `fixedDelay` jobs that a node left without a fire time when it died, some of the jobs each round. */
export class DelayRound {
  private after: string | undefined;

  constructor(private readonly site: UpkeepSite) {}

  step(): Awaitable<unknown> {
    const filter = { status: ['active'], after: this.after, limit: JOBS_A_STEP } as const;
    return then(this.site.store.jobs.list(filter), (jobs) => {
      this.after = jobs.length < JOBS_A_STEP ? undefined : jobs[jobs.length - 1].id;
      const ids = jobs.filter(mayStandStill).map(({ id }) => id);
      return ids.length === 0 ? false : setGoing(this.site, ids);
    });
  }
}
