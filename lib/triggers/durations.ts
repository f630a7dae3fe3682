import type { Millis } from '../core/index.js';
import { InvalidDurationError } from './errors.js';
import { nearest } from './nearest.js';

/** A length of time by units, as luxon writes it. Units of a fixed length only; fractions allowed. */
export interface DurationObject {
  readonly weeks?: number;
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
}

/** `'90s'`, `'1h30m'`, ISO 8601 (`'PT90S'`), `{ minutes: 5 }`, a luxon `Duration`, or a number of milliseconds. */
export type DurationInput = number | string | DurationObject | { toMillis(): number };

const UNITS: Readonly<Record<keyof DurationObject, Millis>> = {
  weeks: 604_800_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
  milliseconds: 1,
};
const SUFFIXES: ReadonlyMap<string, Millis> = new Map([
  ...['w', 'wk', 'week', 'weeks'].map((name) => [name, UNITS.weeks] as const),
  ...['d', 'day', 'days'].map((name) => [name, UNITS.days] as const),
  ...['h', 'hr', 'hrs', 'hour', 'hours'].map((name) => [name, UNITS.hours] as const),
  ...['m', 'min', 'mins', 'minute', 'minutes'].map((name) => [name, UNITS.minutes] as const),
  ...['s', 'sec', 'secs', 'second', 'seconds'].map((name) => [name, UNITS.seconds] as const),
  ...['ms', 'millisecond', 'milliseconds'].map((name) => [name, UNITS.milliseconds] as const),
]);

const TEXT = /^(?:\d+(?:\.\d+)?\s*[a-z]+[\s,]*)+$/i;
const PART = /(\d+(?:\.\d+)?)\s*([a-z]+)/gi;
const ISO =
  /^P(?:(\d+(?:[.,]\d+)?)W)?(?:(\d+(?:[.,]\d+)?)D)?(?:T(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?$/i;
const LONGEST_TEXT = 100;
const LONGEST: Millis = 8.64e15;
/** What every kind of length of time looks like; part of the advice where nothing closer can be said. */
export const DURATION_EXAMPLES =
  "Write text such as '90s' or '1h30m', an ISO duration, an object such as { minutes: 5 }, or milliseconds.";

/**
 * A length of time in whole milliseconds, 0 or more.
 *
 * @param place what the value is, for the message: `misfireGraceTime of job "report"`
 * @throws {InvalidDurationError} names the place, the value and what to write
 * @example toMillis('1h30m') // 5_400_000
 */
export function toMillis(input: DurationInput, place = 'A duration'): Millis {
  const length = Math.round(read(input, place));
  if (!(length >= 0 && length <= LONGEST)) {
    throw new InvalidDurationError(place, input, `It is 0 or more. ${DURATION_EXAMPLES}`);
  }
  return length;
}

function read(input: DurationInput, place: string): number {
  if (typeof input === 'number') return input;
  if (typeof input === 'string') return ofText(input, place);
  if (typeof input !== 'object' || input === null || Array.isArray(input) || input instanceof Date) {
    throw new InvalidDurationError(place, input, DURATION_EXAMPLES);
  }
  if ('toMillis' in input) return typeof input.toMillis === 'function' ? input.toMillis() : NaN;
  return ofObject(input, place);
}

function ofObject(input: DurationObject, place: string): number {
  const entries = Object.entries(input).filter(([, value]) => value !== undefined);
  if (entries.length === 0) throw new InvalidDurationError(place, input, DURATION_EXAMPLES);
  let total = 0;
  for (const [name, value] of entries as [string, unknown][]) {
    const unit = UNITS[(name.endsWith('s') ? name : `${name}s`) as keyof DurationObject] as Millis | undefined;
    if (unit === undefined) throw new InvalidDurationError(place, input, unknownUnit(name));
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new InvalidDurationError(place, input, `${name} is a number, such as { ${name}: 5 }.`);
    }
    total += value * unit;
  }
  return total;
}

function unknownUnit(name: string): string {
  if (/^(month|year|quarter)s?$/i.test(name)) {
    return `${name} have no fixed length: use calendar({ ${name}: 1 }), which counts on the calendar.`;
  }
  const near = nearest(name, Object.keys(UNITS));
  return `Unit '${name}' is not known${near === null ? '' : `; did you mean '${near}'?`} (${Object.keys(UNITS).join(', ')}).`;
}

function ofText(input: string, place: string): number {
  const text = input.trim();
  if (text.length > LONGEST_TEXT) throw new InvalidDurationError(place, input, DURATION_EXAMPLES);
  if (/^p/i.test(text)) return ofIso(text, place);
  if (/^\d+(\.\d+)?$/.test(text)) {
    throw new InvalidDurationError(place, input, `It has no unit: write '${text}s' or '${text}ms'.`);
  }
  if (!TEXT.test(text)) throw new InvalidDurationError(place, input, DURATION_EXAMPLES);
  let total = 0;
  for (const [, count = '', name = ''] of text.matchAll(PART)) {
    const unit = SUFFIXES.get(name.toLowerCase());
    if (unit === undefined) throw new InvalidDurationError(place, input, unknownUnit(name));
    total += Number(count) * unit;
  }
  return total;
}

function ofIso(text: string, place: string): number {
  const parts = ISO.exec(text)?.slice(1);
  if (parts === undefined || parts.every((part) => part === undefined)) {
    throw new InvalidDurationError(
      place,
      text,
      `ISO 8601 with weeks, days, hours, minutes and seconds, such as 'PT1H30M'.`,
    );
  }
  const units = [UNITS.weeks, UNITS.days, UNITS.hours, UNITS.minutes, UNITS.seconds];
  return parts.reduce((total, part, index) => total + Number((part ?? '0').replace(',', '.')) * units[index], 0);
}

/** The shortest text that `toMillis` reads back: `1h30m`, `90s` is `1m30s`, 0 is `0ms`. */
export function durationText(length: Millis): string {
  let rest = length;
  let text = '';
  for (const [suffix, unit] of [
    ['d', UNITS.days],
    ['h', UNITS.hours],
    ['m', UNITS.minutes],
    ['s', UNITS.seconds],
    ['ms', 1],
  ] as const) {
    const count = Math.floor(rest / unit);
    if (count > 0) text += `${count}${suffix}`;
    rest -= count * unit;
  }
  return text === '' ? '0ms' : text;
}

/** A length of time in words: `1 hour 30 minutes`. */
export function durationWords(length: Millis): string {
  let rest = length;
  const words: string[] = [];
  for (const [name, unit] of Object.entries(UNITS)) {
    if (name === 'weeks' && rest % unit !== 0) continue;
    const count = Math.floor(rest / unit);
    if (count > 0) words.push(`${count} ${count === 1 ? name.slice(0, -1) : name}`);
    rest -= count * unit;
  }
  return words.length === 0 ? '0 milliseconds' : words.join(' ');
}
