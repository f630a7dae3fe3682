import type { Clock, Instant, Millis, ReadWithin } from '../core/index.js';

/** Wall and monotonic clock part by more than this after a step of the wall clock or a suspended machine. */
const PARTED: Millis = 1_000;

/** An answer that leaves more than this open is no good measure of the time. */
const VAGUE: Millis = 500;

/** What a claim that only measures asks for as its time: nothing was ever due then. */
export const NO_TIME: Instant = 0;

/** A reading is rounded to a whole number. */
const ROUNDED: Millis = 0.5;

/** So much later than the middle, as far as it is possible: a run that is early by a millisecond may be on the wrong day. */
const LATER: Millis = 1;

/** How far two clocks may part by themselves, as a share of the time that passes: ten times what quartz does. */
const DRIFT = 0.0005;

/** How far a store's clock is ahead of the monotonic one, at least and at most, and how much later than their middle is taken. */
interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly later: Millis;
}

/**
 * The time of one store, as near as this node knows it. A store on this machine goes by its wall clock; any other by the
 * store's own clock, read with the last claim, plus monotonic time since. So a step of this node's wall clock moves
 * nothing in a store elsewhere.
 */
export class StoreTime {
  /** How far the store's clock is ahead of the monotonic one, at least and at most; null: it is this machine's wall clock. */
  private ahead: (Bounds & { readonly at: Millis }) | null = null;
  private wallAt: Instant;
  private monotonicAt: Millis;

  constructor(private readonly clock: Clock) {
    this.wallAt = clock.now();
    this.monotonicAt = clock.monotonic();
  }

  now(): Instant {
    if (this.ahead === null) return this.clock.now();
    const { least, most, later } = this.ahead;
    return Math.floor(this.clock.monotonic() + Math.max(least, (least + most) / 2 - later));
  }

  /**
   * The store's clock says no more than this. By this one claims are taken back, for their owners know the time no better: what is
   * due by now may have begun.
   */
  latest(): Instant {
    return this.ahead === null ? this.clock.now() : Math.ceil(this.clock.monotonic() + this.ahead.most);
  }

  /**
   * Takes over what a claim read. The store looked at its clock somewhere within the round trip; the middle is taken of
   * what all round trips leave possible, so that a slow one makes nothing worse, and no run early by half of it. A store
   * that answers a measuring claim with the time it was given has no clock of its own.
   *
   * @param within when it looked, if the store knows it better than by the whole of the claim
   */
  measured(asked: Instant, storeNow: Instant, startedAt: Millis, within?: ReadWithin): void {
    if (asked === NO_TIME && storeNow === NO_TIME) this.ahead = null;
    else if (asked === NO_TIME || this.ahead !== null) {
      const at = this.clock.monotonic();
      const now = boundsOf(storeNow, isPartOf(within, startedAt, at) ? within : null, { from: startedAt, to: at });
      const drift = this.ahead === null || asked === NO_TIME ? Infinity : (at - this.ahead.at) * DRIFT;
      const least = Math.max(now.least, (this.ahead?.least ?? 0) - drift);
      const most = Math.min(now.most, (this.ahead?.most ?? 0) + drift);
      const later = Math.max(now.later, this.ahead?.later ?? 0);
      // They contradict: the store's clock was set.
      this.ahead = least > most ? { ...now, at } : { least, most, later, at };
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

function boundsOf(storeNow: Instant, within: ReadWithin | null, { from, to }: ReadWithin): Bounds {
  if (within === null) return { least: storeNow - to, most: storeNow - from, later: 0 };
  return { least: storeNow - within.to - ROUNDED, most: storeNow - within.from + ROUNDED, later: LATER };
}

/** A store that goes by another clock than this node says nothing of when it looked. */
function isPartOf(within: ReadWithin | undefined, from: Millis, to: Millis): within is ReadWithin {
  return within !== undefined && from <= within.from && within.from <= within.to && within.to <= to;
}
