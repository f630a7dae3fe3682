import { describe, expect, it } from '@jest/globals';
import { createModelStore } from './model/model-store.js';
import { MUTANTS } from './mutants.js';
import { Simulation } from './simulation.js';

/** Within so many seeds each of them is found. */
const SEEDS = 150;

describe('the simulator finds', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    '%s',
    async (_name, { store = createModelStore, breakEngine }) => {
      const mend = breakEngine?.();
      try {
        let found: string | null = null;
        for (let seed = 1; seed <= SEEDS && found === null; seed++) {
          const { violations } = await new Simulation({ seed, store: store(), canSplit: true }).run();
          found = violations[0]?.rule ?? null;
        }
        expect(found).not.toBeNull();
      } finally {
        mend?.();
      }
    },
    120_000,
  );
});
