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
import { BARE_END, jobRecordOf, wakeAtOf } from './records.js';
import type { RunDraft, StoredJob, StoredRun } from './records.js';
import { cancelRuns, dropRuns, promote } from './run-ends.js';
import type { DueQuery, JobUpdate, Session, StoreReading } from './session.js';
import { answer } from './steps.js';
import type { Steps } from './steps.js';

/** Claims in one transaction, at most: it is one stretch in which the event loop stands still. */
export const CLAIM_BOUND = 500;

/** Jobs looked at in one claim, about: what makes no run, or is left alone, must not hide what is behind it. */
const LOOKS = 2_000;

/** Jobs read at a time, at least, once the first ones made no run. */
const SMALLEST_PAGE = 50;

const NO_RUNS: readonly StoredRun[] = [];
const NO_RECORDS: readonly RunRecord[] = [];
const NO_JOBS: ReadonlySet<number> = new Set();

/** A plan to be applied. */
interface Planned {
  readonly job: StoredJob;
  readonly plan: JobPlan;
  readonly unsettled: readonly StoredRun[];
}

/** One claim: takes over what was lost, then asks the plan of each due job and claims what is due. */
export class ClaimStep {
  private readonly claims: Claim[] = [];
  private readonly skipped: RunRecord[] = [];
  private readonly finished: JobRecord[] = [];
  private readonly cancelled: ClaimKey[] = [];
  private readonly limit: number;
  private hasApplied = false;
  /** The earliest due instant of what was found and not claimed. */
  private left: Instant = Number.POSITIVE_INFINITY;
  /** When the first of the jobs ahead is due that were left alone. */
  private leftAlone: Instant = Number.POSITIVE_INFINITY;

  constructor(
    private readonly session: Session,
    private readonly request: ClaimRequest,
    private readonly planRuns: PlanRuns,
  ) {
    this.limit = Math.min(request.limit, CLAIM_BOUND);
  }

  *run(): Steps<ClaimResult> {
    const { now, until, recoverBefore } = this.request;
    this.session.lookAhead?.(this.query(this.limit + 1, until), recoverBefore);
    yield* this.recover();
    yield* this.claimDue();
    yield* answer(this.session.tellOthers?.());
    const hasMore = this.left <= until;
    const next = hasMore ? null : yield* answer(this.session.claims.nextInstant(this.query(0, until), now));
    const nextDueAt = Math.min(next ?? Number.POSITIVE_INFINITY, this.left, this.leftAlone);
    return {
      claims: this.claims,
      skipped: this.skipped,
      finished: this.finished,
      cancelled: this.cancelled,
      hasMore,
      nextDueAt: nextDueAt === Number.POSITIVE_INFINITY ? null : nextDueAt,
      ...(yield* readingOf(this.session, now)),
    };
  }

  private room(): number {
    return this.limit - this.claims.length;
  }

  private query(limit: number, until: Instant, after: StoredJob | null = null): DueQuery {
    const { exceptTasks, exceptExecutors, isPaused } = this.request;
    return { until, limit, exceptTasks, exceptExecutors, isPaused, after };
  }

  private *recover(): Steps<void> {
    const { recoverBefore, now, node, leaseUntil } = this.request;
    if (recoverBefore === null) return;
    const found = yield* answer(this.session.claims.endedLeases(this.query(this.room() + 1, recoverBefore)));
    if (found.length === 0) return;
    const jobs = yield* this.jobsOf(found.slice(0, this.room()));
    const runs = found.slice(0, this.room()).filter((run) => jobs.has(run.jobKey));
    if (runs.length < found.length) this.left = now;
    const orphans = runs.filter((run) => jobs.get(run.jobKey)!.isRemoved);
    const detail = 'its job was removed meanwhile';
    if (orphans.length > 0) {
      yield* answer(
        this.session.runs.end(orphans, { ...BARE_END, outcome: 'lost', at: now, detail, keepHistory: true }),
      );
    }
    const lost = runs.filter((run) => !jobs.get(run.jobKey)!.isRemoved);
    yield* this.countLosses(lost, jobs);
    yield* answer(this.session.runs.hold(lost, node, leaseUntil));
    for (const { record, jobKey } of lost) {
      const leaseEndedAt = record.leaseUntil;
      this.addClaim(heldRecord(record, this.request), jobs.get(jobKey)!.record, 'recovered', leaseEndedAt);
    }
  }

  /** Losses of a generation that is gone say nothing about the present one. */
  private *countLosses(lost: readonly StoredRun[], jobs: Map<number, StoredJob>): Steps<void> {
    for (const { jobKey, record } of lost) {
      const job = jobs.get(jobKey)!;
      if (job.record.generation !== record.jobGeneration) continue;
      yield* answer(this.session.jobs.addLosses([jobKey]));
      jobs.set(jobKey, { ...job, record: { ...job.record, losses: job.record.losses + 1 } });
    }
  }

  private *claimDue(): Steps<void> {
    const { until } = this.request;
    if (this.room() <= 0) {
      if (yield* answer(this.session.claims.isAnythingDue(this.query(1, until), null))) this.left = this.request.now;
      return;
    }
    const waiting = yield* answer(this.session.claims.dueRuns(this.query(this.room() + 1, until)));
    let after: StoredJob | null = null;
    let from = 0;
    for (let looks = 0; ;) {
      const size = Math.max(this.room(), looks === 0 ? 0 : SMALLEST_PAGE);
      const jobs: StoredJob[] = yield* answer(this.session.claims.dueJobs(this.query(size + 1, until, after)));
      const turn = this.inTurn(jobs.slice(0, size), waiting, from);
      from += turn.runs.length;
      yield* this.claimWaiting(turn.runs);
      const planned = yield* this.planJobs(turn.jobs);
      looks += planned;
      const rest: StoredJob | undefined = jobs[planned];
      const isThrough = rest === undefined && from >= waiting.length;
      if (this.room() <= 0 || isThrough || looks >= LOOKS) {
        // Where all were left alone, another claim would find the same ones: that is for the next poll.
        if (rest !== undefined && (this.room() <= 0 || this.hasApplied)) this.leave(wakeAtOf(rest.record)!);
        if (from < waiting.length) this.leave(waiting[from].record.dueAt);
        return;
      }
      after = planned > 0 ? jobs[planned - 1] : after;
    }
  }

  private leave(instant: Instant): void {
    this.left = Math.min(this.left, instant);
  }

  /** What was due already is for the next poll. */
  private noteLeftAlone(wakeAt: Instant): void {
    if (wakeAt > this.request.now) this.leftAlone = Math.min(this.leftAlone, wakeAt);
  }

  /** The earliest of both kinds, as many as there is room for; and jobs behind them up to the next run: they may make none. */
  private inTurn(
    jobs: readonly StoredJob[],
    waiting: readonly StoredRun[],
    from: number,
  ): { jobs: readonly StoredJob[]; runs: readonly StoredRun[] } {
    if (from >= waiting.length) return { jobs, runs: NO_RUNS };
    let [job, run] = [0, from];
    while (job < jobs.length || run < waiting.length) {
      const jobAt = job < jobs.length ? wakeAtOf(jobs[job].record)! : Number.POSITIVE_INFINITY;
      const runAt = run < waiting.length ? waiting[run].record.dueAt : Number.POSITIVE_INFINITY;
      if (runAt > jobAt) job++;
      else if (job + run - from < this.room()) run++;
      else break;
    }
    return { jobs: jobs.slice(0, job), runs: waiting.slice(from, run) };
  }

  private *claimWaiting(found: readonly StoredRun[]): Steps<void> {
    if (found.length === 0) return;
    const jobs = yield* this.jobsOf(found);
    const runs = found.filter((run) => jobs.has(run.jobKey));
    if (runs.length < found.length) this.leave(found[0].record.dueAt);
    if (runs.length === 0) return;
    yield* answer(this.session.runs.hold(runs, this.request.node, this.request.leaseUntil));
    for (const run of runs)
      this.addClaim(heldRecord(run.record, this.request), jobs.get(run.jobKey)!.record, 'waiting');
  }

  /** Asks plans as long as there is room; answers how many jobs it looked at. */
  private *planJobs(jobs: readonly StoredJob[]): Steps<number> {
    if (jobs.length === 0) return 0;
    const keys = jobs.map((job) => job.key);
    const unsettled = yield* answer(this.session.runs.unsettledOf(keys));
    const busy = (yield* answer(this.session.claims.busyJobs?.(keys, unsettled))) ?? NO_JOBS;
    const planned: Planned[] = [];
    const damaged: StoredJob[] = [];
    let looks = 0;
    for (let room = this.room(); looks < jobs.length && room > 0; looks++) {
      const job = jobs[looks];
      const runs = unsettled.size === 0 ? NO_RUNS : (unsettled.get(job.key) ?? NO_RUNS);
      const isLeft = busy.has(job.key);
      if (isLeft) this.leave(wakeAtOf(job.record)!);
      const plan = job.isDamaged || isLeft ? null : this.ask(job.record, runs);
      if (job.isDamaged) damaged.push(job);
      if (plan === null) {
        if (!job.isDamaged) this.noteLeftAlone(wakeAtOf(job.record)!);
        continue;
      }
      planned.push({ job, plan, unsettled: runs });
      room -= plan.runs.length;
    }
    if (planned.length > 0) yield* this.apply(planned);
    if (damaged.length > 0) yield* this.setAside(damaged);
    return looks;
  }

  /** P23: a row that cannot be read is shown as such, and does not come up with every claim. */
  private *setAside(damaged: readonly StoredJob[]): Steps<void> {
    const reason = { status: 'unresolved', statusReason: 'its definition cannot be read' } as const;
    const updates = damaged.map((job) => ({
      job,
      after: { ...job.record, ...reason, statusAt: this.request.now, version: job.record.version + 1 },
    }));
    yield* answer(this.session.jobs.update(updates));
  }

  private ask(job: JobRecord, unsettled: readonly StoredRun[]): JobPlan | null {
    const { now, until } = this.request;
    // A pause ends by the time itself, not by how far one looks ahead.
    if (job.pause !== null && job.pause.until! > now) return null;
    try {
      const records = unsettled.length === 0 ? NO_RECORDS : unsettled.map((run) => run.record);
      return this.planRuns(job, records, { now, until });
    } catch {
      return null;
    }
  }

  private *apply(planned: readonly Planned[]): Steps<void> {
    this.hasApplied = true;
    for (const { plan, unsettled, job } of planned) {
      if (unsettled.length > 0) yield* this.applyToUnsettled(job, plan, unsettled);
      for (const skip of plan.skips) {
        this.skipped.push(yield* answer(this.session.runs.skip(job, skip, this.request.now)));
      }
    }
    const drafts = this.draftsOf(planned);
    const runs = yield* answer(this.session.runs.insert(drafts));
    const updates: JobUpdate[] = planned.map(({ job, plan }) => ({
      job,
      after: afterPlan(job.record, plan, this.request),
    }));
    yield* answer(this.session.jobs.advance(updates));
    yield* this.noteOvertaken(planned);
    this.addPlanned(drafts, runs, updates);
    for (const { job, plan } of planned) {
      // What was cancelled unheld has made room at once.
      if (plan.cancel.length > 0) yield* promote(this.session, job, this.request.now);
    }
  }

  /** A later run that has ended and left no row is to be known to a withdrawal of the earlier one. */
  private *noteOvertaken(planned: readonly Planned[]): Steps<void> {
    const noted = new Map<Instant, number[]>();
    for (const { job, plan, unsettled } of planned) {
      if (job.record.policy.keepHistory || plan.runs.length === 0 || unsettled.length + plan.runs.length === 1)
        continue;
      const latest = plan.runs.reduce((fireTime, run) => Math.max(fireTime, run.fireTime), -Infinity);
      const alike = noted.get(latest);
      if (alike === undefined) noted.set(latest, [job.key]);
      else alike.push(job.key);
    }
    for (const [by, keys] of noted) yield* answer(this.session.jobs.noteOvertaken(keys, by));
  }

  private draftsOf(planned: readonly Planned[]): RunDraft[] {
    const { node, leaseUntil, now, until } = this.request;
    const claim = { node, leaseUntil };
    let room = this.room();
    const drafts: RunDraft[] = [];
    for (const { job, plan } of planned) {
      for (const run of plan.runs) {
        const isClaimed = !run.isBuffered && run.dueAt <= until && room > 0;
        if (isClaimed) room--;
        else if (!run.isBuffered) this.leave(run.dueAt);
        drafts.push(draftOf(job, run, { now, claim: isClaimed ? claim : null }));
      }
    }
    return drafts;
  }

  /** Drafts lie in the order of the jobs, so the two are gone through side by side. */
  private addPlanned(
    drafts: readonly RunDraft[],
    runs: readonly (StoredRun | null)[],
    updates: readonly JobUpdate[],
  ): void {
    let index = 0;
    for (const { job, after } of updates) {
      if (after.status === 'finished') this.finished.push(after);
      for (; index < drafts.length && drafts[index].job === job; index++) {
        const run = runs[index];
        if (run !== null && drafts[index].claim !== null) this.addClaim(run.record, after, 'planned');
      }
    }
  }

  private *applyToUnsettled(job: StoredJob, plan: JobPlan, unsettled: readonly StoredRun[]): Steps<void> {
    const { now } = this.request;
    const named = (ids: readonly string[]) => unsettled.filter((run) => ids.includes(run.record.id));
    const buffered = (ids: readonly string[]) => named(ids).filter((run) => run.record.state === 'buffered');
    if (plan.promote.length > 0) yield* answer(this.session.runs.letWait(buffered(plan.promote), now));
    if (plan.drop.length > 0) this.skipped.push(...(yield* dropRuns(this.session, job, buffered(plan.drop), now)));
    if (plan.cancel.length === 0) return;
    for (const { record } of named(plan.cancel)) {
      this.cancelled.push({ runId: record.id, jobId: record.jobId, token: record.token });
    }
    yield* cancelRuns(this.session, job, { runs: named(plan.cancel), at: now, detail: 'replaced by a newer run' });
  }

  private addClaim(run: RunRecord, job: JobRecord, cause: ClaimCause, leaseEndedAt: Instant | null = null): void {
    const { leaseUntil } = this.request;
    this.claims.push({ runId: run.id, jobId: run.jobId, token: run.token, run, job, leaseUntil, cause, leaseEndedAt });
  }

  private *jobsOf(runs: readonly StoredRun[]): Steps<Map<number, StoredJob>> {
    const jobs = yield* answer(this.session.jobs.byKeys([...new Set(runs.map((run) => run.jobKey))]));
    return new Map(jobs.map((job) => [job.key, job]));
  }
}

function heldRecord(record: RunRecord, { node, leaseUntil }: ClaimRequest): RunRecord {
  return { ...record, state: 'running', node, leaseUntil, token: record.token + 1, attempt: record.attempt + 1 };
}

function draftOf(job: StoredJob, run: PlannedRun, by: { now: Instant; claim: RunDraft['claim'] }): RunDraft {
  return {
    job,
    kind: run.kind,
    fireTime: run.fireTime,
    firstFireTime: run.firstFireTime,
    count: run.count,
    countIsExact: run.countIsExact,
    dueAt: run.dueAt,
    state: run.isBuffered ? 'buffered' : by.claim === null ? 'waiting' : 'running',
    forced: false,
    createdAt: by.now,
    claim: by.claim,
    args: null,
    reason: null,
    detail: null,
  };
}

function afterPlan(job: JobRecord, plan: JobPlan, { now }: ClaimRequest): JobRecord {
  const isFinished = plan.finished !== null;
  // A literal, not a spread: a spread with 26 fields costs more than the plan.
  return jobRecordOf(
    {
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
      updatedAt: job.updatedAt,
    },
    job,
    job,
  );
}

/** A store on this machine goes by the clock of who asks. */
export function* readingOf(session: Session, now: Instant): Steps<StoreReading> {
  return (yield* answer(session.storeTime?.(now))) ?? { storeNow: now };
}
