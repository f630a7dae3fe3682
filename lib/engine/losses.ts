import { LOSS_LIMIT } from '../core/index.js';
import type { Instant, JobAfterwards, Settlement } from '../core/index.js';
import { laterTry, outcomeOf } from './conclude.js';
import { stopped } from './ending.js';
import type { LiveRun } from './live-run.js';
import { lossDelay } from './retry-delay.js';
import { RunLostError } from './stop-errors.js';

/** Who pauses a job after three losses in a row; `resume` clears it. */
export const QUARANTINE = 'quarantine';

export interface LossVerdict {
  readonly detail: string;
  /** null: the run is tried again at once. */
  readonly settlement: Settlement | null;
}

/** What becomes of a run whose node died, or was cut off, in the middle of it (SEMANTICS 2, "Loss"). */
export function judgeLoss(run: LiveRun, now: Instant, random: number, afterwards: JobAfterwards | null): LossVerdict {
  const { losses, policy } = run.job;
  const detail = `its lease ended without an outcome (loss ${losses} in a row)`;
  const lost = stopped('lost', new RunLostError(run.job.id, run.run.id, losses), false);
  if (isCulprit(run))
    return {
      detail,
      settlement: outcomeOf(run, lost, { now, afterwards: { ...afterwards, ...quarantine(run, now) } }),
    };
  if (policy.recovery !== 'retry') return { detail, settlement: outcomeOf(run, lost, { now, afterwards }) };
  const delay = lossDelay(losses, random);
  if (delay === 0) return { detail, settlement: null };
  return { detail, settlement: laterTry(run, lost, { dueAt: now + delay, attempt: run.attempt - 1, at: now }) };
}

/**
 * Three losses in a row. Where a job may have several open runs, one dead node loses many at once, which says nothing
 * about the job: there the run itself must have been lost three times.
 */
function isCulprit(run: LiveRun): boolean {
  const { losses, policy } = run.job;
  if (losses < LOSS_LIMIT) return false;
  return policy.maxInstances === 1 || policy.recovery !== 'retry' || run.attempt > LOSS_LIMIT;
}

function quarantine(run: LiveRun, now: Instant): JobAfterwards {
  const reason = `run ${run.run.id} was lost ${run.job.losses} times in a row: its node died or was cut off each time`;
  return { pause: { at: now, by: QUARANTINE, reason, until: null } };
}
