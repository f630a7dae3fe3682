import type { Admission, EnterRequest, EnterResult, NewRun } from '../../core/index.js';
import { unsettledOf } from './patch-step.js';
import { cancelRuns, dropRuns, promote } from './run-ends.js';
import type { RunDraft, StoredJob, StoredRun } from './records.js';
import type { Session } from './session.js';
import { answer } from './steps.js';
import type { Steps } from './steps.js';

/** Adds runs that were asked for, one after the other: each sees those before it. */
export function* enterRuns(session: Session, request: EnterRequest): Steps<EnterResult[]> {
  const ids = [...new Set(request.runs.map((run) => run.jobId))];
  const jobs = new Map<string, StoredJob>();
  for (const job of yield* answer(session.jobs.byIds(ids))) jobs.set(job.record.id, job);
  const results: EnterResult[] = [];
  for (const run of request.runs) {
    const job = jobs.get(run.jobId);
    results.push(job === undefined ? { kind: 'noJob', run: null } : yield* enter(session, job, { run, request }));
  }
  return results;
}

interface Entry {
  readonly run: NewRun;
  readonly request: EnterRequest;
}

function* enter(session: Session, job: StoredJob, { run, request }: Entry): Steps<EnterResult> {
  if (run.kind !== 'manual') {
    const existing = yield* answer(session.runs.forFireTime(job, run.fireTime));
    if (existing !== null) return { kind: 'exists', run: existing.record };
  }
  const unsettled = yield* unsettledOf(session, job);
  const admission = request.admit(
    job.record,
    unsettled.map((it) => it.record),
    run,
  );
  if (admission.as !== 'skipped') yield* makeRoom(session, job, { admission, unsettled, at: request.at });
  const [entered] = yield* answer(session.runs.insert([draftOf(job, { run, request }, admission)]));
  if (admission.as === 'buffered') {
    yield* promote(session, job, request.at);
    const [now] = yield* answer(session.runs.byKeys([entered!.key]));
    return { kind: 'entered', run: now.record };
  }
  return { kind: admission.as === 'skipped' ? 'skipped' : 'entered', run: entered!.record };
}

interface Room {
  readonly admission: Exclude<Admission, { as: 'skipped' }>;
  readonly unsettled: readonly StoredRun[];
  readonly at: number;
}

function* makeRoom(session: Session, job: StoredJob, { admission, unsettled, at }: Room): Steps<void> {
  const drop = admission.as === 'buffered' ? (admission.drop ?? []) : [];
  const dropped = unsettled.filter((it) => drop.includes(it.record.id) && it.record.state === 'buffered');
  yield* dropRuns(session, job, dropped, at);
  const cancelled = unsettled.filter((it) => admission.cancel?.includes(it.record.id));
  if (cancelled.length === 0) return;
  yield* cancelRuns(session, job, { runs: cancelled, at, detail: 'replaced by a newer run' });
}

function draftOf(job: StoredJob, { run, request }: Entry, admission: Admission): RunDraft {
  const isSkipped = admission.as === 'skipped';
  return {
    job,
    kind: run.kind,
    fireTime: run.fireTime,
    firstFireTime: run.fireTime,
    count: 1,
    countIsExact: true,
    dueAt: run.dueAt,
    state: isSkipped ? 'skipped' : admission.as === 'buffered' ? 'buffered' : 'waiting',
    forced: isSkipped ? false : run.forced,
    createdAt: request.at,
    claim: null,
    args: isSkipped ? null : run.args,
    reason: isSkipped ? admission.reason : null,
    detail: isSkipped ? admission.detail : null,
  };
}
