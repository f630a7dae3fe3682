import cronstrue from 'cronstrue';
import type { GivenFields } from './parsed-fields.js';
import { FIELD_NAMES, FROM_MONDAY } from './cron-fields.js';
import { readExpression } from './parsed-expression.js';

const OPTIONS = { use24HourTimeFormat: true, verbose: false, throwExceptionOnParseError: true };

/** A sentence in plain English, or the expression itself when no sentence is known for it. */
export function describeExpression(expression: string): string {
  const { fields, names } = readExpression(expression);
  return sentence(fields.join(' '), names.length === 7) ?? `At the times of ${expression}`;
}

function sentence(expression: string, hasYear: boolean): string | null {
  if (/(^|[\s,])h/i.test(expression)) return null;
  try {
    const plain = hasYear ? expression : expression.replace(/^\s+/, '');
    return cronstrue.toString(plain, OPTIONS);
  } catch {
    return null;
  }
}

/** A sentence for fields: time and month as for an expression, then the date fields, all of which must match. */
export function describeFields(given: GivenFields): string {
  const { year, week, day, dayOfWeek } = given;
  const isPlainDay = day === undefined || !/[a-z]/i.test(String(day));
  const [second, minute, hour, month] = (['second', 'minute', 'hour', 'month'] as const).map((name) =>
    fieldText(given, name),
  );
  const hasDay = isPlainDay && fieldText(given, 'day') !== '*';
  const base = sentence(`${second} ${minute} ${hour} ${isPlainDay ? fieldText(given, 'day') : '*'} ${month} *`, false);
  if (base === null) return `At the times of ${JSON.stringify(given)}`;
  return [
    base,
    isPlainDay ? '' : `, on the ${String(day)} of the month`,
    dayOfWeek === undefined || dayOfWeek === '*' ? '' : `, only on ${weekdays(dayOfWeek)}`,
    week === undefined || week === '*' ? '' : `, only in ISO week ${week}`,
    year === undefined || year === '*' ? '' : `, only in ${year}`,
  ]
    .join('')
    .replace(hasDay ? /$^/ : /, every day(?=,)/, '');
}

function fieldText(given: GivenFields, name: keyof GivenFields): string {
  const value = given[name];
  if (value !== undefined) return String(value).replaceAll(' ', '');
  const order = FIELD_NAMES.indexOf(name);
  const least = Math.max(-1, ...FIELD_NAMES.map((other, index) => (given[other] === undefined ? -1 : index)));
  const hasDefault = least >= 0 && least < order;
  if (!hasDefault) return '*';
  return name === 'month' || name === 'day' ? '1' : '0';
}

const weekdays = (value: string | number): string =>
  String(value).replace(
    /(^|,|-)([0-6])(?![0-9])/g,
    (_, before: string, digit: string) => `${before}${FROM_MONDAY[Number(digit)]}`,
  );
