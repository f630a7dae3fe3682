import { SECONDS_PER_DAY } from '../civil.js';
import type { Calendar } from './calendar.js';

/** A calendar of whole local dates. */
export function wholeDays(holds: (day: number) => boolean): Calendar {
  return { heldFor: (day, second) => (holds(day) ? SECONDS_PER_DAY - second : 0) };
}
