import { describe, expect, it } from '@jest/globals';
import { AsyncExecutor } from '../../lib/executors/index.js';
import { privateArgs } from '../../lib/executors/private-args.js';
import { describeExecutor } from '../../lib/testing/describe-executor.js';

describeExecutor('AsyncExecutor', { create: () => new AsyncExecutor({ concurrency: 5 }) });

describe('AsyncExecutor', () => {
  it.each([1, 50, Infinity])('takes the concurrency %p', (concurrency) => {
    expect(new AsyncExecutor({ concurrency }).concurrency).toBe(concurrency);
  });

  it.each([0, -1, 1.5, Number.NaN, '50', undefined])('refuses the concurrency %p', (concurrency) => {
    expect(() => new AsyncExecutor({ concurrency: concurrency as number })).toThrow(
      expect.objectContaining({ code: 'INVALID_CONCURRENCY', message: expect.stringContaining('at least 1') }),
    );
  });

  it('copies arguments only when there is an object among them', () => {
    const plain = [1, 'a', null, true];
    const deep = [1, { a: [2] }];

    expect(privateArgs(plain)).toBe(plain);
    expect(privateArgs(deep)).toEqual(deep);
    expect(privateArgs(deep)[1]).not.toBe(deep[1]);
  });
});
