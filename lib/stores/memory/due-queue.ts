import type { Instant } from '../../core/index.js';

/** Not in the queue; no such instant. */
export const NEVER: Instant = Number.POSITIVE_INFINITY;

/** What can become due. Its places in the queue are the lane's to write. */
export interface Queued<T extends Queued<T>> {
  /** Everything that is due with it; null: it is not queued. */
  moment: Moment<T> | null;
  previousDue: T | null;
  nextDue: T | null;
}

/** What is due at one instant, in the order it was queued. */
export class Moment<T extends Queued<T>> {
  first: T | null = null;
  last: T | null = null;

  constructor(
    public at: Instant,
    readonly lane: Lane<T>,
  ) {}
}

/** Moments that nothing is due at any more and that still lie in the heap, before it is made anew. */
const MANY_EMPTY = 64;

/**
 * Jobs and waiting runs of one executor, by the instant they are due.
 *
 * Fire times lie on full seconds and minutes, so many are due together: a binary heap holds the moments, and a linked list
 * what is due at each. Whatever the number of jobs, moving one takes the same few steps, and those that are due together
 * come in the order they were queued, which is mostly the order they lie in memory.
 */
export class Lane<T extends Queued<T>> {
  private heap: Moment<T>[] = [];
  private readonly byInstant = new Map<Instant, Moment<T>>();
  /** Most items go where the one before went. */
  private latest: Moment<T> | null = null;
  /**
   * One that nothing is due at any more, for the next instant: every item that is queued points at its moment, and a
   * collection of young objects has to visit each that points at a new one.
   */
  private spare: Moment<T> | null = null;
  private empty = 0;

  constructor(readonly executor: string) {}

  /** Moves `item` to `instant`; `NEVER` takes it out. */
  queue(item: T, instant: Instant): void {
    const { moment } = item;
    if (moment !== null) {
      if (moment.at === instant && moment.lane === this) return;
      moment.lane.unlink(item, moment);
    }
    if (instant !== NEVER) this.link(item, this.momentAt(instant));
  }

  dequeue(item: T): void {
    if (item.moment !== null) item.moment.lane.unlink(item, item.moment);
  }

  /** The instant of the earliest item. */
  nextAt(): Instant {
    while (this.heap.length > 0 && this.heap[0].first === null) this.removeFirst();
    return this.heap.length > 0 ? this.heap[0].at : NEVER;
  }

  /** The earliest item; ask `nextAt` first. It stays where it is. */
  first(): T {
    return this.heap[0].first!;
  }

  private link(item: T, moment: Moment<T>): void {
    const { last } = moment;
    item.moment = moment;
    item.previousDue = last;
    if (last !== null) {
      last.nextDue = item;
    } else {
      moment.first = item;
      this.empty--;
    }
    moment.last = item;
  }

  private unlink(item: T, moment: Moment<T>): void {
    const { previousDue, nextDue } = item;
    if (previousDue === null) moment.first = nextDue;
    else previousDue.nextDue = nextDue;
    if (nextDue === null) moment.last = previousDue;
    else nextDue.previousDue = previousDue;
    item.moment = null;
    item.previousDue = null;
    item.nextDue = null;
    if (moment.first !== null) return;
    this.empty++;
    if (this.empty > MANY_EMPTY && this.empty > this.heap.length >> 1) this.rebuild();
  }

  private momentAt(instant: Instant): Moment<T> {
    if (this.latest?.at === instant) return this.latest;
    let moment = this.byInstant.get(instant);
    if (moment === undefined) {
      moment = this.emptyMoment(instant);
      this.byInstant.set(instant, moment);
      this.empty++;
      this.heap.push(moment);
      this.rise(moment, this.heap.length - 1);
    }
    this.latest = moment;
    return moment;
  }

  private emptyMoment(at: Instant): Moment<T> {
    const { spare } = this;
    if (spare === null) return new Moment<T>(at, this);
    this.spare = null;
    spare.at = at;
    return spare;
  }

  private removeFirst(): void {
    const moment = this.heap[0];
    const last = this.heap.pop()!;
    if (this.heap.length > 0) this.sink(last, 0);
    this.forget(moment);
  }

  private forget(moment: Moment<T>): void {
    this.byInstant.delete(moment.at);
    this.empty--;
    if (this.latest === moment) this.latest = null;
    this.spare = moment;
  }

  private rise(moment: Moment<T>, from: number): void {
    const { heap } = this;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (heap[parent].at <= moment.at) break;
      heap[place] = heap[parent];
      place = parent;
    }
    heap[place] = moment;
  }

  private sink(moment: Moment<T>, from: number): void {
    const { heap } = this;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].at < heap[child].at) child++;
      if (heap[child].at >= moment.at) break;
      heap[place] = heap[child];
      place = child;
    }
    heap[place] = moment;
  }

  private rebuild(): void {
    for (const moment of this.heap) if (moment.first === null) this.forget(moment);
    this.heap = this.heap.filter((moment) => moment.first !== null);
    for (let place = (this.heap.length >> 1) - 1; place >= 0; place--) this.sink(this.heap[place], place);
  }
}

/** One lane for each executor, so that one without a free slot is passed over at once, however much waits for it. */
export class DueQueue<T extends Queued<T>> {
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
      if (next < at) {
        found = lane;
        at = next;
      }
    }
    return found;
  }
}
