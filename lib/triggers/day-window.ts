import { SECONDS_PER_DAY, timeText } from './civil.js';
import { InvalidTriggerError } from './errors.js';

/** A stretch of the wall clock's day, both ends inclusive, in seconds of the day; it may cross midnight. */
export interface DayWindow {
  readonly from: number;
  readonly to: number;
}

const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;

/** @throws {InvalidTriggerError} unless both are times of day such as '09:00' or '17:30:15' */
export function dayWindow(from: unknown, to: unknown, place: string): DayWindow {
  return { from: timeOf(from, `from of ${place}`), to: timeOf(to, `to of ${place}`) };
}

function timeOf(text: unknown, place: string): number {
  const match = typeof text === 'string' ? TIME.exec(text.trim()) : null;
  const [hour, minute, second] = [Number(match?.[1] ?? 99), Number(match?.[2]), Number(match?.[3] ?? 0)];
  if (match === null || hour > 23 || minute > 59 || second > 59) {
    throw new InvalidTriggerError(place, text, "It is a time of day, '00:00' to '23:59', with seconds if wanted.");
  }
  return hour * 3600 + minute * 60 + second;
}

/** Whether a second of the day lies in the window. */
export function isWithin({ from, to }: DayWindow, second: number): boolean {
  return from <= to ? second >= from && second <= to : second >= from || second <= to;
}

/** Seconds from a second of the day outside the window until it begins. */
export function untilWithin({ from }: DayWindow, second: number): number {
  return second <= from ? from - second : from + SECONDS_PER_DAY - second;
}

/** Seconds from a second of the day inside the window until it is over. */
export function untilOutside({ to }: DayWindow, second: number): number {
  return (second <= to ? to : to + SECONDS_PER_DAY) - second + 1;
}

/** `09:00-17:00` */
export const windowText = ({ from, to }: DayWindow): string => `${timeText(from)}-${timeText(to)}`;
