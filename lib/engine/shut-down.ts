import type { Clock, Executor, Millis, Timer } from '../core/index.js';
import { tellRun } from './dispatch-site.js';
import type { Quiet } from './quiet.js';
import type { SchedulerParts } from './scheduler-parts.js';
import { SchedulerStoppedError, UncleanStopError } from './stop-errors.js';
import type { StopFailure } from './stop-errors.js';
import type { StoreNode } from './store-node.js';

/** How long outcomes may take to be written when everything has ended. */
const LAST_WRITES: Millis = 5_000;

/** How long a store may take to let this node go, and as long again to close. */
const LAST_STEP: Millis = 5_000;

/**
 * Ends a scheduler in order (P32, U7): claim no more, give back what has not started, let attempts end, abort those
 * still open at the deadline, write what came of them, close. Leases are renewed until the last outcome is written.
 *
 * @throws {UncleanStopError} when all of it is over, and a step of it has failed
 */
export async function shutDown(
  parts: SchedulerParts,
  nodes: readonly StoreNode[],
  quiet: Quiet,
  timeout: Millis,
): Promise<void> {
  const failures: StopFailure[] = [];
  const step = async (what: string, work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failures.push({ what, error });
    }
  };
  await step('ending what is at work', () => drain(nodes, quiet, timeout));
  await Promise.all(nodes.map((node) => closeStore(node, step)));
  const limit = Math.max(timeout, LAST_STEP);
  const close = ([name, executor]: [string, Executor]): Promise<void> =>
    step(`closing the executor "${name}"`, () => within(limit, parts.clock, () => executor.close?.()));
  await Promise.all([...parts.executors].map(close));
  if (failures.length > 0) throw new UncleanStopError(failures);
}

async function drain(nodes: readonly StoreNode[], quiet: Quiet, timeout: Millis): Promise<void> {
  for (const node of nodes) node.stopClaiming();
  if (!(await quiet.until(() => quiet.hasNoAttempts(), timeout))) {
    abortAll(nodes, timeout);
    await quiet.until(() => quiet.hasNoAttempts(), longestGrace(nodes));
    for (const node of nodes) node.dispatcher.endAll();
  }
  for (const node of nodes) node.settles.hurry();
  if (!(await quiet.until(() => quiet.isSettled(), LAST_WRITES))) for (const node of nodes) tellUnwritten(node);
}

type Step = (what: string, work: () => unknown) => Promise<void>;

/** A store that is away must neither hold up the others nor be left open. */
async function closeStore(node: StoreNode, step: Step): Promise<void> {
  const store = `the store "${node.store.alias}"`;
  await step(`ending the timers of ${store}`, () => node.endTimers());
  await step(`leaving ${store}`, () => node.leave(LAST_STEP));
  await step(`closing ${store}`, () => node.close(LAST_STEP));
}

async function within(limit: Millis, clock: Clock, work: () => unknown): Promise<void> {
  let timer: Timer | null = null;
  const over = new Promise((_, reject) => {
    timer = clock.after(limit, () => reject(new Error(`it is not through after ${limit} ms, and is not waited for`)));
  });
  try {
    await Promise.race([work(), over]);
  } finally {
    timer!.cancel();
  }
}

/** Nothing that was accepted is lost with it: a run without an outcome is recovered by another node, or the next start. */
function tellUnwritten(node: StoreNode): void {
  for (const { run, settlement } of node.settles.unwritten) {
    const what =
      settlement.kind === 'release'
        ? 'it had not started and could not be given back'
        : `its outcome (${settlement.kind === 'retry' ? 'to be tried again' : settlement.outcome}) could not be written`;
    const detail =
      `${what} within ${LAST_WRITES} ms of the stop. It is taken over when its lease ends, up to ` +
      `${node.options.lease} ms from now, and then its job's "recovery" decides`;
    tellRun(node, 'run.unsettled', run, { detail, error: run.thrown });
  }
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
