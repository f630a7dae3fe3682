import type { ClaimRequest, JobPlan, JobRecord, PlannedRun, RunKind, RunRecord, RunState } from '../../core/index.js';
import type { Work } from './claim-scope.js';
import type { StoredJob } from './job-text.js';
import { ID_WIDTH } from './run-ids.js';
import { RECENT_RUNS } from './write-draft.js';

/** Most plans: one run, due now, of a job that has no other; no skip, nothing to be stopped. Answers that run. */
export function plainRunOf({ job, plan, unsettled, waiting }: Work, { until }: ClaimRequest): PlannedRun | null {
  if (plan === null || plan.runs.length !== 1 || plan.skips.length > 0) return null;
  if (unsettled.length > 0 || waiting.length > 0 || job.recent.length >= RECENT_RUNS * ID_WIDTH) return null;
  const run = plan.runs[0];
  if (run.isBuffered || run.dueAt > until) return null;
  return job.lastFireTime === null || run.fireTime > job.lastFireTime ? run : null;
}

/** The job as its plan leaves it. A literal, not a spread: a spread with 26 fields costs more than the plan. */
export function advanced(before: StoredJob, plan: JobPlan, run: RunRecord, now: number): StoredJob {
  const { record: job } = before;
  const isFinished = plan.finished !== null;
  const record: JobRecord = {
    id: job.id,
    name: job.name,
    description: job.description,
    tags: job.tags,
    origin: job.origin,
    task: job.task,
    args: job.args,
    trigger: job.trigger,
    timezone: job.timezone,
    policy: job.policy,
    hooks: job.hooks,
    triggerFingerprint: job.triggerFingerprint,
    restFingerprint: job.restFingerprint,
    generation: job.generation,
    version: job.version + 1,
    status: isFinished ? 'finished' : job.status,
    statusReason: isFinished ? plan.finished : job.statusReason,
    statusAt: isFinished ? now : job.statusAt,
    pause: null,
    fireTime: plan.fireTime,
    dueAt: plan.dueAt,
    runCount: plan.runCount,
    losses: job.losses,
    appVersion: job.appVersion,
    createdAt: job.createdAt,
    updatedAt: job.updatedAt,
  };
  const lastFireTime = run.kind === 'manual' ? before.lastFireTime : run.fireTime;
  // Those of a job without history are gone with their end.
  const recent = job.policy.keepHistory ? before.recent + run.id : run.id;
  return { record, lastFireTime, recent, open: run.id, kind: before.kind };
}

/** A run that is held as soon as it is made. By a constructor, so that all share one shape. */
export class HeldRun implements RunRecord {
  readonly jobId: string;
  readonly jobGeneration: number;
  readonly task: string;
  readonly kind: RunKind;
  readonly fireTime: number;
  readonly firstFireTime: number;
  readonly count: number;
  readonly countIsExact: boolean;
  readonly dueAt: number;
  readonly state: RunState = 'running';
  readonly attempt = 1;
  readonly token = 1;
  readonly node: string;
  readonly leaseUntil: number;
  readonly cancelRequested = false;
  readonly forced = false;
  readonly args = null;
  readonly createdAt: number;
  readonly startedAt = null;
  readonly settledAt = null;
  readonly reason = null;
  readonly detail = null;
  readonly error = null;
  readonly result = null;
  readonly output = null;

  constructor(
    readonly id: string,
    job: JobRecord,
    planned: PlannedRun,
    { node, leaseUntil, now }: ClaimRequest,
  ) {
    this.jobId = job.id;
    this.jobGeneration = job.generation;
    this.task = job.task;
    this.kind = planned.kind;
    this.fireTime = planned.fireTime;
    this.firstFireTime = planned.firstFireTime;
    this.count = planned.count;
    this.countIsExact = planned.countIsExact;
    this.dueAt = planned.dueAt;
    this.node = node;
    this.leaseUntil = leaseUntil;
    this.createdAt = now;
  }
}
