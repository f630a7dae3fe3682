import { SECONDS_PER_DAY } from '../civil.js';
import type { Span, Zone } from '../zone.js';
import type { CompiledCron } from './compiled-cron.js';
import { NEVER } from './compiled-cron.js';

/** First second at which a rule may fire: 1970-01-01 00:00 in the zone that is farthest ahead. */
export const EARLIEST_SECOND = -SECONDS_PER_DAY;
const LEAP = 2 * SECONDS_PER_DAY;

/**
 * The first second at or after `from` at which a rule fires in a zone, or NEVER (SEMANTICS 1.3).
 *
 * Wall times are found first and mapped to instants last. A wall time in a gap fires once, at the gap's end, unless the
 * rule has all 24 hours; one that comes twice fires the first time only, unless the rule repeats.
 */
export function nextSecond(cron: CompiledCron, zone: Zone, from: number): number {
  let span = zone.spanAt(from);
  if (from === span.start && isMadeUpFor(cron, span) && cron.nextWall(span.seen) < span.localStart) return from;
  let wall = from + span.offset;
  if (!cron.repeats && wall < span.seen) wall = span.seen;
  let found = cron.nextWall(wall);
  while (found >= span.localEnd) {
    if (found === NEVER && span.end - from > LEAP) return NEVER;
    span = zone.spanAt(span.end);
    if (span.localStart < wall) {
      if (cron.repeats) found = cron.nextWall((wall = span.localStart));
    } else if (found < span.localStart) {
      if (isMadeUpFor(cron, span)) return span.start;
      found = cron.nextWall((wall = span.localStart));
    }
    if (found !== NEVER && found - span.offset - LEAP > span.end) span = zone.spanAt(found - span.offset - LEAP);
  }
  return found - span.offset;
}

/** Whether times in the gap before a span are made up for at its start; a change of a day or more is not. */
function isMadeUpFor(cron: CompiledCron, span: Span): boolean {
  return cron.makesUp && span.localStart > span.seen && span.localStart - span.seen < SECONDS_PER_DAY;
}
