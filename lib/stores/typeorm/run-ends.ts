import { inTurn } from '../../core/index.js';
import type { Instant, RunRecord } from '../../core/index.js';
import { BARE_END } from './records.js';
import type { RunEnd, StoredJob, StoredRun } from './records.js';
import type { Session } from './session.js';
import { answer } from './steps.js';
import type { Steps } from './steps.js';

/** Makes the first buffered run of a job due, if there is room and it is its turn. */
export function* promote(session: Session, job: StoredJob, at: Instant): Steps<void> {
  yield* promoteIn(session, new Map([[job, 1]]), at);
}

/** The same of the jobs with these keys, so many of each, in one step: a settlement may close hundreds of runs. */
export function* promoteBehind(session: Session, closings: ReadonlyMap<number, number>, at: Instant): Steps<void> {
  if (closings.size === 0) return;
  const counts = new Map<StoredJob, number>();
  for (const job of yield* answer(session.jobs.byKeys([...closings.keys()]))) {
    if (!job.isRemoved) counts.set(job, closings.get(job.key)!);
  }
  yield* promoteIn(session, counts, at);
}

function* promoteIn({ runs }: Session, counts: ReadonlyMap<StoredJob, number>, at: Instant): Steps<void> {
  if (counts.size === 0) return;
  const keys = [...counts.keys()].map((job) => job.key);
  const found = yield* answer(runs.peekUnsettledOf?.(keys) ?? runs.unsettledOf(keys));
  const next: StoredRun[] = [];
  for (const [job, count] of counts) {
    const unsettled = found.get(job.key) ?? [];
    const records = unsettled.map((run) => run.record);
    const due = new Set(inTurn(records, job.record.policy.maxInstances, count));
    next.push(...unsettled.filter((run) => due.has(run.record)));
  }
  if (next.length === 0) return;
  yield* answer(
    runs.letWait(
      next.sort((one, other) => one.key - other.key),
      at,
    ),
  );
}

/** Ends buffered runs that a newer one replaces; answers their skip records. */
export function* dropRuns(
  session: Session,
  job: StoredJob,
  runs: readonly StoredRun[],
  at: Instant,
): Steps<RunRecord[]> {
  if (runs.length === 0) return [];
  const { keepHistory } = job.record.policy;
  const why = { outcome: 'skipped', reason: 'overlap', detail: 'made way for a newer run' } as const;
  const end: RunEnd = { ...BARE_END, ...why, at, keepHistory };
  yield* answer(session.runs.end(runs, end));
  return runs.map((run) => endedRecord(run.record, end));
}

export interface Cancellation {
  readonly runs: readonly StoredRun[];
  readonly at: Instant;
  readonly detail: string | null;
}

/** Ends runs that nobody holds, and leaves word for the nodes that hold the others. Answers the runs as they are then. */
export function* cancelRuns(session: Session, job: StoredJob, { runs, at, detail }: Cancellation): Steps<StoredRun[]> {
  const held = runs.filter((run) => run.record.state === 'running');
  const free = runs.filter((run) => run.record.state !== 'running');
  if (held.length > 0) yield* answer(session.runs.askToStop(held));
  if (detail !== null) {
    for (const { key, record } of held) {
      yield* answer(session.held.writeTexts(key, { ...BARE_END, error: record.error, detail }));
    }
  }
  const { keepHistory } = job.record.policy;
  const end: RunEnd = { ...BARE_END, outcome: 'cancelled', at, detail, keepHistory };
  if (free.length > 0) yield* answer(session.runs.end(free, end));
  return runs.map((run) => {
    const isHeld = run.record.state === 'running';
    return { ...run, record: isHeld ? { ...run.record, cancelRequested: true, detail } : endedRecord(run.record, end) };
  });
}

function endedRecord(record: RunRecord, end: RunEnd): RunRecord {
  const { outcome, at, reason, detail, error, result, output } = end;
  return { ...record, state: outcome, leaseUntil: null, settledAt: at, reason, detail, error, result, output };
}
