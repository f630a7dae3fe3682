import type { EnterRequest, EnterResult, NewRun } from '../../core/index.js';
import { ownList } from './interner.js';
import type { JobTable } from './job-table.js';
import type { JobRow, RunStart } from './rows.js';

/** Adds runs that were asked for, one after the other: each sees those before it. */
export function enterRuns(table: JobTable, request: EnterRequest): EnterResult[] {
  return request.runs.map((run) => {
    const row = table.rows.get(run.jobId);
    if (row === undefined) return { kind: 'noJob', run: null };
    const existing = run.kind === 'manual' ? null : table.runFor(row, run.fireTime);
    return existing === null ? enter(table, row, run, request) : { kind: 'exists', run: { ...existing } };
  });
}

function enter(table: JobTable, row: JobRow, run: NewRun, request: EnterRequest): EnterResult {
  const { at } = request;
  const admission = request.admit(row.record, row.unsettledRecords(), run);
  const start: RunStart = {
    kind: run.kind,
    fireTime: run.fireTime,
    firstFireTime: run.fireTime,
    count: 1,
    countIsExact: true,
    dueAt: run.dueAt,
  };
  if (admission.as === 'skipped') return { kind: 'skipped', run: table.skipRun(row, start, admission, at) };
  for (const id of admission.as === 'buffered' ? (admission.drop ?? []) : []) {
    const dropped = row.unsettledRun(id);
    if (dropped?.record.state === 'buffered') table.drop(dropped, at);
  }
  for (const id of admission.cancel ?? []) {
    const open = row.unsettledRun(id);
    if (open !== undefined) table.askToStop(open, at, 'replaced by a newer run');
  }
  const entered = table.open(row, start, admission.as === 'buffered' ? 'buffered' : 'waiting', at);
  entered.record.forced = run.forced;
  entered.record.args = run.args === null ? null : ownList(run.args);
  if (admission.as === 'buffered') table.promote(row, at);
  else entered.lane.queue(entered, entered.dueForClaim());
  return { kind: 'entered', run: { ...entered.record } };
}
