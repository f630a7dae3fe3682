import type { JobRecord, Store } from '../../core/index.js';
import type { Facts } from '../facts.js';
import { settled } from '../settled.js';
import type { StoreTime } from '../store-time.js';

/** Finished jobs of the registry that a store in memory keeps; the oldest go first. */
export const FINISHED_KEPT = 1_000;

interface FinishedSite {
  readonly store: Store;
  readonly time: StoreTime;
  readonly facts: Facts;
}

/**
 * Keeps a process that adds one-off jobs for ever from growing for ever: a store in memory has no upkeep, so the rows of
 * jobs that were added at run time and are finished go when there are too many of them.
 */
export class FinishedJobs {
  /** In the order in which they came to their end. */
  private readonly ids = new Set<string>();

  constructor(private readonly site: FinishedSite) {}

  add({ id, origin }: JobRecord): void {
    if (origin !== 'runtime') return;
    // One that went on, and has come to its end again, is the latest.
    this.ids.delete(id);
    this.ids.add(id);
    // Not one by one: half of them at a time.
    if (this.ids.size >= 2 * FINISHED_KEPT) this.removeOldest();
  }

  private removeOldest(): void {
    const { store, time, facts } = this.site;
    const oldest = [...this.ids].slice(0, FINISHED_KEPT);
    const keep = (ids: readonly string[]): void => ids.forEach((id) => this.ids.add(id));
    for (const id of oldest) this.ids.delete(id);
    const open: string[] = [];
    settled(
      () =>
        store.jobs.change({
          ids: oldest,
          now: () => time.latest(),
          decide: (job, unsettled) => {
            if (job.status !== 'finished' || job.origin !== 'runtime') return null;
            if (unsettled.length === 0) return 'remove';
            open.push(job.id);
            return null;
          },
        }),
      (results) => {
        keep(open);
        for (const { before } of results)
          facts.tell('job.removed', { store: store.alias, job: before, detail: 'finished' });
      },
      () => keep(oldest),
    );
  }
}
