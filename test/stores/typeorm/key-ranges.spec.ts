import { describe, expect, it } from '@jest/globals';
import { rangesOf } from '../../../lib/stores/typeorm/key-ranges.js';

const row = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

describe('keys as ranges', () => {
  it('makes one range of keys in a row', () => {
    expect(rangesOf(row(100, 500))).toEqual([[100, 599]]);
  });

  it('puts keys in order that came in another', () => {
    expect(rangesOf([...row(100, 20)].reverse())).toEqual([[100, 119]]);
  });

  it('begins another range behind each gap, so that no key between is in one', () => {
    expect(rangesOf([...row(1, 20), ...row(30, 20)])).toEqual([
      [1, 20],
      [30, 49],
    ]);
  });

  it('takes a key that comes twice once', () => {
    expect(rangesOf([...row(1, 20), ...row(1, 20)])).toEqual([[1, 20]]);
  });

  it('makes one of a single key, and of few in a row', () => {
    expect(rangesOf([7])).toEqual([[7, 7]]);
    expect(rangesOf([9, 8, 7])).toEqual([[7, 9]]);
  });

  it('makes none of scattered keys', () => {
    expect(rangesOf(row(1, 100).map((key) => key * 2))).toBeNull();
    expect(rangesOf([7, 9])).toBeNull();
  });
});
