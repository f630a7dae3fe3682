import { takenBack } from '../../core/index.js';
import type { Instant, JobPatch, JobRecord, RunRecord } from '../../core/index.js';
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
  const { generation } = row.record;
  const { untried, tried } = takenBack(row.unsettled(), (run) => run.record, { at, generation });
  for (const run of tried) takeBack(table, run);
  if (untried.length === 0) return {};
  const latest = Math.max(...untried.map(({ record }) => record.fireTime));
  // A later fire time has had its run already.
  if (row.lastFireTime > latest) return {};
  for (const run of untried) table.forget(run);
  const first = untried.reduce((one, other) => (other.record.firstFireTime < one.record.firstFireTime ? other : one));
  const { firstFireTime: fireTime, dueAt } = first.record;
  row.lastFireTime = latestLeft(row.unsettledRecords(), Math.min(latest - 1, at));
  return {
    fireTime,
    dueAt,
    runCount: row.record.runCount - untried.length,
    ...(row.record.status === 'finished' ? { status: 'active', statusReason: null, statusAt: null } : {}),
  };
}

/** What has its run besides was due by `due`, or is still there. */
function latestLeft(unsettled: readonly RunRecord[], due: Instant): Instant {
  return unsettled.reduce((latest, run) => (run.kind === 'manual' ? latest : Math.max(latest, run.fireTime)), due);
}

function takeBack(table: JobTable, run: RunRow): void {
  run.record.token++;
  run.record.attempt--;
  table.letGo(run, run.record.dueAt);
}
