import { SchedulerError } from '../core/index.js';
import type { Clock, Instant, Millis, Timer } from '../core/index.js';
import { toInstant, toMillis } from '../triggers/index.js';
import type { DurationInput, InstantInput } from '../triggers/index.js';

/** As long as the system clock waits at most before it looks at the wall clock again. */
const LONGEST_TIMER: Millis = 30_000;

/** Callbacks at one instant; more of them are a loop that re-arms itself without letting time pass. */
const CALLBACKS_AT_ONE_INSTANT = 100_000;

/** Turns of the event loop that `advanceAsync` grants between two timers: enough for chains of a local store. */
const TURNS = 3;

// Taken once: jest's fake timers replace the global one, and would then never let a turn end.
const nextTurn = globalThis.setImmediate;

/** Timers re-arm themselves at one instant for ever. */
export class ManualClockStuckError extends SchedulerError {
  readonly code = 'MANUAL_CLOCK_STUCK';

  constructor(readonly at: Instant) {
    super(
      `ManualClock called ${CALLBACKS_AT_ONE_INSTANT} timers at ${new Date(at).toISOString()} and more were armed for ` +
        `that same instant. Something re-arms a timer without a delay; give it one.`,
    );
  }
}

/**
 * A clock that stands still until a test moves it. Timers fire inside the call that moves it, in the order of their
 * times, equal ones in the order they were armed; each sees `now()` at its own time.
 *
 * Text without an offset is UTC. Monotonic time starts at 0. Durations are milliseconds, text such as `'5m'`, or objects
 * such as `{ minutes: 5 }`.
 *
 * @example
 * const clock = new ManualClock('2026-03-01T00:00Z');
 * clock.wakeAt(clock.now() + 60_000, () => log('a minute later'));
 * clock.advance({ minutes: 1 });
 */
export class ManualClock implements Clock {
  private readonly timers = new TimerHeap();
  private wall: Instant;
  private elapsed: Millis = 0;
  private sequence = 0;

  constructor(start: InstantInput) {
    this.wall = toInstant(start);
  }

  now(): Instant {
    return this.wall;
  }

  monotonic(): Millis {
    return this.elapsed;
  }

  wakeAt(instant: Instant, callback: () => void): Timer {
    return this.arm(instant - this.wall, instant, callback);
  }

  after(delay: Millis, callback: () => void): Timer {
    return this.arm(delay, null, callback);
  }

  /** Lets time pass; fires what becomes due, before it returns. */
  advance(duration: DurationInput): void {
    const end = this.elapsed + toMillis(duration);
    const guard = new LoopGuard(this);
    for (let timer = this.timers.first(); timer !== null && timer.at <= end; timer = this.timers.first()) {
      this.fire(timer, guard);
    }
    this.moveTo(end);
  }

  /** As `advance`, but lets promises and a local store's I/O run before, between and after the timers. */
  async advanceAsync(duration: DurationInput): Promise<void> {
    const end = this.elapsed + toMillis(duration);
    const guard = new LoopGuard(this);
    await turns();
    for (let timer = this.timers.first(); timer !== null && timer.at <= end; timer = this.timers.first()) {
      this.fire(timer, guard);
      await turns();
    }
    this.moveTo(end);
  }

  /**
   * As `advance`, with `between` called before, after the timers of each instant, and at the end. Time stands while its
   * promise is open.
   */
  async advanceWith(duration: DurationInput, between: () => Promise<unknown> | undefined): Promise<void> {
    const end = this.elapsed + toMillis(duration);
    const guard = new LoopGuard(this);
    await between();
    for (let timer = this.timers.first(); timer !== null && timer.at <= end; timer = this.timers.first()) {
      this.fire(timer, guard);
      const following = this.timers.first();
      if (following !== null && following.at <= this.elapsed) continue;
      // Nothing is awaited where nothing is open: a year of synchronous handlers takes no turn of the event loop.
      const open = between();
      if (open !== undefined) await open;
    }
    this.moveTo(end);
    await between();
  }

  /** The process slept (or was stopped): time passes without a tick, then each timer that is due fires, once. */
  jump(duration: DurationInput): void {
    this.moveTo(this.elapsed + toMillis(duration));
    this.advance(0);
  }

  /** As `jump`, but lets promises run before and after the timers. */
  async jumpAsync(duration: DurationInput): Promise<void> {
    await turns();
    this.moveTo(this.elapsed + toMillis(duration));
    await this.advanceAsync(0);
  }

  /**
   * Somebody sets the wall clock, forward or (negative) backward; no time passes and nothing fires. Timers armed with
   * `wakeAt` notice as the system clock's do: when they next look, within 30 s.
   */
  stepWall(step: Millis): void {
    this.wall += Math.sign(step) * toMillis(Math.abs(step), 'stepWall');
    for (const timer of this.timers.drain()) {
      if (timer.instant !== null) this.lookAgain(timer, timer.instant);
      this.timers.add(timer);
    }
  }

  /** Timers that are armed: 0 after a clean shutdown. */
  timerCount(): number {
    return this.timers.size;
  }

  private arm(delay: Millis, instant: Instant | null, callback: () => void): Timer {
    // Not `Math.max`: a delay that is no number counts as none, as with real timers.
    const wait = delay > 0 ? Math.ceil(delay) : 0;
    const timer = new ManualTimer(this.timers, callback, instant, this.elapsed);
    timer.at = this.elapsed + wait;
    timer.order = this.sequence++;
    this.timers.add(timer);
    return timer;
  }

  private lookAgain(timer: ManualTimer, instant: Instant): void {
    const looks = Math.floor((this.elapsed - timer.lookedAt) / LONGEST_TIMER) + 1;
    const nextLook = Math.min(timer.lookedAt + looks * LONGEST_TIMER, timer.at);
    timer.lookedAt = nextLook;
    timer.at = Math.max(nextLook, this.elapsed + Math.ceil(instant - this.wall));
  }

  private fire(timer: ManualTimer, guard: LoopGuard): void {
    this.moveTo(timer.at);
    guard.count();
    timer.cancel();
    timer.callback();
  }

  private moveTo(elapsed: Millis): void {
    // A callback may have moved the clock further itself.
    if (elapsed <= this.elapsed) return;
    this.wall += elapsed - this.elapsed;
    this.elapsed = elapsed;
  }
}

class ManualTimer implements Timer {
  /** Elapsed time at which it fires. */
  at: Millis = 0;
  order = 0;
  /** Place in the heap; -1: not in it. */
  place = -1;

  constructor(
    private readonly heap: TimerHeap,
    readonly callback: () => void,
    /** Wall time it waits for, or null when it waits for elapsed time. */
    readonly instant: Instant | null,
    /** When it last looked at the wall clock, in elapsed time; may lie ahead by less than the longest timer. */
    public lookedAt: Millis,
  ) {}

  cancel(): void {
    this.heap.remove(this);
  }

  isBefore(other: ManualTimer): boolean {
    return this.at < other.at || (this.at === other.at && this.order < other.order);
  }
}

class TimerHeap {
  private items: ManualTimer[] = [];

  get size(): number {
    return this.items.length;
  }

  first(): ManualTimer | null {
    return this.items[0] ?? null;
  }

  add(timer: ManualTimer): void {
    this.items.push(timer);
    this.rise(timer, this.items.length - 1);
  }

  remove(timer: ManualTimer): void {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = this.items.pop()!;
    if (last === timer) return;
    this.rise(last, place);
    if (last.place === place) this.sink(last, place);
  }

  drain(): ManualTimer[] {
    const all = this.items;
    this.items = [];
    return all;
  }

  private rise(timer: ManualTimer, from: number): void {
    let place = from;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = this.items[parentPlace];
      if (!timer.isBefore(parent)) break;
      this.put(parent, place);
      place = parentPlace;
    }
    this.put(timer, place);
  }

  private sink(timer: ManualTimer, from: number): void {
    let place = from;
    for (;;) {
      let childPlace = 2 * place + 1;
      const right = this.items[childPlace + 1];
      if (right !== undefined && right.isBefore(this.items[childPlace])) childPlace++;
      const child = this.items[childPlace];
      if (child === undefined || !child.isBefore(timer)) break;
      this.put(child, place);
      place = childPlace;
    }
    this.put(timer, place);
  }

  private put(timer: ManualTimer, place: number): void {
    this.items[place] = timer;
    timer.place = place;
  }
}

class LoopGuard {
  private at: Millis = -1;
  private calls = 0;

  constructor(private readonly clock: ManualClock) {}

  count(): void {
    const now = this.clock.monotonic();
    this.calls = now === this.at ? this.calls + 1 : 1;
    this.at = now;
    if (this.calls > CALLBACKS_AT_ONE_INSTANT) throw new ManualClockStuckError(this.clock.now());
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise<void>((resolve) => nextTurn(resolve));
}
