import type { ClaimRequest, ClaimResult, Clock, Instant, Store } from '../core/index.js';
import type { Dispatcher } from './dispatcher.js';
import type { Leases } from './leases.js';
import type { Patience } from './patience.js';
import type { SchedulerOptions } from './scheduler-parts.js';
import type { SettleQueue } from './settle-queue.js';
import type { StoreHealth } from './store-health.js';
import type { StoreTime } from './store-time.js';

/** What the loop of one store needs of those around it. */
export interface LoopSite {
  readonly store: Store;
  readonly clock: Clock;
  readonly time: StoreTime;
  readonly health: StoreHealth;
  readonly patience: Patience;
  readonly settles: SettleQueue;
  readonly dispatcher: Dispatcher;
  readonly leases: Leases;
  readonly options: SchedulerOptions;
  /**
   * What this node may claim now, beside the claims of these limits that are on their way; null: nothing, until a slot is free
   * or outcomes are written.
   */
  claimTerms(now: Instant, asked: readonly number[]): ClaimTerms | null;
  /** When the application's pause ends by itself; null: it does not, or there is none. */
  pauseEndsAt(): Instant | null;
  /** Some executor has no room now. */
  isCramped(): boolean;
  /** The claim that was asked for so left nothing out, or alone, for want of a slot. */
  leftNoneForRoom(request: ClaimRequest): boolean;
  /** The claim left something due alone for want of a slot, and one is free again. */
  leftWhatFits(): boolean;
  /** What a claim did besides granting runs. */
  claimTold(result: ClaimResult): void;
  /** A turn of the loop is over. */
  turned(): void;
}

/** The part of a claim request that depends on this node's state. */
export type ClaimTerms = Pick<ClaimRequest, 'node' | 'limit' | 'exceptTasks' | 'exceptExecutors' | 'isPaused'> & {
  /** An executor has no room: claim again when it has. */
  readonly isCramped: boolean;
};
