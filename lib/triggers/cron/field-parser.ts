import { InvalidCronError } from '../errors.js';
import type { FieldSpec } from './cron-fields.js';
import type { FieldValues, YearStep } from './field-values.js';
import { HALF } from './field-values.js';

const RANGE = /^(?:(\*)|([a-z]+|\d+)(?:-([a-z]+|\d+))?)(?:\/(\d+))?$/i;

/** One item of a field's list: from, to, step; `isWild` when it was written with `*`. */
export interface Range extends YearStep {
  readonly isWild: boolean;
}

/** Where a field stands, for messages. */
export interface FieldPlace {
  /** The whole rule as written. */
  readonly rule: unknown;
  readonly spec: FieldSpec;
}

export function refused({ rule, spec }: FieldPlace, value: unknown, why?: string): InvalidCronError {
  return new InvalidCronError(rule, spec.name, value, why === undefined ? spec.allowed : `${spec.allowed}; ${why}`);
}

/** The items of a comma list, trimmed; empty ones are refused. */
export function itemsOf(text: string, place: FieldPlace): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.includes('')) throw refused(place, text, 'an item of the list is empty');
  return items;
}

/** `*`, `*\/n`, `a`, `a-b`, `a-b/n`, `a/n`, with numbers or names. */
export function parseRange(item: string, place: FieldPlace): Range {
  const match = RANGE.exec(item);
  if (match === null) throw refused(place, item);
  const { spec } = place;
  const [, star, first, last, stepText] = match;
  const step = stepText === undefined ? 1 : Number(stepText);
  const from = star === undefined ? numberOf(first, place, item) : spec.min;
  const to = endOf({ from, isWild: star !== undefined, last, hasStep: stepText !== undefined }, place, item);
  if (to < from && !spec.wraps) throw refused(place, item, 'a range does not run backwards');
  const longest = spec.hasWideSteps ? spec.max - spec.min + 1 : spec.wraps && to < from ? to + 7 - from : to - from;
  if (stepText !== undefined && (step < 1 || step > longest)) throw refused(place, item, stepAdvice(longest));
  return { from, to, step, isWild: star !== undefined };
}

const stepAdvice = (longest: number): string =>
  longest < 1 ? 'it leaves no room for a step' : `a step is 1 to ${longest} here`;

interface RangeStart {
  readonly from: number;
  readonly isWild: boolean;
  readonly last: string | undefined;
  readonly hasStep: boolean;
}

function endOf({ from, isWild, last, hasStep }: RangeStart, place: FieldPlace, item: string): number {
  if (last !== undefined) return numberOf(last, place, item);
  return isWild || hasStep ? place.spec.max : from;
}

/** A number or a name of the field, within its bounds. */
export function numberOf(text: string, place: FieldPlace, item = text): number {
  const { spec } = place;
  const value = /^\d/.test(text) ? Number(text) : spec.names.indexOf(text.toLowerCase()) + spec.min;
  if (value < spec.min || value > spec.max || (/^\D/.test(text) && !spec.names.includes(text.toLowerCase()))) {
    throw refused(place, item);
  }
  return value;
}

/** The bits of ranges; a wrapping one goes on from the field's minimum. */
export function valuesOf(ranges: readonly Range[], spec: FieldSpec): FieldValues {
  let [low, high] = [0, 0];
  const size = spec.max - spec.min + 1;
  for (const { from, to, step } of ranges) {
    const last = to < from ? to + size : to;
    for (let value = from; value <= last; value += step) {
      const bit = value > spec.max ? value - size : value;
      if (bit < HALF) low |= 1 << bit;
      else high |= 1 << (bit - HALF);
    }
  }
  return { low, high, hasWildcard: ranges.some((range) => range.isWild) };
}
