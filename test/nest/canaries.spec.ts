/** What the drop-in entry for users of @nestjs/schedule will need of the memory path (reference/nest-schedule.md). */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Cron, CronExpression, Interval, SchedulerModule, Timeout } from '../../lib/index.js';

@Injectable()
class EverySecond {
  calls = 0;
  @Cron(CronExpression.EVERY_SECOND) run() {
    this.calls++;
  }
}

let app: TestingModule;
const compile = async (provider: new () => object) => {
  app = await Test.createTestingModule({
    imports: [SchedulerModule.forRoot({ log: 'silent' })],
    providers: [provider],
  }).compile();
};

afterEach(async () => {
  await app.close();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('under the fake timers of jest', () => {
  it('a synchronous advance of 3 s gives three runs of an every-second cron (U20)', async () => {
    await compile(EverySecond);
    // Installed after the application was made, as that package's own suite does.
    jest.useFakeTimers({ now: new Date('2020-01-01T00:00:00.000Z') });
    await app.init();
    jest.advanceTimersByTime(3_000);
    expect(app.get(EverySecond).calls).toBe(3);
  });

  it('runAllTimers ends, for nothing but jobs sets timers', async () => {
    @Injectable()
    class Few {
      calls: string[] = [];
      @Interval(2_500, { limit: 2 }) often() {
        this.calls.push('interval');
      }
      @Timeout(1_000) once() {
        this.calls.push('timeout');
      }
    }
    await compile(Few);
    jest.useFakeTimers();
    await app.init();
    jest.runAllTimers();
    expect(app.get(Few).calls).toEqual(['timeout', 'interval', 'interval']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('U18: an interval of 30 days fires after 30 days, once', async () => {
    @Injectable()
    class Monthly {
      calls = 0;
      @Interval({ days: 30 }) run() {
        this.calls++;
      }
    }
    await compile(Monthly);
    jest.useFakeTimers();
    await app.init();
    jest.advanceTimersByTime(30 * 86_400_000 - 1);
    expect(app.get(Monthly).calls).toBe(0);
    jest.advanceTimersByTime(1);
    expect(app.get(Monthly).calls).toBe(1);
  });
});
