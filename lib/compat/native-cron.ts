import { startNativeTimeout } from '../core/index.js';
import type { Clock, Instant, NativeTimer } from '../core/index.js';
import type { CronTime } from './cron-time.js';

/** No timer runs longer: the wall clock may step. */
const LONGEST_WAIT = 30_000;

/**
 * A cron on a timer of its own: for jobs that must not keep the process alive, which the scheduler's one timer cannot
 * tell apart, and for offsets that no zone has.
 */
export class NativeCron {
  private timer: NativeTimer | undefined;
  private last: Instant = -Infinity;
  /** null: it is stopped. */
  private time: CronTime | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly isUnref: boolean,
    private readonly fire: (at: Instant) => void,
  ) {}

  start(time: CronTime): void {
    this.stop();
    this.time = time;
    this.arm(time);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.time = null;
  }

  /** The first fire time after an instant; null: none, or it is stopped. */
  next(after: Instant): Instant | null {
    return this.time === null ? null : this.time.next(after);
  }

  private arm(time: CronTime): void {
    const now = this.clock.now();
    // A timer may come a millisecond early: what has fired is past.
    const next = time.next(Math.max(now, this.last));
    if (next === null) return;
    const wait = Math.min(LONGEST_WAIT, Math.max(1, next - now));
    this.timer = startNativeTimeout(wait, () => this.check(time, next));
    if (this.isUnref) this.timer.unref();
  }

  private check(time: CronTime, next: Instant): void {
    const isDue = this.clock.now() >= next;
    if (isDue) this.last = next;
    this.arm(time);
    if (isDue) this.fire(next);
  }
}
