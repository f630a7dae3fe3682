import type { ChangeRequest, ChangeResult, Instant, JobPatch, PlannedSkip } from '../../core/index.js';
import { announced, applyPatch, deleteUnstarted, latestTakenBack } from './patch-step.js';
import type { JobChange } from './patch-step.js';
import { isSettled } from './records.js';
import type { StoredJob, StoredRun } from './records.js';
import { cancelRuns, promote } from './run-ends.js';
import type { PlannedTime, Session } from './session.js';
import { answer } from './steps.js';
import type { Steps } from './steps.js';

type Edit = Extract<ChangeRequest, { decide: unknown }>;
type Cancel = Extract<ChangeRequest, { cancel: string }>;

const NONE: ReadonlySet<number> = new Set();

interface Decision {
  readonly job: StoredJob;
  readonly unsettled: readonly StoredRun[];
  readonly answer: JobPatch | 'remove';
  readonly skips: readonly PlannedSkip[];
}

/** Asks about every job first, then writes. */
export function* changeJobs(session: Session, request: Edit): Steps<ChangeResult[]> {
  const jobs = yield* targetsOf(session, request);
  const unsettled = yield* answer(session.runs.unsettledOf(jobs.map((job) => job.key)));
  const decideAt = (at: Instant): Decision[] => decisionsOf(jobs, unsettled, { request, at });
  let now = request.now();
  let decisions = decideAt(now);
  const heardWithin = yield* announced(session, takenBackBy(decisions), now);
  if (heardWithin !== null) {
    now = request.now() + heardWithin;
    decisions = decideAt(now);
  }
  const results: ChangeResult[] = [];
  const overtaken = yield* overtakenOf(session, decisions, now);
  for (const decision of decisions) {
    results.push(yield* apply(session, decision, { at: now, isOvertaken: overtaken?.has(decision.job.key) }));
  }
  return results;
}

/** Keys of the jobs whose plan cannot go back; null: each is looked at by itself. */
function* overtakenOf(
  session: Session,
  decisions: readonly Decision[],
  at: Instant,
): Steps<ReadonlySet<number> | null> {
  if (session.runs.overtaken === undefined) return null;
  const times = decisions.flatMap(({ job, unsettled, answer: decided }): PlannedTime[] => {
    const fireTime = decided !== 'remove' && decided.withdraw ? latestTakenBack(job, unsettled, at) : null;
    return fireTime === null ? [] : [{ job, fireTime }];
  });
  return times.length === 0 ? NONE : yield* answer(session.runs.overtaken(times));
}

function decisionsOf(
  jobs: readonly StoredJob[],
  unsettled: ReadonlyMap<number, readonly StoredRun[]>,
  { request, at }: { request: Edit; at: Instant },
): Decision[] {
  const decisions: Decision[] = [];
  for (const job of jobs) {
    const runs = unsettled.get(job.key) ?? [];
    const records = runs.map((run) => run.record);
    const decided = request.decide(job.record, records, at);
    if (decided === null) continue;
    decisions.push({ job, unsettled: runs, answer: decided, skips: request.record?.(job.record, at) ?? [] });
  }
  return decisions;
}

/** Runs of jobs whose claims may be taken back: a change that leaves them alone makes no owner doubt. */
function takenBackBy(decisions: readonly Decision[]): (readonly StoredRun[])[] {
  return decisions.flatMap(({ answer: decided, unsettled }) =>
    decided === 'remove' || decided.withdraw || decided.replace ? [unsettled] : [],
  );
}

function* targetsOf(session: Session, { ids }: Edit): Steps<StoredJob[]> {
  if (ids === null) return yield* answer(session.jobs.list({}));
  const asked = [...new Set(ids)];
  const found = new Map<string, StoredJob>();
  for (const job of yield* answer(session.jobs.byIds(asked))) found.set(job.record.id, job);
  return asked.flatMap((id) => found.get(id) ?? []);
}

function* apply(
  session: Session,
  { job, unsettled, answer: decided, skips }: Decision,
  { at, isOvertaken }: Pick<JobChange, 'at' | 'isOvertaken'>,
): Steps<ChangeResult> {
  const before = job.record;
  if (decided === 'remove') {
    yield* deleteUnstarted(session, unsettled, at);
    yield* answer(session.jobs.remove([job]));
    return { before, after: null };
  }
  const changed = yield* applyPatch(session, job, { id: before.id, patch: decided, at, unsettled, isOvertaken });
  for (const skip of skips) yield* answer(session.runs.skip(changed, skip, at));
  return { before, after: changed.record };
}

/** Ends a run that nobody holds; asks the node that holds it otherwise. */
export function* cancelRun(session: Session, request: Cancel): Steps<ChangeResult[]> {
  const key = session.runKey(request.cancel);
  const [state] = key === null ? [] : yield* answer(session.held.states([key]));
  if (state === undefined) return [];
  // The job first, as every step does.
  const [job] = yield* answer(session.jobs.byKeys([state.jobKey]));
  const [run] = yield* answer(session.runs.byKeys([state.key]));
  if (run === undefined || job === undefined) return [];
  const after = job.isRemoved ? null : job.record;
  if (isSettled(run.record.state)) return [{ before: job.record, after, run: run.record }];
  const { at, detail } = request;
  const [cancelled] = yield* cancelRuns(session, job, { runs: [run], at, detail });
  if (!job.isRemoved) yield* promote(session, job, at);
  return [{ before: job.record, after, run: cancelled.record }];
}
