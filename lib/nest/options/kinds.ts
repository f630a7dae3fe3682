import type { Kind, Problem } from './kind.js';
import { mustBe, problem } from './kind.js';
import { nearest } from './nearest.js';
import { show } from './show.js';

const FROM_ENVIRONMENT = 'Values from the environment are text: convert them first,';

export function flag(): Kind {
  return {
    type: 'boolean',
    check(value, option) {
      if (typeof value === 'boolean') return [];
      const isText = typeof value === 'string' && /^(true|false|yes|no|on|off|[01]|)$/i.test(value.trim());
      return mustBe(option, value, 'true or false', isText ? `${FROM_ENVIRONMENT} such as value === 'true'.` : '');
    },
  };
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number, unit?: string): Kind {
  const limits = `${min.toLocaleString('en')} to ${max.toLocaleString('en')}`;
  return {
    type: 'number',
    limits,
    ...(unit === undefined ? {} : { unit }),
    check(value, option) {
      if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return [];
      const isText = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
      const advice = isText ? `${FROM_ENVIRONMENT} here to ${Number(value)}.` : '';
      return mustBe(option, value, `a whole number, ${limits}`, advice);
    },
  };
}

/** Text that is not blank, of `max` characters at most. */
export function text(max = 500): Kind {
  return {
    type: 'string',
    limits: `1 to ${max.toLocaleString('en')} characters`,
    check: (value, option) => checkText(value, option, max),
  };
}

function checkText(value: unknown, option: string, max: number): Problem[] {
  if (typeof value !== 'string') return mustBe(option, value, 'text', `Write it in quotes.`);
  const trimmed = value.trim();
  if (trimmed === '') return mustBe(option, value, 'text that is not empty', 'Leave it out to have the default.');
  if (value !== trimmed) return mustBe(option, value, 'text without spaces around it', `Write ${show(trimmed)}.`);
  if (hasControlCharacter(value)) return mustBe(option, value, 'text without line breaks and control characters');
  if (value.length > max) {
    return problem(option, value, `has ${value.length} characters (${show(value)}); ${max} are allowed. Shorten it.`);
  }
  return [];
}

/** Unicode's category Cc, by its two ranges: an expression with the name of the category takes ten times as long. */
function hasControlCharacter(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return true;
  }
  return false;
}

/** One of a few words. */
export function oneOf(...words: readonly string[]): Kind {
  const list = words.map((word) => `'${word}'`);
  return {
    type: list.join(' | '),
    check(value, option) {
      if (typeof value === 'string' && words.includes(value)) return [];
      const meant = typeof value === 'string' ? nearest(value, words) : null;
      return mustBe(option, value, `one of ${list.join(', ')}`, meant === null ? '' : `Did you mean '${meant}'?`);
    },
  };
}

/** A list whose entries are of one kind. */
export function listOf(entry: Kind, max = 1_000): Kind {
  return {
    type: entry.type.includes('|') ? `(${entry.type})[]` : `${entry.type}[]`,
    limits: `${max.toLocaleString('en')} entries at most`,
    check(value, option) {
      if (!Array.isArray(value)) return mustBe(option, value, 'a list', `Write [${show(value)}].`);
      if (value.length > max) return problem(option, value, `has ${value.length} entries; ${max} are allowed.`);
      return value.flatMap((one: unknown, index) => {
        const at = `${option}[${index}]`;
        return one === undefined ? mustBe(at, one, `a ${entry.type}`) : entry.check(one, at);
      });
    },
  };
}

/** What `kind` allows, and `null`. */
export function nullable(kind: Kind): Kind {
  return {
    ...kind,
    type: `${kind.type} | null`,
    check: (value, option) => (value === null ? [] : kind.check(value, option)),
  };
}

/** What any of two kinds allows; the first one's message is shown unless `belongsToSecond`. */
export function either(first: Kind, second: Kind, belongsToSecond: (value: unknown) => boolean): Kind {
  return {
    type: `${first.type} | ${second.type}`,
    check: (value, option) => (belongsToSecond(value) ? second : first).check(value, option),
  };
}

/** A value that only code can give and that a test recognises. */
export function thing(type: string, must: string, isThing: (value: unknown) => boolean): Kind {
  return { type, check: (value, option) => (isThing(value) ? [] : mustBe(option, value, must)) };
}
