import { startNativeInterval } from '../core/index.js';
import type { CommandParts } from './command.js';

const DAY = 86_400_000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Until somebody asks this process to end. A second signal ends it at once. */
export async function untilAsked({ terminal, assembly }: Pick<CommandParts, 'terminal' | 'assembly'>): Promise<void> {
  const jobs = (await assembly.scheduler.list()).length;
  terminal.err(`Running ${jobs} ${jobs === 1 ? 'job' : 'jobs'}. Ctrl+C ends it in order.`);
  // A process without an open handle would end: memory jobs alone may wait for hours.
  const alive = startNativeInterval(DAY, () => undefined);
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const name of SIGNALS) process.once(name, resolve);
  });
  clearInterval(alive);
  for (const name of SIGNALS) process.once(name, () => process.exit(130));
  terminal.err(`${signal}: no more is started; open runs may end. Once more ends them at once.`);
}
