import { takenBack } from '../../core/index.js';
import type { Instant, JobPatch, JobRecord, RunRecord } from '../../core/index.js';
import type { JobDraft } from './job-draft.js';
import type { KindNames } from './write-draft.js';

/** A change of one job; `id` is its id from now on. */
export interface JobChange {
  readonly id: string;
  readonly patch: JobPatch;
  readonly at: Instant;
  /** For the case that the patch replaces the job. */
  readonly generation: number;
}

/** Where a job goes back to when a look-ahead of the plan is taken back. */
type Restored = Partial<Pick<JobRecord, 'fireTime' | 'dueAt' | 'runCount' | 'status' | 'statusReason' | 'statusAt'>>;

/** The record with the patch's defined fields. */
export function patched(record: JobRecord, patch: JobPatch): JobRecord {
  const copy: Record<string, unknown> = { ...record };
  for (const [field, value] of Object.entries(patch)) {
    if (value !== undefined && field in copy) copy[field] = value;
  }
  return copy as unknown as JobRecord;
}

export function applyPatch(draft: JobDraft, { id, patch, at, generation }: JobChange, kinds: KindNames): void {
  const { record: before } = draft;
  let restored: Restored = {};
  if (patch.replace) draft.deleteUnstarted(at);
  else if (patch.withdraw) restored = withdraw(draft, at);
  const record: JobRecord = {
    ...patched({ ...before, ...restored }, patch),
    id,
    generation: patch.replace ? generation : before.generation,
    version: before.version + 1,
    updatedAt: patch.updatedAt ?? at,
  };
  const job = draft.job!;
  draft.job = {
    ...job,
    record,
    kind: kinds.of(record),
    lastFireTime: patch.replace ? null : job.lastFireTime,
  };
  if (id !== before.id) rename(draft, id);
  draft.promote(at);
}

function rename(draft: JobDraft, id: string): void {
  for (const run of draft.runs) {
    if (run.after !== null) run.after = { ...run.after, jobId: id };
  }
}

function withdraw(draft: JobDraft, at: Instant): Restored {
  const { generation, runCount, status } = draft.record;
  const { untried, tried } = takenBack(draft.unsettled(), ({ after }) => after!, { at, generation });
  for (const run of tried) draft.takeBack(run);
  if (untried.length === 0) return {};
  const records = untried.map(({ after }) => after!);
  const latest = Math.max(...records.map((run) => run.fireTime));
  // A later fire time has had its run already.
  if ((draft.job!.lastFireTime ?? latest) > latest) return {};
  for (const run of untried) draft.withdraw(run);
  const first = records.reduce((a, b) => (b.firstFireTime < a.firstFireTime ? b : a));
  const { firstFireTime: fireTime, dueAt } = first;
  draft.job = { ...draft.job!, lastFireTime: latestLeft(draft.unsettledRecords(), Math.min(latest - 1, at)) };
  return {
    fireTime,
    dueAt,
    runCount: runCount - untried.length,
    ...(status === 'finished' ? { status: 'active', statusReason: null, statusAt: null } : {}),
  };
}

/** What has its run besides was due by `due`, or is still there. */
function latestLeft(unsettled: readonly RunRecord[], due: Instant): Instant {
  return unsettled.reduce((latest, run) => (run.kind === 'manual' ? latest : Math.max(latest, run.fireTime)), due);
}
