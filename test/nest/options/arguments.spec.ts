import { describe, expect, it } from '@jest/globals';
import { checkArguments, InvalidArgumentsError } from '../../../lib/nest/options/index.js';

class Point {
  constructor(readonly x = 1) {}
}

const cyclic: Record<string, unknown> = {};
cyclic['self'] = { inner: cyclic };

function deep(levels: number): unknown {
  return levels === 0 ? 1 : [deep(levels - 1)];
}

describe('arguments', () => {
  it('are copied, so that changing them later changes no job', () => {
    const user = { id: 7, roles: ['a'], none: null };
    const checked = checkArguments([user, 'x', 1.5, true], 'here');
    user.roles.push('b');
    expect(checked).toEqual([{ id: 7, roles: ['a'], none: null }, 'x', 1.5, true]);
  });

  it('may be left out', () => {
    expect(checkArguments(undefined, 'here')).toEqual([]);
  });

  it('may hold objects without a prototype, and __proto__ as a plain key', () => {
    const bare = Object.assign(Object.create(null), { a: 1 });
    expect(checkArguments([bare, JSON.parse('{"__proto__": 1}')], 'here')).toEqual([
      { a: 1 },
      JSON.parse('{"__proto__": 1}'),
    ]);
  });

  it.each<[string, unknown, string, RegExp]>([
    [
      'a Date',
      [new Date(0)],
      'args[0]',
      /Date 1970-01-01T00:00:00\.000Z, which is not JSON\. Write its text: date\.toISOString/,
    ],
    ['a Date inside', [{ a: [1, { when: new Date(0) }] }], 'args[0].a[1].when', /not JSON/],
    ['undefined', [undefined], 'args[0]', /Leave it out, or write null/],
    ['undefined inside', [{ a: undefined }], 'args[0].a', /is undefined/],
    ['a hole in a list', [[, 1]], 'args[0][0]', /is undefined/], // eslint-disable-line no-sparse-arrays
    ['a BigInt', [1n], 'args[0]', /is 1n, which is not JSON\. Write its text: String/],
    ['NaN', [NaN], 'args[0]', /is NaN/],
    ['Infinity', [[-Infinity]], 'args[0][0]', /is -Infinity/],
    ['a class instance', [new Point()], 'args[0]', /an instance of Point.*plain object/],
    ['a Map', [new Map()], 'args[0]', /Write a list/],
    ['a function', [() => 1], 'args[0]', /Give a name or a key/],
    ['a symbol', [Symbol('x')], 'args[0]', /Give a name or a key/],
    ['a key with a dash', [{ 'a-b': 1n }], 'args[0]["a-b"]', /is 1n/],
    ['a Buffer', [Buffer.from('x')], 'args[0]', /an instance of Buffer/],
    ['a cycle', [cyclic], 'args[0].self.inner', /contains itself/],
    ['101 levels', [deep(101)], `args[0]${'[0]'.repeat(100)}`, /deeper than 100 levels/],
    ['too much', ['x'.repeat(65_536)], 'args', /has 65540 bytes as JSON; 65536 are allowed/],
    ['too much in UTF-8', ['€'.repeat(30_000)], 'args', /bytes as JSON/],
    ['no list', 'user', 'args', /must be a list: write \['user'\]/],
    ['null', null, 'args', /must be a list/],
  ])('are refused, naming the path: %s', (_, args, path, message) => {
    const act = () => checkArguments(args, 'SchedulerRegistry.add (job "x")');
    expect(act).toThrow(InvalidArgumentsError);
    expect(act).toThrow(message);
    expect(act).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENTS', path, place: 'SchedulerRegistry.add (job "x")' }),
    );
  });
});
