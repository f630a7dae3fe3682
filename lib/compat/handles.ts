import { Inject, Injectable } from '@nestjs/common';
import { startNativeInterval, startNativeTimeout } from '../core/index.js';
import { JobBook } from './job-book.js';
import { Ticks } from './ticks.js';
import type { Clock, Instant, Millis, NativeTimer } from '../core/index.js';
import type { PlannedJob } from './planned-job.js';

/** Nobody is told that a handle was cleared: a timer that is late by more than this was. */
const CLEARED_AFTER: Millis = 1_000;

/** The handles of decorated intervals and timeouts: what `getInterval` and `getTimeout` answer. */
@Injectable()
export class Handles {
  private readonly jobs = new Map<unknown, PlannedJob>();

  constructor(
    @Inject(JobBook) private readonly book: JobBook,
    @Inject(Ticks) private readonly ticks: Ticks,
  ) {}

  /** Starts the job's timer; of a job that the scheduler fires itself, the handle is one that clears nothing. */
  start(job: PlannedJob): NativeTimer {
    const handle = job.isNative ? this.native(job) : inertHandle();
    this.jobs.set(handle, job);
    return handle;
  }

  /** Taken out of the registry: the job fires no more, whoever fires it. */
  deleted(handle: unknown): void {
    const job = this.jobs.get(handle);
    this.jobs.delete(handle);
    if (job === undefined || this.ticks.hasEnded) return;
    if (job.isNative) this.ticks.drive(job.id, null);
    else this.ticks.pause(job.id, 'deleted through the SchedulerRegistry');
  }

  private native({ id, kind, note }: PlannedJob): NativeTimer {
    const length = note.length as Millis;
    const repeats = kind === 'interval';
    const times = new HandleTimes(this.book.assembly.clock, length, repeats);
    this.ticks.drive(id, times);
    const start = repeats ? startNativeInterval : startNativeTimeout;
    return start(length, () => this.ticks.tick(id, { fireTime: times.ticked(), isLast: !repeats }));
  }
}

/** When the timer behind a handle fires: one length after it was started, and after each of its ticks. */
class HandleTimes {
  private expected: Instant | null;

  constructor(
    private readonly clock: Clock,
    private readonly length: Millis,
    private readonly repeats: boolean,
  ) {
    this.expected = clock.now() + length;
  }

  next(after: Instant): Instant | null {
    const { expected, length } = this;
    if (expected === null || this.clock.now() > expected + CLEARED_AFTER) return null;
    if (expected > after) return expected;
    return this.repeats ? expected + (Math.floor((after - expected) / length) + 1) * length : null;
  }

  /** The fire time of the tick that comes now: as it was told before, unless the clock was set back meanwhile. */
  ticked(): Instant {
    const now = this.clock.now();
    const fireTime = Math.min(now, this.expected ?? now);
    this.expected = this.repeats ? now + this.length : null;
    return fireTime;
  }
}

/** A handle of a job that the scheduler fires itself: clearing it is allowed, and does nothing. */
function inertHandle(): NativeTimer {
  const handle = startNativeTimeout(0, () => undefined);
  clearTimeout(handle);
  return handle;
}
