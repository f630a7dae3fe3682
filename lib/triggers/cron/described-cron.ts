import cronstrue from 'cronstrue';
import type { CronFieldName } from './cron-fields.js';
import { FIELD_NAMES, FROM_MONDAY } from './cron-fields.js';
import { readExpression } from './parsed-expression.js';
import type { GivenFields } from './parsed-fields.js';

const OPTIONS = { use24HourTimeFormat: true };
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** A sentence in plain English, or one that quotes the expression when it holds what the describer does not know. */
export function describeExpression(expression: string): string {
  const { names, fields } = readExpression(expression);
  const isEither = ['day', 'dayOfWeek'].every((name) => !/^[*?]$/.test(fields[names.indexOf(name as CronFieldName)]));
  const text = sentence(fields.join(' '));
  if (text === null) return `At the times of ${expression}`;
  return isEither ? text.replace(', and ', ', or ') : text;
}

function sentence(expression: string): string | null {
  if (/(^|[\s,])h(?![a-z])/i.test(expression)) return null;
  try {
    return cronstrue.toString(expression, OPTIONS);
  } catch {
    return null;
  }
}

/** A sentence for fields: times and months as for an expression, then the other date fields, all of which must match. */
export function describeFields(given: GivenFields): string {
  const { year, week, day, dayOfWeek } = given;
  const isSpecialDay = /[a-z]/i.test(String(day ?? ''));
  const [second, minute, hour, month, plainDay] = (['second', 'minute', 'hour', 'month', 'day'] as const).map((name) =>
    fieldText(given, name),
  );
  const base = sentence(`${second} ${minute} ${hour} ${isSpecialDay ? '*' : plainDay} ${month} *`);
  if (base === null) return `At the times of ${fieldsText(given)}`;
  const parts = [
    isSpecialDay ? `, on ${specialDays(String(day))} of the month` : '',
    isOpen(dayOfWeek) ? '' : `, only on ${weekdays(String(dayOfWeek))}`,
    isOpen(week) ? '' : `, only in ISO week ${week}`,
    isOpen(year) ? '' : `, only in ${year}`,
  ];
  return base + parts.join('');
}

/** `hour=9-17 minute=0` */
export function fieldsText(fields: GivenFields): string {
  const given = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
  return given.length === 0 ? 'every second' : given.join(' ');
}

const isOpen = (value: unknown): boolean => value === undefined || value === '*';

function fieldText(given: GivenFields, name: CronFieldName): string {
  const value = given[name];
  if (value !== undefined) return String(value).replaceAll(' ', '');
  const order = FIELD_NAMES.indexOf(name);
  const least = Math.max(-1, ...FIELD_NAMES.map((other, index) => (given[other] === undefined ? -1 : index)));
  if (least < 0 || least > order) return '*';
  return name === 'month' || name === 'day' ? '1' : '0';
}

const specialDays = (text: string): string =>
  text
    .split(',')
    .map((item) => (/^\s*last\s*$/i.test(item) ? 'the last day' : `the ${weekdays(item.trim())}`))
    .join(' and ');

/** `mon-fri` as `Monday through Friday`; a number after a slash is a step and stays. */
function weekdays(text: string): string {
  const named = text.replace(/(?<![\w/])[0-6](?!\w)/g, (digit) => FROM_MONDAY[Number(digit)]);
  return named
    .replace(/[a-z]{3}/gi, (name) => WEEKDAYS[FROM_MONDAY.indexOf(name.toLowerCase())] ?? name)
    .replace(/-/g, ' through ')
    .replace(/,\s*/g, ', ');
}
