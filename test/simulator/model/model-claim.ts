import type {
  Claim,
  ClaimCause,
  ClaimKey,
  ClaimRequest,
  ClaimResult,
  Instant,
  JobPlan,
  JobRecord,
  PlanRuns,
  RunRecord,
} from '../../../lib/core/index.js';
import type { ModelRun, ModelTable } from './model-table.js';

/** What one claim has read of the jobs that are due: it is planned later, and applied if nothing changed meanwhile. */
export type ModelReading = ReadonlyMap<string, { readonly revision: number; readonly plan: JobPlan | null }>;

interface Candidate {
  readonly dueAt: Instant;
  readonly job: JobRecord | null;
  readonly run: ModelRun | null;
}

/** When the plan of a job is to be asked next; Infinity: not. */
export function dueForPlan({ status, dueAt, pause }: JobRecord): Instant {
  if (status !== 'active' || dueAt === null) return Infinity;
  return pause === null ? dueAt : Math.max(dueAt, pause.until ?? Infinity);
}

function dueForClaim(table: ModelTable, run: ModelRun): Instant {
  const status = table.jobs.get(run.jobId)?.status ?? 'active';
  return run.state !== 'waiting' || status === 'orphaned' || status === 'unresolved' ? Infinity : run.dueAt;
}

function isLeftOut(job: JobRecord, { exceptTasks, exceptExecutors, isPaused }: ClaimRequest): boolean {
  if (isPaused && !job.policy.evenInMaintenanceMode) return true;
  return exceptTasks.has(job.task) || exceptExecutors.has(job.policy.executor);
}

/** The first half of a claim: the due jobs, with what the plan makes of them. */
export function readDue(table: ModelTable, request: ClaimRequest, plan: PlanRuns): ModelReading {
  const due = table.ordered().filter((job) => isDue(job, request) && !isLeftOut(job, request));
  return new Map(
    due.map((job) => [job.id, { revision: table.revisionOf(job.id), plan: ask(table, job, request, plan) }]),
  );
}

function isDue(job: JobRecord, { now, until }: ClaimRequest): boolean {
  return dueForPlan(job) <= until && (job.pause?.until ?? 0) <= now;
}

function ask(table: ModelTable, job: JobRecord, { now, until }: ClaimRequest, plan: PlanRuns): JobPlan | null {
  try {
    return plan({ ...job }, table.copiesOf(job.id), { now, until });
  } catch {
    return null;
  }
}

/** The second half: takes over what was lost, applies plans whose job is still as read, claims what waits. */
export class ModelClaim {
  private readonly claims: Claim[] = [];
  private readonly skipped: RunRecord[] = [];
  private readonly finished: JobRecord[] = [];
  private readonly cancelled: ClaimKey[] = [];
  private readonly leftAlone = new Set<string>();

  constructor(
    private readonly table: ModelTable,
    private readonly request: ClaimRequest,
    /** Asks for the plan of a job, or answers the one made of what was read; undefined: it changed meanwhile. */
    private readonly planOf: (job: JobRecord) => JobPlan | null | undefined,
  ) {}

  run(): ClaimResult {
    this.recover();
    for (let next = this.next(); next !== null && !this.isFull(); next = this.next()) {
      if (next.run !== null) this.claim(next.run, 'waiting');
      else this.plan(next.job!);
    }
    return {
      claims: this.claims,
      skipped: this.skipped,
      finished: this.finished,
      cancelled: this.cancelled,
      hasMore: this.next() !== null,
      nextDueAt: this.nextDueAt(),
      storeNow: this.request.now,
    };
  }

  private isFull(): boolean {
    return this.claims.length >= this.request.limit;
  }

  private recover(): void {
    const { recoverBefore, exceptTasks, exceptExecutors, now } = this.request;
    if (recoverBefore === null) return;
    const ended = [...this.table.runs.values()].filter((run) => run.node !== null && run.leaseUntil! <= recoverBefore);
    for (const run of ended.sort((one, other) => one.leaseUntil! - other.leaseUntil!)) {
      if (this.table.strays.has(run.id)) {
        const end = { reason: null, detail: 'its job was removed', error: null, result: null, output: null };
        this.table.close(run, { ...end, outcome: 'lost', at: now, keepHistory: true });
        continue;
      }
      const job = this.table.jobs.get(run.jobId)!;
      if (this.isFull() || exceptTasks.has(run.task) || exceptExecutors.has(job.policy.executor)) continue;
      if (job.generation === run.jobGeneration) this.table.write({ ...job, losses: job.losses + 1 });
      this.claim(run, 'recovered', run.leaseUntil);
    }
  }

  private next(): Candidate | null {
    const { until } = this.request;
    return this.candidates().find(({ dueAt }) => dueAt <= until) ?? null;
  }

  private candidates(): Candidate[] {
    const { table, request } = this;
    const jobs = [...table.jobs.values()]
      .filter((job) => !this.leftAlone.has(job.id) && !isLeftOut(job, request))
      .map((job) => ({ dueAt: dueForPlan(job), job, run: null }));
    const runs = [...table.runs.values()]
      .filter((run) => !table.strays.has(run.id) && !this.isLeftOutRun(run))
      .map((run) => ({ dueAt: dueForClaim(table, run), job: null, run }));
    return [...jobs, ...runs].sort((one, other) => one.dueAt - other.dueAt);
  }

  private isLeftOutRun(run: ModelRun): boolean {
    const { exceptTasks, exceptExecutors } = this.request;
    return exceptTasks.has(run.task) || exceptExecutors.has(this.table.jobs.get(run.jobId)?.policy.executor ?? '');
  }

  private nextDueAt(): Instant | null {
    const { now } = this.request;
    const alone = [...this.leftAlone].map((id) => this.table.jobs.get(id)!).map(dueForPlan);
    const leases = [...this.table.runs.values()].map((run) => run.leaseUntil ?? Infinity);
    const due = this.candidates().map(({ dueAt }) => dueAt);
    const next = Math.min(...due, ...[...alone, ...leases].filter((at) => at > now));
    return next === Infinity ? null : next;
  }

  private plan(job: JobRecord): void {
    const plan = (job.pause?.until ?? 0) > this.request.now ? null : this.planOf(job);
    if (plan === null || plan === undefined || this.table.jobs.get(job.id) !== job) this.leftAlone.add(job.id);
    else this.apply(job, plan);
  }

  private apply(job: JobRecord, plan: JobPlan): void {
    const { table } = this;
    const { now } = this.request;
    const { fireTime, dueAt, runCount, finished } = plan;
    const end = finished === null ? {} : ({ status: 'finished', statusReason: finished, statusAt: now } as const);
    const after = { ...job, fireTime, dueAt, runCount, pause: null, version: job.version + 1, ...end };
    table.write(after);
    for (const run of this.found(plan.promote)) if (run.state === 'buffered') table.letGo(run, now);
    for (const run of this.found(plan.drop)) if (run.state === 'buffered') this.skipped.push(table.drop(run, now));
    for (const run of this.found(plan.cancel)) {
      this.cancelled.push({ runId: run.id, jobId: job.id, token: run.token });
      table.askToStop(run, now, 'replaced by a newer run');
    }
    for (const skip of plan.skips) this.skipped.push(table.skip(after, skip, now));
    for (const run of plan.runs) this.make(after, run);
    if (plan.cancel.length > 0) table.promote(job.id, now);
    if (finished !== null) this.finished.push(after);
  }

  private found(ids: readonly string[]): ModelRun[] {
    return ids.flatMap((id) => this.table.runs.get(id) ?? []);
  }

  private make(job: JobRecord, planned: JobPlan['runs'][number]): void {
    if (this.table.runFor(job, planned.fireTime) !== null) return;
    const run = this.table.make(job, planned, this.request.now);
    if (planned.isBuffered) run.state = 'buffered';
    this.table.attach(run);
    if (!planned.isBuffered && planned.dueAt <= this.request.until && !this.isFull()) this.claim(run, 'planned');
  }

  private claim(run: ModelRun, cause: ClaimCause, leaseEndedAt: Instant | null = null): void {
    const { node, leaseUntil } = this.request;
    Object.assign(run, { state: 'running', node, leaseUntil, token: run.token + 1, attempt: run.attempt + 1 });
    this.table.touch(run.jobId);
    const job = { ...this.table.jobs.get(run.jobId)! };
    this.claims.push({
      ...{ runId: run.id, jobId: run.jobId, token: run.token, leaseUntil },
      ...{ run: { ...run }, job, cause, leaseEndedAt },
    });
  }
}
