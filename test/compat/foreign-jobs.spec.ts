/** Jobs of the package cron that are added, deleted, added again, and that wait for their own callbacks. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { CronJob } from 'cron';
import { SchedulerRegistry as CarillonRegistry } from '../../lib/index.js';
import { CronExpression, SchedulerRegistry } from '../../lib/compat/index.js';
import { closeAll, compile, fakeTime, start } from './compat-app.js';

afterEach(async () => {
  expect(await closeAll()).toBe(0);
});

it('one that was deleted is added again, under another name, and runs once for each tick', async () => {
  const app = await start();
  const registry = app.get(SchedulerRegistry);
  let calls = 0;
  const job = new CronJob(CronExpression.EVERY_SECOND, () => void calls++);
  registry.addCronJob('first', job);
  registry.deleteCronJob('first');
  registry.addCronJob('second', job);
  job.start();
  jest.advanceTimersByTime(2_000);
  expect(calls).toBe(2);
  const carillon = app.get(CarillonRegistry, { strict: false });
  expect((await carillon.list()).map(({ id }) => id)).toEqual(['second']);
  expect((await carillon.history('second')).runs).toHaveLength(2);
});

it('one that is under two names runs once for each tick', async () => {
  const registry = (await start()).get(SchedulerRegistry);
  let calls = 0;
  const job = new CronJob(CronExpression.EVERY_SECOND, () => void calls++);
  registry.addCronJob('first', job);
  registry.addCronJob('second', job);
  job.start();
  jest.advanceTimersByTime(2_000);
  expect(calls).toBe(2);
});

it('one that is added and deleted before the start leaves no job behind', async () => {
  const app = await compile({});
  fakeTime();
  const registry = app.get(SchedulerRegistry);
  registry.addCronJob('early', new CronJob(CronExpression.EVERY_SECOND, () => {}));
  registry.deleteCronJob('early');
  await app.init();
  expect(await app.get(CarillonRegistry, { strict: false }).list()).toEqual([]);
});

it('what a callback throws before the start is logged under the name of the job', async () => {
  const app = await compile({});
  const registry = app.get(SchedulerRegistry);
  const error = jest.fn();
  registry['logger'].error = error as never;
  const onTick = () => {
    throw new Error('torn');
  };
  const job = CronJob.from({ cronTime: CronExpression.EVERY_SECOND, onTick });
  registry.addCronJob('early', job);
  await job.fireOnTick();
  expect(error).toHaveBeenCalledWith('Cron job "early" failed: torn', expect.stringContaining('Error: torn'));
});

it('with waitForCompletion a late failure fails the run, and a tick meanwhile is a skipped one', async () => {
  const app = await start();
  let calls = 0;
  const job = CronJob.from({
    cronTime: CronExpression.EVERY_SECOND,
    waitForCompletion: true,
    onTick: async () => {
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      throw new Error('late');
    },
  });
  app.get(SchedulerRegistry).addCronJob('waiting', job);
  job.start();
  await jest.advanceTimersByTimeAsync(2_700);
  void job.stop();
  expect(calls).toBe(1);
  const { runs } = await app.get(CarillonRegistry, { strict: false }).history('waiting');
  expect(runs.map(({ state, reason }) => reason ?? state).sort()).toEqual(['failed', 'overlap']);
});

it('without waitForCompletion a late failure fails the run too, and those of other ticks overlap it', async () => {
  const app = await start();
  let calls = 0;
  const onTick = async () => {
    const call = ++calls;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    if (call === 1) throw new Error('late');
  };
  const job = CronJob.from({ cronTime: CronExpression.EVERY_SECOND, onTick });
  app.get(SchedulerRegistry).addCronJob('free', job);
  job.start();
  await jest.advanceTimersByTimeAsync(2_700);
  void job.stop();
  await jest.advanceTimersByTimeAsync(1_000);
  const { runs } = await app.get(CarillonRegistry, { strict: false }).history('free');
  expect(runs.map(({ state, error }) => error?.message ?? state)).toEqual(['succeeded', 'late']);
});

it('a callback that was added later fails its run too, and the own errorHandler is told first', async () => {
  const app = await start();
  const errorHandler = jest.fn();
  const job = CronJob.from({ cronTime: CronExpression.EVERY_SECOND, onTick: () => {}, errorHandler });
  app.get(SchedulerRegistry).addCronJob('added', job);
  job.addCallback(async () => {
    await Promise.resolve();
    throw new Error('added');
  });
  job.start();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(errorHandler).toHaveBeenCalledWith(new Error('added'));
  const { runs } = await app.get(CarillonRegistry, { strict: false }).history('added');
  expect(runs[0]).toMatchObject({ state: 'failed', error: { message: 'added' } });
});

describe('a name that the scheduler cannot take for an id', () => {
  it.each(['', '  ', 'x'.repeat(201), 'two\nlines'])('%j: the job runs, and is shown under another', async (name) => {
    const app = await start();
    let calls = 0;
    const job = new CronJob(CronExpression.EVERY_SECOND, () => void calls++);
    app.get(SchedulerRegistry).addCronJob(name, job);
    job.start();
    jest.advanceTimersByTime(2_000);
    expect(calls).toBe(2);
    const carillon = app.get(CarillonRegistry, { strict: false });
    const [shown] = await carillon.list();
    expect(shown.id).toMatch(/^cron:/);
    expect((await carillon.history(shown.id)).runs).toHaveLength(2);
  });

  it('is the id of a job of the registry: both run, and the other one stays as it was', async () => {
    const app = await start();
    const carillon = app.get(CarillonRegistry, { strict: false });
    const calls = { own: 0, foreign: 0 };
    await carillon.addCron({ id: 'twin', expression: '* * * * * *', task: () => void calls.own++ });
    const job = new CronJob(CronExpression.EVERY_SECOND, () => void calls.foreign++);
    app.get(SchedulerRegistry).addCronJob('twin', job);
    job.start();
    await jest.advanceTimersByTimeAsync(3_000);
    expect(calls).toEqual({ own: 3, foreign: 3 });
    expect((await carillon.list()).map(({ id }) => id)).toEqual(['cron:twin', 'twin']);
  });
});

it('while the application closes, no job begins any more', async () => {
  const app = await start();
  let calls = 0;
  const job = new CronJob(CronExpression.EVERY_SECOND, () => void calls++);
  app.get(SchedulerRegistry).addCronJob('late', job);
  job.start();
  const carillon = app.get(CarillonRegistry, { strict: false });
  await carillon.addAt({ id: 'long', task: () => new Promise((resolve) => setTimeout(resolve, 5_000)) });
  await jest.advanceTimersByTimeAsync(2_100);
  expect(calls).toBe(2);
  const closing = app.close();
  await jest.advanceTimersByTimeAsync(10_000);
  await closing;
  expect(calls).toBe(2);
});
