import { describe, expect, it } from '@jest/globals';
import { KnownBatches, newBatch } from '../../../lib/stores/typeorm/dialects/server/known-batches.js';

describe('the claimed batches that a process knows', () => {
  it('are some thousands, the newest: of those whose runs were all withdrawn nobody says so', () => {
    const batches = new KnownBatches();
    for (let key = 0; key < 10_000; key++) batches.add(newBatch(10 * key, [1, 2], [1, 1]));

    expect(batches.of(0)).toBeNull();
    expect(batches.of(50_000)).toBeNull();
    expect(batches.of(90_001)).toMatchObject({ key: 90_000, open: 2 });
    expect(batches.of(90_002)).toBeNull();
    expect(batches.of(99_990)).toMatchObject({ key: 99_990, open: 2 });
  });
});
