import type { Instant } from '../core/index.js';
import { dayOf, monthLength, SECONDS_PER_DAY } from './civil.js';

const HEAD = '{"type":"date","at":"';
const MIDDLE = '","timezone":"';
const TAIL = '"}';
/** Length of `2026-12-25T09:00:00.000Z`. */
const DATE_LENGTH = 24;
const MIDDLE_AT = HEAD.length + DATE_LENGTH;
const ZONE_AT = MIDDLE_AT + MIDDLE.length;

/** Whether it may be the text of a date without further options: of one-off jobs there may be a million. */
export function looksPlain(text: string): boolean {
  return text.startsWith(HEAD) && text.startsWith(MIDDLE, MIDDLE_AT);
}

/** The instant in such a text; NaN: it is written in another way. Read digit by digit: a pattern makes four objects of each. */
export function instantIn(text: string): Instant {
  const year = numberAt(text, 0, 2) * 100 + numberAt(text, 2, 2);
  const [month, day] = [numberAt(text, 5, 2), numberAt(text, 8, 2)];
  const [hour, minute, second] = [numberAt(text, 11, 2), numberAt(text, 14, 2), numberAt(text, 17, 2)];
  const millis = numberAt(text, 20, 1) * 100 + numberAt(text, 21, 2);
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= monthLength(year, month);
  if (!isDate || !(hour < 24 && minute < 60 && second < 60) || !hasMarks(text)) return NaN;
  return (dayOf(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second) * 1000 + millis;
}

/** Whether the zone of such a text is this one, and nothing follows. */
export function isZoneIn(text: string, zone: string): boolean {
  return text.length === ZONE_AT + zone.length + TAIL.length && text.startsWith(zone, ZONE_AT) && text.endsWith(TAIL);
}

/** The zone in such a text; null: it is not as plain as that. */
export function zoneIn(text: string): string | null {
  const end = text.length - TAIL.length;
  const zone = text.slice(ZONE_AT, end);
  return zone !== '' && text.endsWith(TAIL) && !zone.includes('"') && !zone.includes('\\') ? zone : null;
}

function hasMarks(text: string): boolean {
  return (
    isAt(text, 4, '-') &&
    isAt(text, 7, '-') &&
    isAt(text, 10, 'T') &&
    isAt(text, 13, ':') &&
    isAt(text, 16, ':') &&
    isAt(text, 19, '.') &&
    isAt(text, 23, 'Z')
  );
}

function isAt(text: string, place: number, mark: string): boolean {
  return text.charCodeAt(HEAD.length + place) === mark.charCodeAt(0);
}

/** NaN: there is something else than digits. */
function numberAt(text: string, place: number, digits: 1 | 2): number {
  const first = text.charCodeAt(HEAD.length + place) - 48;
  if (!(first >= 0 && first <= 9)) return NaN;
  if (digits === 1) return first;
  const second = text.charCodeAt(HEAD.length + place + 1) - 48;
  return second >= 0 && second <= 9 ? first * 10 + second : NaN;
}
