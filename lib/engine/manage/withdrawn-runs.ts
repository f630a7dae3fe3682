import { takenBack } from '../../core/index.js';
import type { Instant, JobRecord, PlannedSkip, RunRecord, Trigger } from '../../core/index.js';
import { dueAtOf } from '../fire-times.js';

/**
 * Records for fire times that were due and lose their run to a new trigger: one that was promoted, or lost, a moment ago
 * waits for a start that is still to come, so a withdrawal takes it back as if it had been claimed ahead.
 */
export function withdrawnDue(
  job: JobRecord,
  trigger: Trigger,
  unsettled: readonly RunRecord[],
  now: Instant,
): PlannedSkip[] {
  const { untried } = takenBack(unsettled, (run) => run, { at: now, generation: job.generation });
  return untried
    .filter((run) => dueAtOf(job.id, trigger, run.fireTime) <= now)
    .map(({ fireTime, firstFireTime, count, countIsExact }) => {
      const detail = 'its run had not started when the job was rescheduled';
      return { reason: 'rescheduled', detail, fireTime, firstFireTime, count, countIsExact };
    });
}
