import type { Awaitable, Instant } from '../../core/index.js';
import { then } from '../settled.js';
import type { UpkeepSite } from './upkeep-site.js';

const ROWS_A_STEP = 1_000;
const STEPS_A_ROUND = 20;

/** Deletes history beyond age and count, so much at a time that nobody waits for it. */
export function pruneHistory({ store, parts }: UpkeepSite, now: Instant): Awaitable<void> {
  const { age, count } = parts.options.history;
  const request = { at: now, settledBefore: now - age, keepPerJob: count, limit: ROWS_A_STEP };
  const step = (left: number): Awaitable<void> => {
    if (left === 0) return;
    return then(store.history.prune(request), (deleted) => (deleted < ROWS_A_STEP ? undefined : step(left - 1)));
  };
  return step(STEPS_A_ROUND);
}
