import { CommandLineError, EXIT } from './errors.js';
import type { Assembly } from '../nest/index.js';
import type { RunWatch } from './run-watch.js';

const MINUTE = 60_000;
/** A store that has not answered for so long is not waited for any more. */
const STORE_LIMIT = 30_000;
/** One that failed is asked again after this. */
const ASK_AGAIN = 100;

/**
 * Waits for what falls in the minute that this process was started for: jobs of a shared store are claimed as by any node,
 * so a second call in the same minute finds them done (P31); memory jobs are new in each process.
 *
 * @param except executors whose runs have to have started, and may go on
 * @throws {CommandLineError} a store does not answer
 */
export async function runMinute(assembly: Assembly, watch: RunWatch, except: ReadonlySet<string>): Promise<void> {
  const { clock, scheduler } = assembly;
  const end = (assembly.minute ?? clock.now()) + MINUTE - 1;
  const done = (async (): Promise<null> => {
    for (;;) {
      await scheduler.runThrough({ end, except });
      if (watch.outage === null) return null;
      await new Promise<void>((resolve) => void clock.wakeAt(clock.now() + ASK_AGAIN, resolve));
    }
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
