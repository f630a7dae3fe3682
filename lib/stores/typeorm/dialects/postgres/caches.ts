import { RecentMap } from '../../recent-map.js';
import type { Definition, Shape } from '../../records.js';

/** Definitions kept decoded, of jobs that come up again; each about 1 kB. */
const KEPT_DEFINITIONS = 20_000;

export interface KeptDefinition {
  readonly version: number;
  readonly definition: Definition;
}

/** What this process remembers of committed rows that never change under their key and version. */
export class Caches {
  readonly shapes = new Map<number, Shape>();
  /** By text, with the instant of store time at which the row was last seen. */
  readonly shapeKeys = new Map<string, { readonly key: number; readonly seenAt: number }>();
  readonly nodeKeys = new Map<string, number>();
  readonly definitions = new RecentMap<number, KeptDefinition>(KEPT_DEFINITIONS);
  /** What was last written of this process's nodes: lists of jobs and tasks are long and seldom change. */
  readonly writtenNodes = new Map<string, string>();
}
