import { InvalidCronError } from '../errors.js';
import { nearest } from '../nearest.js';
import { shown } from '../shown.js';
import type { CronParts, RareDates } from './compiled-cron.js';
import type { CronFieldName, CronFields, CronFieldValue } from './cron-fields.js';
import { FIELD_NAMES, FROM_SUNDAY, NAMED_FIELDS } from './cron-fields.js';
import type { FieldPlace } from './field-parser.js';
import { itemsOf, parseRange, valuesOf } from './field-parser.js';
import type { DayRule, FieldValues, YearStep } from './field-values.js';
import { ALL_HALF, ALL_HOURS, ALL_MONTHS, ALL_WEEKDAYS, intersected } from './field-values.js';
import { NO_DAYS, dayBits, yearSteps } from './parsed-expression.js';

/** Given fields under their own names, numbers where a single value was given. */
export type GivenFields = Partial<Record<CronFieldName, CronFieldValue>>;

const NTH = /^(1st|2nd|3rd|4th|5th|last)\s+([a-z]{3})$/i;
const ORDINALS = ['1st', '2nd', '3rd', '4th', '5th'];

/**
 * The given fields in their order, `day_of_week` as `dayOfWeek`, texts trimmed and single values as numbers.
 *
 * @throws {InvalidCronError} for a name that is no field, or a value that is neither number nor text
 */
export function givenFields(fields: CronFields): GivenFields {
  const given = new Map<string, CronFieldValue>();
  for (const [key, value] of Object.entries(fields) as [string, unknown][]) {
    if (value === undefined) continue;
    const name = key === 'day_of_week' ? 'dayOfWeek' : key;
    if (!(FIELD_NAMES as readonly string[]).includes(name)) throw unknownField(fields, key);
    if (given.has(name)) throw new InvalidCronError(fields, name, value, 'dayOfWeek or day_of_week, not both');
    given.set(name, plainValue(value, fields, name as CronFieldName));
  }
  return Object.fromEntries(FIELD_NAMES.filter((name) => given.has(name)).map((name) => [name, given.get(name)]));
}

function unknownField(fields: CronFields, key: string): InvalidCronError {
  const near = nearest(key, FIELD_NAMES);
  const advice = `fields are ${FIELD_NAMES.join(', ')}${near === null ? '' : `; did you mean '${near}'?`}`;
  return new InvalidCronError(fields, null, key, `${shown(key)} is no field; ${advice}`);
}

function plainValue(value: unknown, fields: CronFields, name: CronFieldName): CronFieldValue {
  if (typeof value === 'string' && value.length <= 512) {
    const text = value.trim().replace(/\s+/g, ' ');
    return /^\d{1,4}$/.test(text) ? Number(text) : text;
  }
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new InvalidCronError(fields, name, value, NAMED_FIELDS[name].allowed);
}

interface ParsedFields {
  readonly values: Partial<Record<CronFieldName, FieldValues>>;
  readonly dayRules: readonly DayRule[];
  readonly years: readonly (readonly YearStep[])[];
  readonly given: ReadonlySet<CronFieldName>;
}

/** The parts of one or several sets of fields that must all match; what none of them gives gets its default. */
export function partsOfFields(sets: readonly GivenFields[], isCondition = false): CronParts {
  const parsed = parseSets(sets);
  const values = (name: CronFieldName): FieldValues => parsed.values[name] ?? defaultOf(name, parsed, isCondition);
  const weeks = parsed.values.week ?? null;
  const isRare = parsed.dayRules.length > 0 || parsed.years.length > 0 || weeks !== null;
  const rare: RareDates = { dayRules: parsed.dayRules, weekdayRule: null, weeks, years: parsed.years };
  return {
    second: values('second'),
    minute: values('minute'),
    hours: values('hour').low,
    months: values('month').low,
    days: dayBits(values('day')),
    weekdays: fromSunday(values('dayOfWeek').low),
    isEither: false,
    rare: isRare ? rare : null,
    isCondition,
  };
}

/** Bits from Monday as bits from Sunday. */
const fromSunday = (bits: number): number => ((bits << 1) | (bits >> 6)) & ALL_WEEKDAYS;

function parseSets(sets: readonly GivenFields[]): ParsedFields {
  const values: Partial<Record<CronFieldName, FieldValues>> = {};
  const dayRules: DayRule[] = [];
  const years: (readonly YearStep[])[] = [];
  const given = sets.flatMap((set) => (Object.keys(set) as CronFieldName[]).map((name) => ({ set, name })));
  for (const { set, name } of given) {
    const place: FieldPlace = { rule: set, spec: NAMED_FIELDS[name] };
    const text = String(set[name]);
    if (name === 'year') {
      const steps = yearSteps(text, place);
      if (steps !== null) years.push(steps);
      continue;
    }
    const parsed = name === 'day' ? parseDays(text, place, dayRules) : parsePlain(text, place);
    const known = values[name];
    values[name] = known === undefined ? parsed : intersected(known, parsed);
  }
  return { values, dayRules, years, given: new Set(given.map(({ name }) => name)) };
}

function parsePlain(text: string, place: FieldPlace): FieldValues {
  return valuesOf(
    itemsOf(text, place).map((item) => parseRange(item.replace(/\s*-\s*/g, '-'), place)),
    place.spec,
  );
}

const EVERY_DAY: FieldValues = { low: -2, high: 3, hasWildcard: true };

/** A day field: plain days as values, or a rule when it holds `last` or `2nd fri`. */
function parseDays(text: string, place: FieldPlace, rules: DayRule[]): FieldValues {
  let rule = NO_DAYS;
  const plain: string[] = [];
  for (const item of itemsOf(text, place)) {
    const special = specialDay(item, rule);
    if (special === null) plain.push(item);
    else rule = special;
  }
  if (rule === NO_DAYS) return parsePlain(text, place);
  rules.push({ ...rule, plain: plain.length === 0 ? 0 : dayBits(parsePlain(plain.join(','), place)) });
  return EVERY_DAY;
}

function specialDay(item: string, rule: DayRule): DayRule | null {
  if (/^last$/i.test(item)) return { ...rule, beforeLast: 1 };
  const match = NTH.exec(item);
  const weekday = match === null ? -1 : FROM_SUNDAY.indexOf(match[2].toLowerCase());
  if (match === null || weekday < 0) return null;
  const ordinal = ORDINALS.indexOf(match[1].toLowerCase());
  if (ordinal < 0) return { ...rule, lastWeekdays: rule.lastWeekdays | (1 << weekday) };
  const nth = rule.nth.map((bits, index) => (index === ordinal ? bits | (1 << weekday) : bits));
  return { ...rule, nth: nth as unknown as DayRule['nth'] };
}

const EVERY: Readonly<Record<CronFieldName, FieldValues>> = {
  year: { low: 0, high: 0, hasWildcard: true },
  month: { low: ALL_MONTHS, high: 0, hasWildcard: true },
  day: EVERY_DAY,
  week: { low: ALL_HALF, high: ALL_HALF, hasWildcard: true },
  dayOfWeek: { low: ALL_WEEKDAYS, high: 0, hasWildcard: true },
  hour: { low: ALL_HOURS, high: 0, hasWildcard: true },
  minute: { low: ALL_HALF, high: ALL_HALF, hasWildcard: true },
  second: { low: ALL_HALF, high: ALL_HALF, hasWildcard: true },
};

/** `*` when a less significant field is given, else the minimum, but `*` for year, week and weekday (SEMANTICS 1.1). */
function defaultOf(name: CronFieldName, { given }: ParsedFields, isCondition: boolean): FieldValues {
  const order = FIELD_NAMES.indexOf(name);
  const isLeast = ![...given].some((other) => FIELD_NAMES.indexOf(other) > order);
  const hasMinimum = name === 'month' || name === 'day' || name === 'hour' || name === 'minute' || name === 'second';
  if (isCondition || given.size === 0 || !isLeast || !hasMinimum) return EVERY[name];
  return { low: 1 << NAMED_FIELDS[name].min, high: 0, hasWildcard: false };
}
