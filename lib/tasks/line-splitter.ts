import { StringDecoder } from 'node:string_decoder';

/** Characters. A line that is longer is passed on in parts, so that a process without line ends needs little memory of ours. */
const LONGEST_LINE = 1_024 * 1_024;

/** Makes whole lines of the bytes of one stream, characters that are cut in two included. */
export class LineSplitter {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';

  /** Whole lines, or an empty text. */
  take(chunk: Buffer): string {
    const text = this.decoder.write(chunk);
    const end = text.lastIndexOf('\n') + 1;
    const lines = end === 0 ? '' : this.cut() + text.slice(0, end);
    this.rest += text.slice(end);
    return this.rest.length > LONGEST_LINE ? lines + this.cut() : lines;
  }

  /** What came after the last line end. */
  end(): string {
    return this.cut() + this.decoder.end();
  }

  private cut(): string {
    const { rest } = this;
    this.rest = '';
    return rest;
  }
}
