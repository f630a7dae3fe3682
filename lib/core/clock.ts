import type { Instant, Millis } from './time.js';

/** A timer that has not fired can be cancelled; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Between two readings of the monotonic clock. */
export interface ReadWithin {
  readonly from: Millis;
  readonly to: Millis;
}

/** The only source of time. Tests own it. */
export interface Clock {
  /** Wall clock. It may step in both directions. */
  now(): Instant;
  /** Milliseconds since some fixed point; never steps, stands still at most while the machine is suspended. */
  monotonic(): Millis;
  /** Calls back once when the wall clock has reached `instant`, never before; looks at the clock at least every 30 s. */
  wakeAt(instant: Instant, callback: () => void): Timer;
  /** Calls back once after `delay` of elapsed time; any length, also over 2^31-1 ms. */
  after(delay: Millis, callback: () => void): Timer;
}
