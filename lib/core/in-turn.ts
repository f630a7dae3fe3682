import type { RunRecord } from './run-record.js';

/**
 * The buffered runs that have their turn when others of their job close, at most `count`: the oldest first, as long as fewer
 * than `maxInstances` are open. Of runs that one step made, caught up on or backfilled, the next waits until the one before
 * is closed, whatever `maxInstances` says; those behind it wait with it.
 *
 * @param unsettled the job's open and buffered runs, oldest first
 */
export function inTurn(unsettled: readonly RunRecord[], maxInstances: number, count = 1): RunRecord[] {
  const open = unsettled.filter((run) => run.state !== 'buffered');
  const next: RunRecord[] = [];
  for (const run of unsettled) {
    if (next.length >= count || open.length + next.length >= maxInstances) break;
    if (run.state !== 'buffered') continue;
    if (open.some((other) => areOfOneStep(other, run)) || next.some((other) => areOfOneStep(other, run))) break;
    next.push(run);
  }
  return next;
}

function areOfOneStep(one: RunRecord, other: RunRecord): boolean {
  return one.kind === other.kind && one.createdAt === other.createdAt && isMadeInRow(one);
}

/** What is asked for one by one stands for itself. */
function isMadeInRow({ kind }: RunRecord): boolean {
  return kind === 'scheduled' || kind === 'backfill';
}
