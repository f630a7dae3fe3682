import type { Clock, Instant, Millis } from '../core/index.js';

/** Wall and monotonic clock part by more than this after a step of the wall clock or a suspended machine. */
const PARTED: Millis = 1_000;

/** What a claim that only measures asks for as its time: nothing was ever due then. */
export const NO_TIME: Instant = 0;

/**
 * The time of one store, as near as this node knows it. A store on this machine goes by its wall clock; any other by the
 * store's own clock, read with the last claim, plus monotonic time since. So a step of this node's wall clock moves
 * nothing in a store elsewhere.
 */
export class StoreTime {
  /** null: the store goes by the wall clock of this machine. */
  private storeAt: Instant | null = null;
  private readAt: Millis = 0;
  private wallAt: Instant;
  private monotonicAt: Millis;

  constructor(private readonly clock: Clock) {
    this.wallAt = clock.now();
    this.monotonicAt = clock.monotonic();
  }

  now(): Instant {
    if (this.storeAt === null) return this.clock.now();
    return Math.floor(this.storeAt + this.clock.monotonic() - this.readAt);
  }

  /**
   * Takes over what a claim read. The store looked at its clock somewhere within the round trip: in its middle, as far as
   * anybody can tell. A store that answers a measuring claim with the time it was given has no clock of its own.
   */
  measured(asked: Instant, storeNow: Instant, startedAt: Millis): void {
    if (asked === NO_TIME && storeNow === NO_TIME) this.storeAt = null;
    else if (asked === NO_TIME || this.storeAt !== null) {
      this.storeAt = storeNow;
      this.readAt = (startedAt + this.clock.monotonic()) / 2;
    }
  }

  /** true, once, when the clocks have parted since the last call: leases and readings cannot be trusted any more. */
  hasParted(): boolean {
    const wall = this.clock.now();
    const monotonic = this.clock.monotonic();
    const parted = Math.abs(wall - this.wallAt - (monotonic - this.monotonicAt)) > PARTED;
    this.wallAt = wall;
    this.monotonicAt = monotonic;
    return parted;
  }
}
