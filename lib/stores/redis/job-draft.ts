import { inTurn } from '../../core/index.js';
import type { Instant, JobRecord, Outcome, PlannedRun, RunError, RunRecord, SkipReason } from '../../core/index.js';
import type { JsonValue } from '../../core/index.js';
import type { StoredJob } from './job-text.js';
import { idsOf } from './run-ids.js';
import { isSettledState } from './run-text.js';

/** A run as it was read and as it is to be; null: not there. */
export interface RunChange {
  readonly before: RunRecord | null;
  after: RunRecord | null;
}

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

export const BARE_END = { reason: null, detail: null, error: null, result: null, output: null } as const;

/** What a new run begins with. */
export interface RunStart extends Omit<PlannedRun, 'isBuffered'> {
  readonly id: string;
  readonly at: Instant;
  readonly forced?: boolean;
  readonly args?: RunRecord['args'];
}

/** A job with its unsettled runs, while a step works out what becomes of them. Nothing is written before the commit. */
export class JobDraft {
  /** As it is to be; null: removed. */
  job: StoredJob | null;
  /** Its id, which a removed one had. */
  readonly runs: RunChange[];
  /** When the first of the claims is due that are taken back: its owner may start it then. */
  takenBackDueAt: Instant = Infinity;

  constructor(
    readonly before: StoredJob | null,
    unsettled: readonly RunRecord[],
  ) {
    this.job = before;
    this.runs = unsettled.map((run) => ({ before: run, after: run }));
  }

  get record(): JobRecord {
    return this.job!.record;
  }

  set(fields: Partial<JobRecord>): void {
    this.job = { ...this.job!, record: { ...this.record, ...fields } };
  }

  /** Open and buffered ones, oldest first. */
  unsettled(): RunChange[] {
    return this.runs.filter(({ after }) => after !== null && !isSettledState(after.state));
  }

  unsettledRecords(): RunRecord[] {
    return this.unsettled().map(({ after }) => after!);
  }

  /** In a row. */
  openIds(): string {
    let ids = '';
    for (const { after } of this.runs) if (after !== null && !isSettledState(after.state)) ids += after.id;
    return ids;
  }

  /** Some of its runs are held, and their start is still to come. */
  isHeldAhead(at: Instant): boolean {
    return this.runs.some(({ after }) => after !== null && after.state === 'running' && after.dueAt > at);
  }

  find(runId: string): RunChange | undefined {
    return this.runs.find(({ after }) => after?.id === runId && !isSettledState(after.state));
  }

  /** A new run that waits, unclaimed; not in its job's lists yet. */
  static runOf(job: JobRecord, start: RunStart): RunRecord {
    return {
      id: start.id,
      jobId: job.id,
      jobGeneration: job.generation,
      task: job.task,
      kind: start.kind,
      fireTime: start.fireTime,
      firstFireTime: start.firstFireTime,
      count: start.count,
      countIsExact: start.countIsExact,
      dueAt: start.dueAt,
      state: 'waiting',
      attempt: 0,
      token: 0,
      node: null,
      leaseUntil: null,
      cancelRequested: false,
      forced: start.forced ?? false,
      args: start.args ?? null,
      createdAt: start.at,
      startedAt: null,
      settledAt: null,
      reason: null,
      detail: null,
      error: null,
      result: null,
      output: null,
    };
  }

  /** Takes a run in, whatever its state. */
  add(run: RunRecord): RunChange {
    const change: RunChange = { before: null, after: run };
    this.runs.push(change);
    const job = this.job!;
    const isForFireTime = run.kind !== 'manual' && run.state !== 'skipped';
    const last = job.lastFireTime;
    const lastFireTime = isForFireTime && (last === null || run.fireTime > last) ? run.fireTime : last;
    this.job = { ...job, lastFireTime, recent: job.recent + run.id };
    return change;
  }

  hold(run: RunChange, node: string, leaseUntil: Instant): RunRecord {
    const { after } = run;
    const { token, attempt } = after!;
    return (run.after = { ...after!, state: 'running', node, leaseUntil, token: token + 1, attempt: attempt + 1 });
  }

  /** Ends the claim, if there is one; the run waits until `dueAt`. */
  letWait(run: RunChange, dueAt: Instant): void {
    run.after = { ...run.after!, state: 'waiting', node: null, leaseUntil: null, dueAt };
  }

  /** Undoes a claim: the run waits as before, under a higher token. */
  takeBack(run: RunChange): void {
    this.noteTakenBack(run);
    const { token, attempt, dueAt } = run.after!;
    this.letWait(run, dueAt);
    run.after = { ...run.after!, token: token + 1, attempt: attempt - 1 };
  }

  /** Ends the run for good, and gives its place to the next buffered one. */
  end(run: RunChange, end: RunEnd): RunRecord {
    const wasOpen = run.after!.state !== 'buffered';
    const ended = endedRun(run.after!, end);
    run.after = end.keepHistory ? ended : null;
    if (wasOpen) this.promote(end.at);
    return ended;
  }

  delete(run: RunChange): void {
    const { id } = run.after!;
    run.after = null;
    if (this.job === null) return;
    const recent = idsOf(this.job.recent);
    if (recent.includes(id)) this.job = { ...this.job, recent: recent.filter((other) => other !== id).join('') };
  }

  /** Deletes a run that may be held, before its time. */
  withdraw(run: RunChange): void {
    this.noteTakenBack(run);
    this.delete(run);
  }

  /** A buffered run makes way for a newer one; answers its skip record. */
  drop(run: RunChange, at: Instant): RunRecord {
    const { keepHistory } = this.record.policy;
    const why = { reason: 'overlap', detail: 'made way for a newer run' } as const;
    return this.end(run, { ...BARE_END, ...why, outcome: 'skipped', at, keepHistory });
  }

  /** Cancels a run that nobody holds; leaves word for the node that holds it. */
  askToStop(run: RunChange, at: Instant, detail: string | null): RunRecord {
    if (run.after!.state === 'running') return (run.after = { ...run.after!, cancelRequested: true, detail });
    const keepHistory = this.job === null || this.record.policy.keepHistory;
    return this.end(run, { ...BARE_END, outcome: 'cancelled', at, detail, keepHistory });
  }

  /** Makes the first buffered run due, if there is room and it is its turn. */
  promote(at: Instant): void {
    if (this.job === null) return;
    const { maxInstances } = this.record.policy;
    for (const { id } of inTurn(this.unsettledRecords(), maxInstances)) this.letWait(this.find(id)!, at);
  }

  /** Deletes what has not started: runs that nobody holds, and claims whose start is still to come. */
  deleteUnstarted(at: Instant): void {
    for (const run of this.unsettled()) {
      if (run.after!.state !== 'running' || run.after!.dueAt > at) this.withdraw(run);
    }
  }

  private noteTakenBack({ after }: RunChange): void {
    if (after!.state === 'running') this.takenBackDueAt = Math.min(this.takenBackDueAt, after!.dueAt);
  }
}

export function endedRun(run: RunRecord, end: RunEnd): RunRecord {
  const { outcome, at, reason, detail, error, result, output } = end;
  return { ...run, state: outcome, leaseUntil: null, settledAt: at, reason, detail, error, result, output };
}
