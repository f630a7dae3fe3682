import type { Clock, Instant, Millis } from '../core/index.js';

/** Wall and monotonic clock part by more than this after a step of the wall clock or a suspended machine. */
const PARTED: Millis = 1_000;

/** An answer that leaves more than this open is no good measure of the time. */
const VAGUE: Millis = 500;

/** What a claim that only measures asks for as its time: nothing was ever due then. */
export const NO_TIME: Instant = 0;

/** How far two clocks may part by themselves, as a share of the time that passes: ten times what quartz does. */
const DRIFT = 0.0005;

/**
 * The time of one store, as near as this node knows it. A store on this machine goes by its wall clock; any other by the
 * store's own clock, read with the last claim, plus monotonic time since. So a step of this node's wall clock moves
 * nothing in a store elsewhere.
 */
export class StoreTime {
  /** How far the store's clock is ahead of the monotonic one, at least and at most; null: it is this machine's wall clock. */
  private ahead: { readonly least: number; readonly most: number; readonly at: Millis } | null = null;
  private wallAt: Instant;
  private monotonicAt: Millis;

  constructor(private readonly clock: Clock) {
    this.wallAt = clock.now();
    this.monotonicAt = clock.monotonic();
  }

  now(): Instant {
    if (this.ahead === null) return this.clock.now();
    return Math.floor(this.clock.monotonic() + (this.ahead.least + this.ahead.most) / 2);
  }

  /**
   * Takes over what a claim read. The store looked at its clock somewhere within the round trip; the middle is taken of
   * what all round trips leave possible, so that a slow one makes nothing worse, and no run early by half of it. A store
   * that answers a measuring claim with the time it was given has no clock of its own.
   */
  measured(asked: Instant, storeNow: Instant, startedAt: Millis): void {
    if (asked === NO_TIME && storeNow === NO_TIME) this.ahead = null;
    else if (asked === NO_TIME || this.ahead !== null) {
      const at = this.clock.monotonic();
      const drift = this.ahead === null || asked === NO_TIME ? Infinity : (at - this.ahead.at) * DRIFT;
      const least = Math.max(storeNow - at, (this.ahead?.least ?? 0) - drift);
      const most = Math.min(storeNow - startedAt, (this.ahead?.most ?? 0) + drift);
      // They contradict: the store's clock was set.
      this.ahead = least > most ? { least: storeNow - at, most: storeNow - startedAt, at } : { least, most, at };
    }
  }

  /** true: no answer came quickly so far, so the time may be off by half of what is open. */
  get isVague(): boolean {
    return this.ahead !== null && this.ahead.most - this.ahead.least > VAGUE;
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
