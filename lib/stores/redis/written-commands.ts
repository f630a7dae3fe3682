import { ByteWriter } from './byte-writer.js';
import type { Packable } from './pack.js';

/** Arguments of one command, at most: a script can hand over so many. */
export const MOST_ARGUMENTS = 4_000;

/** A command that grows. */
interface Written {
  readonly bytes: ByteWriter;
  count: number;
}

/** Commands whose arguments, many and in pairs, are written as they come. */
export class WrittenCommands {
  private readonly byKey = new Map<string, Written[]>();

  /** Where the next two arguments of the command are written to. */
  of(name: string, key: string): ByteWriter {
    let commands = this.byKey.get(key);
    if (commands === undefined) this.byKey.set(key, (commands = []));
    let last = commands[commands.length - 1];
    if (last === undefined || last.count >= MOST_ARGUMENTS) {
      last = { bytes: ByteWriter.ofList(), count: 2 };
      last.bytes.string(name);
      last.bytes.string(key);
      commands.push(last);
    }
    last.count += 2;
    return last.bytes;
  }

  keys(): string[] {
    return [...this.byKey.keys()];
  }

  /** Those of one key come first. */
  packable(first: string): Packable[] {
    const all = [...(this.byKey.get(first) ?? [])];
    for (const [key, commands] of this.byKey) if (key !== first) all.push(...commands);
    return all.map(({ bytes, count }) => {
      bytes.endList(count);
      return bytes;
    });
  }
}
