import { describe, expect, it } from '@jest/globals';
import { ByteWriter } from '../../../lib/stores/redis/byte-writer.js';
import { encodeHot } from '../../../lib/stores/redis/job-text.js';
import { lineOf } from '../../../lib/stores/redis/lines.js';
import { pack, packed } from '../../../lib/stores/redis/pack.js';
import type { Packable } from '../../../lib/stores/redis/pack.js';
import { MOST_ARGUMENTS, WrittenCommands } from '../../../lib/stores/redis/written-commands.js';

type Value = string | Value[];

/** Reads MessagePack: texts and lists, as Redis does. */
function unpacked(bytes: Buffer, encoding: 'utf8' | 'latin1' = 'utf8'): Value {
  let at = 0;
  const number = (width: number): number => {
    at += width;
    return bytes.readUIntBE(at - width, width);
  };
  const text = (length: number): string => {
    at += length;
    return bytes.toString(encoding, at - length, at);
  };
  const next = (): Value => {
    const type = number(1);
    if (type >= 0xa0 && type < 0xc0) return text(type & 0x1f);
    if (type === 0xdd) return Array.from({ length: number(4) }, next);
    return text(number({ 0xd9: 1, 0xda: 2, 0xdb: 4 }[type]!));
  };
  const value = next();
  expect(at).toBe(bytes.length);
  return value;
}

function written(write: (to: ByteWriter) => void): string {
  const to = ByteWriter.taken();
  write(to);
  const text = to.text();
  to.giveBack();
  return text;
}

const TEXTS = [
  '',
  'a',
  'Ä',
  '€',
  '🎼',
  '\x7f',
  'a\nb',
  'x'.repeat(31),
  'x'.repeat(32),
  'é'.repeat(31),
  'x'.repeat(255),
];
const LONG = ['x'.repeat(256), 'é'.repeat(33_000), 'x'.repeat(65_535), 'x'.repeat(65_536), 'x'.repeat(200_000)];

describe('what is written for scripts', () => {
  it('is read as it was, whatever texts and lists it has', () => {
    const value: Packable = [...TEXTS, ...LONG, [], [[], TEXTS], LONG];

    expect(unpacked(pack(value))).toEqual(value);
  });

  it('holds what was packed for itself as one text', () => {
    const [, text] = unpacked(pack(['a', packed(['b', ['c']])]), 'latin1') as [string, string];

    expect(unpacked(Buffer.from(text, 'latin1'))).toEqual(['b', ['c']]);
  });

  it('has texts that were put together of parts, of any length', () => {
    for (const part of [...TEXTS, ...LONG]) {
      const list = ByteWriter.ofList();
      list.begin();
      list.part('start ');
      list.part(part);
      list.end();
      list.string('behind');
      list.endList(2);

      expect(unpacked(pack([list]))).toEqual([[`start ${part}`, 'behind']]);
    }
  });

  it('splits commands that have more arguments than a script can hand over', () => {
    const commands = new WrittenCommands();
    const count = MOST_ARGUMENTS / 2 + 1;
    for (let n = 0; n < count; n++) {
      const to = commands.of('HSET', ':hot');
      to.string(`key ${n}`);
      to.string(`row ${n}`);
    }

    const [first, second, ...others] = unpacked(pack(commands.packable(':hot'))) as string[][];
    const all = [...first.slice(2), ...second.slice(2)];

    expect(others).toEqual([]);
    expect([first.slice(0, 2), second.slice(0, 2)]).toEqual([
      ['HSET', ':hot'],
      ['HSET', ':hot'],
    ]);
    expect(first.length).toBeLessThanOrEqual(MOST_ARGUMENTS + 2);
    expect(all).toEqual(Array.from({ length: count }, (_, n) => [`key ${n}`, `row ${n}`]).flat());
  });
});

describe('a row', () => {
  it('has numbers as JavaScript writes them', () => {
    const numbers = [
      0,
      1,
      9,
      10,
      99,
      999_999,
      1_000_000,
      1_000_001,
      1_790_000_000_123,
      8.64e15,
      -1,
      -8.64e15,
      1.5,
      NaN,
    ];

    for (const value of numbers) expect(written((to) => to.digits(value))).toBe(String(value));
  });

  it('has a line for each text, however that looks', () => {
    for (const text of [...TEXTS, ...LONG, '\ud800']) {
      expect(written((to) => to.line(text))).toBe(`${lineOf(text)}\n`);
    }
  });

  it('ends without a line end', () => {
    const record = { version: 2, generation: 3, status: 'active', fireTime: null, dueAt: 5, runCount: 0 } as const;
    const rest = { statusAt: null, updatedAt: 7, pause: null, statusReason: null } as const;
    const job = { record: { ...record, ...rest }, lastFireTime: null, recent: 'r', open: 'o', kind: 'k' };

    expect(encodeHot(job as never)).toBe('2\n3\nk\na\n\n5\n0\n\n\n7\nr\no\n\n\x7f');
  });
});
