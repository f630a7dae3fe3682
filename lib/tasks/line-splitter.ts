import { StringDecoder } from 'node:string_decoder';

/** A line that is longer is passed on in parts, so that a process without line ends needs no memory of ours. */
const LONGEST_LINE = 64 * 1_024;

/** Makes whole lines of the bytes of one stream, characters that are cut in two included. */
export class LineSplitter {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';

  /** Whole lines, or an empty text. */
  take(chunk: Buffer): string {
    const text = this.rest + this.decoder.write(chunk);
    const end = text.lastIndexOf('\n') + 1;
    if (text.length - end > LONGEST_LINE) {
      this.rest = '';
      return text;
    }
    this.rest = text.slice(end);
    return text.slice(0, end);
  }

  /** What came after the last line end. */
  end(): string {
    const text = this.rest + this.decoder.end();
    this.rest = '';
    return text;
  }
}
