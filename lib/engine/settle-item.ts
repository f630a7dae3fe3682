import type { Settlement } from '../core/index.js';
import type { LiveRun } from './live-run.js';

/** What became of a run, and is not written. */
export interface Unwritten {
  readonly run: LiveRun;
  readonly settlement: Settlement;
}

/** An outcome on its way. */
export interface SettleItem extends Unwritten {
  failures: number;
  /** It failed alone, and goes alone from then on. */
  isAside: boolean;
  /** Batches written when it first did. */
  writtenThen: number;
  /** What is left of it, tried when the row itself seems to be what the store refuses. */
  cut: Settlement | null;
}
