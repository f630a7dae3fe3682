import type { Instant, Trigger } from '../core/index.js';
import { InvalidTriggerError } from './errors.js';

const MOST = 100_000;

/** Up to `count` fire times strictly after `from`, oldest first. */
export function fireTimesOf(trigger: Trigger, from: Instant, count: number): Instant[] {
  if (!(count >= 0 && count <= MOST)) {
    throw new InvalidTriggerError('count of fireTimes()', count, `It is 0 to ${MOST}; page on from the last answer.`);
  }
  const times: Instant[] = [];
  for (let next = trigger.next(from); next !== null && times.length < count; next = trigger.next(next))
    times.push(next);
  return times;
}
