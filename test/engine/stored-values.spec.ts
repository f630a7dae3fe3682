import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { SkipRunSignal } from '../../lib/engine/index.js';
import { at as date, every } from '../../lib/triggers/index.js';
import { deferred, job, settle, World } from './support/world.js';
import { bounded, errorOf, resultOf, TEXT_LIMIT } from '../../lib/engine/stored-values.js';

const ring: Record<string, unknown> = {};
ring.self = ring;

describe('resultOf', () => {
  it.each([
    [undefined, null],
    [null, null],
    [true, true],
    [1.5, 1.5],
    [Number.NaN, null],
    [Infinity, null],
    ['text', 'text'],
    [{ a: [1, { b: undefined, c: new Date(0) }] }, { a: [1, { c: '1970-01-01T00:00:00.000Z' }] }],
    [{ toJSON: () => undefined }, null],
    [() => 1, null],
    [Symbol('x'), null],
    [10n, null],
  ])('keeps %p as %p', (value, kept) => {
    expect(resultOf(value)).toEqual(kept);
  });

  it('keeps a copy: what happens to the result later does not reach it', () => {
    const result = { list: [1] };
    const kept = resultOf(result);
    result.list.push(2);

    expect(kept).toEqual({ list: [1] });
  });

  it.each([
    ['a text', 'x'.repeat(TEXT_LIMIT + 1), /^x+…$/],
    [
      'JSON',
      { text: 'x'.repeat(TEXT_LIMIT) },
      /^\(not kept: the result has 65547 characters as JSON, more than 65536\)$/,
    ],
    ['a ring', ring, /^\(not kept: the result is no JSON: Converting circular structure/],
    ['a big integer inside', { n: 1n }, /^\(not kept: the result is no JSON: .*BigInt/],
  ])('says in its place that %s is not kept whole', (_name, value, text) => {
    expect(resultOf(value)).toEqual(expect.stringMatching(text));
  });
});

describe('errorOf', () => {
  it('keeps name, message, stack and code', () => {
    const error = Object.assign(new TypeError('no luck'), { code: 'E_LUCK' });

    expect(errorOf(error)).toEqual({ name: 'TypeError', message: 'no luck', stack: error.stack, code: 'E_LUCK' });
  });

  it.each([
    ['a text', 'just text', 'just text'],
    ['an object', { status: 500 }, '{"status":500}'],
    ['nothing', undefined, 'undefined'],
    ['a ring', ring, 'something that has no text was thrown'],
  ])('keeps %s that was thrown as a message', (_name, thrown, message) => {
    expect(errorOf(thrown)).toEqual({ name: 'Error', message, stack: null, code: null });
  });

  it('folds the chain of causes into the message', () => {
    const cause = new RangeError('disk full', { cause: 'quota' });

    expect(errorOf(new Error('not written', { cause })).message).toBe(
      'not written (caused by RangeError: disk full) (caused by quota)',
    );
  });

  it('tells the first of several errors', () => {
    expect(errorOf(new AggregateError([new Error('first'), new Error('second')], 'all failed')).message).toBe(
      'all failed (caused by Error: first)',
    );
  });

  it('knows an error of another realm, as those of Node are in a sandbox', async () => {
    const thrown: unknown = await readFile('/no/such/file').catch((error: unknown) => error);
    const ofElsewhere: unknown = runInNewContext(`Object.assign(new TypeError('torn'), { code: 'E_TORN' })`);

    expect(errorOf(thrown)).toMatchObject({ code: 'ENOENT', message: expect.stringMatching(/no such file/) });
    expect(errorOf(ofElsewhere)).toMatchObject({ name: 'TypeError', message: 'torn', code: 'E_TORN' });
    expect(errorOf(ofElsewhere).stack).toContain('TypeError: torn');
  });

  it('tells the first of several errors that have no message of their own', () => {
    expect(errorOf(new AggregateError([new Error('refused')])).message).toBe('(caused by Error: refused)');
  });

  it('ends with a chain that is a ring, or long', () => {
    const error = new Error('x');
    error.cause = error;

    expect(errorOf(error).message.match(/caused by/g)).toHaveLength(5);
  });

  it('survives an error whose fields throw', () => {
    const error = new Error('x');
    Object.defineProperty(error, 'message', { get: () => (undefined as unknown as Error).message });

    expect(errorOf(error).message).toBe('something that has no text was thrown');
  });

  it('keeps long texts up to a bound', () => {
    const error = new Error('m'.repeat(100_000));
    const kept = errorOf(error);

    expect(kept.message.length).toBeLessThan(5_000);
    expect(kept.stack!.length).toBeLessThan(20_000);
  });
});

describe('bounded', () => {
  it('cuts no character in two', () => {
    expect(bounded('ab🎉cd', 3)).toBe('ab…');
    expect(bounded('ab🎉cd', 4)).toBe('ab🎉…');
    expect(bounded('ab', 2)).toBe('ab');
  });
});

describe('the detail of a run', () => {
  const LONG = 'x'.repeat(10 * TEXT_LIMIT);
  const due = date('2026-03-01T00:00:01Z');

  it('is kept up to the bound of texts when its handler skips it', async () => {
    const world = new World().handle('work', () => {
      throw new SkipRunSignal('denied', LONG);
    });
    world.start(job('work', due)).clock.advance(2_000);
    const [run] = await world.runsOf('work');
    expect(run).toMatchObject({ state: 'skipped', reason: 'denied' });
    expect(run.detail).toHaveLength(TEXT_LIMIT + 1);
  });

  it('is kept up to the bound of texts when somebody cancels it', async () => {
    const world = new World().handle('work').start(job('work', every({ hours: 1 })));
    const open = new World().handle('work', () => deferred().promise).start(job('work', due));
    open.clock.advance(2_000);
    for (const one of [world, open]) {
      await one.scheduler.pause('work', { by: null, reason: null, until: null });
      const run = (await one.runsOf('work'))[0] ?? (await one.scheduler.runNow('work', { args: null, force: false }));
      await one.scheduler.cancel(run.id, LONG);
      one.clock.advance(10_000);
      await settle();
      const [{ state, detail }] = await one.runsOf('work');
      expect(state).toBe('cancelled');
      expect(detail!.length).toBeLessThanOrEqual(TEXT_LIMIT + 1);
    }
  });
});
