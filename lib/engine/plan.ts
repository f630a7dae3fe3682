import type {
  Admission,
  Instant,
  JobAfterwards,
  JobPlan,
  JobRecord,
  NewRun,
  PlannedRun,
  PlannedSkip,
  RunRecord,
  Trigger,
} from '../core/index.js';
import { dueAtOf, nextFireTime } from './fire-times.js';
import { judgeOverlap, judgeQueued, standingOf } from './overlap.js';
import { PlanDraft, producesRuns } from './plan-draft.js';
import type { PlanWindow } from './plan-draft.js';

const NO_SKIPS: readonly PlannedSkip[] = [];
const NO_IDS: readonly string[] = [];

/**
 * The one place that judges due, late, missed and overlapping fire times (SEMANTICS 2). Pure: the same job, runs and
 * window give the same plan. `unsettled` holds the job's open and buffered runs.
 *
 * @returns null when there is nothing to do
 */
export function planRuns(
  job: JobRecord,
  trigger: Trigger,
  unsettled: readonly RunRecord[],
  window: PlanWindow,
): JobPlan | null {
  if (unsettled.length > 0) return new PlanDraft(job, trigger, unsettled, window).make();
  const { fireTime, dueAt } = job;
  const { before = Infinity } = window;
  if (fireTime === null || dueAt === null || dueAt > window.until || !producesRuns(job, window.now)) return null;
  if (fireTime >= before) return null;
  if (isPlain(job, trigger) && !isLate(job, dueAt, window.now)) {
    const next = nextFireTime(trigger, fireTime);
    if (next === null || next > window.until || next >= before) return onePlan(job, trigger, next);
  }
  return new PlanDraft(job, trigger, unsettled, window).make();
}

/** A run that was asked for: obeys `maxInstances` and `overlap` unless forced; backfilled ones wait for their turn. */
export function admitRun(job: JobRecord, unsettled: readonly RunRecord[], run: NewRun, now: Instant): Admission {
  if (run.forced) return { as: 'open' };
  const standing = standingOf(job.policy, unsettled, now);
  return run.kind === 'backfill' ? judgeQueued(standing) : judgeOverlap(job.policy, standing);
}

/** What closing a run sets on a `fixedDelay` job: its next fire time, one length from now. Null: nothing. */
export function nextAfterClose(job: JobRecord, trigger: Trigger, now: Instant): JobAfterwards | null {
  if (trigger.fixedDelay === null || job.status !== 'active') return null;
  const fireTime = nextFireTime(trigger, now);
  if (fireTime === null) return { fireTime: null, dueAt: null, finished: 'ended' };
  return { fireTime, dueAt: dueAtOf(job.id, trigger, fireTime) };
}

function isPlain(job: JobRecord, trigger: Trigger): boolean {
  return job.pause === null && trigger.fixedDelay === null && trigger.limit === null;
}

function isLate(job: JobRecord, dueAt: Instant, now: Instant): boolean {
  const grace = job.policy.misfireGraceTime;
  return grace !== null && now - dueAt > grace;
}

/** Of jobs that are due together, one after another is planned, and mostly their plans differ in nothing: then they have one. */
let latest: JobPlan | null = null;

/** The common case: one fire time, nothing in the way. */
function onePlan(job: JobRecord, trigger: Trigger, next: Instant | null): JobPlan {
  const dueAt = next === null ? null : dueAtOf(job.id, trigger, next);
  const runCount = job.runCount + 1;
  const runs = oneRun(job.fireTime!, job.dueAt!);
  if (latest?.runs === runs && latest.fireTime === next && latest.dueAt === dueAt && latest.runCount === runCount) {
    return latest;
  }
  const finished = next === null ? 'ended' : null;
  // A literal, and not frozen: to freeze it costs more than all else here.
  latest = {
    runs,
    skips: NO_SKIPS,
    cancel: NO_IDS,
    drop: NO_IDS,
    promote: NO_IDS,
    fireTime: next,
    dueAt,
    runCount,
    finished,
  };
  return latest;
}

/** The latest plan's, where it is the same. */
function oneRun(fireTime: Instant, dueAt: Instant): readonly PlannedRun[] {
  const run = latest?.runs[0];
  if (run?.fireTime === fireTime && run.dueAt === dueAt) return latest!.runs;
  return [
    { kind: 'scheduled', fireTime, firstFireTime: fireTime, count: 1, countIsExact: true, dueAt, isBuffered: false },
  ];
}
