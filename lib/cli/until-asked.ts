import { startNativeInterval } from '../core/index.js';
import type { CommandParts } from './command.js';

const DAY = 86_400_000;

/** Until somebody asks this process to end. */
export async function untilAsked({ terminal, assembly, signals }: CommandParts): Promise<void> {
  const jobs = (await assembly.scheduler.list()).length;
  // A process without an open handle would end: memory jobs alone may wait for hours.
  const alive = startNativeInterval(DAY, () => undefined);
  const asked = signals.asked();
  terminal.err(`Running ${jobs} ${jobs === 1 ? 'job' : 'jobs'}. Ctrl+C ends it in order.`);
  await asked;
  clearInterval(alive);
}
