/** A number, or text: `*`, `*\/n`, `a`, `a-b`, `a-b/n`, `a/n`, names, and lists of these. */
export type CronFieldValue = number | string;

/**
 * A cron rule by named fields, all of which must match (SEMANTICS 1.1).
 *
 * Weekday 0 is Monday. A field not given is `*` when a less significant one is given, else its minimum.
 */
export interface CronFields {
  /** 1970-9999 */
  readonly year?: CronFieldValue;
  /** 1-12, `jan`-`dec` */
  readonly month?: CronFieldValue;
  /** 1-31, `last`, `2nd fri`, `last sun` */
  readonly day?: CronFieldValue;
  /** ISO week of the date, 1-53 */
  readonly week?: CronFieldValue;
  /** 0-6 with 0 = Monday, `mon`-`sun`; `fri-mon` is allowed */
  readonly dayOfWeek?: CronFieldValue;
  /** Snake-case spelling of `dayOfWeek`, for configuration from JSON or YAML. */
  readonly day_of_week?: CronFieldValue;
  /** 0-23 */
  readonly hour?: CronFieldValue;
  /** 0-59 */
  readonly minute?: CronFieldValue;
  /** 0-59 */
  readonly second?: CronFieldValue;
}

export type CronFieldName = Exclude<keyof CronFields, 'day_of_week'>;

/** From the most to the least significant. */
export const FIELD_NAMES: readonly CronFieldName[] = [
  'year',
  'month',
  'day',
  'week',
  'dayOfWeek',
  'hour',
  'minute',
  'second',
];

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const FROM_MONDAY = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const FROM_SUNDAY = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** What may stand in one field. */
export interface FieldSpec {
  readonly name: CronFieldName;
  readonly min: number;
  readonly max: number;
  /** Names of the values from `min` on. */
  readonly names: readonly string[];
  /** A range may run over the end: `fri-mon`. */
  readonly wraps: boolean;
  /** A step may be as large as the whole field (`*\/60`); else no larger than its own range. */
  readonly hasWideSteps: boolean;
  /** For messages. */
  readonly allowed: string;
}

function spec(name: CronFieldName, min: number, max: number, more: Partial<FieldSpec> = {}): FieldSpec {
  const allowed = `${min}-${max}, *, */n, a-b, a-b/n, a/n and lists of these`;
  return { name, min, max, names: [], wraps: false, hasWideSteps: false, allowed, ...more };
}

const MONTH = { names: MONTHS, allowed: '1-12, jan-dec, *, */n, a-b, a-b/n, a/n and lists of these' };

/** Fields of the field form. */
export const NAMED_FIELDS: Readonly<Record<CronFieldName, FieldSpec>> = {
  year: spec('year', 1970, 9999),
  month: spec('month', 1, 12, MONTH),
  day: spec('day', 1, 31, {
    allowed: "1-31, *, */n, a-b, a-b/n, a/n, 'last', '2nd fri', 'last sun' and lists of these",
  }),
  week: spec('week', 1, 53),
  dayOfWeek: spec('dayOfWeek', 0, 6, {
    names: FROM_MONDAY,
    wraps: true,
    allowed: '0-6 with 0 = Monday, mon-sun, *, */n, a-b, a-b/n and lists of these',
  }),
  hour: spec('hour', 0, 23),
  minute: spec('minute', 0, 59),
  second: spec('second', 0, 59),
};

/** Fields of the expression form; its weekday 7 is read before it comes here. */
export const EXPRESSION_FIELDS: Readonly<Record<CronFieldName, FieldSpec>> = {
  ...NAMED_FIELDS,
  year: spec('year', 1970, 9999, { hasWideSteps: true }),
  month: spec('month', 1, 12, { ...MONTH, hasWideSteps: true }),
  day: spec('day', 1, 31, {
    hasWideSteps: true,
    allowed: '1-31, *, ?, */n, a-b, a-b/n, a/n, L, L-3, LW, 15W, H and lists of these',
  }),
  dayOfWeek: spec('dayOfWeek', 0, 6, {
    names: FROM_SUNDAY,
    hasWideSteps: true,
    allowed: '0-7 with 0 and 7 = Sunday, sun-sat, *, ?, */n, a-b, a-b/n, a/n, 5L, 5#2, H and lists of these',
  }),
  hour: spec('hour', 0, 23, { hasWideSteps: true }),
  minute: spec('minute', 0, 59, { hasWideSteps: true }),
  second: spec('second', 0, 59, { hasWideSteps: true }),
};

export { FROM_MONDAY, FROM_SUNDAY };
