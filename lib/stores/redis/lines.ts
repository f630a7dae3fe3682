import type { Instant, JsonValue } from '../../core/index.js';

/** Rows are texts, their fields lines. JSON has no raw line ends; what is no JSON and has some is written as JSON. */
export const LINE_END = '\n';
export const LINE_END_CODE = 10;

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

/** Reads the lines of a row one after another, and makes nothing of those that are numbers but the number. */
export class LineReader {
  private text = '';
  private from = 0;
  private at = 0;
  private end = 0;

  /** The row is a part of the text, or all of it. */
  begin(text: string, from = 0, end = text.length): this {
    this.text = text;
    this.from = from;
    this.at = from;
    this.end = end;
    return this;
  }

  get isEmpty(): boolean {
    return this.from === this.end;
  }

  get row(): string {
    return this.text.slice(this.from, this.end);
  }

  next(): string {
    const { text, at, end } = this;
    if (at > end) throw new RangeError('a line is missing');
    const mark = text.indexOf(LINE_END, at);
    const stop = mark < 0 || mark > end ? end : mark;
    this.at = stop + 1;
    return text.slice(at, stop);
  }

  /** The next line is this one, and it is passed. */
  passes(line: string): boolean {
    const stop = this.at + line.length;
    if (stop >= this.end || !this.text.startsWith(line, this.at) || this.text[stop] !== LINE_END) return false;
    this.at = stop + 1;
    return true;
  }

  /** Nothing stands for null. */
  number(): number | null {
    const { text, end } = this;
    let value = 0;
    for (let at = this.at; ; at++) {
      const code = at < end ? text.charCodeAt(at) : LINE_END_CODE;
      if (code === LINE_END_CODE && at > this.at) {
        this.at = at + 1;
        return value;
      }
      // Nothing, or not just digits.
      if (code < ZERO || code > NINE) return numberOrNull(this.next());
      value = value * 10 + code - ZERO;
    }
  }
}

const ZERO = 48;
const NINE = 57;
