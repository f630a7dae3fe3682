import { describe, expect, it } from '@jest/globals';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { World } from './support/world.js';

describe('deleting all history that is too old', () => {
  it('gives other work of the process its turn between two steps, though the store answers at once', async () => {
    const store = createMemoryStore({ alias: 'default' });
    const deleted = [1_000, 1_000, 7];
    const happened: string[] = [];
    store.history.prune = () => {
      happened.push('step');
      setImmediate(() => happened.push('other work'));
      return deleted.shift()!;
    };
    const world = new World({ stores: [store] }).start();
    const told: number[] = [];

    expect(await world.scheduler.prune((count) => told.push(count))).toBe(2_007);
    expect(happened).toEqual(['step', 'other work', 'step', 'other work', 'step']);
    expect(told).toEqual([1_000, 2_000, 2_007]);
  });
});
