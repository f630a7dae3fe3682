import type { Instant, JsonValue } from '../../core/index.js';

/** Rows are texts, their fields lines. JSON has no raw line ends; what is no JSON and has some is written as JSON. */
export const LINE_END = '\n';

const MARK = '\x7f';
// eslint-disable-next-line no-control-regex -- exactly these would break a row
const UNSAFE = /[\x00-\x1f\x7f\ud800-\udfff]/;

/** A text in one line. Also the form of ids in keys and fields. */
export function lineOf(text: string): string {
  return UNSAFE.test(text) ? MARK + JSON.stringify(text) : text;
}

export function textOf(line: string): string {
  return line.startsWith(MARK) ? (JSON.parse(line.slice(1)) as string) : line;
}

/** The mark alone stands for null. */
export function lineOrNull(text: string | null): string {
  return text === null ? MARK : lineOf(text);
}

export function textOrNull(line: string): string | null {
  return line === MARK ? null : textOf(line);
}

export function jsonOrNull(value: unknown): string {
  return value === null ? '' : JSON.stringify(value);
}

export function parsedOrNull<T>(line: string): T | null {
  return line === '' ? null : (JSON.parse(line) as T);
}

export function numberOrNull(line: string): number | null {
  return line === '' ? null : Number(line);
}

export function lineOfNumber(value: Instant | null): string {
  return value === null ? '' : String(value);
}

/** Lists of nothing are most lists. */
export function listOf(line: string): readonly JsonValue[] {
  return line === '[]' ? [] : (JSON.parse(line) as readonly JsonValue[]);
}
