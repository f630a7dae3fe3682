import { readInstant } from '../nest/index.js';
import type { WhyAnswer } from '../nest/index.js';
import type { CommandParts } from './command.js';

const SECOND = 1_000;
/** More than one is no answer. */
const ENOUGH = 2;

/**
 * What became of the fire time that `at` names. Lists show fire times to the second, and those of an interval may have a
 * fraction: named without one, and no fire time itself, it stands for the only run, or fire time, within its second.
 */
export async function whyWithinSecond(
  { registry, assembly }: CommandParts,
  id: string,
  at: string,
): Promise<WhyAnswer> {
  const job = (await assembly.scheduler.get(id))?.job;
  const from = readInstant(at, job?.timezone ?? 'UTC');
  if (job === undefined || typeof from === 'string' || /[.,]\d/.test(at)) return registry.why(id, at);
  const exact = await registry.why(id, new Date(from));
  if (exact.verdict !== 'notAFireTime') return exact;
  const to = from + SECOND - 1;
  const { runs } = await registry.runs({ jobId: id, from: new Date(from), to: new Date(to), limit: ENOUGH });
  const due = assembly.triggers.decode(job.trigger).fireTimes(from, ENOUGH);
  const times = new Set(
    [...runs.map(({ fireTime }) => fireTime.getTime()), ...due].filter((it) => from < it && it <= to),
  );
  const [only] = times;
  return times.size === 1 ? registry.why(id, new Date(only)) : exact;
}
