import type { Instant } from '../../lib/core/index.js';

/** What must never happen has happened. */
export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

/** Collects violations: a throw would be taken by the engine for a failing store. */
export class Judge {
  readonly violations: Violation[] = [];

  blame(rule: string, detail: string): void {
    this.violations.push({ rule, detail });
  }

  /** `detail` is put together only when it is needed. */
  expect(isKept: boolean, rule: string, detail: () => string): void {
    if (!isKept) this.blame(rule, detail());
  }
}

/** Rules by the names of DESIGN section 2, "What is promised". */
export const RULES = {
  early: 'a fire time is never acted on early',
  oneHolder: 'a run is claimed by one node at a time',
  settledOnce: 'a run is settled at most once',
  tokens: 'tokens only grow, and a stale one neither renews nor settles',
  honoured: 'the latest token renews and settles, also twice',
  oneRun: 'a fire time has at most one run',
  maxInstances: 'no two runs beyond maxInstances hold live leases',
  withdrawn: 'pause, remove and reschedule withdraw claims',
  paused: 'a paused job makes no runs',
  losses: 'three losses in a row lead to quarantine',
  durable: 'an event comes after what it tells of is durable',
  true: 'an outcome says what became of the handler',
  aborted: 'a handler is aborted at the end of its lease',
  lost: 'nothing that was accepted is lost',
  rest: 'when faults stop, everything comes to its end',
  quiet: 'no timer is left after a stop',
} as const;

/** By how much estimates of one node may differ from the store's own time. */
export interface Tolerance {
  readonly clock: Instant;
}
