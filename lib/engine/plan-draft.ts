import type {
  Admission,
  FinishReason,
  Instant,
  JobPause,
  JobPlan,
  JobRecord,
  Millis,
  PlannedRun,
  PlannedSkip,
  RunRecord,
  SkipReason,
  Trigger,
} from '../core/index.js';
import { dueAtOf, dueSpan, newestOf, nextFireTime } from './fire-times.js';
import type { Span } from './fire-times.js';
import { judgeOverlap, judgeQueued, standingOf } from './overlap.js';
import type { Standing } from './overlap.js';

/** The instants a plan is made for; `until` lies after `now` when the store is asked to look ahead. */
export interface PlanWindow {
  readonly now: Instant;
  readonly until: Instant;
  /** Fire times from then on are left alone; left out: none is. */
  readonly before?: Instant;
}

/** Stands for several fire times. */
interface Range {
  readonly first: Instant;
  readonly last: Instant;
  readonly count: number;
  readonly countIsExact: boolean;
}

/** Neither paused nor at an end: its fire times make runs. A pause ends by itself at its `until`. */
export function producesRuns(job: JobRecord, now: Instant): boolean {
  return job.status === 'active' && !isPausedAt(job.pause, now);
}

export function isPausedAt(pause: JobPause | null, now: Instant): boolean {
  return pause !== null && (pause.until === null || pause.until > now);
}

/** Who paused, and why: for the record of what a pause covered. */
export function pauseDetail({ by, reason }: JobPause): string {
  return `paused${by === null ? '' : ` by ${by}`}${reason === null ? '' : `: ${reason}`}`;
}

/** A plan in the making, in the order of SEMANTICS 2: what was missed, what is due, what is to come. */
export class PlanDraft {
  private readonly runs: PlannedRun[] = [];
  private readonly skips: PlannedSkip[] = [];
  private readonly cancel: string[] = [];
  private readonly drop: string[] = [];
  private readonly promote: string[] = [];
  private standing: Standing;
  private fireTime: Instant | null;
  private dueAt: Instant | null;
  private finished: FinishReason | null = null;
  private readonly before: Instant;

  constructor(
    private readonly job: JobRecord,
    private readonly trigger: Trigger,
    unsettled: readonly RunRecord[],
    private readonly window: PlanWindow,
  ) {
    this.standing = standingOf(job.policy, unsettled, window.now);
    this.fireTime = job.fireTime;
    this.dueAt = job.dueAt;
    this.before = window.before ?? Infinity;
  }

  make(): JobPlan | null {
    // The plan would end it, and it covers fire times that are to be left alone.
    if (this.job.pause !== null && this.job.pause.until! > this.before) return null;
    this.promoteBuffered();
    if (producesRuns(this.job, this.window.now)) {
      if (this.isDueBy(this.window.now)) this.judgeDue();
      this.lookAhead();
    }
    if (this.runs.length + this.skips.length + this.promote.length === 0 && this.finished === null) return null;
    return {
      runs: this.runs,
      skips: this.skips,
      cancel: this.cancel,
      drop: this.drop,
      promote: this.promote,
      fireTime: this.fireTime,
      dueAt: this.dueAt,
      runCount: this.job.runCount + this.runs.length,
      finished: this.finished,
    };
  }

  /** The step that closes a run makes the next one due; this finds what is left over, such as after an expiry. */
  private promoteBuffered(): void {
    const { policy } = this.job;
    const room = policy.coalesce ? policy.maxInstances : 1;
    const count = Math.min(this.standing.buffered.length, room - this.standing.blocking);
    if (count <= 0) return;
    const { blocking, open, buffered } = this.standing;
    this.promote.push(...buffered.slice(0, count));
    this.standing = {
      ...this.standing,
      blocking: blocking + count,
      open: open + count,
      buffered: buffered.slice(count),
    };
  }

  private judgeDue(): void {
    const { now } = this.window;
    const { pause } = this.job;
    const grace = this.job.policy.misfireGraceTime;
    const span = this.spanFrom(this.fireTime!, now);
    let inTime: Span | null = span;
    if (pause !== null) inTime = this.skipUpTo(inTime, pause.until! - 1, 'paused', pauseText(pause));
    if (grace !== null && inTime !== null) {
      inTime = this.skipUpTo(inTime, Math.ceil(now - grace) - 1, 'misfire', this.lateness(inTime, grace));
    }
    if (inTime !== null) this.judgeInTime(inTime);
    this.moveOn(span.next);
  }

  /** Records what was due by `bound`; answers what is left, or null. */
  private skipUpTo(span: Span, bound: Instant, reason: SkipReason, detail: string): Span | null {
    if (this.dueAtOf(span.first) > bound) return span;
    const missed = this.spanFrom(span.first, bound);
    this.skip(reason, detail, missed);
    return missed.last >= span.last ? null : this.spanFrom(missed.next!, this.window.now);
  }

  private dueAtOf(fireTime: Instant): Instant {
    return fireTime === this.job.fireTime ? this.job.dueAt! : dueAtOf(this.job.id, this.trigger, fireTime);
  }

  private lateness(span: Span, grace: Millis): string {
    const late = this.window.now - this.dueAtOf(span.first);
    return `${seconds(late)} late, more than the grace time of ${seconds(grace)}`;
  }

  private spanFrom(first: Instant, bound: Instant): Span {
    if (this.trigger.fixedDelay === null) {
      return dueSpan(this.job.id, this.trigger, first, { dueBy: bound, before: this.before });
    }
    return { first, last: first, count: 1, countIsExact: true, next: null };
  }

  private judgeInTime(span: Span): void {
    if (this.isAtLimit()) return;
    if (this.job.policy.coalesce || span.count === 1) {
      this.place(span, judgeOverlap(this.job.policy, this.standing));
      return;
    }
    this.catchUp(span);
  }

  private catchUp(span: Span): void {
    const kept = newestOf(this.trigger, span, this.job.policy.catchUpLimit);
    this.skipBefore(span, kept);
    for (const [index, fireTime] of kept.entries()) {
      if (this.isAtLimit()) {
        this.skip('limit', `${this.trigger.limit} runs were made`, rangeOf(kept.slice(index)));
        return;
      }
      this.place(rangeOf([fireTime]), judgeQueued(this.standing));
    }
  }

  /** Older than the newest `catchUpLimit`: one record for all of them. */
  private skipBefore(span: Span, kept: readonly Instant[]): void {
    if (kept[0] === span.first) return;
    const older = this.spanFrom(span.first, kept[0] - 1);
    this.skip('misfire', `only the newest ${kept.length} are caught up on (catchUpLimit)`, older);
  }

  private place(range: Range, admission: Admission): void {
    if (admission.as === 'skipped') {
      this.skip(admission.reason, admission.detail, range);
      return;
    }
    if (admission.cancel) this.cancel.push(...admission.cancel);
    if (admission.as === 'buffered' && admission.drop) this.dropBuffered(admission.drop);
    this.add(range, admission.as === 'buffered');
  }

  private dropBuffered(ids: readonly string[]): void {
    this.drop.push(...ids);
    this.standing = { ...this.standing, buffered: this.standing.buffered.filter((id) => !ids.includes(id)) };
  }

  private add(range: Range, isBuffered: boolean): void {
    this.runs.push({
      kind: 'scheduled',
      fireTime: range.last,
      firstFireTime: range.first,
      count: range.count,
      countIsExact: range.countIsExact,
      dueAt: this.dueAtOf(range.last),
      isBuffered,
    });
    const { blocking, open, buffered } = this.standing;
    // A planned run stands in the way of those after it as one of the store does.
    this.standing = isBuffered
      ? { ...this.standing, buffered: [...buffered, ''] }
      : { ...this.standing, blocking: blocking + 1, open: open + 1 };
  }

  private skip(reason: SkipReason, detail: string | null, range: Range): void {
    this.skips.push({
      reason,
      detail,
      fireTime: range.last,
      firstFireTime: range.first,
      count: range.count,
      countIsExact: range.countIsExact,
    });
  }

  /** One fire time that is still to come, so that it starts on time and not a round trip later. */
  private lookAhead(): void {
    const { fireTime } = this;
    if (fireTime === null || !this.isDueBy(this.window.until)) return;
    if (this.standing.open + this.standing.buffered.length > 0) return;
    this.add({ first: fireTime, last: fireTime, count: 1, countIsExact: true }, false);
    this.moveOn(this.trigger.fixedDelay === null ? nextFireTime(this.trigger, fireTime) : null);
  }

  private isDueBy(instant: Instant): boolean {
    return this.fireTime !== null && this.fireTime < this.before && this.dueAt !== null && this.dueAt <= instant;
  }

  private isAtLimit(): boolean {
    return this.trigger.limit !== null && this.job.runCount + this.runs.length >= this.trigger.limit;
  }

  private moveOn(next: Instant | null): void {
    if (this.isAtLimit()) {
      this.setNext(null);
      this.finished = 'limit';
    } else if (this.trigger.fixedDelay === null) {
      this.setNext(next);
      if (next === null) this.finished = 'ended';
    } else {
      this.moveOnAfterDelay();
    }
  }

  /** While its run is open, a `fixedDelay` job has no next fire time and is not finished. */
  private moveOnAfterDelay(): void {
    if (this.runs.length > 0) {
      this.setNext(null);
      return;
    }
    const next = nextFireTime(this.trigger, this.window.now);
    this.setNext(next);
    if (next === null) this.finished = 'ended';
  }

  private setNext(next: Instant | null): void {
    this.fireTime = next;
    this.dueAt = next === null ? null : dueAtOf(this.job.id, this.trigger, next);
  }
}

function rangeOf(fireTimes: readonly Instant[]): Range {
  return { first: fireTimes[0], last: fireTimes[fireTimes.length - 1], count: fireTimes.length, countIsExact: true };
}

function pauseText({ by, reason, until }: JobPause): string {
  const who = by === null ? '' : ` by ${by}`;
  return `paused${who} until ${new Date(until!).toISOString()}${reason === null ? '' : `: ${reason}`}`;
}

function seconds(millis: Millis): string {
  return `${Math.round(millis / 100) / 10} s`;
}
