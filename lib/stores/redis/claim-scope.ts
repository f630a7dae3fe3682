import type { ClaimRequest, Instant } from '../../core/index.js';
import type { Changes } from './changes.js';
import type { Committer } from './committer.js';
import type { JobPlan, RunRecord } from '../../core/index.js';
import type { DueItem } from './due-reader.js';
import type { StoredJob } from './job-text.js';
import type { Rows } from './rows.js';

export const NEVER = Number.POSITIVE_INFINITY;

/** A job of a page with what is to be done: its plan, or runs of it that waited, or both. */
export interface Work {
  readonly item: DueItem;
  readonly job: StoredJob;
  plan: JobPlan | null;
  /** Unsettled runs that the plan was made with. */
  unsettled: readonly RunRecord[];
  readonly waiting: RunRecord[];
}

interface Parked {
  readonly name: string;
  readonly lane: string;
  readonly at: Instant;
}

/** What the parts of one claim have in common. */
export class ClaimScope {
  /** Noted under these until a commit ends them. */
  readonly batches: string[] = [];
  /** Taken and left alone; back in their lanes when the claim ends. */
  private readonly parked: Parked[] = [];
  /** The earliest due instant of what was found and not claimed. */
  left: Instant = NEVER;
  /** The earliest instant of what is to come. */
  next: Instant = NEVER;

  constructor(
    readonly rows: Rows,
    readonly committer: Committer,
    readonly request: ClaimRequest,
  ) {}

  leave(instant: Instant): void {
    if (instant < this.left) this.left = instant;
  }

  comes(instant: Instant | null): void {
    if (instant !== null && instant < this.next) this.next = instant;
  }

  park(name: string, lane: string, at: Instant): void {
    this.parked.push({ name, lane, at });
  }

  /** Ends the batches, and puts back what was left alone unless it has a new place by now. */
  end(changes: Changes): void {
    for (const batch of this.batches) {
      changes.field('batch', batch, null);
      changes.member('taken', batch, null);
    }
    // Others may have what is put back here, too.
    if (this.parked.length > 0) changes.since = '';
    for (const { name, lane, at } of this.parked) changes.command('ZADD', `:due:${lane}`, 'NX', String(at), name);
  }
}
