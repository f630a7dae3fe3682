import type { Clock, Settlement, Store, Timer } from '../core/index.js';
import type { LiveRun } from './live-run.js';
import { nothing } from './patience.js';
import type { Patience } from './patience.js';
import { settled } from './settled.js';
import type { StoreHealth } from './store-health.js';

/** Unsettled outcomes at which a node stops claiming. */
export const UNSETTLED_LIMIT = 10_000;
const BATCH = 500;
/** A single row that failed this often, while others were written, is bad (P23); with nothing to compare, this often. */
const BAD_AFTER = 3;
const BAD_ALONE_AFTER = 10;

/** What became of a run, and is not written. */
export interface Unwritten {
  readonly run: LiveRun;
  readonly settlement: Settlement;
}

interface Item extends Unwritten {
  failures: number;
  /** Batches written when it first failed alone. */
  writtenThen: number;
  /** What is left of it, tried when the row itself seems to be what the store refuses. */
  cut: Settlement | null;
}

const NOTHING: readonly Item[] = [];

/** A batch that is written together with a claim. */
export interface TakenAlong {
  readonly settlements: readonly Settlement[];
  /** The claim's answer: they are durable. */
  written(held: readonly boolean[]): void;
  failed(error: unknown): void;
}

export interface SettleParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly health: StoreHealth;
  readonly patience: Patience;
  /** Claims at once, and takes along what is to be written; false: nothing is to be claimed now. */
  claimAlong(): boolean;
}

/** Called when a settlement is durable; `isHeld` false: the run had been taken over, nothing was written. */
export type OnSettled = (run: LiveRun, settlement: Settlement, isHeld: boolean) => void;

/**
 * Writes outcomes in batches: what ends while a batch is on its way goes with the next. A failing batch is halved down
 * to the bad row, which is settled as failed with its texts cut; a store that is away is waited for.
 */
export class SettleQueue {
  private items: Item[] = [];
  private limit = BATCH;
  private isBusy = false;
  private isAsked = false;
  private inFlight: readonly Item[] = NOTHING;
  /** Batches written, ever. */
  private written = 0;
  private timer: Timer | null = null;
  private isClosed = false;

  private readonly store: Store;
  private readonly clock: Clock;
  private readonly health: StoreHealth;
  private readonly patience: Patience;

  constructor(
    private readonly parts: SettleParts,
    private readonly onSettled: OnSettled,
  ) {
    const { store, clock, health, patience } = parts;
    this.store = store;
    this.clock = clock;
    this.health = health;
    this.patience = patience;
  }

  get size(): number {
    return this.items.length + this.inFlight.length;
  }

  /** What a batch on its way has, and what waits behind it. */
  get unwritten(): readonly Unwritten[] {
    return [...this.inFlight, ...this.items];
  }

  get isFull(): boolean {
    return this.size >= UNSETTLED_LIMIT;
  }

  /** Takes an outcome; it is written by the next `flush`, which comes in this tick at the latest. */
  add(run: LiveRun, settlement: Settlement): void {
    this.items.push({ settlement, run, failures: 0, writtenThen: 0, cut: null });
    if (this.isAsked || this.isBusy || this.timer !== null) return;
    this.isAsked = true;
    void Promise.resolve().then(() => this.asked());
  }

  /** What the next claim is to write; null: nothing, or it goes alone, as long as a row may be bad. */
  takeAlong(): TakenAlong | null {
    if (this.items.length === 0 || this.isBusy || this.timer !== null || this.limit < BATCH) return null;
    const batch = this.nextBatch();
    return {
      settlements: batch.map(settlementOf),
      // What is left is for the next claim of this turn, or for its end.
      written: (held) => this.sent(batch, held),
      failed: (error) => this.notSent(batch, error),
    };
  }

  flush(): void {
    this.isAsked = false;
    while (this.items.length > 0 && !this.isBusy && this.timer === null) this.send();
  }

  /** Tries again at once, though the store failed a moment ago: the node is about to end. */
  hurry(): void {
    this.timer?.cancel();
    this.timer = null;
    this.flush();
  }

  /** No timer from here on; what fails now is not tried again. */
  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
    this.timer = null;
  }

  private asked(): void {
    this.isAsked = false;
    if (this.items.length > 0 && !this.parts.claimAlong()) this.flush();
  }

  private nextBatch(): Item[] {
    const batch = this.items.length <= this.limit ? this.items : this.items.slice(0, this.limit);
    this.items = batch === this.items ? [] : this.items.slice(this.limit);
    this.isBusy = true;
    this.inFlight = batch;
    return batch;
  }

  private send(): void {
    const batch = this.nextBatch();
    settled(
      () => this.patience.await('a settle', () => this.store.jobs.settle(batch.map(settlementOf)), nothing),
      (held) => {
        this.sent(batch, held);
        this.flushAgain();
      },
      (error) => this.notSent(batch, error),
    );
  }

  private sent(batch: readonly Item[], held: readonly boolean[]): void {
    this.isBusy = false;
    this.inFlight = NOTHING;
    this.limit = Math.min(BATCH, this.limit * 2);
    this.written++;
    this.health.answered('settle');
    for (let at = 0; at < batch.length; at++) this.onSettled(batch[at].run, settlementOf(batch[at]), held[at]);
  }

  private notSent(batch: Item[], error: unknown): void {
    this.isBusy = false;
    this.inFlight = NOTHING;
    if (batch.length === 1) this.setAside(batch[0], error);
    else this.items = [...batch, ...this.items];
    this.limit = Math.max(1, batch.length >> 1);
    this.health.failed('settle', error);
    if (this.isClosed) return;
    this.timer = this.clock.after(this.health.wait('settle', Math.random()), () => {
      this.timer = null;
      this.flush();
    });
  }

  /** To the end of the line, so that the others get their turn; cut when it alone is refused. */
  private setAside(item: Item, error: unknown): void {
    if (item.failures === 0) item.writtenThen = this.written;
    item.failures++;
    const bad = this.written > item.writtenThen ? BAD_AFTER : BAD_ALONE_AFTER;
    if (item.cut !== null) {
      // Not even that: it is the store, not the row.
      item.cut = null;
      item.failures = 0;
    } else if (item.failures >= bad && this.isBlamed(item)) {
      item.cut = withoutTexts(item.settlement, error);
    }
    this.items.push(item);
  }

  /** A store that is away refuses everything: it renews no lease, either (P25). */
  private isBlamed(item: Item): boolean {
    return this.written > item.writtenThen || this.health.failsOnlyAt('settle');
  }

  private flushAgain(): void {
    if (this.items.length > 0) this.flush();
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

function settlementOf(item: Item): Settlement {
  return item.cut ?? item.settlement;
}
