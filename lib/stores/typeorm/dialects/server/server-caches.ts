import type { Instant } from '../../../../core/index.js';
import { RecentMap } from '../../recent-map.js';
import type { Shape } from '../../records.js';
import { KEPT_DEFINITIONS } from './job-decoder.js';
import type { KeptDefinition } from './job-decoder.js';
import { KnownBatches } from './known-batches.js';
import type { KnownBatch } from './known-batches.js';
import type { SeenShapeKey } from './unused-shapes.js';

/** What this process remembers of committed rows that never change under their key and version. */
export class ServerCaches<B extends KnownBatch = KnownBatch> {
  readonly shapes = new Map<number, Shape>();
  /** By text. */
  readonly shapeKeys = new Map<string, SeenShapeKey>();
  /** When this process last looked for shapes that no job has. */
  shapesSeenAt: Instant = -Infinity;
  readonly nodeKeys = new Map<string, number>();
  readonly batches = new KnownBatches<B>();
  /** Some run is buffered, or some job has a loss, as the last settle saw. */
  settlesWantJobs = false;
  readonly definitions = new RecentMap<number, KeptDefinition>(KEPT_DEFINITIONS);
  /** The last claim met jobs of which few are among these: the next one reads them along with the jobs. */
  readsDefinitions = false;
  /** What was last written of this process's nodes: lists of jobs and tasks are long and seldom change. */
  readonly writtenNodes = new Map<string, string>();
}
