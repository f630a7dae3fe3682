import type { CronFieldName } from './cron-fields.js';
import { FIELD_NAMES, FROM_SUNDAY } from './cron-fields.js';
import type { CronText } from './parsed-expression.js';
import type { GivenFields } from './parsed-fields.js';

/** An expression's fields by name, in the order of the field form; weekday numbers as names, which both forms read alike. */
export function fieldsOfExpression(expression: CronText): GivenFields {
  let given = known.get(expression);
  if (given === undefined) {
    given = Object.freeze(namedFields(expression));
    known.set(expression, given);
  }
  return given;
}

/** Many jobs have the same expression, and each shows its fields. */
const known = new WeakMap<CronText, GivenFields>();

function namedFields({ names, fields }: CronText): GivenFields {
  const given = new Map(names.map((name, index) => [name, fieldOf(name, fields[index])]));
  return Object.fromEntries(FIELD_NAMES.filter((name) => given.has(name)).map((name) => [name, given.get(name)]));
}

function fieldOf(name: CronFieldName, text: string): string | number {
  if (name === 'dayOfWeek') return named(text);
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** `1-5` as `mon-fri`, `5#2` as `fri#2`; steps and ordinals stay numbers. */
function named(text: string): string {
  return text.replace(
    /(^|,|-)([0-7])(?![0-9])/g,
    (_, before: string, digit: string) => `${before}${FROM_SUNDAY[Number(digit) % 7]}`,
  );
}
