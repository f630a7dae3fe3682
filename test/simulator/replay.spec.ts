import { describe, expect, it } from '@jest/globals';
import { createModelStore } from './model/model-store.js';
import { Simulation } from './simulation.js';

describe('a seed', () => {
  it('gives the same steps each time it is run', async () => {
    for (const seed of [3, 14, 159]) {
      const run = () => new Simulation({ seed, store: createModelStore(), canSplit: true }).run();
      const [first, again] = [await run(), await run()];

      expect(again.trace).toEqual(first.trace);
      expect(first.trace.length).toBeGreaterThan(100);
    }
  });
});
