import { takenBack } from '../../core/index.js';
import type { Instant, JobPatch, JobRecord, Millis, TakenBack } from '../../core/index.js';
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
  /** Its open and buffered runs, where this step has read them already. */
  readonly unsettled?: readonly StoredRun[];
  /** A later fire time has had its run already, where this step has looked. */
  readonly isOvertaken?: boolean;
}

/**
 * Before claims are taken back, with their rows held: where some are ahead of `at`, their owners hear of it, so that a run that
 * falls due from then on is asked for before it starts, and waits for this step. Answers how long they may take to hear; null:
 * none is ahead. The step decides as of the end of that.
 */
export function* announced(
  session: Session,
  unsettled: Iterable<readonly StoredRun[]>,
  at: Instant,
): Steps<Millis | null> {
  for (const runs of unsettled) {
    const isAnyAhead = runs.some(({ record }) => record.state === 'running' && record.dueAt > at);
    if (isAnyAhead) return (yield* answer(session.announceWithdrawal?.())) ?? 0;
  }
  return null;
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
export function* applyPatch(session: Session, job: StoredJob, change: JobChange): Steps<StoredJob> {
  const { id, patch, at } = change;
  const concernsRuns = patch.replace || patch.withdraw || patch.policy !== undefined;
  const unsettled = concernsRuns ? (change.unsettled ?? (yield* unsettledOf(session, job))) : [];
  let restored: Restored = {};
  if (patch.replace) {
    yield* deleteUnstarted(session, unsettled, at);
    yield* forgetOvertaken(session, job);
  } else if (patch.withdraw) restored = yield* withdraw(session, job, { ...change, unsettled });
  const generation = patch.replace ? yield* answer(session.jobs.newGenerations(1)) : job.record.generation;
  const after: JobRecord = {
    ...patched({ ...job.record, ...restored }, patch),
    id,
    generation,
    version: job.record.version + 1,
    updatedAt: patch.updatedAt ?? at,
  };
  const [changed] = yield* answer(session.jobs.update([{ job, after }]));
  if (unsettled.some(({ record }) => record.state === 'buffered')) yield* promote(session, changed, at);
  return changed;
}

/** Deletes what has not started: runs that nobody holds, and claims whose start is still to come. */
export function* deleteUnstarted(session: Session, unsettled: readonly StoredRun[], at: Instant): Steps<void> {
  const unstarted = unsettled.filter(({ record }) => record.state !== 'running' || record.dueAt > at);
  if (unstarted.length > 0) yield* answer(session.runs.delete(unstarted));
}

export function* unsettledOf(session: Session, job: StoredJob): Steps<readonly StoredRun[]> {
  return (yield* answer(session.runs.unsettledOf([job.key]))).get(job.key) ?? [];
}

type Withdrawing = Pick<JobChange, 'at' | 'isOvertaken'> & { readonly unsettled: readonly StoredRun[] };

function* withdraw(session: Session, job: StoredJob, by: Withdrawing): Steps<Restored> {
  const { untried, tried } = takenBackOf(job, by.unsettled, by.at);
  if (tried.length > 0) yield* answer(session.runs.takeBack(tried));
  if (untried.length === 0 || (by.isOvertaken ?? (yield* hasLaterOne(session, job, untried)))) return {};
  yield* answer(session.runs.delete(untried));
  yield* forgetOvertaken(session, job);
  const first = untried.map((run) => run.record).reduce((a, b) => (b.firstFireTime < a.firstFireTime ? b : a));
  return {
    fireTime: first.firstFireTime,
    dueAt: first.dueAt,
    runCount: job.record.runCount - untried.length,
    ...(job.record.status === 'finished' ? { status: 'active', statusReason: null, statusAt: null } : {}),
  };
}

function takenBackOf({ record }: StoredJob, unsettled: readonly StoredRun[], at: Instant): TakenBack<StoredRun> {
  return takenBack(unsettled, (run) => run.record, { at, generation: record.generation });
}

/** The latest fire time that goes back to the plan with a withdrawal; null: none does. */
export function latestTakenBack(job: StoredJob, unsettled: readonly StoredRun[], at: Instant): Instant | null {
  const { untried } = takenBackOf(job, unsettled, at);
  return untried.length === 0 ? null : Math.max(...untried.map(({ record }) => record.fireTime));
}

/** What was noted goes with the runs that it was noted of. */
function* forgetOvertaken(session: Session, { key, record }: StoredJob): Steps<void> {
  if (!record.policy.keepHistory) yield* answer(session.jobs.noteOvertaken([key], null));
}

/** A later fire time has had its run already. */
function* hasLaterOne(session: Session, job: StoredJob, runs: readonly StoredRun[]): Steps<boolean> {
  const latest = Math.max(...runs.map(({ record }) => record.fireTime));
  const { id, generation, policy, fireTime } = job.record;
  const filter = { jobId: id, kind: 'scheduled', from: latest + 1, limit: 1 } as const;
  const [later] = yield* answer(session.history.page(filter, null, 1));
  if (later?.record.jobGeneration === generation) return true;
  if (policy.keepHistory) return false;
  const overtakenBy = yield* answer(session.jobs.overtakenBy(job.key));
  // One that the job has yet to come to was taken back since.
  const isPast = overtakenBy !== null && (fireTime === null || overtakenBy < fireTime);
  return isPast && overtakenBy > latest;
}
