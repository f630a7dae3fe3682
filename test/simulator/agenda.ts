import type { Millis } from '../../lib/core/index.js';
import type { Random } from './random.js';

/** Who an event happens to; while it may not act, the event waits. */
export interface Actor {
  readonly isGone: boolean;
  readonly mayAct: boolean;
}

export interface SimEvent {
  readonly at: Millis;
  readonly owner: Actor | null;
  readonly label: string;
  readonly run: () => unknown;
}

/** What is to happen. Of what is due at one instant, the seed says what comes first: that is the order of the awaits. */
export class Agenda {
  private events: SimEvent[] = [];

  add(event: SimEvent): void {
    this.events.push(event);
  }

  /** Events that may happen now. */
  due(now: Millis): SimEvent[] {
    return this.events.filter(({ at, owner }) => at <= now && (owner === null || (owner.mayAct && !owner.isGone)));
  }

  take(event: SimEvent): SimEvent {
    this.events.splice(this.events.indexOf(event), 1);
    return event;
  }

  /** When the next event may happen; Infinity: none. Those of actors that are gone are dropped. */
  nextAt(): Millis {
    this.events = this.events.filter(({ owner }) => owner === null || !owner.isGone);
    let next = Infinity;
    for (const { at, owner } of this.events) if (at < next && (owner === null || owner.mayAct)) next = at;
    return next;
  }

  get size(): number {
    return this.events.length;
  }
}

/** Faults by their probability: of calls, each; of the others, with each step. 0 after the time of faults. */
export interface FaultRates {
  readonly cutBefore: number;
  readonly cutAfter: number;
  readonly unanswered: number;
  readonly delayed: number;
  readonly twice: number;
  readonly crash: number;
  readonly freeze: number;
  readonly storeAway: number;
  readonly cutOff: number;
  readonly clockStep: number;
  readonly restart: number;
}

/** How one simulation is set up; all of it follows from the seed. */
export interface Setup {
  readonly nodes: number;
  readonly lease: Millis;
  readonly watches: boolean;
  /** A claim reads and applies in two steps, with others in between. */
  readonly inTwoSteps: boolean;
  /** All nodes and the store are on one machine, and go by its clock. */
  readonly isLocal: boolean;
  /** Way of a call to the store, at most; the same back. */
  readonly way: Millis;
  readonly faults: FaultRates;
  /** When faults stop and the triggers end. */
  readonly faultsUntil: Millis;
}

const NO_FAULTS = { cutBefore: 0, cutAfter: 0, unanswered: 0, delayed: 0, twice: 0, crash: 0 } as const;

export function drawSetup(random: Random, isLocal: boolean): Setup {
  const rate = (probability: number): number => (random.chance(0.6) ? probability : 0);
  const isHard = random.chance(0.85);
  const calls = { cutBefore: rate(0.015), cutAfter: rate(0.015), unanswered: rate(0.004) };
  const ways = { delayed: rate(0.008), twice: rate(0.02) };
  const nodes = { crash: rate(0.004), freeze: rate(0.003), restart: rate(0.001) };
  const around = { storeAway: rate(0.0015), cutOff: rate(0.0015), clockStep: rate(0.002) };
  const none = { ...NO_FAULTS, freeze: 0, storeAway: 0, cutOff: 0, clockStep: 0, restart: 0 };
  return {
    nodes: random.pick([1, 2, 2, 3, 3, 4]),
    lease: random.pick([3_000, 6_000, 10_000]),
    watches: random.chance(0.5),
    inTwoSteps: !isLocal && random.chance(0.4),
    isLocal,
    way: random.pick([1, 5, 40, 150]),
    faults: isHard ? { ...calls, ...ways, ...nodes, ...around } : none,
    faultsUntil: random.int(15, 45) * 1_000,
  };
}
