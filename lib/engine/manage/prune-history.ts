import type { SchedulerParts } from '../scheduler-parts.js';
import type { StoreNode } from '../store-node.js';

const ROWS_A_STEP = 1_000;

// Taken once: fake timers replace the global one, and would then never let a step end.
const nextTurn = globalThis.setImmediate;

/**
 * Deletes all history beyond age and count, in steps so small that nobody waits for one.
 *
 * @param onStep told after each step how many went so far
 * @returns how many went
 */
export async function pruneAll(
  nodes: readonly StoreNode[],
  { options: { history } }: SchedulerParts,
  onStep: (deleted: number) => void,
): Promise<number> {
  let all = 0;
  for (const { store, time } of nodes) {
    const at = time.now();
    const request = { at, settledBefore: at - history.age, keepPerJob: history.count, limit: ROWS_A_STEP };
    for (let deleted = ROWS_A_STEP; deleted >= ROWS_A_STEP;) {
      deleted = await store.history.prune(request);
      all += deleted;
      onStep(all);
      // A store that answers at once would hold up everything else of the process, the renewal of leases too.
      if (deleted >= ROWS_A_STEP) await new Promise<void>((resolve) => nextTurn(resolve));
    }
  }
  return all;
}
