import { describe, expect, it } from '@jest/globals';
import { RunIds } from '../../../lib/stores/memory/run-ids.js';

describe('ids of runs', () => {
  it('lead back to the number they were made of, whichever was made before', () => {
    const ids = new RunIds();
    const serials = [1, 12, 999, 1_000, 1_001, 999, 2_000, 123_456_789, 1];
    expect(serials.map((serial) => ids.serialOf(ids.idOf(serial)))).toEqual(serials);
  });

  it('differ from each other', () => {
    const ids = new RunIds();
    const made = Array.from({ length: 3_000 }, () => ids.idOf(ids.next()));
    expect(new Set(made).size).toBe(3_000);
  });
});
