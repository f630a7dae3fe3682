import { InvalidCronError, NeverFiresError } from '../errors.js';
import type { CronParts, RareDates } from './compiled-cron.js';
import { CompiledCron } from './compiled-cron.js';
import type { CronFieldName } from './cron-fields.js';
import { EXPRESSION_FIELDS } from './cron-fields.js';
import type { FieldPlace } from './field-parser.js';
import { itemsOf, numberOf, parseRange, refused, valuesOf } from './field-parser.js';
import type { DayRule, FieldValues, YearStep } from './field-values.js';
import { ALL_DAYS, ALL_WEEKDAYS } from './field-values.js';
import { isHashed, resolvedHash } from './hashed-fields.js';

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);
const FIVE: readonly CronFieldName[] = ['minute', 'hour', 'day', 'month', 'dayOfWeek'];
const SIX: readonly CronFieldName[] = ['second', ...FIVE];
const SEVEN: readonly CronFieldName[] = [...SIX, 'year'];
const LONGEST_TEXT = 512;
const HASH = /(?:^|[\s,])h(?![a-z])/i;
const ZONE_PREFIX = /^(?:CRON_)?TZ=(\S*)\s+/;

/** A cron expression taken apart, its fields not yet understood. */
export interface CronText {
  /** As given, with single spaces and without the zone. */
  readonly text: string;
  /** Zone of a `CRON_TZ=` prefix. */
  readonly timezone: string | null;
  readonly names: readonly CronFieldName[];
  readonly fields: readonly string[];
}

const MOST_TEXTS = 1_000;
const texts = new Map<unknown, CronText>();

/** @throws {InvalidCronError} when it is no text of 5 to 7 fields or a known alias */
export function readExpression(expression: unknown): CronText {
  // One is read when it is checked, when it is put and when it is shown, and many jobs have the same.
  let text = texts.get(expression);
  if (text === undefined) {
    text = takeApart(expression);
    if (texts.size >= MOST_TEXTS) texts.clear();
    texts.set(expression, text);
  }
  return text;
}

function takeApart(expression: unknown): CronText {
  if (typeof expression !== 'string') {
    throw new InvalidCronError(expression, null, expression, `give an expression such as '0 9 * * 1-5', or fields`);
  }
  if (expression.length > LONGEST_TEXT) throw new InvalidCronError(expression, null, expression, 'it is too long');
  const trimmed = expression.trim();
  const prefix = ZONE_PREFIX.exec(trimmed);
  const text = trimmed.slice(prefix?.[0].length ?? 0).replace(/\s+/g, ' ');
  const fields = (text.startsWith('@') ? aliased(text, expression) : text).split(' ');
  const names = fields.length === 5 ? FIVE : fields.length === 6 ? SIX : SEVEN;
  if (text === '' || fields.length !== names.length) {
    const found = text === '' ? 'it is empty' : `it has ${fields.length} field${fields.length === 1 ? '' : 's'}`;
    const allowed = `${found}; write 5 (minute hour day month weekday), 6 (seconds first) or 7 (year last)`;
    throw new InvalidCronError(expression, null, expression, allowed);
  }
  return { text, timezone: prefix?.[1] ?? null, names, fields };
}

function aliased(text: string, rule: string): string {
  const expression = ALIASES.get(text.toLowerCase());
  if (expression !== undefined) return expression;
  const known = [...ALIASES.keys()].join(', ');
  const advice =
    text.toLowerCase() === '@reboot'
      ? `@reboot has no fire times; write cron('@reboot') or the option runOnStart`
      : `aliases are ${known}, and cron('@reboot')`;
  throw new InvalidCronError(rule, null, text, advice);
}

/** Whether a field holds an `H` that is open until the job's id is known. */
export function hasHash(expression: CronText): boolean {
  return HASH.test(expression.text);
}

/** The expression with each `H` replaced by the value for that job. */
export function withoutHash(expression: CronText, jobId: string | null): CronText {
  const fields = expression.fields.map((field, index) => {
    const place = placeOf(expression, expression.names[index]);
    const items = field.split(',').map((item) => item.trim());
    return items.map((item) => (isHashed(item) ? resolvedHash(item, place, jobId) : item)).join(',');
  });
  return { ...expression, text: fields.join(' '), fields };
}

const placeOf = (expression: CronText, name: CronFieldName): FieldPlace => ({
  rule: expression.text,
  spec: EXPRESSION_FIELDS[name],
});

/**
 * Compiles an expression without `H`.
 *
 * @throws {InvalidCronError} names the field, the value and what is allowed there
 * @throws {NeverFiresError} when no date has such a day
 */
export function compileExpression(expression: CronText): CompiledCron {
  const parts = partsOf(expression);
  // A workday near a day that its months do not have (30W in February) is no mistake of the calendar: croner takes it.
  const hasNearest = parts.rare?.dayRules.some((rule) => rule.nearest !== 0) === true;
  if (!hasNearest && !CompiledCron.canFire(parts)) {
    throw new NeverFiresError(
      `Cron '${expression.text}'`,
      'no date matches its day, month and weekday. Correct one of them.',
    );
  }
  return new CompiledCron(parts);
}

function partsOf(expression: CronText): CronParts {
  const field = (name: CronFieldName): string => expression.fields[expression.names.indexOf(name)];
  const values = (name: CronFieldName): FieldValues => plainValues(field(name), placeOf(expression, name));
  const day = dayField(field('day'), placeOf(expression, 'day'));
  const weekday = weekdayField(field('dayOfWeek'), placeOf(expression, 'dayOfWeek'));
  const years = expression.names === SEVEN ? yearSteps(field('year'), placeOf(expression, 'year')) : null;
  const isRare = day.rule !== null || weekday.rule !== null || years !== null;
  const rare: RareDates = {
    dayRules: day.rule === null ? [] : [day.rule],
    weekdayRule: weekday.rule,
    weeks: null,
    years: years === null ? [] : [years],
  };
  return {
    second: expression.names === FIVE ? { low: 1, high: 0, hasWildcard: false } : values('second'),
    minute: values('minute'),
    hours: values('hour').low,
    months: values('month').low,
    days: day.plain,
    weekdays: weekday.plain,
    isEither: day.isRestricted && weekday.isRestricted,
    rare: isRare ? rare : null,
  };
}

function plainValues(text: string, place: FieldPlace): FieldValues {
  const ranges = itemsOf(text, place).map((item) => parseRange(item, place));
  return valuesOf(ranges, place.spec);
}

/** The steps of a year field, or null when it is a bare `*`. */
export function yearSteps(text: string, place: FieldPlace): readonly YearStep[] | null {
  return text === '*' ? null : itemsOf(text, place).map((item) => parseRange(item, place));
}

interface DateField {
  readonly plain: number;
  readonly rule: DayRule | null;
  /** Anything but a bare `*` or `?` (crontab(5)). */
  readonly isRestricted: boolean;
}

const isBare = (text: string): boolean => text === '*' || text === '?';

/** Bits 1-31 of a parsed day field as bits 0-30. */
export const dayBits = ({ low, high }: FieldValues): number => (low >>> 1) | (high << 29);

export const NO_DAYS: DayRule = {
  plain: 0,
  beforeLast: 0,
  nearest: 0,
  lastWorkday: false,
  nth: [0, 0, 0, 0, 0],
  lastWeekdays: 0,
};

function dayField(text: string, place: FieldPlace): DateField {
  if (isBare(text)) return { plain: ALL_DAYS, rule: null, isRestricted: false };
  let rule = NO_DAYS;
  const ranges = [];
  for (const item of itemsOf(text, place)) {
    const special = specialDay(item, rule, place);
    if (special === null) ranges.push(parseRange(item, place));
    else rule = special;
  }
  const plain = dayBits(valuesOf(ranges, place.spec));
  if (rule === NO_DAYS) return { plain, rule: null, isRestricted: true };
  return { plain: ALL_DAYS, rule: { ...rule, plain }, isRestricted: true };
}

function specialDay(item: string, rule: DayRule, place: FieldPlace): DayRule | null {
  if (/^lw$/i.test(item)) return { ...rule, lastWorkday: true };
  const last = /^l(?:-(\d+))?$/i.exec(item);
  if (last !== null) {
    const before = Number(last[1] ?? 0);
    if (before > 30) throw refused(place, item, 'L-1 to L-30 are days before the last one');
    return { ...rule, beforeLast: rule.beforeLast | (1 << before) };
  }
  const near = /^(\d+)w$/i.exec(item);
  if (near === null) return null;
  return { ...rule, nearest: rule.nearest | (1 << (numberOf(near[1], place, item) - 1)) };
}

function weekdayField(text: string, place: FieldPlace): DateField {
  if (isBare(text)) return { plain: ALL_WEEKDAYS, rule: null, isRestricted: false };
  let rule = NO_DAYS;
  let plain = 0;
  for (const item of itemsOf(text, place)) {
    const special = specialWeekday(item, rule, place);
    if (special === null) plain |= weekdayBits(item, place);
    else rule = special;
  }
  return { plain, rule: rule === NO_DAYS ? null : rule, isRestricted: true };
}

/** Sunday may be 7 or end a range: `5-7`, `fri-sun`. */
function weekdayBits(item: string, place: FieldPlace): number {
  const { spec } = place;
  const asSeven = item.replace(/-sun(?=\/|$)/i, '-7').replace(/^7(?=\/|-|$)/, '0');
  const wide: FieldPlace = { rule: place.rule, spec: { ...spec, max: 7 } };
  const isOpenEnded = asSeven.startsWith('*') || /^[^-]*\//.test(asSeven);
  const range = parseRange(asSeven, isOpenEnded ? place : wide);
  if (range.step > 7) throw refused(place, item, 'a step is 1 to 7 here');
  if (item.startsWith('7-')) throw refused(place, item, 'a range does not run backwards');
  const { low } = valuesOf([range], wide.spec);
  return (low | (low >> 7)) & ALL_WEEKDAYS;
}

function specialWeekday(item: string, rule: DayRule, place: FieldPlace): DayRule | null {
  const last = /^([a-z]{3}|\d)#?l$/i.exec(item);
  if (last !== null) return { ...rule, lastWeekdays: rule.lastWeekdays | weekdayBit(last[1], place, item) };
  const nth = /^([a-z]{3}|\d)#([1-5])$/i.exec(item);
  if (nth === null) return null;
  const bit = weekdayBit(nth[1], place, item);
  const week = Number(nth[2]) - 1;
  return {
    ...rule,
    nth: rule.nth.map((bits, index) => (index === week ? bits | bit : bits)) as unknown as DayRule['nth'],
  };
}

function weekdayBit(text: string, place: FieldPlace, item: string): number {
  return 1 << (text === '7' ? 0 : numberOf(text, place, item));
}
