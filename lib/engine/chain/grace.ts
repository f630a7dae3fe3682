import type { Instant, RunRecord } from '../../core/index.js';
import { skipped } from '../ending.js';
import type { Link, LiveRun } from '../live-run.js';

/** Judges the grace time once more, just before the first attempt: whatever made the run wait since it was planned. */
export function withinGrace(next: Link, plannedDueAt: (run: LiveRun) => Instant): Link {
  return (done) => {
    const start = next(done);
    return (run) => {
      const grace = run.job.policy.misfireGraceTime;
      if (grace === null || run.run.kind !== 'scheduled' || !run.isFirstAttempt) return start(run);
      const late = run.startedAt! - (wasMoved(run.run) ? Math.min(run.run.dueAt, plannedDueAt(run)) : run.run.dueAt);
      if (late <= grace) return start(run);
      return skipped('misfire', `${late} ms late when it could start, more than the grace time of ${grace} ms`);
    };
  };
}

/** A buffered run became due when another closed, which is later than its fire time. */
function wasMoved({ dueAt, createdAt }: RunRecord): boolean {
  return dueAt > createdAt;
}
