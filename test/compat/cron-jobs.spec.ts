/** reference/nest-schedule.md, "cron-jobs.spec.ts (22)": each case under its number. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Inject, Injectable, Logger, Scope } from '@nestjs/common';
import { CronJob } from 'cron';
import { Cron, CronExpression, SchedulerRegistry } from '../../lib/compat/index.js';
import { closeAll, compile, fakeTime, QUIET, start } from './compat-app.js';

/** Counts runs, and stops its own job after a number of them. */
@Injectable()
class Counting {
  static readonly runs = new Map<string, number>();
  constructor(@Inject(SchedulerRegistry) protected readonly registry: SchedulerRegistry) {}

  protected count(name: string, last = Infinity): void {
    const runs = (Counting.runs.get(name) ?? 0) + 1;
    Counting.runs.set(name, runs);
    if (runs >= last) void this.registry.getCronJob(name).stop();
  }
}

@Injectable()
class CronService extends Counting {
  waiting = { calls: 0, finished: 0 };

  @Cron(CronExpression.EVERY_SECOND, { name: 'EXECUTES_EVERY_SECOND' }) everySecond() {
    this.count('EXECUTES_EVERY_SECOND', 3);
  }
  @Cron(CronExpression.EVERY_30_SECONDS, { name: 'EXECUTES_EVERY_30_SECONDS' }) every30Seconds() {
    this.count('EXECUTES_EVERY_30_SECONDS', 1);
  }
  @Cron(CronExpression.EVERY_MINUTE, { name: 'EXECUTES_EVERY_MINUTE', utcOffset: 0 }) everyMinute() {
    this.count('EXECUTES_EVERY_MINUTE', 3);
  }
  @Cron(CronExpression.EVERY_HOUR, { name: 'EXECUTES_EVERY_HOUR' }) everyHour() {
    this.count('EXECUTES_EVERY_HOUR', 3);
  }
  @Cron(CronExpression.EVERY_SECOND, { name: 'DISABLED', disabled: true }) disabled() {
    this.count('DISABLED');
  }
  @Cron(CronExpression.EVERY_MINUTE, { name: 'WAIT_FOR_COMPLETION', waitForCompletion: true })
  async slow() {
    this.waiting.calls++;
    await new Promise((resolve) => setTimeout(resolve, 61_000));
    this.waiting.finished++;
  }
}

@Injectable()
class DelayedService extends Counting {
  @Cron(CronExpression.EVERY_SECOND, { name: 'DELAYED', initialDelay: 5_000 }) delayed() {
    this.count('DELAYED');
  }
  @Cron(CronExpression.EVERY_SECOND, { name: 'DELAYED_OFF', initialDelay: 5_000, disabled: true }) off() {
    this.count('DELAYED_OFF');
  }
}

const runs = (name: string) => Counting.runs.get(name) ?? 0;
const nullPrototype = { provide: 'null-prototype', useValue: Object.create(null) };

beforeEach(() => Counting.runs.clear());
afterEach(async () => {
  expect(await closeAll()).toBe(0);
});

describe('Cron', () => {
  it('cron-jobs 1: should schedule "cron"', async () => {
    await start(CronService);
    jest.advanceTimersByTime(3_000);
    expect(runs('EXECUTES_EVERY_SECOND')).toBe(3);
    jest.advanceTimersByTime(3_000);
    expect(runs('EXECUTES_EVERY_SECOND')).toBe(3);
  });

  it('cron-jobs 2: should catch and log exception inside cron-function added by scheduler', async () => {
    const app = await start(CronService);
    const errorHandler = jest.fn();
    const thrown = new Error('boom');
    const job = CronJob.from({
      cronTime: CronExpression.EVERY_SECOND,
      onTick: () => {
        throw thrown;
      },
      errorHandler,
    });
    const registry = app.get(SchedulerRegistry);
    registry['logger'].error = jest.fn();
    registry.addCronJob('throwing', job);
    job.start();
    jest.advanceTimersByTime(1_000);
    expect(errorHandler).toHaveBeenCalledWith(thrown);
  });

  it('cron-jobs 3: should run "cron" once after 30 seconds', async () => {
    const app = await start(CronService);
    const job = app.get(SchedulerRegistry).getCronJob('EXECUTES_EVERY_30_SECONDS');
    expect(job.isActive).toBe(true);
    expect(job.lastDate()).toBeNull();
    jest.advanceTimersByTime(30_000);
    expect(runs('EXECUTES_EVERY_30_SECONDS')).toBe(1);
    expect(job.lastDate()).toEqual(new Date('2020-01-01T00:00:30.000Z'));
    jest.advanceTimersByTime(29_000);
    expect(runs('EXECUTES_EVERY_30_SECONDS')).toBe(1);
    expect(job.isActive).toBe(false);
  });

  it('cron-jobs 4: should wait for "cron" to complete', async () => {
    const app = await start(CronService);
    const job = app.get(SchedulerRegistry).getCronJob('WAIT_FOR_COMPLETION');
    const { waiting } = app.get(CronService);
    const step = async (millis: number, calls: number, finished: number, last: string) => {
      await jest.advanceTimersByTimeAsync(millis);
      expect({ ...waiting, last: job.lastDate()?.toISOString().slice(11, 19) }).toEqual({ calls, finished, last });
    };
    await step(60_000, 1, 0, '00:01:00');
    await step(60_000, 1, 0, '00:02:00');
    await step(1_000, 1, 1, '00:02:00');
    await step(59_000, 2, 1, '00:03:00');
    await step(60_000, 2, 1, '00:04:00');
    await step(1_000, 2, 2, '00:04:00');
    await step(59_000, 3, 2, '00:05:00');
    await step(61_000, 3, 3, '00:06:00');
  });

  it('cron-jobs 5: should run "cron" 3 times every 60 seconds', async () => {
    const app = await start(CronService);
    const job = app.get(SchedulerRegistry).getCronJob('EXECUTES_EVERY_MINUTE');
    jest.advanceTimersByTime(180_000);
    expect(runs('EXECUTES_EVERY_MINUTE')).toBe(3);
    expect(job.lastDate()).toEqual(new Date('2020-01-01T00:03:00.000Z'));
    jest.advanceTimersByTime(180_000);
    expect(runs('EXECUTES_EVERY_MINUTE')).toBe(3);
    expect(job.isActive).toBe(false);
  });

  it('cron-jobs 6: should run "cron" 3 times every hour', async () => {
    const app = await start(CronService);
    const job = app.get(SchedulerRegistry).getCronJob('EXECUTES_EVERY_HOUR');
    jest.advanceTimersByTime(10_800_000);
    expect(runs('EXECUTES_EVERY_HOUR')).toBe(3);
    expect(job.lastDate()).toEqual(new Date('2020-01-01T03:00:00.000Z'));
    jest.advanceTimersByTime(10_800_000);
    expect(runs('EXECUTES_EVERY_HOUR')).toBe(3);
    expect(job.isActive).toBe(false);
  });

  it('cron-jobs 7: should not run "cron" at all', async () => {
    const app = await start(CronService);
    jest.advanceTimersByTime(10_000);
    expect(runs('DISABLED')).toBe(0);
    expect(app.get(SchedulerRegistry).getCronJob('DISABLED').isActive).toBeFalsy();
  });

  it('cron-jobs 8: should return cron id by name', async () => {
    const app = await start(CronService);
    expect(app.get(SchedulerRegistry).getCronJob('EXECUTES_EVERY_SECOND')).toBeDefined();
  });

  const dynamic = (onTick = () => {}) => new CronJob(CronExpression.EVERY_SECOND, onTick);

  it('cron-jobs 9: should add dynamic cron job', async () => {
    const app = await start(CronService);
    const registry = app.get(SchedulerRegistry);
    registry.addCronJob('dynamic', dynamic());
    expect(registry.getCronJob('dynamic')).toBeDefined();
  });

  it('cron-jobs 10: should return and start dynamic cron job', async () => {
    const app = await start(CronService);
    const registry = app.get(SchedulerRegistry);
    const onTick = jest.fn();
    const job = dynamic(onTick);
    registry.addCronJob('dynamic', job);
    expect(registry.getCronJobs().get('dynamic')).toEqual(job);
    expect(job.isActive).toBe(false);
    job.start();
    expect(job.isActive).toBe(true);
    jest.advanceTimersByTime(3_000);
    expect(onTick).toHaveBeenCalledTimes(3);
  });

  it('cron-jobs 11: should delete dynamic cron job', async () => {
    const app = await start(CronService);
    const registry = app.get(SchedulerRegistry);
    registry.addCronJob('dynamic', dynamic());
    expect(registry.getCronJob('dynamic')).toBeDefined();
    registry.deleteCronJob('dynamic');
    expect(() => registry.getCronJob('dynamic')).toThrow(
      'No Cron Job was found with the given name (dynamic). Check that you created one with a decorator or with the create API.',
    );
  });

  it('cron-jobs 12: should initialize when the consuming module contains a provider with a null prototype', async () => {
    const app = await compile({ providers: [CronService, nullPrototype] });
    fakeTime();
    await expect(app.init()).resolves.toBeDefined();
  });

  it('cron-jobs 13: should clean up dynamic cron jobs on application shutdown', async () => {
    const app = await start(CronService);
    const registry = app.get(SchedulerRegistry);
    const job = dynamic();
    registry.addCronJob('dynamic', job);
    job.start();
    await app.close();
    expect(registry.getCronJobs().size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('cron-jobs 14: should return true for dynamic cron job', async () => {
    const app = await start(CronService);
    app.get(SchedulerRegistry).addCronJob('dynamic', dynamic());
    expect(app.get(SchedulerRegistry).doesExist('cron', 'dynamic')).toBe(true);
  });

  it('cron-jobs 15: should return false for dynamic cron job', async () => {
    const app = await start(CronService);
    expect(app.get(SchedulerRegistry).doesExist('cron', 'dynamic')).toBe(false);
  });

  it('cron-jobs 16: should not execute "cron" before initialDelay elapses', async () => {
    await start(DelayedService);
    jest.advanceTimersByTime(4_999);
    expect(runs('DELAYED')).toBe(0);
    jest.advanceTimersByTime(1_001);
    expect(runs('DELAYED')).toBe(1);
  });

  it('cron-jobs 17: should execute "cron" on schedule after initialDelay', async () => {
    await start(DelayedService);
    jest.advanceTimersByTime(5_000 + 3_000);
    expect(runs('DELAYED')).toBe(3);
  });

  it('cron-jobs 18: should not start "cron" when both disabled and initialDelay are set', async () => {
    const app = await start(DelayedService);
    jest.advanceTimersByTime(10_000);
    expect(runs('DELAYED_OFF')).toBe(0);
    expect(app.get(SchedulerRegistry).getCronJob('DELAYED_OFF').isActive).toBe(false);
  });

  it('cron-jobs 19: should not start "cron" after shutdown when initialDelay is pending', async () => {
    const app = await start(DelayedService);
    jest.advanceTimersByTime(1_000);
    await app.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(10_000);
    expect(runs('DELAYED')).toBe(0);
  });

  it('cron-jobs 20: should not log a warning when the provider is not request scoped', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    // With all lines of the default configuration, and where a scoped one would be warned of.
    for (const options of [{}, { requestScoped: 'warn' as const }]) {
      const app = await compile({ providers: [CronService], options });
      app.useLogger(false);
      fakeTime();
      await app.init();
      expect(app.get(SchedulerRegistry).getCronJobs().size).toBeGreaterThan(0);
      await closeAll();
    }
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('cron-jobs 21: should throw when two providers declare a cron job with the same name', async () => {
    @Injectable()
    class One {
      @Cron(CronExpression.EVERY_SECOND, { name: 'shared' }) run() {}
    }
    @Injectable()
    class Other {
      @Cron(CronExpression.EVERY_SECOND, { name: 'shared' }) run() {}
    }
    const app = await compile({ providers: [One, Other] });
    fakeTime();
    await expect(app.init()).rejects.toThrow('Cron Job with the given name (shared) already exists. Ignored.');
  });
});

describe('Cron - Request Scoped Provider', () => {
  it('cron-jobs 22: should log a warning when trying to register a cron in a request scoped provider, if asked to', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class RequestScopedCronService {
      @Cron(CronExpression.EVERY_SECOND) handleCron() {}
    }
    const warn = jest.fn();
    const app = await compile({
      providers: [RequestScopedCronService],
      options: { ...QUIET, requestScoped: 'warn' },
    });
    app.useLogger({ log() {}, error() {}, warn });
    fakeTime();
    await app.init();
    expect(app.get(SchedulerRegistry).getCronJobs()).toEqual(new Map());
    expect(warn).toHaveBeenCalledWith(
      'Cannot register cron job "RequestScopedCronService@handleCron" because it is defined in a non static provider.',
      'Scheduler',
    );
    Logger.overrideLogger(false);
  });
});
