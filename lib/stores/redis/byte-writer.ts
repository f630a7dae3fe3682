import { LINE_END_CODE, lineOf } from './lines.js';

const FIRST_SIZE = 65_536;
/** Longer ones are not kept for the next step. */
const MOST_KEPT_BYTES = 1_048_576;
const MOST_KEPT = 8;

const TEXT_8 = 0xd9;
const TEXT_16 = 0xda;
const TEXT_32 = 0xdb;
const LIST_32 = 0xdd;
const HEAD_16 = 3;
const HEAD_32 = 5;
const ZERO = 48;
const MARK_CODE = 0x7f;
const MILLION = 1_000_000;
/** Up to here a number of millions is a small one. */
const MOST_BY_MILLIONS = 1e15;

/**
 * Writes MessagePack, which Redis reads with `cmsgpack` at less cost than as many arguments (format: msgpack.org): texts and
 * lists only. Straight into memory, character by character: rows put together as texts before cost twice as much, and as
 * much again to clear them away.
 */
export class ByteWriter {
  private bytes = Buffer.allocUnsafeSlow(FIRST_SIZE);
  private at = 0;
  /** Where the text that is put together begins. */
  private from = 0;

  /** One that is empty. */
  static taken(): ByteWriter {
    return spare.pop() ?? new ByteWriter();
  }

  /** One for a list; how many it has is told at its end. */
  static ofList(): ByteWriter {
    const list = ByteWriter.taken();
    list.listOf(0);
    return list;
  }

  /** Nobody writes here any more. */
  giveBack(): void {
    this.at = 0;
    if (this.bytes.length <= MOST_KEPT_BYTES && spare.length < MOST_KEPT) spare.push(this);
  }

  copied(): Buffer {
    const copy = Buffer.allocUnsafeSlow(this.at);
    this.bytes.copy(copy, 0, 0, this.at);
    return copy;
  }

  /** The head of a list; its items follow. */
  listOf(count: number): void {
    this.reserve(HEAD_32);
    this.head(LIST_32, count, 4);
  }

  /** All that is here is one list of so many. */
  endList(count: number): void {
    const { at } = this;
    this.at = 0;
    this.head(LIST_32, count, 4);
    this.at = at;
  }

  /** A whole text. */
  string(text: string): void {
    const { at } = this;
    this.reserve(HEAD_32);
    this.headOfText(text.length);
    if (this.isPlain(text)) return;
    // Not a byte for each character.
    this.at = at;
    const length = Buffer.byteLength(text, 'utf8');
    this.reserve(HEAD_32 + length);
    this.headOfText(length);
    this.at += this.bytes.write(text, this.at, 'utf8');
  }

  text(): string {
    return this.bytes.toString('utf8', 0, this.at);
  }

  /** What another one holds. */
  all({ bytes, at }: ByteWriter): void {
    this.reserve(at);
    bytes.copy(this.bytes, this.at, 0, at);
    this.at += at;
  }

  /** The same as one text. */
  allAsText(other: ByteWriter): void {
    this.reserve(HEAD_32);
    this.headOfText(other.at);
    this.all(other);
  }

  /** Begins a text that is put together of parts. */
  begin(): void {
    this.reserve(HEAD_16);
    this.at += HEAD_16;
    this.from = this.at;
  }

  end(): void {
    const { at, from } = this;
    const length = at - from;
    this.at = from - HEAD_16;
    if (length <= 0xffff) {
      this.head(TEXT_16, length, 2);
      this.at = at;
      return;
    }
    this.at = at;
    this.reserve(HEAD_32 - HEAD_16);
    this.bytes.copyWithin(from + HEAD_32 - HEAD_16, from, at);
    this.at = from - HEAD_16;
    this.head(TEXT_32, length, 4);
    this.at += length;
  }

  /** How much of the text that is put together there is. */
  get length(): number {
    return this.at - this.from;
  }

  /** Writes over a byte of it. */
  put(place: number, code: number): void {
    this.bytes[this.from + place] = code;
  }

  part(text: string): void {
    if (this.isPlain(text)) return;
    this.reserve(3 * text.length);
    this.at += this.bytes.write(text, this.at, 'utf8');
  }

  byte(code: number): void {
    this.reserve(1);
    this.bytes[this.at++] = code;
  }

  /** A line of a row; what would break one is written as JSON. */
  line(text: string): void {
    if (!this.isPlain(text)) this.part(lineOf(text));
    this.lineEnd();
  }

  lineOrNull(text: string | null): void {
    if (text !== null) return this.line(text);
    this.byte(MARK_CODE);
    this.lineEnd();
  }

  /** A line that holds JSON, or nothing for null. */
  json(value: unknown): void {
    if (value !== null) this.part(JSON.stringify(value));
    this.lineEnd();
  }

  /** Lists of nothing are most lists. */
  list(values: readonly unknown[]): void {
    this.part(values.length === 0 ? '[]' : JSON.stringify(values));
    this.lineEnd();
  }

  /** A number in a line of its own; null: nothing is in it. */
  number(value: number | null): void {
    if (value !== null) this.digits(value);
    this.lineEnd();
  }

  digits(value: number): void {
    if (!(value >= 0 && value < MOST_BY_MILLIONS && value === Math.floor(value))) {
      this.part(String(value));
    } else if (value < MILLION) {
      this.digitsOf(value, widthOf(value));
    } else {
      const millions = Math.floor(value / MILLION);
      this.digitsOf(millions, widthOf(millions));
      this.digitsOf(value - millions * MILLION, 6);
    }
  }

  /** The last line of a row has none. */
  dropLineEnd(): void {
    this.at--;
  }

  private lineEnd(): void {
    this.byte(LINE_END_CODE);
  }

  private digitsOf(value: number, width: number): void {
    this.reserve(width);
    const { bytes } = this;
    let left = value | 0;
    for (let at = this.at + width - 1; at >= this.at; at--) {
      const tens = (left / 10) | 0;
      bytes[at] = ZERO + left - 10 * tens;
      left = tens;
    }
    this.at += width;
  }

  /** Writes a text of printable ASCII; false: it is none, and nothing of it was written. */
  private isPlain(text: string): boolean {
    const { length } = text;
    this.reserve(length);
    const { bytes, at } = this;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e) return false;
      bytes[at + i] = code;
    }
    this.at = at + length;
    return true;
  }

  private headOfText(length: number): void {
    if (length < 32) this.bytes[this.at++] = 0xa0 | length;
    else if (length <= 0xff) this.head(TEXT_8, length, 1);
    else if (length <= 0xffff) this.head(TEXT_16, length, 2);
    else this.head(TEXT_32, length, 4);
  }

  private head(type: number, length: number, width: number): void {
    const { bytes } = this;
    bytes[this.at++] = type;
    for (let shift = 8 * (width - 1); shift >= 0; shift -= 8) bytes[this.at++] = (length >>> shift) & 0xff;
  }

  private reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const { bytes } = this;
    this.bytes = Buffer.allocUnsafeSlow(2 * (this.at + count));
    bytes.copy(this.bytes, 0, 0, this.at);
  }
}

/** New memory is touched for the first time at a price. */
const spare: ByteWriter[] = [];

function widthOf(value: number): number {
  let width = 1;
  for (let next = 10; next <= value; next *= 10) width++;
  return width;
}
