import { describe, expect, it } from '@jest/globals';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { SqlitePlace } from '../stores/typeorm/sqlite-place.js';
import { expectKept, seedsOf } from './seeds.js';
import { Simulation } from './simulation.js';

const SPEC = 'test/simulator/stores.spec.ts';

describe('a simulated cluster', () => {
  it('keeps what is promised on the store in memory, shared over a wire', async () => {
    const run = (seed: number) => new Simulation({ seed, store: createMemoryStore({ alias: 'default' }) }).run();

    expect(await expectKept(seedsOf(200), SPEC, run)).toBeGreaterThan(0);
  }, 3_600_000);

  it('keeps what is promised on SQLite, where all nodes go by the clock of one machine', async () => {
    const run = async (seed: number) => {
      const place = new SqlitePlace();
      try {
        return await new Simulation({ seed, store: place.store({ alias: 'default' }), isLocal: true }).run();
      } finally {
        await place.clear();
      }
    };

    expect(await expectKept(seedsOf(20), SPEC, run)).toBeGreaterThan(0);
  }, 3_600_000);
});
