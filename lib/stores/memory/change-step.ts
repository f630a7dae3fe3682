import type { ChangeRequest, ChangeResult, JobPatch, PlannedSkip } from '../../core/index.js';
import type { JobTable } from './job-table.js';
import { applyPatch } from './patch-step.js';
import type { JobRow } from './rows.js';

type Edit = Extract<ChangeRequest, { decide: unknown }>;
type Cancel = Extract<ChangeRequest, { cancel: string }>;

interface Decision {
  readonly row: JobRow;
  readonly answer: JobPatch | 'remove';
  readonly skips: readonly PlannedSkip[];
}

/** Asks about every job first, then writes, so that a throw leaves nothing half done. */
export function changeJobs(table: JobTable, request: Edit): ChangeResult[] {
  const decisions: Decision[] = [];
  const now = request.now();
  for (const id of new Set(request.ids ?? table.orderedIds())) {
    const row = table.rows.get(id);
    const answer = row === undefined ? null : request.decide(row.record, row.unsettledRecords(), now);
    if (row === undefined || answer === null) continue;
    decisions.push({ row, answer, skips: request.record?.(row.record, now) ?? [] });
  }
  return decisions.map((decision) => apply(table, decision, now));
}

function apply(table: JobTable, { row, answer, skips }: Decision, at: number): ChangeResult {
  const before = row.record;
  if (answer === 'remove') {
    table.deleteUnstarted(row, at);
    table.remove(row);
    return { before: { ...before }, after: null };
  }
  applyPatch(table, row, { id: before.id, patch: answer, at });
  for (const skip of skips) table.skip(row, skip, at);
  return { before, after: { ...row.record } };
}

/** Ends a run that nobody holds; asks the node that holds it otherwise. */
export function cancelRun(table: JobTable, request: Cancel): ChangeResult[] {
  const run = table.unsettledRun(request.cancel);
  if (run === undefined) return settledRun(table, request.cancel);
  table.askToStop(run, request.at, request.detail);
  const job = { ...run.job.record };
  return [{ before: job, after: run.job.isGone ? null : job, run: { ...run.record } }];
}

function settledRun(table: JobTable, runId: string): ChangeResult[] {
  const found = table.findSettled(runId);
  if (found === null) return [];
  const job = { ...found.row.record };
  return [{ before: job, after: found.row.isGone ? null : job, run: table.settled.read(found.row, found.entry) }];
}
