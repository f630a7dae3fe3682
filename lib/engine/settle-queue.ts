import type { Clock, Millis, Settlement, Store, Timer } from '../core/index.js';
import type { LiveRun } from './live-run.js';
import { nothing } from './patience.js';
import type { Patience } from './patience.js';
import { RowsAside } from './rows-aside.js';
import type { SettleItem, Unwritten } from './settle-item.js';
import { settled } from './settled.js';
import type { StoreHealth } from './store-health.js';

/** Unsettled outcomes at which a node stops claiming. */
export const UNSETTLED_LIMIT = 10_000;
const BATCH = 500;
/** So many go at once, however soon they follow those before. */
const MANY = 64;
/** The longest wait before the next half is tried, as long as nothing but outcomes is refused: hardly the store is away. */
const HALVING_WAIT: Millis = 250;

const NOTHING: readonly SettleItem[] = [];

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
  /** The loop takes its turn, which ends in a flush. */
  readonly isInTurn: boolean;
}

/** Called when a settlement is durable; `isHeld` false: the run had been taken over, nothing was written. */
export type OnSettled = (run: LiveRun, settlement: Settlement, isHeld: boolean) => void;

/**
 * Writes outcomes in batches: what ends while a batch is on its way goes with the next; where a batch of a few costs as much
 * as one of many, a few that follow another batch wait a moment for company. A failing batch is halved down
 * to the bad row, which goes alone from then on, at last as failed with its texts cut; a store that is away is waited for.
 */
export class SettleQueue {
  private items: SettleItem[] = [];
  private limit = BATCH;
  private isBusy = false;
  private isAsked = false;
  private isFlushing = false;
  private inFlight: readonly SettleItem[] = NOTHING;
  /** Batches written, ever. */
  private written = 0;
  /** Batches in a row that failed with a single row in them. */
  private failedAlone = 0;
  private timer: Timer | null = null;
  /** A few wait for company. */
  private pause: Timer | null = null;
  private sentAt: Millis = -Infinity;
  private isHurried = false;
  private isClosed = false;

  private readonly store: Store;
  private readonly clock: Clock;
  private readonly health: StoreHealth;
  private readonly patience: Patience;
  private readonly aside: RowsAside;

  constructor(
    private readonly parts: SettleParts,
    private readonly onSettled: OnSettled,
  ) {
    const { store, clock, health, patience } = parts;
    this.store = store;
    this.clock = clock;
    this.health = health;
    this.patience = patience;
    this.aside = new RowsAside({ clock, health, go: () => this.flush() });
  }

  get size(): number {
    return this.items.length + this.inFlight.length + this.aside.size;
  }

  /** What a batch on its way has, and what waits behind it. */
  get unwritten(): readonly Unwritten[] {
    return [...this.inFlight, ...this.items, ...this.aside.all];
  }

  get isFull(): boolean {
    return this.size >= UNSETTLED_LIMIT;
  }

  /** Takes an outcome; it is written by the next `flush`, which comes in this tick at the latest. */
  add(run: LiveRun, settlement: Settlement): void {
    this.items.push({ settlement, run, failures: 0, isAside: false, writtenThen: 0, cut: null });
    if (this.isAsked || this.isBusy || this.timer !== null || this.parts.isInTurn) return;
    this.isAsked = true;
    void Promise.resolve().then(() => this.asked());
  }

  /** What the next claim is to write; null: nothing, or it goes alone, as long as a bad row may be among it. */
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
    if (this.isFlushing) return;
    this.isFlushing = true;
    try {
      while (!this.isBusy && this.timer === null && !this.waitsForMore()) {
        const batch = this.items.length > 0 ? this.nextBatch() : this.nextAside();
        if (batch === null) return;
        this.send(batch);
      }
    } finally {
      this.isFlushing = false;
    }
  }

  /** Tries again at once, though the store failed a moment ago: the node is about to end. */
  hurry(): void {
    this.isHurried = true;
    this.timer?.cancel();
    this.timer = null;
    this.aside.hurry();
    this.flush();
  }

  /** No timer from here on; what fails now is not tried again. */
  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
    this.timer = null;
    this.endPause();
    this.aside.close();
  }

  private waitsForMore(): boolean {
    const spacing = this.store.jobs.settleSpacing ?? 0;
    const count = this.items.length;
    if (spacing === 0 || count === 0 || count >= MANY || this.isHurried || this.isClosed) return false;
    const wait = this.sentAt + spacing - this.clock.monotonic();
    if (wait <= 0) return false;
    this.pause ??= this.clock.after(wait, () => {
      this.endPause();
      this.flush();
    });
    return true;
  }

  private endPause(): void {
    this.pause?.cancel();
    this.pause = null;
  }

  private asked(): void {
    this.isAsked = false;
    if (this.items.length > 0 && !this.parts.claimAlong()) this.flush();
  }

  private nextBatch(): SettleItem[] {
    const batch = this.items.length <= this.limit ? this.items : this.items.slice(0, this.limit);
    this.items = batch === this.items ? [] : this.items.slice(this.limit);
    return this.onItsWay(batch);
  }

  private nextAside(): SettleItem[] | null {
    const item = this.aside.take();
    return item === null ? null : this.onItsWay([item]);
  }

  private onItsWay(batch: SettleItem[]): SettleItem[] {
    this.endPause();
    this.isBusy = true;
    this.inFlight = batch;
    this.sentAt = this.clock.monotonic();
    return batch;
  }

  private send(batch: SettleItem[]): void {
    settled(
      () => this.patience.await('a settle', () => this.store.jobs.settle(batch.map(settlementOf)), nothing),
      (held) => {
        this.sent(batch, held);
        this.flush();
      },
      (error) => {
        this.notSent(batch, error);
        if (!this.isClosed) this.flush();
      },
    );
  }

  private sent(batch: readonly SettleItem[], held: readonly boolean[]): void {
    this.isBusy = false;
    this.inFlight = NOTHING;
    this.limit = Math.min(BATCH, this.limit * 2);
    this.written++;
    this.failedAlone = 0;
    if (batch[0].isAside) this.aside.wasWritten();
    this.health.answered('settle');
    for (let at = 0; at < batch.length; at++) this.onSettled(batch[at].run, settlementOf(batch[at]), held[at]);
  }

  private notSent(batch: SettleItem[], error: unknown): void {
    this.isBusy = false;
    this.inFlight = NOTHING;
    const [first] = batch;
    if (first.isAside) {
      // Only where nothing was written since may it be the store.
      if (this.written === first.writtenThen) this.health.failed('settle', error);
      this.aside.add(first, error, this.written);
      return;
    }
    this.health.failed('settle', error);
    this.limit = Math.max(1, batch.length >> 1);
    if (batch.length > 1) this.items = [...batch, ...this.items];
    else {
      this.failedAlone++;
      this.aside.add(first, error, this.written);
    }
    if (this.isClosed) return;
    this.timer = this.clock.after(this.wait(), () => {
      this.timer = null;
      this.flush();
    });
  }

  /** The others are not to wait long while the bad row among them is looked for. */
  private wait(): Millis {
    const wait = this.health.wait('settle', Math.random());
    const isLookedFor = this.failedAlone <= 1 && this.health.failsOnlyAt('settle');
    return isLookedFor ? Math.min(wait, HALVING_WAIT) : wait;
  }
}

function settlementOf(item: SettleItem): Settlement {
  return item.cut ?? item.settlement;
}
