import type { Instant } from '../../core/index.js';

/** Not in the queue; no such instant. */
export const NEVER: Instant = Number.POSITIVE_INFINITY;

/** What can become due. */
export interface Queued {
  /** Instant of its valid entry; the lane's to write. */
  queuedAt: Instant;
  /** Where it is queued, when it is. */
  readonly lane: unknown;
}

const SMALLEST = 16;

/**
 * Jobs and waiting runs of one executor, by the instant they are due: a binary heap.
 *
 * An entry counts only while its item still says that it is queued for that instant, so moving an item costs one more
 * entry and no search. The instants lie in an array of their own: sifting touches no item.
 */
export class Lane<T extends Queued> {
  private instants = new Float64Array(SMALLEST);
  private items: T[] = [];
  private entries = 0;
  /** Items that are queued; the other entries are stale. */
  private queued = 0;

  constructor(readonly executor: string) {}

  /** Moves `item` to `instant`; `NEVER` takes it out. */
  queue(item: T, instant: Instant): void {
    if (item.queuedAt === instant) return;
    this.dequeue(item);
    if (instant === NEVER) return;
    item.queuedAt = instant;
    this.queued++;
    if (this.entries > 2 * this.queued + SMALLEST) this.compact();
    this.insert(item, instant);
  }

  dequeue(item: T): void {
    if (item.queuedAt === NEVER) return;
    item.queuedAt = NEVER;
    this.queued--;
  }

  /** The instant of the earliest item. */
  nextAt(): Instant {
    while (this.entries > 0 && !this.isValid(0)) this.removeFirst();
    return this.entries > 0 ? this.instants[0] : NEVER;
  }

  /** The earliest item; ask `nextAt` first. It stays, and keeps its place. */
  first(): T {
    return this.items[0];
  }

  /** As `queue`, for the item that `first` gave: one pass through the heap when nothing came between. */
  requeueFirst(item: T, instant: Instant): void {
    const isFirst = this.entries > 0 && this.items[0] === item && item.queuedAt === this.instants[0];
    if (!isFirst || instant === NEVER) {
      this.queue(item, instant);
      return;
    }
    item.queuedAt = instant;
    this.sink(item, instant);
  }

  private isValid(place: number): boolean {
    const item = this.items[place];
    return item.queuedAt === this.instants[place] && item.lane === this;
  }

  private insert(item: T, instant: Instant): void {
    if (this.entries === this.instants.length) {
      const larger = new Float64Array(2 * this.entries);
      larger.set(this.instants);
      this.instants = larger;
    }
    const { instants, items } = this;
    let place = this.entries++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (instants[parent] <= instant) break;
      instants[place] = instants[parent];
      items[place] = items[parent];
      place = parent;
    }
    instants[place] = instant;
    items[place] = item;
  }

  private removeFirst(): void {
    const last = --this.entries;
    const item = this.items[last];
    const instant = this.instants[last];
    this.items.length = last;
    if (last > 0) this.sink(item, instant);
  }

  /** Puts an entry in the first place and lets it sink. */
  private sink(item: T, instant: Instant): void {
    const { instants, items, entries } = this;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= entries) break;
      if (child + 1 < entries && instants[child + 1] < instants[child]) child++;
      if (instants[child] >= instant) break;
      instants[place] = instants[child];
      items[place] = items[child];
      place = child;
    }
    instants[place] = instant;
    items[place] = item;
  }

  private compact(): void {
    const kept: T[] = [];
    for (let place = 0; place < this.entries; place++) {
      if (this.isValid(place)) kept.push(this.items[place]);
    }
    this.entries = 0;
    this.items = [];
    const seen = new Set<T>();
    for (const item of kept) {
      if (!seen.has(item)) this.insert(item, item.queuedAt);
      seen.add(item);
    }
  }
}

/** One lane for each executor, so that one without a free slot is passed over at once, however much waits for it. */
export class DueQueue<T extends Queued> {
  private readonly byExecutor = new Map<string, Lane<T>>();
  readonly lanes: Lane<T>[] = [];

  laneOf(executor: string): Lane<T> {
    const known = this.byExecutor.get(executor);
    if (known !== undefined) return known;
    const lane = new Lane<T>(executor);
    this.byExecutor.set(executor, lane);
    this.lanes.push(lane);
    return lane;
  }

  /** The lane whose first item is due earliest, of those not excepted. */
  earliest(except: ReadonlySet<string>): Lane<T> | null {
    let found: Lane<T> | null = null;
    let at = NEVER;
    for (const lane of this.lanes) {
      if (except.size > 0 && except.has(lane.executor)) continue;
      const next = lane.nextAt();
      if (next < at) [found, at] = [lane, next];
    }
    return found;
  }
}
