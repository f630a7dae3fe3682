/** reference/nest-schedule.md, "interval.spec.ts (12)": each case under its number. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Inject, Injectable, Logger, Scope } from '@nestjs/common';
import { Interval, SchedulerRegistry } from '../../lib/compat/index.js';
import { closeAll, compile, fakeTime, QUIET, start } from './compat-app.js';

@Injectable()
class IntervalService {
  called = 0;
  constructor(@Inject(SchedulerRegistry) private readonly registry: SchedulerRegistry) {}

  @Interval('test', 2_500) handleInterval() {
    this.called++;
    clearInterval(this.registry.getInterval('test'));
  }
}

const dynamic = () => setInterval(() => {}, 2_500);

afterEach(async () => {
  expect(await closeAll()).toBe(0);
});

describe('Interval', () => {
  it('interval 1: should schedule "interval"', async () => {
    const app = await start(IntervalService);
    jest.runAllTimers();
    expect(app.get(IntervalService).called).toBe(1);
  });

  it('interval 2: should return interval id by name', async () => {
    const app = await start(IntervalService);
    expect(app.get(SchedulerRegistry).getInterval('test')).toBeDefined();
  });

  it('interval 3: should add dynamic interval', async () => {
    const app = await start(IntervalService);
    const registry = app.get(SchedulerRegistry);
    const handle = dynamic();
    registry.addInterval('dynamic', handle);
    expect(registry.getInterval('dynamic')).toBe(handle);
  });

  it('interval 4: should return dynamic interval', async () => {
    const app = await start(IntervalService);
    const registry = app.get(SchedulerRegistry);
    registry.addInterval('dynamic', dynamic());
    expect(registry.getIntervals()).toContain('dynamic');
  });

  it('interval 5: should delete dynamic interval', async () => {
    const app = await start(IntervalService);
    const registry = app.get(SchedulerRegistry);
    registry.addInterval('dynamic', dynamic());
    registry.deleteInterval('dynamic');
    expect(() => registry.getInterval('dynamic')).toThrow(
      'No Interval was found with the given name (dynamic). Check that you created one with a decorator or with the create API.',
    );
  });

  it('interval 6: should initialize when the consuming module contains a provider with a null prototype', async () => {
    const app = await compile({
      providers: [IntervalService, { provide: 'null-prototype', useValue: Object.create(null) }],
    });
    fakeTime();
    await expect(app.init()).resolves.toBeDefined();
  });

  it('interval 7: should clean up dynamic intervals on application shutdown', async () => {
    const app = await start(IntervalService);
    const registry = app.get(SchedulerRegistry);
    registry.addInterval('dynamic', dynamic());
    await app.close();
    expect(registry.getIntervals()).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('interval 8: should return true for dynamic interval', async () => {
    const app = await start(IntervalService);
    app.get(SchedulerRegistry).addInterval('dynamic', dynamic());
    expect(app.get(SchedulerRegistry).doesExist('interval', 'dynamic')).toBe(true);
  });

  it('interval 9: should return false for dynamic interval', async () => {
    const app = await start(IntervalService);
    expect(app.get(SchedulerRegistry).doesExist('interval', 'dynamic')).toBe(false);
  });

  it('interval 10: should not log a warning when the provider is not request scoped', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    // Where a scoped one would be warned of.
    const app = await compile({ providers: [IntervalService], options: { ...QUIET, requestScoped: 'warn' } });
    fakeTime();
    await app.init();
    expect(app.get(SchedulerRegistry).getIntervals()).toEqual(['test']);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('interval 11: should throw when two providers declare an interval with the same name', async () => {
    @Injectable()
    class One {
      @Interval('shared', 1_000) run() {}
    }
    @Injectable()
    class Other {
      @Interval('shared', 1_000) run() {}
    }
    const app = await compile({ providers: [One, Other] });
    fakeTime();
    await expect(app.init()).rejects.toThrow('Interval with the given name (shared) already exists. Ignored.');
  });
});

describe('Interval - Request Scoped', () => {
  it('interval 12: should log a warning when trying to register an interval in a request scoped provider, if asked to', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class RequestScopedIntervalService {
      @Interval(1_000) handleInterval() {}
    }
    const warn = jest.fn();
    const app = await compile({
      providers: [RequestScopedIntervalService],
      options: { ...QUIET, requestScoped: 'warn' },
    });
    app.useLogger({ log() {}, error() {}, warn });
    fakeTime();
    await app.init();
    expect(app.get(SchedulerRegistry).getIntervals()).toEqual([]);
    expect(warn).toHaveBeenCalledWith(
      'Cannot register interval "RequestScopedIntervalService@handleInterval" because it is defined in a non static provider.',
      'Scheduler',
    );
    Logger.overrideLogger(false);
  });
});
