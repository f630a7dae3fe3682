import type { RunRecord } from './run-record.js';
import type { Instant, Millis } from './time.js';

/** What a withdrawal takes back of a job's runs: `untried` are deleted, `tried` wait as if they had not been claimed. */
export interface TakenBack<Run> {
  readonly untried: readonly Run[];
  readonly tried: readonly Run[];
}

/**
 * Where owners of claims hear of withdrawals by messages, these may take so long, on a busy machine or behind a handler that
 * blocks: what falls due until then has begun.
 */
export const HEARD_WITHIN: Millis = 100;

/** When a withdrawal is made, of which job. */
export interface Withdrawal {
  readonly at: Instant;
  /** The job's generation: runs of an earlier one have started, or they would be gone. */
  readonly generation: number;
}

/**
 * Runs whose start is still to come at `at`. Not among them, whatever `at` says, is a run of the plan behind which the plan
 * has gone on: it was due, by the time of whoever made the later one, and the job cannot go back to before what has a run.
 *
 * @param unsettled the job's open and buffered runs
 */
export function takenBack<Run>(
  unsettled: readonly Run[],
  recordOf: (run: Run) => RunRecord,
  { at, generation }: Withdrawal,
): TakenBack<Run> {
  const own = unsettled.filter((run) => recordOf(run).jobGeneration === generation);
  const isAhead = ({ dueAt, state }: RunRecord): boolean => dueAt > at && state !== 'buffered';
  const mayGo = (run: RunRecord): boolean => isAhead(run) && isUntried(run);
  let latest = -Infinity;
  for (const run of own.map(recordOf)) if (isOfPlan(run) && !mayGo(run)) latest = Math.max(latest, run.fireTime);
  return {
    untried: own.filter((run) => mayGo(recordOf(run)) && recordOf(run).firstFireTime > latest),
    tried: own.filter((run) => {
      const record = recordOf(run);
      return isAhead(record) && !isUntried(record) && record.state === 'running';
    }),
  };
}

/** Made by the plan, and at most claimed since. */
function isUntried({ kind, attempt, state }: RunRecord): boolean {
  return kind === 'scheduled' && attempt === (state === 'running' ? 1 : 0);
}

function isOfPlan({ kind }: RunRecord): boolean {
  return kind === 'scheduled' || kind === 'backfill';
}
