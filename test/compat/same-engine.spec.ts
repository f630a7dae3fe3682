/** Jobs of the compat entry are jobs of the one scheduler: registry, history, events, options. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import * as peer from '@nestjs/schedule';
import { CronJob } from 'cron';
import { DateTime } from 'luxon';
import { JobContext, OnSchedulerEvent, SchedulerRegistry as CarillonRegistry } from '../../lib/index.js';
import { Cron, CronExpression, Interval, SchedulerRegistry, Timeout } from '../../lib/compat/index.js';
import { closeAll, compile, fakeTime, QUIET, start } from './compat-app.js';

let calls: string[] = [];
const settle = () => jest.advanceTimersByTimeAsync(0);

@Injectable()
class Jobs {
  events: string[] = [];
  @Cron(CronExpression.EVERY_SECOND, { name: 'cron' }) cron() {
    calls.push(`cron ${JobContext.current()?.jobId}`);
  }
  @Interval('interval', 2_000) interval() {
    calls.push('interval');
  }
  @Timeout('timeout', 2_500) timeout() {
    calls.push('timeout');
  }
  @OnSchedulerEvent('run.succeeded') heard({ job }: { job: { id: string } }) {
    this.events.push(job.id);
  }
}

afterEach(async () => {
  expect(await closeAll()).toBe(0);
  calls = [];
});

describe('one scheduler', () => {
  it('lists decorated jobs, keeps their history and tells their events', async () => {
    const app = await start(Jobs);
    const carillon = app.get(CarillonRegistry, { strict: false });
    jest.advanceTimersByTime(3_000);
    expect((await carillon.list()).map(({ id, trigger }) => [id, trigger.description])).toEqual([
      ['cron', 'Every second'],
      ['interval', 'When its timer fires: every 2000 ms'],
      ['timeout', 'When its timer fires: 2500 ms after the start'],
    ]);
    expect((await carillon.history('interval')).runs).toHaveLength(1);
    expect(app.get(Jobs).events.sort()).toEqual(['cron', 'cron', 'cron', 'interval', 'timeout']);
    expect(calls[0]).toBe('cron cron');
  });

  it('what is paused there fires no more, and getCronJob says so', async () => {
    const app = await start(Jobs);
    const carillon = app.get(CarillonRegistry, { strict: false });
    const job = app.get(SchedulerRegistry).getCronJob('cron');
    for (const id of ['cron', 'interval', 'timeout']) await carillon.pause(id);
    expect(job.isActive).toBe(false);
    jest.advanceTimersByTime(4_000);
    expect(calls).toEqual([]);
    await carillon.resume('cron');
    await carillon.resume('interval');
    expect(job.isActive).toBe(true);
    jest.advanceTimersByTime(2_000);
    expect(calls).toEqual(expect.arrayContaining(['interval', 'cron cron']));
  });

  it('pauseAll stops jobs with timers of their own too', async () => {
    const app = await start(Jobs);
    await app.get(CarillonRegistry, { strict: false }).pauseAll();
    jest.advanceTimersByTime(4_000);
    expect(calls).toEqual([]);
  });

  it('clearing the native handle stops the job', async () => {
    const app = await start(Jobs);
    const registry = app.get(SchedulerRegistry);
    clearInterval(registry.getInterval('interval'));
    clearTimeout(registry.getTimeout('timeout'));
    jest.advanceTimersByTime(4_000);
    expect(new Set(calls)).toEqual(new Set(['cron cron']));
  });

  it('takes options of this package', async () => {
    @Injectable()
    class Tried {
      @Cron(CronExpression.EVERY_HOUR, { name: 'tried', retry: { attempts: 2, delay: '5s' } }) run() {
        calls.push('try');
        throw new Error('again');
      }
    }
    await start(Tried);
    jest.advanceTimersByTime(3_600_000 + 5_000);
    expect(calls).toEqual(['try', 'try']);
  });

  it('a name that a cron job and an interval share gives two jobs', async () => {
    @Injectable()
    class Shared {
      @Cron(CronExpression.EVERY_SECOND, { name: 'shared' }) cron() {}
      @Interval('shared', 1_000) interval() {}
    }
    const app = await start(Shared);
    const ids = (await app.get(CarillonRegistry, { strict: false }).list()).map(({ id }) => id);
    expect(ids).toEqual(['interval:shared', 'shared']);
  });
});

describe('jobs of the package cron', () => {
  it('are run by the scheduler once they are added: history, failure, pause and removal', async () => {
    const app = await start(Jobs);
    const registry = app.get(SchedulerRegistry);
    const carillon = app.get(CarillonRegistry, { strict: false });
    const job = new CronJob(CronExpression.EVERY_SECOND, () => void calls.push('foreign'));
    registry.addCronJob('foreign', job);
    job.start();
    jest.advanceTimersByTime(2_000);
    await settle();
    expect(calls.filter((it) => it === 'foreign')).toHaveLength(2);
    expect((await carillon.history('foreign')).runs.map(({ state }) => state)).toEqual(['succeeded', 'succeeded']);
    await carillon.pause('foreign');
    jest.advanceTimersByTime(2_000);
    expect(calls.filter((it) => it === 'foreign')).toHaveLength(2);
    await carillon.remove('foreign');
    expect(job.isActive).toBe(false);
  });

  it('what their callback throws makes the run a failed one', async () => {
    const app = await start(Jobs);
    const job = CronJob.from({
      cronTime: CronExpression.EVERY_SECOND,
      onTick: () => {
        throw new Error('torn');
      },
    });
    app.get(SchedulerRegistry).addCronJob('torn', job);
    job.start();
    jest.advanceTimersByTime(1_000);
    await settle();
    const { runs } = await app.get(CarillonRegistry, { strict: false }).history('torn');
    expect(runs[0]).toMatchObject({ state: 'failed', error: { message: 'torn' } });
  });
});

describe('decorators of @nestjs/schedule itself', () => {
  it('are read, so that modules of third parties keep working', async () => {
    @Injectable()
    class ThirdParty {
      @peer.Cron('* * * * * *', { name: 'theirs' }) cron() {
        calls.push('cron');
      }
      @peer.Interval('their-interval', 1_000) interval() {
        calls.push('interval');
      }
      @peer.Timeout(500) timeout() {
        calls.push('timeout');
      }
    }
    const app = await start(ThirdParty);
    jest.advanceTimersByTime(1_000);
    expect(calls.sort()).toEqual(['cron', 'interval', 'timeout']);
    expect(app.get(SchedulerRegistry).getIntervals()).toEqual(['their-interval']);
  });
});

describe('a CronJob', () => {
  it('shows dates in its zone as luxon does, and takes another time', async () => {
    @Injectable()
    class Zoned {
      @Cron('0 9 * * *', { name: 'berlin', timeZone: 'Europe/Berlin' }) berlin() {
        calls.push('berlin');
      }
    }
    const app = await start(Zoned);
    const job = app.get(SchedulerRegistry).getCronJob('berlin');
    expect(DateTime.isDateTime(job.nextDate())).toBe(true);
    expect(job.nextDates(2).map((date) => date.toISO())).toEqual([
      '2020-01-01T09:00:00.000+01:00',
      '2020-01-02T09:00:00.000+01:00',
    ]);
    expect(job.cronTime.source).toBe('0 9 * * *');
    expect(job.cronTime.getTimeout()).toBe(8 * 3_600_000);
    job.setTime('*/10 * * * * *');
    jest.advanceTimersByTime(20_000);
    expect(calls).toHaveLength(2);
  });

  it.each([
    [120, '2020-01-01T07:00:00.000Z'],
    [330, '2020-01-01T03:30:00.000Z'],
    [-210, '2020-01-01T12:30:00.000Z'],
  ])('fires by an offset of %i minutes', async (utcOffset, expected) => {
    @Injectable()
    class Offset {
      @Cron('0 9 * * *', { name: 'offset', utcOffset }) run() {
        calls.push(new Date().toISOString());
      }
    }
    await start(Offset);
    jest.advanceTimersByTime(86_400_000);
    expect(calls).toEqual([expected]);
  });

  it('stops, starts, fires by hand, calls what was added, and tells its completion', async () => {
    const app = await start(Jobs);
    const job = app.get(SchedulerRegistry).getCronJob('cron');
    const done = jest.fn();
    job.onComplete = done;
    job.addCallback(() => calls.push('added'));
    void job.stop();
    expect([job.isActive, done.mock.calls.length]).toEqual([false, 1]);
    jest.advanceTimersByTime(1_500);
    expect(calls).toEqual([]);
    await job.fireOnTick();
    expect(calls).toEqual(['cron cron', 'added']);
    job.start();
    jest.advanceTimersByTime(500);
    expect(calls.filter((it) => it !== 'interval')).toEqual(['cron cron', 'added', 'cron cron', 'added']);
  });

  it('fires once at a date, and is inactive then', async () => {
    @Injectable()
    class Once {
      @Cron(new Date('2020-01-01T00:00:05.000Z'), { name: 'once' }) run() {
        calls.push('once');
      }
    }
    const app = await start(Once);
    const job = app.get(SchedulerRegistry).getCronJob('once');
    expect([job.runOnce, job.isActive]).toEqual([true, true]);
    jest.advanceTimersByTime(20_000);
    expect(calls).toEqual(['once']);
    expect(job.isActive).toBe(false);
  });

  it('with unrefTimeout runs on a timer that keeps no process alive', async () => {
    @Injectable()
    class Unref {
      @Cron(CronExpression.EVERY_MINUTE, { name: 'unref', unrefTimeout: true }) run() {
        calls.push('unref');
      }
    }
    const app = await compile({ providers: [Unref], options: QUIET });
    fakeTime();
    await app.init();
    jest.advanceTimersByTime(120_000);
    expect(calls).toEqual(['unref', 'unref']);
    expect(app.get(SchedulerRegistry).getCronJob('unref').lastDate()).toEqual(new Date('2020-01-01T00:02:00Z'));
  });
});
