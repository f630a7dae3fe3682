import type { Admission, EnterRequest, EnterResult, NewRun, RunRecord } from '../../core/index.js';
import { unsettledOf } from './patch-step.js';
import { cancelRuns, dropRuns, promote } from './run-ends.js';
import type { RunDraft, StoredJob, StoredRun } from './records.js';
import type { Session } from './session.js';
import { answer } from './steps.js';
import type { Steps } from './steps.js';

/**
 * Keys that earlier tries of a step gave to runs that are asked for by hand. One whose commit was in doubt, and of which nobody
 * can tell what became of it, may be durable: nothing else says that a run is the one that was asked for.
 */
export type KeysTried = Map<NewRun, number>;

/** Adds runs that were asked for, one after the other: each sees those before it. */
export function* enterRuns(session: Session, request: EnterRequest, tried: KeysTried): Steps<EnterResult[]> {
  const ids = [...new Set(request.runs.map((run) => run.jobId))];
  const jobs = new Map<string, StoredJob>();
  for (const job of yield* answer(session.jobs.byIds(ids))) jobs.set(job.record.id, job);
  const results: EnterResult[] = [];
  for (const run of request.runs) {
    const job = jobs.get(run.jobId);
    results.push(
      job === undefined ? { kind: 'noJob', run: null } : yield* enter(session, job, { run, request, tried }),
    );
  }
  return results;
}

interface Entry {
  readonly run: NewRun;
  readonly request: EnterRequest;
  readonly tried: KeysTried;
}

function* enter(session: Session, job: StoredJob, { run, request, tried }: Entry): Steps<EnterResult> {
  if (run.kind === 'manual') {
    const durable = yield* durableOf(session, job, run, tried.get(run));
    if (durable !== null) return { kind: durable.state === 'skipped' ? 'skipped' : 'entered', run: durable };
  } else {
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
  tried.set(run, entered!.key);
  if (admission.as === 'buffered') {
    yield* promote(session, job, request.at);
    const [now] = yield* answer(session.runs.byKeys([entered!.key]));
    return { kind: 'entered', run: now.record };
  }
  return { kind: admission.as === 'skipped' ? 'skipped' : 'entered', run: entered!.record };
}

/** A server that crashes gives keys of which nothing was durable to others. */
function* durableOf(session: Session, job: StoredJob, run: NewRun, key?: number): Steps<RunRecord | null> {
  if (key === undefined) return null;
  const [found] = yield* answer(session.runs.byKeys([key]));
  if (found?.jobKey !== job.key) return null;
  return found.record.kind === run.kind && found.record.fireTime === run.fireTime ? found.record : null;
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

function draftOf(job: StoredJob, { run, request }: Omit<Entry, 'tried'>, admission: Admission): RunDraft {
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
