import { inTurn } from '../../core/index.js';
import type {
  HistoryPolicy,
  Instant,
  JsonValue,
  Outcome,
  PlannedSkip,
  RunError,
  RunRecord,
  SkipReason,
} from '../../core/index.js';
import { DueQueue, NEVER } from './due-queue.js';
import { LeaseList } from './lease-list.js';
import { JobRow, RunRow, MemoryRun } from './rows.js';
import type { MutableJobRecord, Row, RunStart } from './rows.js';
import { RunIds } from './run-ids.js';
import { SettledChains } from './settled-chains.js';

/** How a run ends. */
export interface RunEnd {
  readonly outcome: Outcome;
  readonly at: Instant;
  readonly reason: SkipReason | null;
  readonly detail: string | null;
  readonly error: RunError | null;
  readonly result: JsonValue | null;
  readonly output: string | null;
  readonly keepHistory: boolean;
}

/** All rows of a memory store, and the steps that every operation on them is made of. */
export class JobTable {
  readonly rows = new Map<string, JobRow>();
  readonly due = new DueQueue<Row>();
  readonly leases = new LeaseList();
  readonly ids = new RunIds();
  readonly settled: SettledChains;
  /** Held runs that the job id of their claim no longer leads to: the job was removed or renamed. */
  readonly strays = new Map<string, RunRow>();
  private generation = 0;
  private sortedIds: string[] | null = null;

  constructor(kept: HistoryPolicy) {
    this.settled = new SettledChains(this.ids, kept);
  }

  nextGeneration(): number {
    return ++this.generation;
  }

  /** Ids in order. */
  orderedIds(): readonly string[] {
    this.sortedIds ??= [...this.rows.keys()].sort();
    return this.sortedIds;
  }

  insert(record: MutableJobRecord): void {
    const row = new JobRow(record, this.due.laneOf(record.policy.executor));
    this.rows.set(record.id, row);
    this.sortedIds = null;
    this.settled.adopt(row);
    row.lane.queue(row, row.dueForPlan());
  }

  /** Takes the record as the row's new one, and everything that follows from it: id, executor, due time. */
  replace(row: JobRow, record: MutableJobRecord, at: Instant): void {
    const before = row.record;
    row.record = record;
    if (before.id !== record.id) this.rename(row, before.id);
    if (before.generation !== record.generation) row.lastFireTime = -NEVER;
    const lane = this.due.laneOf(record.policy.executor);
    if (lane !== row.lane) {
      row.lane.dequeue(row);
      for (const run of row.unsettled()) row.lane.dequeue(run);
      row.lane = lane;
    }
    row.lane.queue(row, row.dueForPlan());
    for (const run of row.unsettled()) row.lane.queue(run, run.dueForClaim());
    this.promote(row, at);
  }

  remove(row: JobRow): void {
    const { id } = row.record;
    for (const run of row.unsettled()) {
      if (run.isHeld()) this.strays.set(run.record.id, run);
    }
    row.isGone = true;
    row.lane.dequeue(row);
    this.rows.delete(id);
    this.sortedIds = null;
    this.settled.retire(row);
  }

  /** A new run that is in no list yet. */
  make(row: JobRow, start: RunStart, at: Instant): RunRow {
    const serial = this.ids.next();
    return new RunRow(new MemoryRun(this.ids.idOf(serial), row.record, start, at), serial, row);
  }

  /** Takes a run among the unsettled ones of its job; nobody holds it and it is not queued. */
  attach(run: RunRow): void {
    const { job, record } = run;
    job.attach(run);
    if (record.kind !== 'manual' && record.fireTime > job.lastFireTime) job.lastFireTime = record.fireTime;
  }

  hold(run: RunRow, node: string, leaseUntil: Instant): void {
    const { record } = run;
    record.state = 'running';
    record.node = node;
    record.leaseUntil = leaseUntil;
    record.token++;
    record.attempt++;
    this.leases.place(run);
  }

  /** Ends the claim; the run waits until `dueAt`. */
  letGo(run: RunRow, dueAt: Instant): void {
    const { record } = run;
    record.state = 'waiting';
    record.node = null;
    record.leaseUntil = null;
    record.dueAt = dueAt;
    this.leases.remove(run);
    run.lane.queue(run, run.dueForClaim());
  }

  /** Ends the run for good and gives its place to the next buffered one. */
  close(run: RunRow, end: RunEnd): void {
    const { record, job } = run;
    const wasOpen = record.state !== 'buffered';
    this.forget(run);
    record.state = end.outcome;
    record.leaseUntil = null;
    record.settledAt = end.at;
    record.reason = end.reason;
    record.detail = end.detail;
    record.error = end.error;
    record.result = end.result;
    record.output = end.output;
    if (end.keepHistory) this.settled.archive(this.keeperOf(run), record, run.serial);
    if (wasOpen && job.hasUnsettled) this.promote(job, end.at);
  }

  /** Takes the run out without a trace. */
  forget(run: RunRow): void {
    run.job.detach(run);
    this.leases.remove(run);
    run.lane.dequeue(run);
    if (this.strays.size > 0) this.strays.delete(run.record.id);
  }

  /** A record of fire times that made no run. One more of the same, right after the newest, only makes that one longer. */
  skip(row: JobRow, skip: PlannedSkip, at: Instant): RunRecord {
    const longer = this.settled.extendNewest(row, skip, at);
    if (longer !== null) return longer;
    return this.endUnmade(this.make(row, { ...skip, kind: 'scheduled', dueAt: skip.fireTime }, at), skip, at);
  }

  /** Records a run that was never taken in as skipped. */
  endUnmade(run: RunRow, why: Pick<PlannedSkip, 'reason' | 'detail'>, at: Instant): RunRecord {
    const { keepHistory } = run.job.record.policy;
    this.close(run, { ...NO_END, at, reason: why.reason, detail: why.detail, keepHistory });
    return run.record;
  }

  /** Makes the first buffered run due, if there is room and it is its turn. */
  promote(row: JobRow, at: Instant): void {
    if (!row.hasUnsettled) return;
    const { maxInstances } = row.record.policy;
    if (row.openCount() >= maxInstances) return;
    for (const { id } of inTurn(row.unsettledRecords(), maxInstances)) this.letGo(row.unsettledRun(id)!, at);
  }

  /** A buffered run makes way for a newer one. */
  drop(run: RunRow, at: Instant): RunRecord {
    const { keepHistory } = run.job.record.policy;
    this.close(run, { ...NO_END, at, reason: 'overlap', detail: 'made way for a newer run', keepHistory });
    return run.record;
  }

  /** Cancels a run that nobody holds; leaves word for the node that holds it. */
  askToStop(run: RunRow, at: Instant, detail: string | null): void {
    if (run.isHeld()) {
      run.record.cancelRequested = true;
      run.record.detail = detail;
    } else
      this.close(run, { ...NO_END, outcome: 'cancelled', at, detail, keepHistory: run.job.record.policy.keepHistory });
  }

  /** Deletes what has not started: runs that nobody holds, and claims whose start is still to come. */
  deleteUnstarted(row: JobRow, at: Instant): void {
    for (const run of row.unsettled()) {
      if (!run.isHeld() || run.record.dueAt > at) this.forget(run);
    }
  }

  /** The run of this generation for a fire time, if there is one; skipped ones are none. */
  runFor(row: JobRow, fireTime: Instant): RunRecord | null {
    if (fireTime > row.lastFireTime) return null;
    const { generation } = row.record;
    for (const { record } of row.unsettled()) {
      if (record.fireTime === fireTime && record.kind !== 'manual' && record.jobGeneration === generation)
        return record;
    }
    return this.settled.runFor(row, fireTime);
  }

  /** An unsettled run by its id, wherever it is. */
  unsettledRun(runId: string): RunRow | undefined {
    const stray = this.strays.get(runId);
    if (stray !== undefined || this.ids.serialOf(runId) === null) return stray;
    for (const row of this.rows.values()) {
      const run = row.unsettledRun(runId);
      if (run !== undefined) return run;
    }
    return undefined;
  }

  /** A settled run by its id; it may be any job's. */
  findSettled(runId: string): { readonly row: JobRow; readonly entry: number } | null {
    if (this.ids.serialOf(runId) === null) return null;
    for (const row of this.keepers()) {
      const entry = row.firstSettled < 0 ? -1 : this.settled.entryOf(row, runId);
      if (entry >= 0) return { row, entry };
    }
    return null;
  }

  /** Jobs that may have settled runs. */
  *keepers(): IterableIterator<JobRow> {
    yield* this.rows.values();
    yield* this.settled.removed.values();
  }

  /** Where the history of the run's job is now: it may have been removed, and added again since. */
  private keeperOf(run: RunRow): JobRow {
    const { job } = run;
    if (!job.isGone) return job;
    return this.rows.get(job.record.id) ?? this.settled.removed.get(job.record.id) ?? job;
  }

  private rename(row: JobRow, from: string): void {
    this.rows.delete(from);
    this.rows.set(row.record.id, row);
    this.sortedIds = null;
    for (const run of row.unsettled()) {
      run.record.jobId = row.record.id;
      if (run.isHeld()) this.strays.set(run.record.id, run);
    }
    this.settled.adopt(row);
  }
}

/** A run that was never made. */
const NO_END: RunEnd = {
  outcome: 'skipped',
  at: 0,
  reason: null,
  detail: null,
  error: null,
  result: null,
  output: null,
  keepHistory: true,
};
