import { LOSS_LIMIT } from '../core/index.js';
import type { Instant, JobAfterwards, Settlement } from '../core/index.js';
import { laterTry, outcomeOf } from './conclude.js';
import { stopped } from './ending.js';
import type { LiveRun } from './live-run.js';
import { lossDelay } from './retry-delay.js';
import { RunLostError } from './stop-errors.js';

/** Who pauses a job after three losses in a row; `resume` clears it. */
const QUARANTINE = 'quarantine';

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
  const dueAt = Math.max(now + delay, run.run.dueAt);
  // Nothing is kept of it yet, so nothing has to be corrected before it is tried.
  if (delay === 0 && run.wasUntried) return { detail, settlement: null };
  // This claim is no try, nor was the lost one: where tries are kept, they are those of the handler.
  const attempt = run.wasUntried ? run.attempt - 1 : run.attempt - 2;
  // Where nothing but a claim was lost, the next attempt is still the first one.
  const error = run.isFirstAttempt ? null : lost.error;
  return { detail, settlement: laterTry(run, error, { dueAt, attempt, at: now }) };
}

/**
 * Three losses in a row. Where a job may have several open runs, one dead node loses many at once, which says nothing
 * about the job: there the run itself must have been lost three times.
 */
function isCulprit(run: LiveRun): boolean {
  const { losses, policy } = run.job;
  if (losses < LOSS_LIMIT) return false;
  if (policy.maxInstances === 1 || policy.recovery !== 'retry') return true;
  // What is kept of a run that was tried says nothing of its losses: no three nodes can have lost as many runs as that.
  return run.wasUntried ? run.attempt > LOSS_LIMIT : losses >= LOSS_LIMIT * policy.maxInstances;
}

function quarantine(run: LiveRun, now: Instant): JobAfterwards {
  const reason = `run ${run.run.id} was lost ${run.job.losses} times in a row: its node died or was cut off each time`;
  return { pause: { at: now, by: QUARANTINE, reason, until: null } };
}
