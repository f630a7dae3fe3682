import { ByteWriter } from './byte-writer.js';

/** What goes to a script: texts, lists of them, and what was written before. */
export type Packable = string | ByteWriter | Packed | readonly Packable[];

/** Written for itself: a script need not read it. */
export class Packed {
  constructor(readonly bytes: ByteWriter) {}
}

export function packed(value: Packable): Packed {
  const bytes = ByteWriter.taken();
  add(value, bytes);
  return new Packed(bytes);
}

/** Writers that are part of it are given back. */
export function pack(value: Packable): Buffer {
  const bytes = ByteWriter.taken();
  add(value, bytes);
  const copy = bytes.copied();
  bytes.giveBack();
  return copy;
}

function add(value: Packable, to: ByteWriter): void {
  if (typeof value === 'string') {
    to.string(value);
  } else if (value instanceof ByteWriter) {
    to.all(value);
    value.giveBack();
  } else if (value instanceof Packed) {
    to.allAsText(value.bytes);
    value.bytes.giveBack();
  } else {
    to.listOf(value.length);
    for (let at = 0; at < value.length; at++) add(value[at], to);
  }
}
