import type { Instant, JobPatch, JobRecord } from '../../core/index.js';
import { ownList } from './interner.js';
import type { JobTable } from './job-table.js';
import { patched } from './rows.js';
import type { JobRow, RunRow } from './rows.js';

/** Where a job goes back to when the plan's look-ahead is taken back. */
type Restored = Partial<Pick<JobRecord, 'fireTime' | 'dueAt' | 'runCount' | 'status' | 'statusReason' | 'statusAt'>>;

/** A change of one job; `id` is its id from now on. */
export interface JobChange {
  readonly id: string;
  readonly patch: JobPatch;
  readonly at: Instant;
}

/** Writes a patch: a new record takes the place of the old one, which stays as it was for those who hold it. */
export function applyPatch(table: JobTable, row: JobRow, change: JobChange): void {
  const { id, patch, at } = change;
  let restored: Restored = {};
  if (patch.replace) table.deleteUnstarted(row, at);
  else if (patch.withdraw) restored = withdraw(table, row, at);
  const record = patched({ ...row.record, ...restored }, patch);
  record.id = id;
  record.version = row.record.version + 1;
  record.updatedAt = patch.updatedAt ?? at;
  if (patch.replace) record.generation = table.nextGeneration();
  if (patch.args) record.args = ownList(patch.args);
  if (patch.tags) record.tags = ownList(patch.tags);
  table.replace(row, record, at);
}

function withdraw(table: JobTable, row: JobRow, at: Instant): Restored {
  const untried: RunRow[] = [];
  for (const run of row.unsettled()) {
    if (run.record.dueAt <= at || run.record.state === 'buffered') continue;
    if (isUntried(run)) untried.push(run);
    else if (run.isHeld()) takeBack(table, run);
  }
  if (untried.length === 0) return {};
  for (const run of untried) table.forget(run);
  const first = untried.reduce((one, other) => (other.record.firstFireTime < one.record.firstFireTime ? other : one));
  return {
    fireTime: first.record.firstFireTime,
    dueAt: first.record.dueAt,
    runCount: row.record.runCount - untried.length,
    ...(row.record.status === 'finished' ? { status: 'active', statusReason: null, statusAt: null } : {}),
  };
}

/** Made by the plan, and at most claimed since. */
function isUntried(run: RunRow): boolean {
  return run.record.kind === 'scheduled' && run.record.attempt === (run.isHeld() ? 1 : 0);
}

function takeBack(table: JobTable, run: RunRow): void {
  run.record.token++;
  run.record.attempt--;
  table.letGo(run, run.record.dueAt);
}
