import type { Instant } from '../core/index.js';
import { FIRST_YEAR, LAST_YEAR, SECONDS_PER_DAY, dayOf, monthLength } from './civil.js';
import { InvalidInstantError } from './errors.js';
import { zoneNamed } from './zone.js';

/** `Date`, luxon `DateTime` (recognised by `toMillis`), epoch milliseconds, or ISO text; a space for the `T` allowed. */
export type InstantInput = Date | number | string | { toMillis(): number };

/** Text without an offset, as the wall clock of a zone that may not be known yet shows it. */
export interface WallTime {
  /** Wall time in milliseconds, as if it were UTC. */
  readonly wallMs: number;
  /** No time of day was given. */
  readonly isDate: boolean;
}

export const LAST_INSTANT: Instant = 8.64e15;

const TEXT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(z|[+-]\d{2}(?::?\d{2})?)?)?$/i;
/** What every kind of instant looks like; the advice where nothing closer can be said. */
export const INSTANT_EXAMPLES =
  "Give a Date, a luxon DateTime, epoch milliseconds, or ISO text such as '2026-12-25T09:00' (in the trigger's zone) or '2026-12-25T09:00Z'.";

/**
 * A point in time, in epoch milliseconds.
 *
 * Text without an offset is the wall clock of `timezone`; a time in a gap counts as the gap's end, one that comes twice
 * as its first pass (SEMANTICS 1.3).
 *
 * @param timezone IANA name, for text without offset
 * @throws {InvalidInstantError} names the place, the value and what to write
 * @example toInstant('2026-12-25 09:00', 'Europe/Berlin')
 */
export function toInstant(input: InstantInput, timezone = 'UTC', place = 'An instant'): Instant {
  const parsed = parseInstant(input, place);
  return typeof parsed === 'number' ? parsed : instantOfWall(parsed, timezone);
}

/** The instant, or the wall time when the text names no offset and a zone decides. */
export function parseInstant(input: InstantInput, place: string): Instant | WallTime {
  if (typeof input === 'string') return parseText(input, place);
  const at = millisOf(input);
  if (!(Math.abs(at) <= LAST_INSTANT)) throw new InvalidInstantError(place, input, INSTANT_EXAMPLES);
  return Math.trunc(at);
}

/** The first instant at which a zone's clocks show that wall time, or its gap's end. */
export function instantOfWall(wall: WallTime, timezone: string): Instant {
  const second = Math.floor(wall.wallMs / 1000);
  const zone = zoneNamed(timezone);
  const at = zone.secondOfWall(second) ?? zone.secondOfWall(second + SECONDS_PER_DAY) ?? second;
  const isShown = at + zone.offsetAt(at) === second;
  return at * 1000 + (isShown ? wall.wallMs - second * 1000 : 0);
}

function millisOf(input: unknown): number {
  if (typeof input === 'number') return input;
  if (input instanceof Date) return input.getTime();
  if (typeof input !== 'object' || input === null) return NaN;
  const { toMillis } = input as { toMillis?: unknown };
  return typeof toMillis === 'function' ? Number((input as { toMillis(): unknown }).toMillis()) : NaN;
}

function parseText(input: string, place: string): Instant | WallTime {
  const match = input.length <= 64 ? TEXT.exec(input.trim()) : null;
  if (match === null) throw new InvalidInstantError(place, input, INSTANT_EXAMPLES);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as Six;
  const problem = impossiblePart([year, month, day, hour, minute, second]);
  if (problem !== null) throw new InvalidInstantError(place, input, problem);
  const fraction = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1000);
  const wallMs = (dayOf(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second) * 1000 + fraction;
  const offset = match[8];
  if (offset === undefined) return { wallMs, isDate: match[4] === undefined };
  return wallMs - offsetMs(offset, input, place);
}

type Six = [number, number, number, number, number, number];

function impossiblePart([year, month, day, hour, minute, second]: Six): string | null {
  if (year < FIRST_YEAR || year > LAST_YEAR) return `The year is ${FIRST_YEAR} to ${LAST_YEAR}.`;
  if (month < 1 || month > 12) return 'The month is 01 to 12.';
  if (day < 1 || day > monthLength(year, month)) return 'That date does not exist.';
  if (hour > 23 || minute > 59 || second > 59) return 'The time of day is 00:00:00 to 23:59:59.';
  return null;
}

function offsetMs(offset: string, input: string, place: string): number {
  if (offset.toLowerCase() === 'z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(':', '') || 0);
  if (hours > 18 || minutes > 59) throw new InvalidInstantError(place, input, 'An offset is -18:00 to +18:00.');
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
