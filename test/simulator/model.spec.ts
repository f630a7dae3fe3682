import { describe, expect, it } from '@jest/globals';
import { createModelStore } from './model/model-store.js';
import { expectKept, seedsOf } from './seeds.js';
import { Simulation } from './simulation.js';

describe('a simulated cluster on the model of a store', () => {
  it('keeps what is promised, whatever goes wrong', async () => {
    const run = (seed: number) => new Simulation({ seed, store: createModelStore(), canSplit: true }).run();
    const steps = await expectKept(seedsOf(1_000), 'test/simulator/model.spec.ts', run);

    expect(steps).toBeGreaterThan(0);
  }, 3_600_000);
});
