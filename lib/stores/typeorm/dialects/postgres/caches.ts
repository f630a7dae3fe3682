import { RecentMap } from '../../recent-map.js';
import type { Definition, Shape } from '../../records.js';
import type { SeenShapeKey } from '../server/unused-shapes.js';
import { KnownBatches } from './known-batches.js';

/** Definitions kept decoded, of jobs that come up again; each about 1 kB. */
const KEPT_DEFINITIONS = 20_000;

export interface KeptDefinition {
  readonly version: number;
  readonly definition: Definition;
}

/** What this process remembers of committed rows that never change under their key and version. */
export class Caches {
  readonly shapes = new Map<number, Shape>();
  /** By text. */
  readonly shapeKeys = new Map<string, SeenShapeKey>();
  /** When this process last looked for shapes that no job has. */
  shapesSeenAt = -Infinity;
  readonly nodeKeys = new Map<string, number>();
  readonly batches = new KnownBatches();
  /** Some run is buffered, or some job has a loss, as the last settle saw. */
  settlesWantJobs = false;
  readonly definitions = new RecentMap<number, KeptDefinition>(KEPT_DEFINITIONS);
  /** What was last written of this process's nodes: lists of jobs and tasks are long and seldom change. */
  readonly writtenNodes = new Map<string, string>();
}
