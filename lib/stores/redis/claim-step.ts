import type { Claim, ClaimKey, ClaimResult, Instant, JobRecord, PlanRuns, RunRecord } from '../../core/index.js';
import { Changes } from './changes.js';
import { NEVER } from './claim-scope.js';
import type { ClaimScope, Work } from './claim-scope.js';
import { readDue } from './due-reader.js';
import type { DuePage } from './due-reader.js';
import { DueSorter } from './due-sorter.js';
import { hotSetAside, versionHead } from './job-text.js';
import type { StoredJob } from './job-text.js';
import { lineOf } from './lines.js';
import { PlanWriter } from './plan-writer.js';
import type { QuietLook } from './quiet-look.js';
import { recoverRuns } from './recover-step.js';
import { jobPlace } from './write-draft.js';

/** Items looked at in one claim, about: what makes no run, or is left alone, must not hide what is behind it. */
const LOOKS = 2_000;
/** As many when the request leaves things out: what nobody may look at is no reason to stop. */
const LOOKS_PAST_EXCEPTED = 20_000;
const SMALLEST_PAGE = 50;
const LARGEST_PAGE = 1_000;

/** One claim: takes over what was lost, then asks the plan of each due job and claims what is due. */
export class ClaimStep {
  private readonly claims: Claim[] = [];
  private readonly skipped: RunRecord[] = [];
  private readonly finished: JobRecord[] = [];
  private readonly cancelled: ClaimKey[] = [];
  private hasApplied = false;
  private hasConflict = false;

  constructor(
    private readonly scope: ClaimScope,
    private readonly planRuns: PlanRuns,
    private readonly quiet: QuietLook,
  ) {}

  async run(): Promise<ClaimResult> {
    try {
      return (await this.quiet.answer(this.scope.request)) ?? (await this.claim());
    } catch (error) {
      await this.giveBack();
      throw error;
    }
  }

  private async claim(): Promise<ClaimResult> {
    const { request } = this.scope;
    const first = await this.read(Math.min(request.limit, LARGEST_PAGE), true);
    const { storeNow } = first;
    let page = first;
    this.noteClock(page);
    if (page.isAnyEnded) this.claims.push(...(await recoverRuns(this.scope, this.room())));
    for (let looks = page.items.length; await this.work(page, looks); looks += page.items.length) {
      page = await this.read(Math.min(LARGEST_PAGE, Math.max(this.room(), looks, SMALLEST_PAGE)), false);
    }
    const result = this.result(storeNow);
    this.quiet.note(request, first, result);
    return result;
  }

  /** What was taken is due again at once, if the store can be told; else after a while. */
  private async giveBack(): Promise<void> {
    const { batches, committer } = this.scope;
    const changes = new Changes();
    for (const batch of batches) changes.member('taken', batch, 0);
    await committer.commit(changes).catch(() => undefined);
  }

  private result(storeNow: Instant): ClaimResult {
    const { left, next, request } = this.scope;
    const nextDueAt = Math.min(left, next, this.claims.length > 0 ? request.leaseUntil : NEVER);
    return {
      claims: this.claims,
      skipped: this.skipped,
      finished: this.finished,
      cancelled: this.cancelled,
      hasMore: left <= request.until,
      nextDueAt: nextDueAt === NEVER ? null : nextDueAt,
      storeNow,
    };
  }

  private room(): number {
    return this.scope.request.limit - this.claims.length;
  }

  private async read(limit: number, looksForEnded: boolean): Promise<DuePage> {
    const { rows, request, committer, batches } = this.scope;
    const batch = committer.ids.next();
    batches.push(batch);
    const page = await readDue(rows, request, { batch, limit, looksForEnded });
    if (page.items.length === 0) batches.pop();
    return page;
  }

  /** Instants that the store itself told of. */
  private noteClock({ leaseEndsAt, comesBackAt, storeNow }: DuePage): void {
    this.scope.comes(leaseEndsAt);
    if (comesBackAt !== null) this.scope.comes(this.scope.request.now + Math.max(1, comesBackAt - storeNow));
  }

  /** Works a page off. Answers whether another one is to be read. */
  private async work(page: DuePage, looks: number): Promise<boolean> {
    const { scope } = this;
    const isMore = page.nextAt !== null && page.nextAt <= scope.request.until;
    if (!isMore) scope.comes(page.nextAt);
    const sorter = new DueSorter(scope, this.planRuns, this.room());
    const work = sorter.sort(page);
    if (sorter.damaged.length > 0) await this.setAside(sorter.damaged);
    if (work.length > 0) this.hasApplied = true;
    const isLast = !isMore || looks >= this.mostLooks() || this.room() <= countOf(work, scope.request.until);
    if (work.length > 0 || (isLast && scope.batches.length > 0)) await this.commit(work, isLast, page.edited);
    if (!isLast && !this.hasConflict && this.room() > 0) return true;
    // Where all were left alone, another claim would find the same ones: that is for the next poll.
    if (isMore && (this.hasApplied || this.room() <= 0)) scope.leave(page.nextAt);
    if (!isLast) await this.commit([], true);
    return false;
  }

  /** P23: lists by status find it, too. One that was changed meanwhile is left as it is. */
  private async setAside(damaged: readonly StoredJob[]): Promise<void> {
    for (const { record, hot } of damaged) {
      const changes = new Changes();
      const key = lineOf(record.id);
      changes.guardJob(key, versionHead(record.version));
      changes.field('hot', key, hotSetAside(hot!, record.statusReason!, this.scope.request.now));
      await this.scope.committer.commit(changes);
    }
  }

  private mostLooks(): number {
    const { isPaused, exceptTasks } = this.scope.request;
    return isPaused || exceptTasks.size > 0 ? LOOKS_PAST_EXCEPTED : LOOKS;
  }

  private async commit(work: Work[], isLast: boolean, edited = ''): Promise<void> {
    const { scope } = this;
    for (;;) {
      const changes = new Changes();
      changes.since = edited;
      if (work.length > 0) changes.batch = scope.batches[scope.batches.length - 1];
      const writer = new PlanWriter(scope, this.room());
      await writer.write(work, changes);
      if (writer.held.length > 0) changes.hold(changes.batch, writer.held, scope.request.leaseUntil);
      if (isLast) scope.end(changes);
      const failed = await scope.committer.commit(changes);
      if (failed.length === 0) {
        this.took(writer);
        return;
      }
      this.hasConflict = true;
      const out = failed.includes('b') ? new Set<unknown>(work) : changes.ownersOf(failed);
      for (const one of work) if (out.has(one)) this.leaveOut(one);
      work = work.filter((one) => !out.has(one));
    }
  }

  /** Somebody else changed it meanwhile: it is for the next claim. */
  private leaveOut({ item, job, plan, waiting }: Work): void {
    const place = plan === null ? null : jobPlace(job);
    if (place !== null) {
      this.scope.park(`j${lineOf(job.record.id)}`, place.lane, place.at);
      this.scope.leave(place.at);
    }
    for (const run of waiting) {
      this.scope.park(`r${run.id}`, item.lane, run.dueAt);
      this.scope.leave(run.dueAt);
    }
  }

  private took({ claims, skipped, finished, cancelled, next }: PlanWriter): void {
    for (const claim of claims) this.claims.push(claim);
    for (const run of skipped) this.skipped.push(run);
    this.finished.push(...finished);
    this.cancelled.push(...cancelled);
    // Runs that found no room are due already.
    if (next <= this.scope.request.until) this.scope.leave(next);
    else this.scope.comes(next);
  }
}

/** How many runs will be claimed. */
function countOf(work: readonly Work[], until: Instant): number {
  let count = 0;
  for (const { plan, waiting } of work) {
    count += waiting.length;
    for (const run of plan?.runs ?? []) if (!run.isBuffered && run.dueAt <= until) count++;
  }
  return count;
}
