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

const nothing = (): void => undefined;

class RearmedTimer implements Timer {
  private handle: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly remaining: () => Millis,
    private callback: () => void,
  ) {
    this.arm();
  }

  /**
   * Whoever holds a cancelled timer holds nothing else by it. V8 keeps former tables of a `Set` of timers in its old space for a
   * while, and with each of them, by the callbacks, the answers that were waited for then.
   */
  cancel(): void {
    globalThis.clearTimeout(this.handle);
    this.handle = undefined;
    this.callback = nothing;
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

/** A timer of the platform itself, which `clearTimeout` and `clearInterval` take. */
export type NativeTimer = ReturnType<typeof setTimeout>;

/** Longest delay that a timer of the platform keeps; a longer one fires at once. */
const LONGEST_NATIVE: Millis = 2 ** 31 - 1;

/**
 * Calls back again and again, under one handle that its user may clear. Whatever its length: a longer one than the
 * platform knows passes in equal parts.
 */
export function startNativeInterval(length: Millis, callback: () => void): NativeTimer {
  const parts = Math.max(1, Math.ceil(length / LONGEST_NATIVE));
  let left = parts;
  return globalThis.setInterval(
    () => {
      if (--left > 0) return;
      left = parts;
      callback();
    },
    Math.ceil(length / parts),
  );
}

/** Calls back once, under one handle that its user may clear; any length. */
export function startNativeTimeout(delay: Millis, callback: () => void): NativeTimer {
  if (delay <= LONGEST_NATIVE) return globalThis.setTimeout(callback, delay);
  const handle = startNativeInterval(delay, () => {
    globalThis.clearInterval(handle);
    callback();
  });
  return handle;
}
