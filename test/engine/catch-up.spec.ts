import { describe, expect, it } from '@jest/globals';
import type { JobContext } from '../../lib/core/index.js';
import { every } from '../../lib/triggers/index.js';
import { job, START, World } from './support/world.js';

const MINUTE = 60_000;
const POLICY = { coalesce: false, maxInstances: 3 } as const;

/** A job that takes a minute and a half, each minute, in a process that stood still for the first five. */
async function sleptThrough() {
  const world = new World();
  const { clock } = world;
  const order: number[] = [];
  const open = new Set<number>();
  const together: number[][] = [];
  const work = async (_args: unknown, { fireTime }: JobContext): Promise<void> => {
    const minute = (fireTime.getTime() - START) / MINUTE;
    order.push(minute);
    open.add(minute);
    together.push([...open]);
    await new Promise<void>((resolve) => void clock.after(1.5 * MINUTE, resolve));
    open.delete(minute);
  };
  world.handle('work', work).start(job('work', every({ minutes: 1 }), POLICY));
  await clock.jumpAsync(5 * MINUTE + 1_000);
  return { world, clock, order, together };
}

describe('what is caught up on', () => {
  it('runs one after another where several instances may be open, beside what falls due meanwhile', async () => {
    const { clock, order, together } = await sleptThrough();
    await clock.advanceAsync(30 * MINUTE);
    expect(order.filter((minute) => minute <= 5)).toEqual([1, 2, 3, 4, 5]);
    const missed = together.map((open) => open.filter((minute) => minute <= 5));
    expect(missed.filter((open) => open.length > 1)).toEqual([]);
    // The others may still run beside one another.
    expect(together.some((open) => open.length > 1)).toBe(true);
  });

  it('waits for its turn when another run of the job ends', async () => {
    const { world, clock, together } = await sleptThrough();
    await world.scheduler.runNow('work', { args: null, force: true });
    await clock.advanceAsync(10 * MINUTE);
    expect(
      together.map((open) => open.filter((minute) => Number.isInteger(minute) && minute <= 5).length > 1),
    ).not.toContain(true);
  });
});
