/** Defects measured in @nestjs/schedule 12.0.2 (PITFALLS U2, U5-U7, U9, U11, U18): absent here. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Inject, Injectable, Logger, Module, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { SchedulerRegistry as CarillonRegistry } from '../../lib/index.js';
import { Cron, CronExpression, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '../../lib/compat/index.js';
import { closeAll, compile, fakeTime, start } from './compat-app.js';

const DAY = 86_400_000;
let calls: string[] = [];

@Injectable()
class EverySecond {
  @Cron(CronExpression.EVERY_SECOND) run() {
    calls.push('run');
  }
}

afterEach(async () => {
  expect(await closeAll()).toBe(0);
  calls = [];
});

async function startWith(metadata: Parameters<typeof compile>[0]) {
  const app = await compile(metadata);
  fakeTime();
  await app.init();
  return app;
}

describe('no run twice', () => {
  it('U2: forRoot imported twice', async () => {
    @Module({ imports: [ScheduleModule.forRoot()] })
    class Feature {}
    await startWith({ imports: [Feature], providers: [EverySecond] });
    jest.advanceTimersByTime(5_000);
    expect(calls).toHaveLength(5);
  });

  it('U2: a class provided twice, which is told once', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    @Module({ providers: [EverySecond] })
    class Feature {}
    await startWith({ imports: [Feature], providers: [EverySecond] });
    jest.advanceTimersByTime(5_000);
    expect(calls).toHaveLength(5);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^EverySecond is provided more than once, by /)]]);
    warn.mockRestore();
  });

  it('U2: a useExisting alias', async () => {
    await startWith({ providers: [EverySecond, { provide: 'alias', useExisting: EverySecond }] });
    jest.advanceTimersByTime(5_000);
    expect(calls).toHaveLength(5);
  });
});

describe('timers', () => {
  it('U18: @Interval(30 days) and @Timeout(60 days) fire then, and not at once', async () => {
    @Injectable()
    class Rare {
      @Interval(30 * DAY) monthly() {
        calls.push('interval');
      }
      @Timeout(60 * DAY + 1) late() {
        calls.push('timeout');
      }
    }
    await start(Rare);
    jest.advanceTimersByTime(30 * DAY - 1);
    expect(calls).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(calls).toEqual(['interval']);
    jest.advanceTimersByTime(30 * DAY + 10);
    expect(calls).toEqual(['interval', 'interval', 'timeout']);
    expect(jest.getTimerCount()).toBe(1);
  });

  it('U9: runs of an interval do not overlap', async () => {
    let open = 0;
    @Injectable()
    class Slow {
      @Interval('slow', 1_000) async run() {
        calls.push(`open ${++open}`);
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        open--;
      }
    }
    const app = await start(Slow);
    await jest.advanceTimersByTimeAsync(6_900);
    expect(calls).toEqual(['open 1', 'open 1']);
    const { runs } = await app.get(CarillonRegistry, { strict: false }).history('slow');
    expect(runs.map((run) => run.reason)).toContain('overlap');
  });

  it('U35: a length that is no number is refused at the start, naming the method', async () => {
    @Injectable()
    class Wrong {
      @Interval(Number(undefined)) run() {}
    }
    const app = await compile({ providers: [Wrong] });
    await expect(app.init()).rejects.toThrow(/Wrong\.run \(@Interval\).*milliseconds/s);
  });
});

describe('shutdown', () => {
  it('U7: app.close() during a run waits for it, and starts no other', async () => {
    let finish = () => {};
    @Injectable()
    class Long {
      @Interval('long', 1_000) async run() {
        calls.push('begun');
        await new Promise<void>((resolve) => (finish = resolve));
        calls.push('finished');
      }
    }
    const app = await start(Long);
    await jest.advanceTimersByTimeAsync(1_000);
    const closed = app.close().then(() => calls.push('closed'));
    await jest.advanceTimersByTimeAsync(2_000);
    finish();
    await closed;
    expect(calls).toEqual(['begun', 'finished', 'closed']);
  });
});

describe('decorators', () => {
  it('U11: two on one method are two jobs', async () => {
    @Injectable()
    class Twice {
      @Cron(CronExpression.EVERY_MINUTE, { name: 'minutely' })
      @Cron('30 * * * * *', { name: 'half' })
      @Interval('often', 25_000)
      run() {
        calls.push('run');
      }
    }
    const app = await start(Twice);
    jest.advanceTimersByTime(60_000);
    expect(calls).toHaveLength(4);
    expect([...app.get(SchedulerRegistry).getCronJobs().keys()]).toEqual(['minutely', 'half']);
  });

  it('two classes of one name, each with a job on a method of one name', async () => {
    const make = (label: string) => {
      @Injectable()
      class TasksService {
        @Cron(CronExpression.EVERY_SECOND) handleCron() {
          calls.push(label);
        }
      }
      return TasksService;
    };
    await start(make('one'), make('other'));
    jest.advanceTimersByTime(1_000);
    expect(calls.sort()).toEqual(['one', 'other']);
  });

  it('a method gets no argument that it does not expect, so its defaults hold', async () => {
    @Injectable()
    class Defaults {
      @Cron(CronExpression.EVERY_SECOND) run(batch = 100) {
        calls.push(`batch ${batch}`);
      }
    }
    await start(Defaults);
    jest.advanceTimersByTime(1_000);
    expect(calls).toEqual(['batch 100']);
  });
});

describe('request scope', () => {
  it('U5: a request-scoped dependency gives each run an instance of its own', async () => {
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      readonly number = ++made;
      constructor(@Inject(REQUEST) readonly request: { jobId: string }) {}
    }
    @Injectable()
    class Reports {
      constructor(@Inject(PerRequest) private readonly own: PerRequest) {}
      @Cron(CronExpression.EVERY_SECOND, { name: 'report' }) run() {
        calls.push(`${this.own.request.jobId} ${this.own.number}`);
      }
    }
    await start(PerRequest as never, Reports as never);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(calls).toEqual(['report 1', 'report 2']);
  });
});

describe('failures', () => {
  it('U6: the log names the job of an error, with its stack', async () => {
    @Injectable()
    class Failing {
      @Cron(CronExpression.EVERY_SECOND, { name: 'nightly' }) run() {
        throw new Error('no disk');
      }
    }
    const error = jest.fn();
    const app = await compile({ providers: [Failing], options: { scheduler: { timezone: 'UTC' } } });
    app.useLogger({ log() {}, warn() {}, error });
    fakeTime();
    await app.init();
    jest.advanceTimersByTime(1_000);
    expect(error).toHaveBeenCalledWith(
      expect.stringMatching(/^Job "nightly", run .*no disk/),
      expect.stringContaining('Error: no disk'),
      'Scheduler',
    );
    Logger.overrideLogger(false);
  });
});
