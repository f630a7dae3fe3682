const LONGEST = 60;
const HIDDEN = '(hidden)';
const SECRET_NAME = /pass|pwd|secret|token|credential|(api|access|private)_?key/i;
/** User and password of an address: `postgres://user:password@host`. */
const USER_PART = /([a-z][\w+.-]*:\/\/)[^\s/]*@/gi;

/** A value as text for a message: short, on one line, with its type where the text alone would mislead. */
export function show(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (value === null) return 'null';
  if (typeof value === 'string') return `'${cut(withoutUser(value))}'`;
  if (typeof value === 'function')
    return isClass(value) ? `class ${value.name}` : `function ${value.name || '(no name)'}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : `Date ${value.toISOString()}`;
  if (typeof value === 'object') return showObject(value);
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- numbers, booleans and symbols are left
  return String(value);
}

function showObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) {
    return `an instance of ${value.constructor?.name || 'a class'}`;
  }
  try {
    return cut(withoutUser(JSON.stringify(value, hideSecret) ?? 'an object'));
  } catch {
    return Array.isArray(value) ? 'a list' : 'an object';
  }
}

/** The value of an option, for a message that may reach a log: what goes by such a name is not shown. */
export function showOption(name: string, value: unknown): string {
  return SECRET_NAME.test(name) ? HIDDEN : show(value);
}

function hideSecret(name: string, value: unknown): unknown {
  const isPlain = typeof value === 'string' || typeof value === 'number';
  return isPlain && SECRET_NAME.test(name) ? HIDDEN : value;
}

function withoutUser(text: string): string {
  return text.replace(USER_PART, '$1…@');
}

function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
