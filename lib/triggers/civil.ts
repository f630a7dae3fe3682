/**
 * Dates of the Gregorian calendar as plain numbers: a day number counts from 1970-01-01 (0). No `Date` is made.
 * Source of the arithmetic: Howard Hinnant, "chrono-compatible low-level date algorithms".
 */
export const SECONDS_PER_DAY = 86_400;
export const FIRST_YEAR = 1970;
export const LAST_YEAR = 9999;
/** Day number of 9999-12-31. */
export const LAST_DAY = 2_932_896;

const DAYS_PER_ERA = 146_097;
const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Day number of a date; the date must exist. */
export function dayOf(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = ((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) | 0;
  const dayOfEra = yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear + day - 1;
  return era * DAYS_PER_ERA + dayOfEra - 719_468;
}

/** Year, month and day of a day number in one integer (`year << 9 | month << 5 | day`), so that nothing is allocated. */
export function packedDate(dayNumber: number): number {
  const shifted = dayNumber + 719_468;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra =
    ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) / 365) | 0;
  const dayOfYear = dayOfEra - (365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0));
  const shiftedMonth = ((5 * dayOfYear + 2) / 153) | 0;
  const day = dayOfYear - (((153 * shiftedMonth + 2) / 5) | 0) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return (year << 9) | (month << 5) | day;
}

export const yearIn = (packed: number): number => packed >> 9;
export const monthIn = (packed: number): number => (packed >> 5) & 15;
export const dayIn = (packed: number): number => packed & 31;

export function isLeapYear(year: number): boolean {
  return (year & 3) === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function monthLength(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : MONTH_LENGTHS[month - 1];
}

/** Weekday of a day number, 0 = Sunday. */
export function weekdayOf(dayNumber: number): number {
  const weekday = (dayNumber + 4) % 7;
  return weekday < 0 ? weekday + 7 : weekday;
}

/** ISO week of a day number, 1 to 53: the week of its Thursday. */
export function isoWeekOf(dayNumber: number): number {
  const mondayBased = (weekdayOf(dayNumber) + 6) % 7;
  const thursday = dayNumber - mondayBased + 3;
  const firstOfYear = dayOf(yearIn(packedDate(thursday)), 1, 1);
  return (((thursday - firstOfYear) / 7) | 0) + 1;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** `2026-03-29` */
export function dateText(dayNumber: number): string {
  const packed = packedDate(dayNumber);
  return `${String(yearIn(packed)).padStart(4, '0')}-${twoDigits(monthIn(packed))}-${twoDigits(dayIn(packed))}`;
}

/** `09:30`, or `09:30:15` when there are seconds. */
export function timeText(secondOfDay: number): string {
  const hour = Math.floor(secondOfDay / 3600);
  const minute = Math.floor((secondOfDay % 3600) / 60);
  const second = secondOfDay % 60;
  return `${twoDigits(hour)}:${twoDigits(minute)}${second === 0 ? '' : `:${twoDigits(second)}`}`;
}
