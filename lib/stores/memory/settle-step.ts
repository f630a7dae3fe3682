import type { ClaimKey, Instant, JobAfterwards, Renewal, Settlement } from '../../core/index.js';
import type { JobTable } from './job-table.js';
import type { JobRow, MutableJobRecord, RunRow } from './rows.js';

type OutcomeSettlement = Extract<Settlement, { kind: 'outcome' }>;
type RetrySettlement = Extract<Settlement, { kind: 'retry' }>;

const NOT_HELD: Renewal = Object.freeze({ held: false, cancelRequested: false });
const HELD: Renewal = Object.freeze({ held: true, cancelRequested: false });
const ASKED_TO_STOP: Renewal = Object.freeze({ held: true, cancelRequested: true });

export function renewClaim(table: JobTable, claim: ClaimKey, until: Instant): Renewal {
  const run = runOf(table, claim);
  if (run === undefined || run.record.token !== claim.token || !run.isHeld()) return NOT_HELD;
  run.record.leaseUntil = until;
  table.leases.place(run);
  return run.record.cancelRequested ? ASKED_TO_STOP : HELD;
}

/** P7: a settlement whose token is not the latest is refused. */
export function settleRun(table: JobTable, settlement: Settlement): boolean {
  const run = runOf(table, settlement);
  if (run === undefined) return wasSettled(table, settlement);
  if (run.record.token !== settlement.token) return false;
  run.record.attempt = settlement.attempt;
  if (settlement.kind !== 'release') run.record.startedAt = settlement.startedAt;
  if (settlement.kind === 'outcome') end(table, run, settlement);
  else if (settlement.kind === 'retry') waitForRetry(table, run, settlement);
  else if (run.job.isGone) table.forget(run);
  else table.letGo(run, settlement.dueAt);
  return true;
}

function end(table: JobTable, run: RunRow, settlement: OutcomeSettlement): void {
  const { job } = run;
  table.close(run, settlement);
  if (job.isGone || job.record.generation !== run.record.jobGeneration) return;
  if (settlement.outcome !== 'lost') job.record.losses = 0;
  if (settlement.afterwards !== null) applyAfterwards(job, settlement.afterwards, settlement.at);
}

function waitForRetry(table: JobTable, run: RunRow, { at, dueAt, error }: RetrySettlement): void {
  if (run.job.isGone) {
    const nothing = { reason: null, result: null, output: null };
    table.close(run, { ...nothing, outcome: 'failed', at, detail: 'its job was removed', error, keepHistory: true });
    return;
  }
  run.record.error = error;
  table.letGo(run, dueAt);
}

function applyAfterwards(job: JobRow, afterwards: JobAfterwards, at: Instant): void {
  const { record } = job;
  record.version++;
  if (afterwards.pause !== undefined) record.pause = afterwards.pause;
  // A job that has a fire time was rescheduled while the run was open, and may have come to its end since: neither another one
  // nor an end is meant for it.
  if (record.fireTime === null && record.status !== 'finished') goOn(record, afterwards, at);
  job.lane.queue(job, job.dueForPlan());
}

function goOn(record: MutableJobRecord, { fireTime, dueAt, finished }: JobAfterwards, at: Instant): void {
  if (fireTime !== undefined) record.fireTime = fireTime;
  if (dueAt !== undefined) record.dueAt = dueAt;
  if (finished === undefined) return;
  record.status = 'finished';
  record.statusReason = finished;
  record.statusAt = at;
}

function runOf(table: JobTable, claim: ClaimKey): RunRow | undefined {
  // Outcomes mostly come in the order of the claims: no search then.
  const { first } = table.leases;
  if (first !== null && first.record.id === claim.runId) return first;
  return table.rows.get(claim.jobId)?.unsettledRun(claim.runId) ?? table.strays.get(claim.runId);
}

function wasSettled(table: JobTable, claim: ClaimKey): boolean {
  const found = table.findSettled(claim.runId);
  return found !== null && table.settled.runs.token(found.entry) === claim.token;
}
