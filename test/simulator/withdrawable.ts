import type { Instant, JobRecord, RunRecord } from '../../lib/core/index.js';

/**
 * Runs that a withdrawal deletes, from the docstring of `JobPatch`: made by the plan, never attempted, their start still to
 * come, and none of the plan's runs that stay is for a later fire time.
 *
 * @param runs all of the job's, settled ones too
 */
export function withdrawable<Run extends RunRecord>(job: JobRecord, runs: readonly Run[], at: Instant): Run[] {
  const own = runs.filter((run) => run.jobGeneration === job.generation);
  const early = own.filter((run) => isOpen(run) && run.dueAt > at && isUntried(run));
  const isLaterThan = (run: Run, other: Run): boolean => isOfPlan(other) && other.fireTime >= run.firstFireTime;
  const stay = own.filter((run) => !early.includes(run));
  return early.filter((run) => !stay.some((other) => isLaterThan(run, other)));
}

function isOpen({ state }: RunRecord): boolean {
  return state === 'waiting' || state === 'running';
}

function isUntried({ kind, attempt, state }: RunRecord): boolean {
  return kind === 'scheduled' && attempt === (state === 'running' ? 1 : 0);
}

function isOfPlan({ kind, state }: RunRecord): boolean {
  return (kind === 'scheduled' || kind === 'backfill') && state !== 'skipped';
}
