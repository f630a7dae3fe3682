import type { Instant, JobAfterwards, RunError, Settlement } from '../core/index.js';
import type { Ending } from './ending.js';
import type { LiveRun } from './live-run.js';
import { retryDelay } from './retry-delay.js';

/** What deciding on a run's future needs besides the run and how its attempt ended. */
export interface Circumstances {
  /** Store time. */
  readonly now: Instant;
  /** Another node may take the run over. */
  readonly isShared: boolean;
  /** From 0 to below 1. */
  readonly random: number;
  readonly afterwards: JobAfterwards | null;
}

/** Failure of the handler: it counts against `retry.attempts`, unlike what we or the store did to the attempt. */
const FAILURES: ReadonlySet<string> = new Set(['failed', 'timedOut']);

/** Of a run that was asked to stop: instead of the reason for that. */
const TOO_LATE = 'it was asked to stop, and came to its end all the same';

/** What is written when an attempt has ended: an outcome, or the time of the next try. */
export function conclude(run: LiveRun, ending: Ending, on: Circumstances): Settlement {
  if (isInterrupted(run, ending, on))
    return laterTry(run, ending.error, { dueAt: on.now, attempt: run.tries - 1, at: on.now });
  if (isTriedAgain(run, ending)) {
    const dueAt = on.now + retryDelay(run.job.policy.retry, run.tries, on.random);
    return laterTry(run, ending.error, { dueAt, attempt: run.tries, at: on.now });
  }
  return outcomeOf(run, ending, on);
}

/** Whether another attempt follows one that ended like this. */
export function isTriedAgain(run: LiveRun, ending: Ending): boolean {
  return FAILURES.has(ending.outcome) && !ending.isAbandoned && run.tries < run.job.policy.retry.attempts;
}

/** Given back unstarted; counts as nothing. */
export function release(run: LiveRun, at: Instant): Settlement {
  const { startedAt, dueAt } = run.run;
  return { ...keyOf(run), kind: 'release', at, attempt: run.attempt - 1, startedAt, dueAt };
}

export function outcomeOf(run: LiveRun, ending: Ending, on: Pick<Circumstances, 'now' | 'afterwards'>): Settlement {
  const isLost = run.stopCause === 'leaseEnded' && ending.outcome === 'cancelled';
  // Counted with the claim; what was skipped, or cancelled while it waited, was never attempted.
  const isUnattempted = ending.outcome === 'skipped' || (ending.outcome === 'cancelled' && run.startedAt === null);
  return {
    runId: run.claim.runId,
    jobId: run.claim.jobId,
    token: run.claim.token,
    kind: 'outcome',
    at: on.now,
    attempt: isUnattempted ? run.attempt - 1 : run.attempt,
    startedAt: isUnattempted ? run.run.startedAt : run.startedAt,
    outcome: isLost ? 'lost' : ending.outcome,
    reason: ending.reason,
    detail: ending.detail ?? (run.stopCause === 'cancelled' ? TOO_LATE : null),
    error: ending.error,
    result: ending.result,
    output: run.output,
    keepHistory: run.job.policy.keepHistory,
    afterwards: on.afterwards,
  };
}

export function laterTry(
  run: LiveRun,
  error: RunError | null,
  { dueAt, attempt, at }: { dueAt: Instant; attempt: number; at: Instant },
): Settlement {
  const startedAt = run.hasBegun ? run.startedAt : run.run.startedAt;
  return { ...keyOf(run), kind: 'retry', at, attempt, startedAt, dueAt, error };
}

/** Stopped in the middle by this node's end or by the store's absence: another node, or a later start, tries again. */
function isInterrupted(run: LiveRun, ending: Ending, on: Circumstances): boolean {
  if (ending.outcome !== 'cancelled' || !on.isShared || run.job.policy.recovery !== 'retry') return false;
  return run.stopCause === 'shutdown' || run.stopCause === 'leaseEnded';
}

function keyOf(run: LiveRun): { runId: string; jobId: string; token: number } {
  return { runId: run.claim.runId, jobId: run.claim.jobId, token: run.claim.token };
}
