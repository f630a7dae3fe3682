import type { Instant } from '../../core/index.js';
import type { RunRow } from './rows.js';

/** The last instant that a date can name: a lease up to there never ends. */
export const END_OF_TIME: Instant = 8.64e15;

/**
 * Held runs by the end of their lease, the earliest first: a doubly linked list. Leases are nearly always given in order,
 * so a new one goes to the end, and leaving takes no search.
 */
export class LeaseList {
  private head: RunRow | null = null;
  private tail: RunRow | null = null;

  get first(): RunRow | null {
    return this.head;
  }

  /** Takes the run in, or moves it, by its record's `leaseUntil`. */
  place(run: RunRow): void {
    this.remove(run);
    const until = run.record.leaseUntil;
    if (until === null) return;
    let before = this.tail;
    while (before !== null && before.record.leaseUntil! > until) before = before.previousLease;
    this.insertAfter(before, run);
  }

  remove(run: RunRow): void {
    if (!run.isLeased) return;
    const { previousLease, nextLease } = run;
    if (previousLease === null) this.head = nextLease;
    else previousLease.nextLease = nextLease;
    if (nextLease === null) this.tail = previousLease;
    else nextLease.previousLease = previousLease;
    run.previousLease = null;
    run.nextLease = null;
    run.isLeased = false;
  }

  private insertAfter(before: RunRow | null, run: RunRow): void {
    const after = before === null ? this.head : before.nextLease;
    run.previousLease = before;
    run.nextLease = after;
    if (before === null) this.head = run;
    else before.nextLease = run;
    if (after === null) this.tail = run;
    else after.previousLease = run;
    run.isLeased = true;
  }
}
