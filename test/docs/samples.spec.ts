/** Each TypeScript sample of README and docs stands, line for line, in a test of this folder, and so is run. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** A class of a test's own block cannot be exported, as that of a sample is. */
function trimmedLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim().replace(/^export (?=class )/, ''))
    .filter((line) => line !== '');
}

const SEPARATOR = '\u0000';
const join0 = (lines: string[]) => SEPARATOR + lines.join(SEPARATOR) + SEPARATOR;
const runCode = filesBelow(import.meta.dirname, '.ts').map((path) => join0(trimmedLines(readFileSync(path, 'utf8'))));

const samples = [join(root, 'README.md'), ...filesBelow(join(root, 'docs'), '.md')].flatMap((path) =>
  [...readFileSync(path, 'utf8').matchAll(/^```(?:ts|typescript)\n(.*?)^```/gms)].map((match, index) => ({
    place: `${relative(root, path)} sample ${index + 1}`,
    code: match[1],
  })),
);

describe('samples in the documents', () => {
  it('are there', () => {
    expect(samples.length).toBeGreaterThan(40);
  });

  it.each(samples)('$place is run by a test', ({ code }) => {
    const wanted = join0(trimmedLines(code));
    const isRun = runCode.some((text) => text.includes(wanted));
    expect(isRun ? 'run by a test' : `not found in test/docs:\n${code}`).toBe('run by a test');
  });
});
