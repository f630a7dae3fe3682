import type { Clock, HistoryPolicy, Store } from '../../core/index.js';
import { JobTable } from './job-table.js';
import { MemoryRunHistory } from './memory-history.js';
import { MemoryJobStore } from './memory-jobs.js';
import { MemoryNodeRegistry } from './memory-nodes.js';

export interface MemoryStoreOptions {
  /** Name under `stores` of the configuration. */
  readonly alias: string;
  /** As for every store; one in memory belongs to its application anyway. */
  readonly application?: string;
  /** As for every store; one in memory is told every instant by its caller. */
  readonly clock?: Clock;
  /** Settled runs kept of a job whose policy says nothing of it; default: 20 of any age. What is too old goes with the next run. */
  readonly history?: HistoryPolicy;
}

const NOTHING_SAID: HistoryPolicy = { age: null, count: null };

/**
 * A store that lives and dies with this process: one heap of what is due, answers at once, 20 settled runs a job.
 *
 * It shares its records: a claim's job and run show the fields of scheduling as they are at any moment. A change of a
 * definition makes a new record, so that an open run goes on with the one it was claimed with.
 *
 * @example const store = createMemoryStore({ alias: 'default' });
 */
export function createMemoryStore({ alias, history = NOTHING_SAID }: MemoryStoreOptions): Store {
  const table = new JobTable(history);
  return {
    alias,
    isShared: false,
    jobs: new MemoryJobStore(table),
    history: new MemoryRunHistory(table),
    nodes: new MemoryNodeRegistry(),
  };
}
