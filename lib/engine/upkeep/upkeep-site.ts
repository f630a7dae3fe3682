import type { Clock, Millis, Store } from '../../core/index.js';
import type { Facts } from '../facts.js';
import type { Patience } from '../patience.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import type { StoreHealth } from '../store-health.js';
import type { StoreTime } from '../store-time.js';

/** A job of the code that is in no live node's list for this long is orphaned. */
export const ORPHANED_AFTER: Millis = 300_000;

/** What the upkeep of one store needs of those around it. */
export interface UpkeepSite {
  readonly parts: SchedulerParts;
  readonly store: Store;
  readonly clock: Clock;
  readonly time: StoreTime;
  readonly health: StoreHealth;
  readonly patience: Patience;
  readonly facts: Facts;
  /** Claims again what was taken back. */
  readonly loop: { wake(): void };
  /** Tasks that this node was given runs of and does not know. */
  readonly exceptTasks: ReadonlySet<string>;
}
