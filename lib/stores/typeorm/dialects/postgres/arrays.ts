/** Numbers as the text of a PostgreSQL array: quicker than the driver's own way, which looks at each value's type. */
export function numbers(values: readonly (number | null)[]): string {
  return `{${(values.includes(null) ? values.map((value) => value ?? 'NULL') : values).join(',')}}`;
}

/** Numbers of an array as the server writes it; null is empty. */
export function numbersIn(array: unknown): number[] {
  return array === null ? [] : (JSON.parse(`[${(array as string).slice(1, -1)}]`) as number[]);
}

/** As `numbersIn`, where some of them may be missing. */
export function numbersOrNullsIn(array: unknown): (number | null)[] {
  const list = (array as string).slice(1, -1);
  return JSON.parse(`[${list.includes('N') ? list.replace(/NULL/g, 'null') : list}]`) as (number | null)[];
}

export function keysOf(rows: readonly { readonly key: number }[]): string {
  return `{${rows.map((row) => row.key).join(',')}}`;
}

export function booleans(values: readonly boolean[]): string {
  return `{${values.map((value) => (value ? 't' : 'f')).join(',')}}`;
}

/** Texts as the text of an array. */
export function texts(values: Iterable<string | null>): string {
  const quoted: string[] = [];
  for (const value of values) quoted.push(value === null ? 'NULL' : quote(value));
  return `{${quoted.join(',')}}`;
}

/** Stands in no JSON text, where every control character is written as an escape. */
const BETWEEN = '\x1f';

/** Texts of JSON in one value, for `textsOfJson`: with so many quotes in them, to escape each costs more than to write the row. */
export function jsonTexts(values: readonly string[]): string {
  return values.join(BETWEEN);
}

/** The array that `jsonTexts` stands for, by the number of the value. */
export const textsOfJson = (value: string): string => `string_to_array(${value}, E'\\x1f')`;

function quote(value: string): string {
  return `"${storable(value).replace(/["\\]/g, '\\$&')}"`;
}

/** Stands before a text that is kept as JSON; no character of any text. */
const AS_JSON = '\u{10ffff}';

/** PostgreSQL keeps every text but those with a zero character. */
export function storable(value: string): string;
export function storable(value: string | null): string | null;
export function storable(value: string | null): string | null {
  if (value === null || (!value.includes('\0') && !value.startsWith(AS_JSON))) return value;
  return AS_JSON + JSON.stringify(value);
}

/** What `storable` made storable. */
export function readable(value: string): string;
export function readable(value: string | null): string | null;
export function readable(value: string | null): string | null {
  return value?.startsWith(AS_JSON) ? (JSON.parse(value.slice(AS_JSON.length)) as string) : value;
}

export function jsonOf(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}
