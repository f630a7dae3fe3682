import { describe, expect, it } from '@jest/globals';
import { RecentMap } from '../../../lib/stores/typeorm/recent-map.js';

describe('RecentMap', () => {
  it('keeps what was set or asked for last, and never more than twice its size', () => {
    const map = new RecentMap<number, string>(3);
    for (let key = 0; key < 10; key++) {
      map.set(key, `${key}`);
      map.get(0);
    }

    const kept = Array.from({ length: 10 }, (_, key) => key).filter((key) => map.get(key) !== undefined);
    expect(kept).toContain(0);
    expect(kept).toContain(9);
    expect(kept.length).toBeLessThanOrEqual(6);
    expect(kept).not.toContain(1);
  });

  it('has the latest value of a key, and nothing once it was cleared', () => {
    const map = new RecentMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('c', 3);
    map.set('a', 4);

    expect([map.get('a'), map.isEmpty]).toEqual([4, false]);
    map.clear();
    expect([map.get('a'), map.isEmpty]).toEqual([undefined, true]);
  });
});
