import { describe, expect, it } from '@jest/globals';
import { commandLine, splitLine, taskName } from '../../lib/tasks/index.js';

describe('command lines', () => {
  it.each([
    [{ exec: ' node backup.js ' }, 'node backup.js'],
    [{ exec: ['node', 'backup.js', '--to', 'a b'] as const }, "node backup.js --to 'a b'"],
    [{ exec: ['echo', "it's", ''] as const }, "echo 'it'\\''s' ''"],
    [{ command: 'cache:clear', args: ['--force'] }, 'cache:clear --force'],
  ])('%j reads %s', (task, line) => {
    expect(commandLine(task)).toBe(line);
  });

  it('keeps shell tasks and console commands apart by name', () => {
    expect(taskName({ exec: 'cache:clear' })).toBe('exec: cache:clear');
    expect(taskName({ command: 'cache:clear', args: [] })).toBe('command: cache:clear');
  });

  it.each([
    ['cache:clear --force', ['cache:clear', '--force']],
    [`mail 'to all' "it's \\"now\\"" a\\ b`, ['mail', 'to all', `it's "now"`, 'a b']],
    ['  spaced   out ', ['spaced', 'out']],
    ['', []],
  ])('%s is parted into %j', (line, words) => {
    expect(splitLine(line)).toEqual(words);
  });
});
