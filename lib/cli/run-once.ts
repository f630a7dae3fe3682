import { CommandLineError, EXIT } from './errors.js';
import type { Assembly } from '../nest/index.js';
import type { RunWatch } from './run-watch.js';

const MINUTE = 60_000;
/** A store that has not answered for so long is not waited for any more. */
const STORE_LIMIT = 30_000;
/** A run that is due and does not start is looked at again after this. */
const LOOK_AGAIN = 100;

/**
 * Waits for what falls in the minute that this process was started for: jobs of a shared store are claimed as by any node,
 * so a second call in the same minute finds them done (P31); memory jobs are new in each process.
 *
 * @throws {CommandLineError} a store does not answer
 */
export async function runMinute(assembly: Assembly, watch: RunWatch): Promise<void> {
  const end = (assembly.minute ?? assembly.clock.now()) + MINUTE - 1;
  const done = (async (): Promise<null> => {
    do {
      await untilLast(assembly, end);
      await untilOwnRunsEnd(assembly);
      if (watch.outage !== null) await until(assembly, assembly.clock.now() + LOOK_AGAIN);
    } while (watch.outage !== null);
    return null;
  })();
  done.catch(() => undefined);
  const outage = await Promise.race([done, watch.givenUp(STORE_LIMIT)]);
  if (outage === null) return;
  throw new CommandLineError(
    `Store "${outage.store}" has not answered for ${STORE_LIMIT / 1000} s: ${outage.detail} What was due may not have ` +
      `run, or its outcome is not written: it is for a later call, when the store answers.`,
    EXIT.failed,
  );
}

/** Until nothing is open, in stores of this process not even a run that is to be tried again: it would be lost with it. */
export async function untilOwnRunsEnd(assembly: Assembly): Promise<void> {
  for (;;) {
    await assembly.scheduler.idle();
    const dueAt = await nextOwnRun(assembly);
    if (dueAt === null) return;
    await until(assembly, Math.max(dueAt + 1, assembly.clock.now() + LOOK_AGAIN));
  }
}

async function nextOwnRun({ scheduler, stores }: Assembly): Promise<number | null> {
  const own = [...stores.values()].filter(({ isShared }) => !isShared);
  const pages = await Promise.all(
    own.map(async ({ alias }) => scheduler.runs({ store: alias, states: ['waiting'], limit: 1_000 })),
  );
  const dues = pages.flatMap(({ runs }) => runs.map(({ dueAt }) => dueAt));
  return dues.length === 0 ? null : Math.min(...dues);
}

/** Until the last fire time of this minute has come. */
async function untilLast(assembly: Assembly, end: number): Promise<void> {
  const { clock, scheduler } = assembly;
  for (;;) {
    const isPaused = (await scheduler.isPaused()) !== null;
    const jobs = new Map((await scheduler.list()).map(({ job }) => [job.id, job]));
    const fires = (await scheduler.preview(clock.now(), end)).filter(
      ({ jobId }) => !isPaused || jobs.get(jobId)?.policy.evenInMaintenanceMode === true,
    );
    const last = fires.at(-1);
    if (last === undefined) return;
    await until(assembly, last.dueAt + 1);
  }
}

function until({ clock }: Assembly, instant: number): Promise<void> {
  return new Promise((resolve) => void clock.wakeAt(instant, resolve));
}
