import { jitterOf } from '../core/index.js';
import type { Instant, Trigger } from '../core/index.js';
import { StuckTriggerError } from './errors.js';

/** Fire times are counted exactly up to here; beyond it a count stands for "at least" (SEMANTICS 2.1). */
const EXACT_COUNT = 1_000;

/** Consecutive fire times of one trigger, both ends included. */
export interface Span {
  readonly first: Instant;
  readonly last: Instant;
  readonly count: number;
  readonly countIsExact: boolean;
  /** The fire time after `last`; null: there is none. */
  readonly next: Instant | null;
}

/** Where a span ends, at the latest. */
export interface SpanBound {
  /** Its fire times are due by then. */
  readonly dueBy: Instant;
  /** They fall before this instant, whenever they are due. */
  readonly before: Instant;
}

/** `trigger.next`, held to its promise: an answer that does not grow would fire for ever (P2). */
export function nextFireTime(trigger: Trigger, after: Instant): Instant | null {
  const next = trigger.next(after);
  if (next !== null && !(next > after)) throw new StuckTriggerError(trigger.toString(), after, next);
  return next;
}

/** When the run of a fire time may start; monotone in the fire time, since jitter stays below the distance. */
export function dueAtOf(jobId: string, trigger: Trigger, fireTime: Instant): Instant {
  if (trigger.jitter === 0) return fireTime;
  const next = trigger.next(fireTime);
  return fireTime + jitterOf(jobId, fireTime, trigger.jitter, next === null ? null : next - fireTime);
}

/**
 * Fire times from `first`, itself due, to the last one within `bound`. Steps while that is cheap, then bisects
 * the monotone `next`, so that a downtime of years costs no enumeration (P5).
 */
export function dueSpan(jobId: string, trigger: Trigger, first: Instant, bound: SpanBound): Span {
  let last = first;
  let previous = first;
  let count = 1;
  let next = nextFireTime(trigger, last);
  const latest = latestWithin(bound);
  while (next !== null && next <= latest) {
    if (count === EXACT_COUNT) return longSpan(jobId, trigger, first, bound);
    previous = last;
    last = next;
    count++;
    next = nextFireTime(trigger, last);
  }
  if (count === 1 || dueAtOf(jobId, trigger, last) <= bound.dueBy)
    return { first, last, count, countIsExact: true, next };
  return { first, last: previous, count: count - 1, countIsExact: true, next: last };
}

/** The newest `limit` fire times of a span, oldest first. */
export function newestOf(trigger: Trigger, span: Span, limit: number): Instant[] {
  if (!span.countIsExact) return fireTimesUpTo(trigger, startOfNewest(trigger, span, limit), span.last);
  const all = fireTimesUpTo(trigger, span.first - 1, span.last, span.first);
  return all.length > limit ? all.slice(all.length - limit) : all;
}

function longSpan(jobId: string, trigger: Trigger, first: Instant, bound: SpanBound): Span {
  let last = latestUpTo(trigger, first, latestWithin(bound));
  if (dueAtOf(jobId, trigger, last) > bound.dueBy) last = latestUpTo(trigger, first, last - 1);
  return { first, last, count: EXACT_COUNT, countIsExact: false, next: nextFireTime(trigger, last) };
}

/** No fire time is due before it falls. */
function latestWithin({ dueBy, before }: SpanBound): Instant {
  return Math.min(dueBy, before - 1);
}

/** The last fire time at or before `bound`; `known` is one. */
function latestUpTo(trigger: Trigger, known: Instant, bound: Instant): Instant {
  let latest = known;
  let low = known;
  let high = bound;
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    const next = trigger.next(middle);
    if (next === null || next > bound) {
      high = middle;
    } else {
      latest = next;
      low = next;
    }
  }
  return latest;
}

/** The latest instant that still has `limit` fire times of the span after it. */
function startOfNewest(trigger: Trigger, span: Span, limit: number): Instant {
  let low = span.first - 1;
  let high = span.last;
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (hasAtLeast(trigger, middle, span.last, limit)) low = middle;
    else high = middle;
  }
  return low;
}

function hasAtLeast(trigger: Trigger, after: Instant, last: Instant, limit: number): boolean {
  let count = 0;
  for (let next = trigger.next(after); next !== null && next <= last; next = trigger.next(next)) {
    if (++count === limit) return true;
  }
  return false;
}

/** `first` is taken as it is, where given: a job's first fire time may be one that `next` no longer answers. */
function fireTimesUpTo(trigger: Trigger, after: Instant, last: Instant, first?: Instant): Instant[] {
  const times: Instant[] = [];
  let next = first ?? trigger.next(after);
  while (next !== null && next <= last) {
    times.push(next);
    next = nextFireTime(trigger, next);
  }
  return times;
}
