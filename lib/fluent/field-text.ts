import { SchedulerError } from '../core/index.js';
import { CronTrigger } from '../triggers/index.js';
import { InvalidScheduleError } from './errors.js';

/** Number or name of a weekday; 0 and 7 are Sunday. */
export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | WeekdayName | Capitalize<WeekdayName>;

type WeekdayName =
  | 'sunday'
  | 'monday'
  | 'tuesday'
  | 'wednesday'
  | 'thursday'
  | 'friday'
  | 'saturday'
  | 'sun'
  | 'mon'
  | 'tue'
  | 'wed'
  | 'thu'
  | 'fri'
  | 'sat';

/** Minutes of the hour: one, several, or a field of a cron expression, such as every ten minutes. */
export type MinuteOffset = number | string | readonly number[];

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const TIME = /^(\d{1,2})(?::(\d{2}))?$/;

/** A whole number from `min` to `max`, as text. */
export function numberText(value: unknown, { min, max, what }: NumberLimits, method: string): string {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return String(value);
  throw new InvalidScheduleError(method, value, `It is ${what}, a whole number from ${min} to ${max}.`);
}

export interface NumberLimits {
  readonly min: number;
  readonly max: number;
  /** `an hour` */
  readonly what: string;
}

export const HOUR: NumberLimits = { min: 0, max: 23, what: 'an hour' };
export const MINUTE: NumberLimits = { min: 0, max: 59, what: 'a minute' };
export const DAY: NumberLimits = { min: 1, max: 31, what: 'a day of the month' };
export const MONTH: NumberLimits = { min: 1, max: 12, what: 'a month' };

/** Hour and minute of a time of day: `'13:08'`, `'8:00'`, or an hour alone, `'8'`. */
export function timeOfDay(value: unknown, method: string): { readonly minute: string; readonly hour: string } {
  const match = typeof value === 'string' ? TIME.exec(value.trim()) : null;
  const [hour, minute] = [Number(match?.[1]), Number(match?.[2] ?? 0)];
  if (match === null || hour > 23 || minute > 59) {
    throw new InvalidScheduleError(method, value, "It is a time of day, '00:00' to '23:59'.");
  }
  return { hour: String(hour), minute: String(minute) };
}

/** The weekday field of one day or several, in the order given. */
export function weekdaysText(days: unknown, method: string): string {
  const list = [days].flat(2);
  if (list.length === 0) throw new InvalidScheduleError(method, days, 'Name one day at least.');
  return [...new Set(list.map((day) => weekdayNumber(day, method)))].join(',');
}

function weekdayNumber(day: unknown, method: string): number {
  if (typeof day === 'number' && Number.isInteger(day) && day >= 0 && day <= 7) return day % 7;
  const word = typeof day === 'string' ? day.trim().toLowerCase() : '';
  const found = WEEKDAYS.findIndex((name) => name === word || name.slice(0, 3) === word);
  if (found >= 0) return found;
  throw new InvalidScheduleError(method, day, "It is a weekday: 0 (Sunday) to 6, or a name such as 'monday' or 'mon'.");
}

/** The day field of several days of the month. */
export function daysOfMonthText(days: unknown, method: string): string {
  const list = [days].flat(2);
  if (list.length === 0) throw new InvalidScheduleError(method, days, 'Name one day at least.');
  return list.map((day) => numberText(day, DAY, method)).join(',');
}

/** The minute field of one minute, several, or text in the language of cron. */
export function minutesText(offset: unknown, method: string): string {
  if (typeof offset === 'number') return numberText(offset, MINUTE, method);
  if (Array.isArray(offset) && offset.length > 0) {
    return offset.map((minute: unknown) => numberText(minute, MINUTE, method)).join(',');
  }
  const advice = "It is a minute from 0 to 59, a list of them, or a field such as '*/10'.";
  if (typeof offset !== 'string' || /\s/.test(offset.trim())) throw new InvalidScheduleError(method, offset, advice);
  try {
    new CronTrigger(`${offset.trim()} * * * *`);
  } catch (error) {
    if (!(error instanceof SchedulerError)) throw error;
    throw new InvalidScheduleError(method, offset, advice, { cause: error });
  }
  return offset.trim();
}
