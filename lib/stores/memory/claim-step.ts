import type {
  Claim,
  ClaimCause,
  ClaimKey,
  ClaimRequest,
  ClaimResult,
  Instant,
  JobPlan,
  JobRecord,
  PlannedRun,
  PlanRuns,
  RunRecord,
} from '../../core/index.js';
import { NEVER } from './due-queue.js';
import type { Lane } from './due-queue.js';
import { END_OF_TIME } from './lease-list.js';
import type { JobTable, RunEnd } from './job-table.js';
import { JobRow } from './rows.js';
import type { Row, RunRow } from './rows.js';

/** Rows looked at in one claim beyond its limit: a claim that finds nothing to run ends, too. */
const LOOKS_BEYOND_LIMIT = 1_000;

/** One claim: takes over what was lost, then asks the plan of each due job and claims what is due. */
export class ClaimStep {
  private readonly claims: Claim[] = [];
  private readonly skipped: RunRecord[] = [];
  private readonly finished: JobRecord[] = [];
  private readonly cancelled: ClaimKey[] = [];
  /** Left alone by this claim; back in the queue when it ends. */
  private readonly parked: Row[] = [];
  private readonly window: { readonly now: Instant; readonly until: Instant };
  private parkedUntil: Instant = NEVER;

  constructor(
    private readonly table: JobTable,
    private readonly request: ClaimRequest,
    private readonly planRuns: PlanRuns,
  ) {
    this.window = { now: request.now, until: request.until };
  }

  run(): ClaimResult {
    this.recover();
    this.claimQueued();
    const next = this.nextQueuedAt();
    const nextDueAt = Math.min(next, this.parkedUntil, this.nextLeaseEnd());
    this.unpark();
    return {
      claims: this.claims,
      skipped: this.skipped,
      finished: this.finished,
      cancelled: this.cancelled,
      hasMore: next <= this.request.until,
      nextDueAt: nextDueAt === NEVER ? null : nextDueAt,
      storeNow: this.request.now,
    };
  }

  private isFull(): boolean {
    return this.claims.length >= this.request.limit;
  }

  private recover(): void {
    const { recoverBefore, exceptTasks, exceptExecutors } = this.request;
    if (recoverBefore === null) return;
    let run = this.table.leases.first;
    while (run !== null && run.record.leaseUntil! <= recoverBefore && !this.isFull()) {
      const following = run.nextLease;
      if (run.job.isGone) this.table.close(run, lostAt(this.request.now));
      else if (!exceptTasks.has(run.record.task) && !exceptExecutors.has(run.lane.executor)) this.takeOver(run);
      run = following;
    }
  }

  private takeOver(run: RunRow): void {
    if (run.record.jobGeneration === run.job.record.generation) run.job.record.losses++;
    const endedAt = run.record.leaseUntil;
    this.claim(run, 'recovered', endedAt);
  }

  private claimQueued(): void {
    const { due } = this.table;
    const { exceptExecutors, until } = this.request;
    let looks = this.request.limit + LOOKS_BEYOND_LIMIT;
    while (!this.isFull() && looks-- > 0) {
      const lane = due.earliest(exceptExecutors);
      if (lane === null || lane.nextAt() > until) return;
      const row = lane.first();
      if (row instanceof JobRow) this.plan(row, lane);
      else this.claimWaiting(row, lane);
    }
  }

  private claimWaiting(run: RunRow, lane: Lane<Row>): void {
    if (this.request.exceptTasks.size > 0 && this.request.exceptTasks.has(run.record.task)) {
      this.park(run, lane);
      return;
    }
    lane.dequeue(run);
    this.claim(run, 'waiting');
  }

  private plan(row: JobRow, lane: Lane<Row>): void {
    const { record } = row;
    if (this.isLeftOut(record)) {
      this.park(row, lane);
      return;
    }
    const { version } = record;
    const plan = this.ask(row);
    if (row.record !== record || record.version !== version) {
      // Changed while the plan was made: it is for the next claim.
      if (!row.isGone) this.park(row, row.lane);
    } else if (plan === null) {
      const at = row.moment?.at ?? NEVER;
      if (at > this.request.now) this.parkedUntil = Math.min(this.parkedUntil, at);
      this.park(row, lane);
    } else {
      this.apply(row, plan);
      lane.queue(row, row.dueForPlan());
    }
  }

  private isLeftOut(record: JobRecord): boolean {
    const { exceptTasks, isPaused } = this.request;
    if (isPaused && !record.policy.evenInMaintenanceMode) return true;
    return exceptTasks.size > 0 && exceptTasks.has(record.task);
  }

  private ask(row: JobRow): JobPlan | null {
    const { record } = row;
    // A pause ends by the time itself, not by how far one looks ahead.
    if (record.pause !== null && record.pause.until! > this.request.now) return null;
    try {
      return this.planRuns(record, row.unsettledRecords(), this.window);
    } catch {
      return null;
    }
  }

  private apply(row: JobRow, plan: JobPlan): void {
    const { record } = row;
    record.version++;
    record.fireTime = plan.fireTime;
    record.dueAt = plan.dueAt;
    record.runCount = plan.runCount;
    if (record.pause !== null) record.pause = null;
    if (row.hasUnsettled) this.applyToUnsettled(row, plan);
    for (const skip of plan.skips) this.skipped.push(this.table.skip(row, skip, this.request.now));
    for (const run of plan.runs) this.make(row, run);
    // What was cancelled at once has left its place.
    if (plan.cancel.length > 0) this.table.promote(row, this.request.now);
    if (plan.finished !== null) this.finish(row, plan.finished);
  }

  private applyToUnsettled(row: JobRow, plan: JobPlan): void {
    const { now } = this.request;
    for (const id of plan.promote) {
      const run = row.unsettledRun(id);
      if (run?.record.state === 'buffered') this.table.letGo(run, now);
    }
    for (const id of plan.drop) {
      const run = row.unsettledRun(id);
      if (run?.record.state === 'buffered') this.skipped.push(this.table.drop(run, now));
    }
    for (const id of plan.cancel) {
      const run = row.unsettledRun(id);
      if (run === undefined) continue;
      this.cancelled.push({ runId: id, jobId: run.record.jobId, token: run.record.token });
      this.table.askToStop(run, now, 'replaced by a newer run');
    }
  }

  private make(row: JobRow, planned: PlannedRun): void {
    // The fire time has its run already: what this plan wanted is done.
    if (this.table.runFor(row, planned.fireTime) !== null) return;
    const run = this.table.make(row, planned, this.request.now);
    this.table.attach(run);
    if (planned.isBuffered) {
      run.record.state = 'buffered';
      return;
    }
    if (planned.dueAt <= this.request.until && !this.isFull()) this.claim(run, 'planned');
    else run.lane.queue(run, run.dueForClaim());
  }

  private claim(run: RunRow, cause: ClaimCause, leaseEndedAt: Instant | null = null): void {
    const { node, leaseUntil } = this.request;
    this.table.hold(run, node, leaseUntil);
    this.claims.push(new MemoryClaim(run.record, run.job.record, cause, leaseEndedAt));
  }

  private finish(row: JobRow, reason: JobPlan['finished']): void {
    const { record } = row;
    record.status = 'finished';
    record.statusReason = reason;
    record.statusAt = this.request.now;
    this.finished.push(record);
  }

  private park(row: Row, lane: Lane<Row>): void {
    lane.dequeue(row);
    this.parked.push(row);
  }

  private unpark(): void {
    for (const row of this.parked) {
      row.lane.queue(row, row instanceof JobRow ? row.dueForPlan() : row.dueForClaim());
    }
  }

  private nextQueuedAt(): Instant {
    return this.table.due.earliest(this.request.exceptExecutors)?.nextAt() ?? NEVER;
  }

  private nextLeaseEnd(): Instant {
    let run = this.table.leases.first;
    while (run !== null && run.record.leaseUntil! <= this.request.now) run = run.nextLease;
    const end = run?.record.leaseUntil ?? NEVER;
    return end >= END_OF_TIME ? NEVER : end;
  }
}

/** Made by a constructor, as the run is: see there. */
class MemoryClaim implements Claim {
  readonly runId: string;
  readonly jobId: string;
  readonly token: number;
  readonly leaseUntil: Instant;

  constructor(
    readonly run: RunRecord,
    readonly job: JobRecord,
    readonly cause: ClaimCause,
    readonly leaseEndedAt: Instant | null,
  ) {
    this.runId = run.id;
    this.jobId = run.jobId;
    this.token = run.token;
    this.leaseUntil = run.leaseUntil!;
  }
}

function lostAt(at: Instant): RunEnd {
  const nothing = { reason: null, error: null, result: null, output: null };
  return { ...nothing, outcome: 'lost', at, detail: 'its job was removed meanwhile', keepHistory: true };
}
