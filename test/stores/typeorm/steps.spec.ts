import { describe, expect, it } from '@jest/globals';
import { after, answer, runSteps } from '../../../lib/stores/typeorm/steps.js';
import type { Steps } from '../../../lib/stores/typeorm/steps.js';

function* sum(...values: (number | Promise<number>)[]): Steps<number> {
  let total = 0;
  for (const value of values) total += yield* answer(value);
  return total;
}

describe('work in steps', () => {
  it('is done at once when every answer is there', () => {
    expect(runSteps(sum(1, 2, 3))).toBe(6);
  });

  it('waits for answers that come later', async () => {
    const result = runSteps(sum(1, Promise.resolve(2), 3, Promise.resolve(4)));

    expect(result).toBeInstanceOf(Promise);
    expect(await result).toBe(10);
  });

  it('hears of an answer that fails, and may go on', async () => {
    function* forgiving(): Steps<string> {
      try {
        return yield* answer(Promise.reject<string>(new Error('no')));
      } catch (error) {
        return `${(error as Error).message}, ${yield* answer(Promise.resolve('but'))}`;
      }
    }

    expect(await runSteps(forgiving())).toBe('no, but');
    await expect(runSteps(sum(Promise.reject(new Error('broken'))))).rejects.toThrow('broken');
  });

  it('throws at once what is thrown before the first wait', () => {
    // eslint-disable-next-line require-yield
    function* broken(): Steps<never> {
      throw new Error('broken');
    }

    expect(() => runSteps(broken())).toThrow('broken');
  });

  it('goes on with a value at once, and with a promise later', async () => {
    expect(after(1, (value) => value + 1)).toBe(2);
    expect(await after(Promise.resolve(1), (value) => value + 1)).toBe(2);
  });
});
