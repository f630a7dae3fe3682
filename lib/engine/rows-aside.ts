import type { Clock, Millis, Settlement, Timer } from '../core/index.js';
import type { StoreHealth } from './store-health.js';
import type { SettleItem } from './settle-item.js';

/** A single row that failed this often, while others were written, is bad (P23); with nothing to compare, this often. */
const BAD_AFTER = 3;
const BAD_ALONE_AFTER = 10;

const FIRST_WAIT: Millis = 250;
const LONGEST_WAIT: Millis = 15_000;

export interface RowsAsideParts {
  readonly clock: Clock;
  readonly health: StoreHealth;
  /** The wait is over: the next one may be tried. */
  readonly go: () => void;
}

/**
 * Outcomes that failed alone: each is tried by itself from then on, at a pace of its own, so that no other outcome waits
 * for it a second time. One that seems to be what the store refuses is cut.
 */
export class RowsAside {
  private items: SettleItem[] = [];
  private timer: Timer | null = null;
  /** Since one of them was last written. */
  private failures = 0;
  private isClosed = false;

  constructor(private readonly parts: RowsAsideParts) {}

  get size(): number {
    return this.items.length;
  }

  get all(): readonly SettleItem[] {
    return this.items;
  }

  /** `written`: batches written so far. */
  add(item: SettleItem, error: unknown, written: number): void {
    if (!item.isAside) item.writtenThen = written;
    item.isAside = true;
    this.judge(item, error, written > item.writtenThen);
    this.items.push(item);
    this.failures++;
    if (this.isClosed || this.timer !== null) return;
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(this.failures - 1, 10));
    this.timer = this.parts.clock.after(wait * (0.5 + Math.random() / 2), () => {
      this.timer = null;
      this.parts.go();
    });
  }

  /** The next one to be tried, if one may be. */
  take(): SettleItem | null {
    return this.timer === null && !this.isClosed ? (this.items.shift() ?? null) : null;
  }

  wasWritten(): void {
    this.failures = 0;
  }

  hurry(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  close(): void {
    this.isClosed = true;
    this.hurry();
  }

  private judge(item: SettleItem, error: unknown, othersWereWritten: boolean): void {
    item.failures++;
    const bad = othersWereWritten ? BAD_AFTER : BAD_ALONE_AFTER;
    // A store that is away refuses everything: it renews no lease, either (P25).
    const isBlamed = othersWereWritten || this.parts.health.failsOnlyAt('settle');
    if (item.cut !== null) {
      // Not even that: it is the store, not the row.
      item.cut = null;
      item.failures = 0;
    } else if (item.failures >= bad && isBlamed) {
      item.cut = withoutTexts(item.settlement, error);
    }
  }
}

/** What is left of a settlement that the store refuses: enough to close the run. */
function withoutTexts(settlement: Settlement, error: unknown): Settlement {
  if (settlement.kind !== 'outcome') return settlement.kind === 'retry' ? { ...settlement, error: null } : settlement;
  const message = `The outcome (${settlement.outcome}) could not be written: ${String(error).slice(0, 200)}`;
  return {
    ...settlement,
    outcome: 'failed',
    error: { name: 'UnwritableOutcome', message, stack: null, code: 'UNWRITABLE_OUTCOME' },
    detail: null,
    result: null,
    output: null,
  };
}
