import type { Instant, Millis, Trigger } from '../core/index.js';

/** A combination or filter looks no further ahead for its next fire time. */
export const LONGEST_SEARCH: Millis = 3_653 * 86_400_000;
/** Leaps of one search: bounds its time, whatever its children are. */
export const MOST_STEPS = 50_000;

/** A trigger that may count from the instant it is asked at, and so has to be fixed before a search asks several times. */
export interface OnGrid<T> {
  readonly countsFromAsking: boolean;
  fixedAt(at: Instant): T;
}

/** The trigger with one grid for a whole search: an interval that has no start yet counts from `at`. */
export function onGridFrom<T extends Trigger>(trigger: T, at: Instant): T {
  const open = trigger as T & Partial<OnGrid<T>>;
  return open.countsFromAsking === true && open.fixedAt !== undefined ? open.fixedAt(at) : trigger;
}
