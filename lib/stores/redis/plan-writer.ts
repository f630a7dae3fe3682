import type {
  Claim,
  ClaimCause,
  ClaimKey,
  Instant,
  JobPlan,
  JobRecord,
  PlannedRun,
  RunRecord,
} from '../../core/index.js';
import type { Changes } from './changes.js';
import type { ClaimScope, Work } from './claim-scope.js';
import { JobDraft } from './job-draft.js';
import type { RunChange } from './job-draft.js';
import { lineOf } from './lines.js';
import { runFor, settledRunsOf } from './past.js';
import { advanced, HeldRun, plainRunOf } from './plain-plan.js';
import { canBePacked, RunPacks } from './run-packs.js';
import { encodeHeld } from './run-text.js';
import { SkipRecords } from './skip-records.js';
import { jobPlace, writeDraft } from './write-draft.js';

/** Applies plans to their jobs, and claims what is due. Made anew for each try of a commit. */
export class PlanWriter {
  readonly claims: RedisClaim[] = [];
  readonly skipped: RunRecord[] = [];
  readonly finished: JobRecord[] = [];
  readonly cancelled: ClaimKey[] = [];
  /** Runs that are held by this claim, for its lease. */
  readonly held: string[] = [];
  /** The earliest instant of what these plans leave to come. */
  next: Instant = Number.POSITIVE_INFINITY;

  private readonly node: string;

  constructor(
    private readonly scope: ClaimScope,
    private room: number,
  ) {
    this.node = lineOf(scope.request.node);
  }

  async write(work: readonly Work[], changes: Changes): Promise<void> {
    const packs = new RunPacks(this.scope.committer.ids, changes, this.scope.request);
    for (const one of work) {
      changes.owner = one;
      const plain = this.room > 0 ? plainRunOf(one, this.scope.request) : null;
      if (plain !== null) this.applyPlain(one, plain, { changes, packs });
      else if (one.plan === null) this.claimWaiting(one, changes);
      else await this.applyPlan(one, one.plan, changes);
    }
    packs.end();
  }

  /** The same as `applyPlan` comes to, in fewer steps. */
  private applyPlain({ item, job, plan }: Work, planned: PlannedRun, { changes, packs }: Target): void {
    const { request, committer } = this.scope;
    const { record } = job;
    const key = item.kind === 'job' ? item.key : lineOf(record.id);
    const { fireTime, dueAt } = planned;
    const isPacked = canBePacked(planned);
    const id = isPacked
      ? packs.add({ job: key, generation: record.generation, task: record.task, fireTime, dueAt })
      : committer.ids.next();
    const run = new HeldRun(id, record, planned, request);
    const after = advanced(job, plan!, run, request.now);
    this.room--;
    this.claims.push(new RedisClaim(run, after.record, 'planned'));
    if (plan!.finished !== null) this.finished.push(after.record);
    changes.plainJob(key, record.version, after);
    if (!isPacked) {
      changes.field('run', id, encodeHeld(run, { claim: changes.batch, job: key, node: this.node }));
      changes.member('time', id, fireTime);
    }
    this.held.push(id);
    const place = jobPlace(after);
    if (place === null) return;
    this.scope.rows.noteOwnRun(id);
    changes.plainPlace(place.lane, key, place.at);
    this.comes(place.at);
  }

  private claimWaiting({ job, waiting }: Work, changes: Changes): void {
    const draft = new JobDraft(job, waiting);
    for (const run of draft.runs) this.claim(draft, run, 'waiting');
    writeDraft(changes, draft, { isTaken: true, ignoresJob: true, claim: { id: changes.batch, held: this.held } });
  }

  private async applyPlan({ job, unsettled, waiting }: Work, plan: JobPlan, changes: Changes): Promise<void> {
    const draft = new JobDraft(job, unsettled);
    const from = this.claims.length;
    for (const { id } of waiting) {
      const run = draft.find(id);
      if (run?.after?.state === 'waiting') this.claim(draft, run, 'waiting');
    }
    const { now } = this.scope.request;
    const { fireTime, dueAt, runCount } = plan;
    draft.set({ version: job.record.version + 1, fireTime, dueAt, runCount, pause: null });
    if (unsettled.length > 0) this.applyToUnsettled(draft, plan);
    if (plan.skips.length > 0) await this.writeSkips(draft, plan);
    const made: [RunChange, PlannedRun][] = [];
    for (const run of plan.runs) {
      // The fire time has its run already: what this plan wanted is done.
      if (!(await this.isThere(draft, run.fireTime))) made.push([this.make(draft, run), run]);
    }
    for (const [change, run] of made) this.open(draft, change, run);
    // What was cancelled at once has left its place.
    if (plan.cancel.length > 0) draft.promote(now);
    if (plan.finished !== null) {
      draft.set({ status: 'finished', statusReason: plan.finished, statusAt: now });
      this.finished.push(draft.record);
    }
    for (let at = from; at < this.claims.length; at++) this.claims[at].job = draft.record;
    this.comes(jobPlace(draft.job!)?.at);
    const isPlain = made.every(([, run]) => !run.isBuffered) && plan.cancel.length === 0;
    const claim = { id: changes.batch, held: this.held };
    writeDraft(changes, draft, { isTaken: true, guardsChangedRuns: isPlain, claim });
  }

  private make(draft: JobDraft, run: PlannedRun): RunChange {
    const { committer, request } = this.scope;
    const record = JobDraft.runOf(draft.record, { ...run, id: committer.ids.next(), at: request.now });
    return draft.add(run.isBuffered ? { ...record, state: 'buffered' } : record);
  }

  private open(draft: JobDraft, change: RunChange, run: PlannedRun): void {
    if (run.isBuffered) return;
    if (run.dueAt <= this.scope.request.until && this.room > 0) this.claim(draft, change, 'planned');
    else this.comes(run.dueAt);
  }

  private claim(draft: JobDraft, change: RunChange, cause: ClaimCause): void {
    const { node, leaseUntil } = this.scope.request;
    this.room--;
    const run = draft.hold(change, node, leaseUntil);
    if (draft.record.fireTime !== null) this.scope.rows.noteOwnRun(run.id);
    this.claims.push(new RedisClaim(run, draft.record, cause));
  }

  private applyToUnsettled(draft: JobDraft, plan: JobPlan): void {
    const { now } = this.scope.request;
    for (const id of plan.promote) {
      const run = draft.find(id);
      if (run?.after?.state !== 'buffered') continue;
      draft.letWait(run, now);
      this.comes(now);
    }
    for (const id of plan.drop) {
      const run = draft.find(id);
      if (run?.after?.state === 'buffered') this.skipped.push(draft.drop(run, now));
    }
    for (const id of plan.cancel) {
      const run = draft.find(id);
      if (run === undefined) continue;
      this.cancelled.push({ runId: id, jobId: run.after!.jobId, token: run.after!.token });
      draft.askToStop(run, now, 'replaced by a newer run');
    }
  }

  private async writeSkips(draft: JobDraft, plan: JobPlan): Promise<void> {
    const records = new SkipRecords(this.scope.rows, this.scope.committer.ids);
    for (const skip of plan.skips) this.skipped.push(await records.write(draft, skip, this.scope.request.now));
  }

  private async isThere(draft: JobDraft, fireTime: Instant): Promise<boolean> {
    const job = draft.job!;
    if (job.lastFireTime === null || fireTime > job.lastFireTime) return false;
    if (runFor(job, draft.unsettledRecords(), fireTime) !== null) return true;
    return runFor(job, await settledRunsOf(this.scope.rows, draft.before!), fireTime) !== null;
  }

  private comes(instant: Instant | undefined): void {
    if (instant !== undefined && instant < this.next) this.next = instant;
  }
}

/** Where plain runs are written to. */
interface Target {
  readonly changes: Changes;
  readonly packs: RunPacks;
}

/** Made by a constructor, so that all claims share one shape; the job is as its whole plan leaves it. */
class RedisClaim implements Claim {
  readonly runId: string;
  readonly jobId: string;
  readonly token: number;
  readonly leaseUntil: Instant;

  constructor(
    readonly run: RunRecord,
    public job: JobRecord,
    readonly cause: ClaimCause,
  ) {
    this.runId = run.id;
    this.jobId = run.jobId;
    this.token = run.token;
    this.leaseUntil = run.leaseUntil!;
  }
}
