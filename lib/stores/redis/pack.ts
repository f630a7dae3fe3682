/** What goes to a script: texts and lists of them. */
export type Packable = string | readonly Packable[];

/** Heads of texts up to this length are made once. */
const KNOWN_HEADS = 1_024;
const TEXT_32 = 0xdb;
const LIST_32 = 0xdd;
const heads = Array.from({ length: KNOWN_HEADS }, (_, length) => headOf(TEXT_32, length));

// eslint-disable-next-line no-control-regex -- these are one byte each
const ONE_BYTE_EACH = /^[\x00-\x7f]*$/;

/**
 * Writes MessagePack, which Redis reads with `cmsgpack` at less cost than as many arguments (format: msgpack.org). Texts
 * and lists only, always with a length of four bytes. Put together as one text of bytes and written once: a write into a
 * buffer for each text costs four times as much.
 */
export function pack(value: Packable): Buffer {
  const packer = new Packer();
  packer.add(value);
  return packer.bytes();
}

class Packer {
  private bytesSoFar = '';

  add(value: Packable): void {
    if (typeof value === 'string') {
      this.addText(value);
      return;
    }
    this.bytesSoFar += headOf(LIST_32, value.length);
    for (const item of value) this.add(item);
  }

  bytes(): Buffer {
    return Buffer.from(this.bytesSoFar, 'latin1');
  }

  private addText(text: string): void {
    // The bytes of any other text, each as a character.
    const bytes = ONE_BYTE_EACH.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
    this.bytesSoFar += (bytes.length < KNOWN_HEADS ? heads[bytes.length] : headOf(TEXT_32, bytes.length)) + bytes;
  }
}

function headOf(type: number, length: number): string {
  return String.fromCharCode(type, (length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
}
