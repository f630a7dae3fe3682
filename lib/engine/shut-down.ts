import type { Millis } from '../core/index.js';
import type { Quiet } from './quiet.js';
import type { SchedulerParts } from './scheduler-parts.js';
import { SchedulerStoppedError } from './stop-errors.js';
import type { StoreNode } from './store-node.js';

/** How long outcomes may take to be written when everything has ended. */
const LAST_WRITES: Millis = 5_000;

/**
 * Ends a scheduler in order (P32, U7): claim no more, give back what has not started, let attempts end, abort those
 * still open at the deadline, write what came of them, close. Leases are renewed until the last outcome is written.
 */
export async function shutDown(
  parts: SchedulerParts,
  nodes: readonly StoreNode[],
  quiet: Quiet,
  timeout: Millis,
): Promise<void> {
  for (const node of nodes) node.stopClaiming();
  if (!(await quiet.until(() => quiet.hasNoAttempts(), timeout))) {
    abortAll(nodes, timeout);
    await quiet.until(() => quiet.hasNoAttempts(), longestGrace(nodes));
    for (const node of nodes) node.dispatcher.endAll();
  }
  for (const node of nodes) node.settles.hurry();
  await quiet.until(() => quiet.isSettled(), LAST_WRITES);
  const closed = await Promise.allSettled(nodes.map(async (node) => node.close()));
  const ended = await Promise.allSettled([...parts.executors.values()].map(async (executor) => executor.close?.()));
  const failed = [...closed, ...ended].find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function abortAll(nodes: readonly StoreNode[], timeout: Millis): void {
  for (const node of nodes) {
    for (const run of [...node.dispatcher.live.values()]) {
      run.stop('shutdown', new SchedulerStoppedError(run.job.id, run.run.id, timeout));
    }
  }
}

/** Each attempt is given up after its own grace; this bounds what surrounds it, such as a hook that hangs. */
function longestGrace(nodes: readonly StoreNode[]): Millis {
  const graces = nodes.flatMap((node) => [...node.dispatcher.live.values()].map((run) => run.job.policy.abortGrace));
  return Math.max(0, ...graces) + 1;
}
