/** Jobs that timers of the platform fire: what the registry shows of them, and the runs that they make. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { CronJob } from 'cron';
import { every, OnSchedulerEvent, SchedulerRegistry as CarillonRegistry } from '../../lib/index.js';
import type { SchedulerEvent } from '../../lib/index.js';
import { Cron, CronExpression, Interval, SchedulerRegistry, Timeout } from '../../lib/compat/index.js';
import { closeAll, start } from './compat-app.js';
import type { TestingModule } from '@nestjs/testing';

let calls: string[] = [];

@Injectable()
class Driven {
  @Interval('interval', 2_000) interval() {
    calls.push('interval');
  }
  @Timeout('timeout', 2_500) timeout() {
    calls.push('timeout');
  }
  @Cron('*/3 * * * * *', { name: 'unref', unrefTimeout: true }) unref() {
    calls.push('unref');
  }
  @Cron('0 * * * *', { name: 'offset', utcOffset: 330 }) offset() {}
}

afterEach(async () => {
  expect(await closeAll()).toBe(0);
  calls = [];
});

const carillonOf = (app: TestingModule) => app.get(CarillonRegistry, { strict: false });
const settle = () => jest.advanceTimersByTimeAsync(0);

async function nextOf(app: TestingModule, id: string): Promise<string | undefined> {
  return (await carillonOf(app).get(id))?.nextFireTime?.toISOString().slice(11, 23);
}

async function runsOf(app: TestingModule, id: string): Promise<string[]> {
  await settle();
  const { runs } = await carillonOf(app).history(id);
  return runs.map(({ kind, fireTime, state }) => `${kind} ${fireTime.toISOString().slice(14, 23)} ${state}`).reverse();
}

describe('next fire times', () => {
  it.each([
    ['interval', '00:00:02.000', '00:00:06.000'],
    ['timeout', '00:00:02.500', undefined],
    ['unref', '00:00:03.000', '00:00:06.000'],
    ['offset', '00:30:00.000', '00:30:00.000'],
  ])('of %s are %s at the start, and %s five seconds later', async (id, first, later) => {
    const app = await start(Driven);
    expect(await nextOf(app, id)).toBe(first);
    jest.advanceTimersByTime(5_000);
    expect(await nextOf(app, id)).toBe(later);
  });

  it('of a job of the package cron are its own, while it is started', async () => {
    const app = await start();
    const job = new CronJob('*/10 * * * * *', () => {}, null, false, 'Asia/Kolkata');
    app.get(SchedulerRegistry).addCronJob('foreign', job);
    expect(await nextOf(app, 'foreign')).toBeUndefined();
    job.start();
    expect(await nextOf(app, 'foreign')).toBe('00:00:10.000');
    void job.stop();
    expect(await nextOf(app, 'foreign')).toBeUndefined();
  });

  it('are in a list, in a preview, and on the job that pause answers', async () => {
    const app = await start(Driven);
    const carillon = carillonOf(app);
    const job = new CronJob('*/4 * * * * *', () => {});
    app.get(SchedulerRegistry).addCronJob('foreign', job);
    job.start();
    const listed = await carillon.list();
    expect(listed.every(({ nextFireTime }) => nextFireTime !== null)).toBe(true);
    const fires = await carillon.preview(new Date('2020-01-01T00:00:00Z'), new Date('2020-01-01T00:00:06Z'));
    expect(fires.map(({ jobId, fireTime }) => `${jobId} ${fireTime.getTime() % 60_000}`)).toEqual([
      'interval 2000',
      'timeout 2500',
      'unref 3000',
      'foreign 4000',
      'interval 4000',
      'interval 6000',
      'unref 6000',
    ]);
    expect((await carillon.pause('interval')).nextFireTime).toEqual(new Date('2020-01-01T00:00:02Z'));
  });

  it('of a handle that was cleared are gone when its timer is late', async () => {
    const app = await start(Driven);
    clearInterval(app.get(SchedulerRegistry).getInterval('interval'));
    jest.advanceTimersByTime(3_500);
    expect(await nextOf(app, 'interval')).toBeUndefined();
  });

  it('of a handle that was deleted are gone at once', async () => {
    const app = await start(Driven);
    app.get(SchedulerRegistry).deleteInterval('interval');
    expect(await nextOf(app, 'interval')).toBeUndefined();
  });
});

describe('runs', () => {
  it('are scheduled ones, for the fire time that was told before', async () => {
    const app = await start(Driven);
    jest.advanceTimersByTime(6_000);
    expect(await runsOf(app, 'interval')).toEqual([
      'scheduled 00:02.000 succeeded',
      'scheduled 00:04.000 succeeded',
      'scheduled 00:06.000 succeeded',
    ]);
    expect(await runsOf(app, 'timeout')).toEqual(['scheduled 00:02.500 succeeded']);
    expect(await runsOf(app, 'unref')).toEqual(['scheduled 00:03.000 succeeded', 'scheduled 00:06.000 succeeded']);
    expect(await carillonOf(app).get('interval')).toMatchObject({ runCount: 3, status: 'active' });
    expect(await carillonOf(app).get('timeout')).toMatchObject({ status: 'finished', statusReason: 'ended' });
  });

  it('are made each time, also when the clock was set back and an instant comes again', async () => {
    const app = await start(Driven);
    jest.advanceTimersByTime(4_000);
    await settle();
    jest.setSystemTime(new Date('2020-01-01T00:00:02.000Z'));
    jest.advanceTimersByTime(2_000);
    expect(calls.filter((it) => it === 'interval')).toHaveLength(3);
    expect(await runsOf(app, 'interval')).toEqual([
      'scheduled 00:02.000 succeeded',
      'scheduled 00:04.000 succeeded',
      'scheduled 00:04.001 succeeded',
    ]);
  });

  it('are told in order: the last one of a timeout before the end of its job', async () => {
    const told: string[] = [];
    @Injectable()
    class Listener {
      @OnSchedulerEvent(['run.started', 'run.succeeded', 'job.finished']) on({ type, job }: SchedulerEvent) {
        if (job?.id === 'timeout') told.push(type);
      }
    }
    await start(Driven, Listener);
    jest.advanceTimersByTime(5_000);
    await settle();
    expect(told).toEqual(['run.started', 'run.succeeded', 'job.finished']);
  });

  it('of a job of the package cron are scheduled by its timer, and manual by fireOnTick', async () => {
    const app = await start();
    const job = new CronJob('*/2 * * * * *', () => void calls.push('foreign'));
    app.get(SchedulerRegistry).addCronJob('foreign', job);
    job.start();
    jest.advanceTimersByTime(2_000);
    await settle();
    jest.advanceTimersByTime(500);
    await job.fireOnTick();
    expect(await runsOf(app, 'foreign')).toEqual(['scheduled 00:02.000 succeeded', 'manual 00:02.500 succeeded']);
    expect(calls).toEqual(['foreign', 'foreign']);
  });

  it('of runNow are manual', async () => {
    const app = await start(Driven);
    await carillonOf(app).runNow('interval');
    expect(await runsOf(app, 'interval')).toEqual(['manual 00:00.000 succeeded']);
  });

  it('are refused by nothing but a pause, which leaves one record of what it covered', async () => {
    const app = await start(Driven);
    const carillon = carillonOf(app);
    await carillon.pause('interval', { by: 'ops', reason: 'repair' });
    jest.advanceTimersByTime(4_000);
    await carillon.resume('interval');
    jest.advanceTimersByTime(2_000);
    await settle();
    const { runs } = await carillon.history('interval');
    expect(runs.map(({ state, reason, count, detail }) => [state, reason, count, detail])).toEqual([
      ['succeeded', null, 1, null],
      ['skipped', 'paused', 2, 'paused by ops: repair'],
    ]);
  });

  it('go on by themselves when the time of a pause is over', async () => {
    const app = await start(Driven);
    for (const id of ['interval', 'unref']) {
      await carillonOf(app).pause(id, { until: new Date('2020-01-01T00:00:05Z') });
    }
    jest.advanceTimersByTime(6_000);
    expect(calls.sort()).toEqual(['interval', 'timeout', 'unref']);
    expect((await carillonOf(app).get('interval'))?.pause).toBeNull();
  });

  it('come from a new trigger alone once the job was rescheduled', async () => {
    const app = await start(Driven);
    await carillonOf(app).reschedule('interval', every({ seconds: 5 }));
    jest.advanceTimersByTime(10_000);
    expect(calls.filter((it) => it === 'interval')).toHaveLength(2);
  });
});

describe('options of fire times', () => {
  @Injectable()
  class Bounded {
    @Interval('limited', 1_000, { limit: 2 }) limited() {
      calls.push('limited');
    }
    @Interval('late', 1_000, { start: '2020-01-01T00:00:03Z' }) late() {
      calls.push('late');
    }
  }

  it('hold for an interval, which the scheduler fires then', async () => {
    const app = await start(Bounded);
    jest.advanceTimersByTime(4_000);
    expect(calls.sort()).toEqual(['late', 'late', 'limited', 'limited']);
    expect(await carillonOf(app).get('limited')).toMatchObject({ status: 'finished', statusReason: 'limit' });
  });

  it('deleting such an interval stops it', async () => {
    const app = await start(Bounded);
    app.get(SchedulerRegistry).deleteInterval('late');
    jest.advanceTimersByTime(5_000);
    expect(calls).not.toContain('late');
  });

  it('are refused beside unrefTimeout', async () => {
    @Injectable()
    class Unref {
      @Cron(CronExpression.EVERY_MINUTE, { unrefTimeout: true, limit: 3 }) run() {}
    }
    await expect(start(Unref)).rejects.toThrow('stands beside unrefTimeout');
  });
});
