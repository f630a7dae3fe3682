import { dayOf, monthLength } from '../civil.js';

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Day number of `2026-12-25`, or null when the text is no date. */
export function dayOfText(text: string): number | null {
  const [year = 0, month = 0, day = 0] = DATE.exec(text.trim())?.slice(1).map(Number) ?? [];
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > monthLength(year, month)) return null;
  return dayOf(year, month, day);
}
