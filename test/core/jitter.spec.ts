import { describe, expect, it } from '@jest/globals';
import { jitterOf } from '../../lib/core/index.js';

const at = Date.UTC(2026, 10, 20);
const minute = 60_000;

describe('jitterOf', () => {
  it('is never negative and stays below the jitter and the distance to the next fire time', () => {
    for (let index = 0; index < 5_000; index++) {
      const delay = jitterOf('report', at + index * minute, 30_000, index % 2 === 0 ? null : 5_000);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThan(index % 2 === 0 ? 30_000 : 5_000);
      expect(Number.isInteger(delay)).toBe(true);
    }
  });

  it('is the same on every node and in every version', () => {
    expect([
      jitterOf('report', at, 30_000, null),
      jitterOf('report', at + minute, 30_000, null),
      jitterOf('other', at, 86_400_000, null),
    ]).toEqual([5_655, 23_966, 31_045_139]);
  });

  it('is none for a jitter of 0, or when the next fire time is at once', () => {
    expect([
      jitterOf('report', at, 0, null),
      jitterOf('report', at, 30_000, 0),
      jitterOf('report', at, NaN, null),
    ]).toEqual([0, 0, 0]);
  });

  it('spreads the fire times of one job, and the jobs of one fire time, evenly', () => {
    for (const sample of [
      Array.from({ length: 10_000 }, (_, index) => jitterOf('report', at + index * minute, 10_000, null)),
      Array.from({ length: 10_000 }, (_, index) => jitterOf(`job-${index}`, at, 10_000, null)),
    ]) {
      const tenths = Array.from(
        { length: 10 },
        (_, tenth) => sample.filter((delay) => Math.floor(delay / 1_000) === tenth).length,
      );
      expect(Math.min(...tenths)).toBeGreaterThan(850);
      expect(Math.max(...tenths)).toBeLessThan(1_150);
    }
  });
});
