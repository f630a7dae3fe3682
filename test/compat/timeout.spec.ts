/** reference/nest-schedule.md, "timeout.spec.ts (12)": each case under its number. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Inject, Injectable, Logger, Scope } from '@nestjs/common';
import { Timeout, SchedulerRegistry } from '../../lib/compat/index.js';
import { closeAll, compile, fakeTime, QUIET, start } from './compat-app.js';

@Injectable()
class TimeoutService {
  called = 0;
  constructor(@Inject(SchedulerRegistry) private readonly registry: SchedulerRegistry) {}

  @Timeout('test', 2_500) handleTimeout() {
    this.called++;
    clearTimeout(this.registry.getTimeout('test'));
  }
}

const dynamic = () => setTimeout(() => {}, 2_500);

afterEach(async () => {
  expect(await closeAll()).toBe(0);
});

describe('Timeout', () => {
  it('timeout 1: should schedule "timeout"', async () => {
    const app = await start(TimeoutService);
    jest.runAllTimers();
    expect(app.get(TimeoutService).called).toBe(1);
  });

  it('timeout 2: should return timeout id by name', async () => {
    const app = await start(TimeoutService);
    expect(app.get(SchedulerRegistry).getTimeout('test')).toBeDefined();
  });

  it('timeout 3: should add dynamic timeout', async () => {
    const app = await start(TimeoutService);
    const registry = app.get(SchedulerRegistry);
    const handle = dynamic();
    registry.addTimeout('dynamic', handle);
    expect(registry.getTimeout('dynamic')).toBe(handle);
  });

  it('timeout 4: should return dynamic timeout', async () => {
    const app = await start(TimeoutService);
    const registry = app.get(SchedulerRegistry);
    registry.addTimeout('dynamic', dynamic());
    expect(registry.getTimeouts()).toContain('dynamic');
  });

  it('timeout 5: should delete dynamic timeout', async () => {
    const app = await start(TimeoutService);
    const registry = app.get(SchedulerRegistry);
    registry.addTimeout('dynamic', dynamic());
    registry.deleteTimeout('dynamic');
    expect(() => registry.getTimeout('dynamic')).toThrow(
      'No Timeout was found with the given name (dynamic). Check that you created one with a decorator or with the create API.',
    );
  });

  it('timeout 6: should initialize when the consuming module contains a provider with a null prototype', async () => {
    const app = await compile({
      providers: [TimeoutService, { provide: 'null-prototype', useValue: Object.create(null) }],
    });
    fakeTime();
    await expect(app.init()).resolves.toBeDefined();
  });

  it('timeout 7: should clean up dynamic timeouts on application shutdown', async () => {
    const app = await start(TimeoutService);
    const registry = app.get(SchedulerRegistry);
    registry.addTimeout('dynamic', dynamic());
    await app.close();
    expect(registry.getTimeouts()).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('timeout 8: should return true for dynamic timeout', async () => {
    const app = await start(TimeoutService);
    app.get(SchedulerRegistry).addTimeout('dynamic', dynamic());
    expect(app.get(SchedulerRegistry).doesExist('timeout', 'dynamic')).toBe(true);
  });

  it('timeout 9: should return false for dynamic timeout', async () => {
    const app = await start(TimeoutService);
    expect(app.get(SchedulerRegistry).doesExist('timeout', 'dynamic')).toBe(false);
  });

  it('timeout 10: should not log a warning when the provider is not request scoped', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    // Where a scoped one would be warned of.
    const app = await compile({ providers: [TimeoutService], options: { ...QUIET, requestScoped: 'warn' } });
    fakeTime();
    await app.init();
    expect(app.get(SchedulerRegistry).getTimeouts()).toEqual(['test']);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('timeout 11: should throw when two providers declare a timeout with the same name', async () => {
    @Injectable()
    class One {
      @Timeout('shared', 1_000) run() {}
    }
    @Injectable()
    class Other {
      @Timeout('shared', 1_000) run() {}
    }
    const app = await compile({ providers: [One, Other] });
    fakeTime();
    await expect(app.init()).rejects.toThrow('Timeout with the given name (shared) already exists. Ignored.');
  });
});

describe('Timeout - Request Scoped', () => {
  it('timeout 12: should log a warning when trying to register a timeout in a request scoped provider, if asked to', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class RequestScopedTimeoutService {
      @Timeout(1_000) handleTimeout() {}
    }
    const warn = jest.fn();
    const app = await compile({
      providers: [RequestScopedTimeoutService],
      options: { ...QUIET, requestScoped: 'warn' },
    });
    app.useLogger({ log() {}, error() {}, warn });
    fakeTime();
    await app.init();
    expect(app.get(SchedulerRegistry).getTimeouts()).toEqual([]);
    expect(warn).toHaveBeenCalledWith(
      'Cannot register timeout "RequestScopedTimeoutService@handleTimeout" because it is defined in a non static provider.',
      'Scheduler',
    );
    Logger.overrideLogger(false);
  });
});
