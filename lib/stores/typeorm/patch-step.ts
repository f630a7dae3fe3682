import type { Instant, JobPatch, JobRecord } from '../../core/index.js';
import { promote } from './run-ends.js';
import type { StoredJob, StoredRun } from './records.js';
import type { Session } from './session.js';
import { answer } from './steps.js';
import type { Steps } from './steps.js';

/** A change of one job; `id` is its id from now on. */
export interface JobChange {
  readonly id: string;
  readonly patch: JobPatch;
  readonly at: Instant;
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

/** Writes a patch; answers the job as it is then. */
export function* applyPatch(session: Session, job: StoredJob, { id, patch, at }: JobChange): Steps<StoredJob> {
  let restored: Restored = {};
  if (patch.replace) yield* deleteUnstarted(session, job, at);
  else if (patch.withdraw) restored = yield* withdraw(session, job, at);
  const generation = patch.replace ? yield* answer(session.jobs.newGenerations(1)) : job.record.generation;
  const after: JobRecord = {
    ...patched({ ...job.record, ...restored }, patch),
    id,
    generation,
    version: job.record.version + 1,
    updatedAt: patch.updatedAt ?? at,
  };
  const [changed] = yield* answer(session.jobs.update([{ job, after }]));
  if (patch.replace || patch.withdraw || patch.policy) yield* promote(session, changed, at);
  return changed;
}

/** Deletes what has not started: runs that nobody holds, and claims whose start is still to come. */
export function* deleteUnstarted(session: Session, job: StoredJob, at: Instant): Steps<void> {
  const unsettled = yield* unsettledOf(session, job);
  const unstarted = unsettled.filter(({ record }) => record.state !== 'running' || record.dueAt > at);
  if (unstarted.length > 0) yield* answer(session.runs.delete(unstarted));
}

export function* unsettledOf(session: Session, job: StoredJob): Steps<readonly StoredRun[]> {
  return (yield* answer(session.runs.unsettledOf([job.key]))).get(job.key) ?? [];
}

function* withdraw(session: Session, job: StoredJob, at: Instant): Steps<Restored> {
  const unsettled = yield* unsettledOf(session, job);
  const ahead = unsettled.filter(({ record }) => record.dueAt > at && record.state !== 'buffered');
  const untried = ahead.filter(isUntried);
  const tried = ahead.filter((run) => !isUntried(run) && run.record.state === 'running');
  if (tried.length > 0) yield* answer(session.runs.takeBack(tried));
  if (untried.length === 0) return {};
  yield* answer(session.runs.delete(untried));
  const first = untried.map((run) => run.record).reduce((a, b) => (b.firstFireTime < a.firstFireTime ? b : a));
  return {
    fireTime: first.firstFireTime,
    dueAt: first.dueAt,
    runCount: job.record.runCount - untried.length,
    ...(job.record.status === 'finished' ? { status: 'active', statusReason: null, statusAt: null } : {}),
  };
}

/** Made by the plan, and at most claimed since. */
function isUntried({ record }: StoredRun): boolean {
  return record.kind === 'scheduled' && record.attempt === (record.state === 'running' ? 1 : 0);
}
