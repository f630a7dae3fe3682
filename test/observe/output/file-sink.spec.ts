import { beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSink, isWithin } from '../../../lib/observe/index.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'carillon-output-'));
});

const place = (path: string, isConfined = false) => ({ path, root, isConfined });
const read = (path: string) => readFileSync(join(root, path), 'utf8');

function link(target: string, name: string): string {
  symlinkSync(target, join(root, name));
  return join(root, name);
}

async function write(sink: FileSink, ...lines: string[]): Promise<void> {
  for (const line of lines) await sink.write(`${line}\n`);
  await sink.flushed();
}

describe('output to a file', () => {
  it('makes the directories, and each run writes it anew or adds to it', async () => {
    await write(new FileSink(place('logs/deep/backup.log'), false), 'first');
    await write(new FileSink(place('logs/deep/backup.log'), false), 'second');
    expect(read('logs/deep/backup.log')).toBe('second\n');
    await write(new FileSink(place('logs/deep/backup.log'), true), 'third');
    expect(read('logs/deep/backup.log')).toBe('second\nthird\n');
  });

  it('writes an empty file for a run that printed nothing', async () => {
    await new FileSink(place('nothing.log'), false).flushed();
    expect(read('nothing.log')).toBe('');
  });

  it('keeps lines whole that several runs write at once', async () => {
    const line = (run: number, index: number) => `run ${run} line ${index} ${'x'.repeat(300)}`;
    const runs = [0, 1, 2, 3].map(async (run) => {
      const sink = new FileSink(place('shared.log'), true);
      const lines = Array.from({ length: 200 }, (_, index) => line(run, index));
      for (const text of lines) {
        await sink.write(`${text}\n`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await sink.flushed();
      return lines;
    });
    const wanted = (await Promise.all(runs)).flat().sort();
    expect(read('shared.log').trimEnd().split('\n').sort()).toEqual(wanted);
  });

  it('keeps lines whole that are added at once in large pieces', async () => {
    const piece = (letter: string) => `${letter.repeat(999)}\n`.repeat(3_000);
    const sinks = ['a', 'b', 'c'].map((letter) => ({ letter, sink: new FileSink(place('pieces.log'), true) }));
    for (let round = 0; round < 4; round++) {
      await Promise.all(sinks.map(async ({ letter, sink }) => await sink.write(piece(letter))));
    }
    await Promise.all(sinks.map(({ sink }) => sink.flushed()));
    const lines = read('pieces.log').trimEnd().split('\n');
    expect(lines).toHaveLength(3 * 4 * 3_000);
    expect(lines.filter((line) => !/^(a{999}|b{999}|c{999})$/.test(line))).toEqual([]);
  });

  it('asks a writer to wait that is faster than the disk', async () => {
    const sink = new FileSink(place('big.log'), true);
    expect(sink.write('x'.repeat(10))).toBeUndefined();
    await sink.write(`${'x'.repeat(2_000_000)}\n`);
    await sink.flushed();
    expect(read('big.log')).toHaveLength(2_000_011);
  });

  it('tells what could not be written, and takes more all the same', async () => {
    mkdirSync(join(root, 'a-directory'));
    const sink = new FileSink(place('a-directory'), true);
    await sink.write('lost\n');
    await expect(sink.flushed()).rejects.toMatchObject({ code: 'EISDIR' });
    await sink.write('lost, too\n');
  });

  it('is refused outside of the root when it is confined, by a link too', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'carillon-outside-'));
    symlinkSync(outside, join(root, 'link'));
    const confined = new FileSink(place('link/x.log', true), true);
    await expect(confined.flushed()).rejects.toMatchObject({ code: 'OUTPUT_PATH' });
    await write(new FileSink(place('link/x.log'), true), 'free');
    expect(readFileSync(join(outside, 'x.log'), 'utf8')).toBe('free\n');
  });

  describe('confined to a root', () => {
    let outside: string;

    beforeEach(() => {
      outside = mkdtempSync(join(tmpdir(), 'carillon-outside-'));
    });

    it.each<[string, () => string]>([
      ['a link to a directory', () => link(outside, 'link') && 'link/x.log'],
      ['a directory below such a link', () => link(outside, 'link') && 'link/made/x.log'],
      ['a link to a file', () => link(join(outside, 'x.log'), 'x.log') && 'x.log'],
      ['a link to a directory that is not there', () => link(join(outside, 'later'), 'link') && 'link/x.log'],
      ['a directory below that', () => link(join(outside, 'later'), 'link') && 'link/made/x.log'],
      ['a link to a link', () => link(join(root, 'two'), 'one') && link(outside, 'two') && 'one/x.log'],
      ['words', () => '../x.log'],
      ['words behind a name', () => 'made/../../x.log'],
    ])('is refused, and makes nothing out there: %s', async (_, prepare) => {
      const path = prepare();
      await expect(new FileSink(place(path, true), true).flushed()).rejects.toMatchObject({ code: 'OUTPUT_PATH' });
      expect(readdirSync(outside)).toEqual([]);
      expect(existsSync(join(root, 'made'))).toBe(false);
    });

    it('follows links that stay in the root, which may be a link itself', async () => {
      mkdirSync(join(root, 'real'));
      link(join(root, 'real'), 'link');
      root = link(root, 'root');
      await write(new FileSink(place('link/deep/x.log', true), true), 'here');
      expect(read('real/deep/x.log')).toBe('here\n');
    });

    it('makes a root that is not there', async () => {
      root = join(root, 'not', 'there');
      await write(new FileSink(place('a/x.log', true), false), 'here');
      expect(read('a/x.log')).toBe('here\n');
    });

    it('does not follow a link that takes the place of the file meanwhile', async () => {
      const sink = new FileSink(place('x.log', true), true);
      await sink.flushed();
      renameSync(join(root, 'x.log'), join(root, 'x.log.1'));
      link(join(outside, 'x.log'), 'x.log');
      await sink.write('a secret\n');
      await expect(sink.flushed()).rejects.toMatchObject({ code: 'OUTPUT_PATH' });
      expect(readdirSync(outside)).toEqual([]);
    });

    it('goes on with a new file when the log was rotated', async () => {
      const sink = new FileSink(place('x.log', true), true);
      await write(sink, 'old');
      renameSync(join(root, 'x.log'), join(root, 'x.log.1'));
      await write(sink, 'new');
      expect([read('x.log.1'), read('x.log')]).toEqual(['old\n', 'new\n']);
    });
  });

  it.each([
    ['logs/x.log', true],
    ['./x', true],
    ['..x', true],
    ['a/../../b', false],
    ['..', false],
    ['/etc/passwd', false],
  ])('%s from the root stays within it: %s', (path, isInside) => {
    expect(isWithin(root, path)).toBe(isInside);
  });
});
