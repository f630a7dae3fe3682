import type { Clock, Timer } from './clock.js';
import type { Instant, Millis } from './time.js';

/** No timer is armed for longer: the wall clock may step, and timers overflow after 2^31-1 ms. */
const LONGEST_TIMER: Millis = 30_000;

/**
 * The machine's clock. `Date`, `performance` and timers are read from `globalThis` when they are used, so that fake
 * timers work whenever they are installed.
 */
export class SystemClock implements Clock {
  now(): Instant {
    return Date.now();
  }

  monotonic(): Millis {
    return globalThis.performance.now();
  }

  wakeAt(instant: Instant, callback: () => void): Timer {
    return new RearmedTimer(() => instant - this.now(), callback);
  }

  after(delay: Millis, callback: () => void): Timer {
    const end = this.monotonic() + delay;
    return new RearmedTimer(() => end - this.monotonic(), callback);
  }
}

class RearmedTimer implements Timer {
  private handle: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly remaining: () => Millis,
    private readonly callback: () => void,
  ) {
    this.arm();
  }

  cancel(): void {
    globalThis.clearTimeout(this.handle);
    this.handle = undefined;
  }

  private arm(): void {
    const wait = Math.min(LONGEST_TIMER, Math.max(0, Math.ceil(this.remaining())));
    this.handle = globalThis.setTimeout(() => this.check(), wait);
  }

  private check(): void {
    // A timer may come a millisecond early; acting early is never allowed.
    if (this.remaining() > 0) this.arm();
    else this.callback();
  }
}
