import { describe, expect, it } from '@jest/globals';
import { every } from '../../lib/triggers/index.js';
import { job, START, World } from './support/world.js';

describe('a scheduler on memory', () => {
  it('runs an every-second job three times in three seconds, each handler inside the timer that made it due', () => {
    const world = new World().handle('tick').start(job('tick', every({ seconds: 1 })));

    world.clock.advance(3_000);

    expect(world.calls.map((call) => call.at - START)).toEqual([1_000, 2_000, 3_000]);
  });

  it('leaves no timer after stop (U7)', async () => {
    const world = new World().handle('tick').start(job('tick', every({ seconds: 1 })));
    world.clock.advance(1_500);

    await world.scheduler.stop();

    expect(world.clock.timerCount()).toBe(0);
  });
});
