import type { Clock, Instant, Millis, Timer } from '../../lib/core/index.js';

/** What passes for everybody, whatever their clocks show: milliseconds since the simulation began. */
export interface Elapsed {
  readonly now: Millis;
}

interface Armed extends Timer {
  at: Millis;
  readonly order: number;
  /** Wall time it waits for; null: elapsed time. */
  readonly instant: Instant | null;
  readonly callback: () => void;
}

/**
 * The clock of one node: a wall clock of its own, which may be off and be set, over the time that passes for all. It
 * moves when the simulation says so, and its timers are called one at a time, like those of a manual clock that stops
 * at each.
 */
export class NodeClock implements Clock {
  private timers: Armed[] = [];
  private readonly bootedAt: Millis;
  private armed = 0;

  constructor(
    private readonly elapsed: Elapsed,
    private offset: Instant,
  ) {
    this.bootedAt = elapsed.now;
  }

  now(): Instant {
    return this.elapsed.now + this.offset;
  }

  monotonic(): Millis {
    return this.elapsed.now - this.bootedAt;
  }

  wakeAt(instant: Instant, callback: () => void): Timer {
    return this.arm(instant - this.now(), instant, callback);
  }

  after(delay: Millis, callback: () => void): Timer {
    return this.arm(delay, null, callback);
  }

  /** Elapsed time of the earliest timer; Infinity: none is armed. */
  get nextAt(): Millis {
    return this.first()?.at ?? Infinity;
  }

  get timerCount(): number {
    return this.timers.length;
  }

  fireNext(): void {
    const timer = this.first()!;
    timer.cancel();
    timer.callback();
  }

  stepWall(step: Millis): void {
    this.offset += step;
    for (const timer of this.timers) {
      if (timer.instant !== null) timer.at = Math.max(this.elapsed.now, timer.instant - this.offset);
    }
  }

  private first(): Armed | null {
    let first: Armed | null = null;
    for (const timer of this.timers) {
      if (first === null || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    return first;
  }

  private arm(delay: Millis, instant: Instant | null, callback: () => void): Timer {
    const at = this.elapsed.now + (delay > 0 ? Math.ceil(delay) : 0);
    const cancel = (): void => void (this.timers = this.timers.filter((it) => it !== timer));
    const timer: Armed = { at, order: this.armed++, instant, callback, cancel };
    this.timers.push(timer);
    return timer;
  }
}
