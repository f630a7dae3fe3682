import { describe, expect, it } from '@jest/globals';
import type { JobDefinition } from '../../lib/core/index.js';
import { every } from '../../lib/triggers/index.js';
import { job, START, World } from './support/world.js';

const hourly = every({ hours: 1 });
const daily = every({ days: 1 });
const runtime = (trigger = hourly, rest: Partial<JobDefinition> = {}) =>
  job('a', trigger, {}, { origin: 'runtime', task: 'work', ...rest });

function worldWithJob() {
  const world = new World().handle('work').start();
  void world.scheduler.add([runtime()], { replaceExisting: false });
  const add = async (definition: JobDefinition, replaceExisting = false) => {
    const [row] = await world.scheduler.add([definition], { replaceExisting });
    return row;
  };
  return { world, add };
}

describe('the same add again', () => {
  it('answers the job as it was rescheduled', async () => {
    const { world, add } = worldWithJob();
    const rescheduled = await world.scheduler.reschedule('a', daily);
    world.clock.advance(1_000);
    expect(await add(runtime())).toEqual(rescheduled);
    expect(rescheduled.fireTime).toBe(START + 86_400_000);
  });

  it('answers the job as it was modified', async () => {
    const { world, add } = worldWithJob();
    const modified = await world.scheduler.modify('a', { args: [1], timezone: 'Europe/Berlin' });
    expect(await add(runtime())).toEqual(modified);
  });

  it('is the same too when it is what the job was changed to', async () => {
    const { world, add } = worldWithJob();
    await world.scheduler.reschedule('a', daily);
    const changed = await world.scheduler.modify('a', { args: [1], policy: { maxInstances: 3 } });
    const likeNow = job('a', daily, { maxInstances: 3 }, { origin: 'runtime', task: 'work', args: [1] });
    expect(await add(likeNow)).toEqual(changed);
    expect(await add(likeNow, true)).toEqual(changed);
  });

  it('is another one after the job was changed twice, when it is neither the first nor the last', async () => {
    const { world, add } = worldWithJob();
    await world.scheduler.reschedule('a', daily);
    await world.scheduler.reschedule('a', every({ minutes: 7 }));
    await expect(add(runtime(daily))).rejects.toMatchObject({ code: 'DUPLICATE_JOB' });
    expect((await add(runtime())).fireTime).toBe(START + 420_000);
  });

  it.each([
    ['rescheduled', (world: World) => world.scheduler.reschedule('a', daily)],
    ['modified', (world: World) => world.scheduler.modify('a', { args: [1] })],
  ])('with replaceExisting brings back what was added and then %s', async (_change, change) => {
    const { world, add } = worldWithJob();
    const { generation } = await change(world);
    const row = await add(runtime(), true);
    expect(row).toMatchObject({ args: [], fireTime: START + 3_600_000 });
    expect(row.generation).toBeGreaterThan(generation);
    expect(await add(runtime(), true)).toEqual(row);
  });
});
