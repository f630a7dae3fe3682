import type { ChangeRequest, ChangeResult, JobPatch, PlannedSkip } from '../../core/index.js';
import { applyPatch, deleteUnstarted } from './patch-step.js';
import { isSettled } from './records.js';
import type { StoredJob } from './records.js';
import { cancelRuns, promote } from './run-ends.js';
import type { Session } from './session.js';
import { answer } from './steps.js';
import type { Steps } from './steps.js';

type Edit = Extract<ChangeRequest, { decide: unknown }>;
type Cancel = Extract<ChangeRequest, { cancel: string }>;

interface Decision {
  readonly job: StoredJob;
  readonly answer: JobPatch | 'remove';
  readonly skips: readonly PlannedSkip[];
}

/** Asks about every job first, then writes. */
export function* changeJobs(session: Session, request: Edit): Steps<ChangeResult[]> {
  const jobs = yield* targetsOf(session, request);
  const unsettled = yield* answer(session.runs.unsettledOf(jobs.map((job) => job.key)));
  const decisions: Decision[] = [];
  for (const job of jobs) {
    const runs = (unsettled.get(job.key) ?? []).map((run) => run.record);
    const decided = request.decide(job.record, runs);
    if (decided !== null) decisions.push({ job, answer: decided, skips: request.record?.(job.record) ?? [] });
  }
  const results: ChangeResult[] = [];
  for (const decision of decisions) results.push(yield* apply(session, decision, request.at));
  return results;
}

function* targetsOf(session: Session, { ids }: Edit): Steps<StoredJob[]> {
  if (ids === null) return yield* answer(session.jobs.list({}));
  const asked = [...new Set(ids)];
  const found = new Map<string, StoredJob>();
  for (const job of yield* answer(session.jobs.byIds(asked))) found.set(job.record.id, job);
  return asked.flatMap((id) => found.get(id) ?? []);
}

function* apply(session: Session, { job, answer: decided, skips }: Decision, at: number): Steps<ChangeResult> {
  const before = job.record;
  if (decided === 'remove') {
    yield* deleteUnstarted(session, job, at);
    yield* answer(session.jobs.remove([job]));
    return { before, after: null };
  }
  const changed = yield* applyPatch(session, job, { id: before.id, patch: decided, at });
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
