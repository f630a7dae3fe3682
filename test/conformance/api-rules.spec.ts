/** DESIGN section 1, "Rules of the API" and "Names other people rely on", sentence by sentence, through the public entries. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { DateTime, Duration as LuxonDuration } from 'luxon';
import * as carillon from '../../lib/index.js';
import {
  anyOf,
  at,
  At,
  cron,
  Cron,
  every,
  Interval,
  JobContext,
  Scheduled,
  SchedulerModule,
  SchedulerRegistry,
  Task,
  Timeout,
  type SchedulerModuleAsyncOptions,
  type SchedulerModuleOptions,
} from '../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../lib/testing/index.js';
import { seedApp, type SeedApp } from '../seeds/seed-app.js';

const NOW = '2026-11-20T00:00:00Z'; // a Friday
let seed: SeedApp | undefined;
afterEach(async () => {
  await seed?.app.close();
  seed = undefined;
});

type Class = new (...args: never[]) => object;
const start = async (providers: Class[], options: SchedulerModuleOptions = {}, now = NOW) =>
  (seed = await seedApp(providers, { log: 'silent', ...options }, now));
const refusal = async (providers: Class[], options: SchedulerModuleOptions = {}) => {
  try {
    await start(providers, options);
  } catch (error) {
    return error as Error & { code: string };
  }
  throw new Error('the application started');
};

/** A provider whose method `run` has these decorators. */
function decorated(...decorators: MethodDecorator[]): Class {
  class Host {
    run(job: JobContext) {
      return job.args.length;
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Host.prototype, 'run')!;
  for (const decorator of decorators.reverse()) decorator(Host.prototype, 'run', descriptor);
  Injectable()(Host);
  return Host;
}

@Injectable()
class Echo {
  readonly calls: unknown[][] = [];
  @Task() say(...args: unknown[]) {
    this.calls.push(args);
  }
}

describe('names other people rely on', () => {
  it.each([
    ...['SchedulerModule', 'Cron', 'Interval', 'At', 'Timeout', 'Scheduled', 'SchedulerRegistry', 'JobContext', 'Job'],
    ...['Run', 'Task', 'OnSchedulerEvent', 'CronExpression', 'SCHEDULER_OPTIONS', 'SCHEDULER_CLOCK', 'getStoreToken'],
    ...['CronTrigger', 'IntervalTrigger', 'DateTrigger', 'CalendarIntervalTrigger', 'AndTrigger', 'OrTrigger'],
    ...['cron', 'every', 'at', 'calendar', 'allOf', 'anyOf', 'triggerFromJSON', 'SchedulerError'],
  ])('%s is exported', (name) => {
    expect(carillon).toHaveProperty(name);
  });

  it.each<[string, carillon.Trigger, string[]]>([
    ['CronTrigger of an expression', new carillon.CronTrigger('0 9 * * 1-5'), ['20T09:00', '23T09:00', '24T09:00']],
    [
      'CronTrigger of fields with options',
      new carillon.CronTrigger(
        { hour: 9 },
        { timezone: 'America/New_York', start: '2026-11-21T00:00', end: '2026-11-22', jitter: '5s', limit: 9 },
      ),
      ['21T14:00'],
    ],
    [
      'IntervalTrigger',
      new carillon.IntervalTrigger({ hours: 6 }, { start: '2026-11-20T03:00Z', end: '2026-11-20T15:00Z' }),
      ['20T03:00', '20T09:00', '20T15:00'],
    ],
    ['DateTrigger', new carillon.DateTrigger('2026-11-20 05:00'), ['20T05:00']],
    [
      'AndTrigger',
      new carillon.AndTrigger([cron({ dayOfWeek: 'mon-fri' }), cron({ hour: '16-17' })]),
      ['20T16:00', '20T17:00', '23T16:00'],
    ],
    [
      'OrTrigger',
      new carillon.OrTrigger([cron('0 9 * * *'), at('2026-11-20T08:00Z')]),
      ['20T08:00', '20T09:00', '21T09:00'],
    ],
  ])('%s has fire times, JSON that gives it back, and a text', (_name, trigger, expected) => {
    const fires = (it: carillon.Trigger) =>
      it.fireTimes(Date.parse(NOW), 3).map((fire) => new Date(fire).toISOString().slice(8, 16));
    expect(fires(trigger)).toEqual(expected);
    expect(fires(carillon.triggerFromJSON(JSON.parse(JSON.stringify(trigger))))).toEqual(expected);
    expect(trigger.toString()).toMatch(/\w/);
  });

  it('next(after) is strictly after', () => {
    const nine = Date.parse('2026-11-20T09:00Z');
    expect(cron('0 9 * * *').next(nine)).toBe(nine + 86_400_000);
    expect(cron('0 9 * * *').next(nine - 1)).toBe(nine);
  });

  it('a cron trigger shows its fields', () => {
    expect(new carillon.CronTrigger({ hour: 9, minute: '*/30' }).fields).toEqual({ hour: 9, minute: '*/30' });
  });

  it('SCHEDULER_OPTIONS, SCHEDULER_CLOCK and getStoreToken can be injected', async () => {
    @Injectable()
    class Needs {
      constructor(
        @Inject(carillon.SCHEDULER_OPTIONS) readonly options: SchedulerModuleOptions,
        @Inject(carillon.SCHEDULER_CLOCK) readonly clock: carillon.Clock,
        @Inject(carillon.getStoreToken('default')) readonly store: carillon.Store,
        @Inject(carillon.getStoreToken()) readonly same: carillon.Store,
      ) {}
    }
    const { app } = await start([Needs], { timezone: 'Asia/Tokyo' });
    const needs = app.get(Needs);
    expect(needs.options.timezone).toBe('Asia/Tokyo');
    expect(needs.clock.now()).toBe(Date.parse(NOW));
    expect(needs.store.isShared).toBe(false);
    expect(needs.same).toBe(needs.store);
  });

  it('every error is a SchedulerError with a stable code of capitals', () => {
    const errors = Object.values(carillon as Record<string, unknown>).filter(
      (it) => typeof it === 'function' && it.prototype instanceof Error,
    ) as { readonly prototype: object }[];
    expect(errors.length).toBeGreaterThan(25);
    // A signal is thrown to skip a run, and is never shown.
    const others: unknown[] = [carillon.SchedulerError, carillon.SkipRunSignal];
    const shown = errors.filter((it) => !others.includes(it));
    for (const error of shown) expect(error.prototype).toBeInstanceOf(carillon.SchedulerError);
  });
});

describe('call', () => {
  it('a method gets its args, then the context; without arguments the context alone', async () => {
    const { registry, tester, app } = await start([Echo]);
    await registry.add({ id: 'with', task: 'Echo.say', trigger: at('2026-11-20T01:00Z'), args: ['ada', 7] });
    await registry.add({ id: 'without', task: 'Echo.say', trigger: at('2026-11-20T02:00Z') });
    await tester.travel('3h');
    const { calls } = app.get(Echo);
    expect(calls.map((call) => call.length)).toEqual([3, 1]);
    expect(calls[0].slice(0, 2)).toEqual(['ada', 7]);
    for (const call of calls) expect(call.at(-1)).toBeInstanceOf(JobContext);
  });

  it('JobContext.current() is there inside the run across awaits, timers and parallel runs, and nowhere else', async () => {
    const seen: string[] = [];
    @Injectable()
    class Deep {
      @Cron('0 1 * * *', { id: 'one' }) @Cron('0 1 * * *', { id: 'two' }) async run(job: JobContext) {
        await Promise.resolve();
        await new Promise((turn) => setImmediate(turn));
        await Promise.all([this.inner(job), this.inner(job)]);
      }
      async inner(job: JobContext) {
        await Promise.resolve();
        seen.push(`${job.jobId} ${JobContext.current() === job}`);
      }
    }
    const { tester } = await start([Deep]);
    await tester.travel('2h');
    expect(seen.sort()).toEqual(['one true', 'one true', 'two true', 'two true']);
    expect(JobContext.current()).toBeUndefined();
  });

  it('the context tells job, run, fire time, attempt, args, tags, zone, kind and task', async () => {
    let job!: JobContext;
    @Injectable()
    class Told {
      @Cron('0 9 * * *', { id: 'told', name: 'Told', tags: ['a'], timezone: 'Asia/Tokyo', args: [{ x: 1 }] })
      run(_x: unknown, context: JobContext) {
        job = context;
      }
    }
    const { tester, registry } = await start([Told]);
    await tester.travel('1d');
    expect(job).toMatchObject({
      ...{
        jobId: 'told',
        jobName: 'Told',
        tags: ['a'],
        timezone: 'Asia/Tokyo',
        args: [{ x: 1 }],
        attempt: 1,
        count: 1,
      },
      ...{ kind: 'scheduled', task: 'Told.run', fireTime: new Date('2026-11-21T00:00Z') },
    });
    expect((await registry.run(job.runId))!.jobId).toBe('told');
    expect(job.signal.aborted).toBe(false);
  });
});

describe('arguments', () => {
  class Money {}
  it.each<[string, unknown, string]>([
    ['Date', [new Date()], 'args[0]'],
    ['undefined', ['a', undefined], 'args[1]'],
    ['undefined in an object', [{ user: { name: undefined } }], 'args[0].user.name'],
    ['BigInt', [{ n: [1n] }], 'args[0].n[0]'],
    ['NaN', [NaN], 'args[0]'],
    ['Infinity', [Infinity], 'args[0]'],
    ['a class instance', [new Money()], 'args[0]'],
    ['a function', [() => 1], 'args[0]'],
    ['a symbol', [Symbol('x')], 'args[0]'],
    ['a Map', [new Map()], 'args[0]'],
    ['more than 64 kB', ['x'.repeat(70_000)], '65536'],
  ])('%s is refused at add, by decorators and by runNow, naming the path', async (_name, args, path) => {
    const { registry } = await start([Echo, decorated(Cron('0 9 * * *', { id: 'job' }))]);
    for (const call of [
      () => registry.add({ id: 'bad', task: 'Echo.say', trigger: every('1h'), args: args as unknown[] }),
      () => registry.runNow('job', { args: args as unknown[] }),
    ]) {
      const error = await call().then(
        () => null,
        (it: Error & { code: string }) => it,
      );
      expect(error?.code).toBe('INVALID_ARGUMENTS');
      expect(error?.message).toContain(path);
    }
    expect(await registry.has('bad')).toBe(false);
    await seed!.app.close();
    seed = undefined;
    expect((await refusal([decorated(Cron('0 9 * * *', { args: args as unknown[] }))])).message).toContain(path);
  });

  it('handlers of one run cannot change the arguments of the next', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Greedy {
      @Interval('1h', { id: 'greedy', args: [{ list: [1] }] }) run(given: { list: number[] }) {
        seen.push([...given.list]);
        given.list.push(2);
      }
    }
    const { tester } = await start([Greedy]);
    await tester.travel('2h');
    expect(seen).toEqual([[1], [1]]);
  });
});

describe('tasks', () => {
  const call = { trigger: at('2026-11-20T01:00Z') };
  it.each<[string, carillon.TaskReference]>([
    ["'Class.method'", 'Echo.say'],
    ["[Class, 'method']", [Echo, 'say']],
    ['a name of forFeature({ tasks })', 'shout'],
    ['a function', (...args: unknown[]) => said.push(args)],
  ])('%s can be a task', async (_name, task) => {
    said.length = 0;
    const app = await Test.createTestingModule({
      imports: [
        SchedulerModule.forRoot({ log: 'silent' }),
        SchedulerModule.forFeature({ tasks: { shout: (...args: unknown[]) => said.push(args) } }),
        SchedulerTestingModule.forRoot({ now: NOW }),
      ],
      providers: [Echo],
    }).compile();
    await app.init();
    await app.get(SchedulerRegistry).add({ id: 'x', task, ...call, args: ['hi'] });
    await app.get(SchedulerTester).travel('2h');
    const all = [...said, ...app.get(Echo).calls] as unknown[][];
    expect(all.map(([word]) => word)).toEqual(['hi']);
    await app.close();
  });
  const said: unknown[][] = [];

  it.each<[string, unknown, string, RegExp]>([
    ['an unknown method', 'Echo.shout', 'UNKNOWN_TASK', /Echo\.shout/],
    ['an unknown class', 'Nobody.say', 'UNKNOWN_TASK', /Nobody\.say/],
    ['a method that the class has not', [Echo, 'shout'], 'UNKNOWN_PROVIDER', /Echo has no method shout/],
    ['nothing', undefined, 'INVALID_OPTIONS', /task/],
    ['a number', 7, 'INVALID_OPTIONS', /task/],
  ])('%s is refused at add', async (_name, task, code, message) => {
    const { registry } = await start([Echo]);
    const added = registry.add({ id: 'x', task: task as never, ...call });
    await expect(added).rejects.toMatchObject({ code });
    await expect(added).rejects.toThrow(message);
    expect(await registry.has('x')).toBe(false);
  });

  it('a class name that two modules share is refused, naming both', async () => {
    const twin = () => {
      @Injectable()
      class Twin {
        @Task() run() {}
      }
      return Twin;
    };
    const [one, two] = [twin(), twin()];
    @Module({ providers: [one] })
    class LeftModule {}
    @Module({ providers: [two] })
    class RightModule {}
    const app = await Test.createTestingModule({
      imports: [SchedulerModule.forRoot({ log: 'silent' }), LeftModule, RightModule],
    }).compile();
    const started = (async () => {
      await app.init();
      await app.get(SchedulerRegistry).add({ id: 'x', task: 'Twin.run', ...call });
    })();
    await expect(started).rejects.toThrow(/LeftModule.*RightModule/);
    await app.close();
  });

  it('configuration may name methods with a scheduling decorator or @Task(), and no other (P35)', async () => {
    @Injectable()
    class Secret {
      @Task() open() {}
      @Cron('0 0 1 1 *') yearly() {}
      hidden() {}
    }
    const jobs = { a: { task: 'Secret.open', every: '1h' }, b: { task: 'Secret.yearly', every: '1h' } };
    const { registry } = await start([Secret], { jobs });
    expect((await registry.list()).map((job) => job.id)).toEqual(['Secret.yearly', 'a', 'b']);
    await seed!.app.close();
    const error = await refusal([Secret], { jobs: { c: { task: 'Secret.hidden', every: '1h' } } });
    expect(error.message).toMatch(/jobs\.c.*Secret\.hidden.*@Task\(\)/s);
  });
});

describe('ids', () => {
  it('are id, else name, else Class.method; further ones are #2, #3 from the top', async () => {
    @Injectable()
    class Ids {
      @Cron('0 1 * * *', { id: 'mine', name: 'Label' }) withId() {}
      @Cron('0 1 * * *', { name: 'Named' }) withName() {}
      @Cron('0 1 * * *') @Cron('0 2 * * *') @Cron('0 3 * * *') bare() {}
    }
    const { registry } = await start([Ids]);
    const jobs = await registry.list();
    expect(jobs.map(({ id }) => id)).toEqual(['Ids.bare', 'Ids.bare#2', 'Ids.bare#3', 'Named', 'mine']);
    expect(jobs.map(({ nextFireTime }) => nextFireTime!.getUTCHours())).toEqual([1, 2, 3, 1, 1]);
  });

  it('of runtime jobs are id, else a new UUID; a name is a label only', async () => {
    const { registry } = await start([Echo]);
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
    const input = { task: 'Echo.say', trigger: every('1h'), name: 'hourly' };
    const [one, two] = [await registry.add(input), await registry.add(input)];
    expect([one.id, two.id]).toEqual([expect.stringMatching(uuid), expect.stringMatching(uuid)]);
    expect(one.id).not.toBe(two.id);
    expect(one.name).toBe('hourly');
  });

  it('are unique in an application over all its stores', async () => {
    const { registry } = await start([Echo], { stores: { default: { type: 'memory' }, other: { type: 'memory' } } });
    await registry.add({ id: 'x', task: 'Echo.say', trigger: every('1h') });
    const again = registry.add({ id: 'x', task: 'Echo.say', trigger: every('1h'), store: 'other' });
    await expect(again).rejects.toMatchObject({ code: 'DUPLICATE_JOB' });
    const error = await refusalOf(
      decorated(Cron('0 1 * * *', { id: 'y' })),
      decorated2(Cron('0 1 * * *', { id: 'y', store: 'other' })),
    );
    expect(error.code).toBe('DUPLICATE_JOB');
  });
  const refusalOf = async (...providers: Class[]) => {
    await seed?.app.close();
    seed = undefined;
    return refusal(providers, { stores: { other: { type: 'memory' } } });
  };

  it.each([[''], [' '], ['x'.repeat(201)], [7], [null]])('%j is refused as an id', async (id) => {
    const { registry } = await start([Echo]);
    const added = registry.add({ id: id as string, task: 'Echo.say', trigger: every('1h') });
    await expect(added).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});

describe('durations', () => {
  it.each<[unknown, number]>([
    [900_000, 900_000],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['PT15M', 900_000],
    ['P1DT1H', 90_000_000],
    ['1500ms', 1_500],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
    [{ minutes: 5 }, 300_000],
    [{ weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 }, 694_861_001],
    [LuxonDuration.fromObject({ minutes: 5 }), 300_000],
  ])('%j is %i ms, as a decorator, in the registry, and as an option', async (length, ms) => {
    const { registry } = await start([
      Echo,
      decorated(Interval(length as never, { id: 'i', timeout: length as never })),
    ]);
    const added = await registry.addInterval({ id: 'r', task: 'Echo.say', every: length as never });
    const job = (await registry.get('i'))!;
    expect([job.trigger, job.timeout, added.trigger]).toMatchObject([{ every: ms }, ms, { every: ms }]);
    expect(job.nextFireTime!.getTime()).toBe(Date.parse(NOW) + ms);
  });

  it.each([
    ['60'],
    [0],
    [-5],
    ['-5m'],
    [NaN],
    [Infinity],
    [''],
    ['soon'],
    [{}],
    [{ minutos: 5 }],
    [{ minutes: '5' }],
    [null],
    [true],
  ])('%j is refused as a length', async (length) => {
    const error = await refusal([decorated(Interval(length as never, { id: 'i' }))]);
    expect(error.code).toBe('INVALID_OPTIONS');
    expect(error.message).toContain('Host.run');
  });

  it('every() takes text or objects only', () => {
    expect(() => every(5_000 as never)).toThrow(/write '5s'/);
    expect(() => every(60 as never)).toThrow(/60 is milliseconds; write '60s'/);
    expect(every('5s').length).toBe(5_000);
    expect(every({ seconds: 5 }).length).toBe(5_000);
  });

  it.each(['misfireGraceTime', 'timeout'])(
    'a bare 1 to 999 is refused for %s, and 60 is told to be milliseconds',
    async (option) => {
      for (const value of [1, 60, 999]) {
        const { message, code } = await refusal([decorated(Cron('0 9 * * *', { [option]: value }))]);
        expect(code).toBe('INVALID_OPTIONS');
        expect(message).toContain(`${value} is milliseconds; write '${value}s'`);
      }
      const { registry } = await start([decorated(Cron('0 9 * * *', { id: 'x', [option]: 1000 }))]);
      expect(await registry.get('x')).toMatchObject({ [option]: 1000 });
    },
  );

  it('a bare 1 to 999 is refused for shutdownTimeout, in jobDefaults and in modify', async () => {
    expect((await refusal([], { shutdownTimeout: 25 })).message).toContain("25 is milliseconds; write '25s'");
    expect((await refusal([], { jobDefaults: { timeout: 30 } })).message).toContain("30 is milliseconds; write '30s'");
    const { registry } = await start([decorated(Cron('0 9 * * *', { id: 'x' }))]);
    await expect(registry.modify('x', { timeout: 30 })).rejects.toThrow("30 is milliseconds; write '30s'");
  });

  it('withoutOverlapping counts minutes', async () => {
    const { registry } = await start([decorated(Cron('0 9 * * *', { id: 'x', withoutOverlapping: 120 }))]);
    expect((await registry.get('x'))!.overlapExpiry).toBe(7_200_000);
  });
});

describe('instants', () => {
  const spellings: [string, unknown][] = [
    ['Date', new Date('2026-12-25T09:00:00Z')],
    ['luxon DateTime', DateTime.fromISO('2026-12-25T10:00:00', { zone: 'Europe/Berlin' })],
    ['anything with toMillis', { toMillis: () => Date.parse('2026-12-25T09:00:00Z') }],
    ['epoch milliseconds', Date.parse('2026-12-25T09:00:00Z')],
    ['ISO text with Z', '2026-12-25T09:00:00Z'],
    ['ISO text with an offset', '2026-12-25T04:00:00-05:00'],
    ['text in the zone of the job', '2026-12-25T10:00'],
    ['text with a space for the T', '2026-12-25 10:00:00'],
  ];
  it.each(spellings)('%s means the same in @At, at(), addAt, travelTo and start', async (_name, when) => {
    const { registry } = await start(
      [
        Echo,
        decorated(At(when as never, { id: 'at' }), Scheduled(at(when as never), { id: 'scheduled' })),
        decorated2(Cron('* * * * *', { id: 'start', start: when as never })),
      ],
      { timezone: 'Europe/Berlin' },
    );
    await registry.addAt({ id: 'added', task: 'Echo.say', at: when as never });
    await registry.add({ id: 'added2', task: 'Echo.say', trigger: at(when as never) });
    for (const job of await registry.list()) expect(job.nextFireTime!.toISOString()).toBe('2026-12-25T09:00:00.000Z');
    await seed!.tester.travelTo(when as never);
    expect(seed!.tester.clock.now()).toBe(Date.parse('2026-12-25T09:00:00Z'));
  });

  it.each([['tomorrow'], ['2026-13-01'], ['2026-02-30T00:00'], [NaN], [new Date(NaN)], [''], [null], [true], [{}]])(
    '%j is refused as an instant',
    async (when) => {
      const { registry } = await start([Echo]);
      const added = registry.addAt({ id: 'x', task: 'Echo.say', at: when as never });
      await expect(added).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
      expect(await registry.has('x')).toBe(false);
    },
  );

  it('come out as Date', async () => {
    const { registry, tester } = await start([decorated(Cron('0 1 * * *', { id: 'x' }))]);
    await tester.travel('2h');
    const [job, { runs }] = [await registry.get('x'), await registry.history('x')];
    const dates = [
      job!.nextFireTime,
      job!.nextDueAt,
      job!.createdAt,
      runs[0].fireTime,
      runs[0].startedAt,
      runs[0].settledAt,
    ];
    for (const date of dates) expect(date).toBeInstanceOf(Date);
  });
});

describe('every decorator', () => {
  const options = {
    ...{ id: 'x', name: 'X', description: 'd', tags: ['t'], args: [1], timezone: 'Asia/Tokyo', enabled: true },
    ...{ misfireGraceTime: '5m', coalesce: false, maxInstances: 3, overlap: 'bufferAll', executor: 'background' },
    ...{ start: '2026-01-01', end: '2030-01-01', jitter: '30s', limit: 5 },
  } as const;
  it.each<[string, (options: never) => MethodDecorator]>([
    ['Cron', (it) => Cron('0 9 * * *', it)],
    ['Cron of fields', (it) => Cron({ hour: 9 }, it)],
    ['Interval', (it) => Interval('1h', it)],
    ['At', (it) => At('2026-12-25', it)],
    ['At without an instant', (it) => At(it)],
    ['Timeout', (it) => Timeout(5_000, it)],
    ['Scheduled', (it) => Scheduled(anyOf(cron('0 9 * * *'), every('3h')), it)],
  ])('%s takes all job options and those of the trigger', async (_name, decorator) => {
    const { registry } = await start([decorated(decorator(options as never))]);
    const job = (await registry.get('x'))!;
    expect(job).toMatchObject({
      ...{ name: 'X', description: 'd', tags: ['t'], args: [1], timezone: 'Asia/Tokyo', enabled: true, origin: 'code' },
      ...{ misfireGraceTime: 300_000, coalesce: false, maxInstances: 3, overlap: 'bufferAll', executor: 'background' },
      trigger: { jitter: 30_000, limit: 5 },
    });
  });

  it.each<[string, MethodDecorator]>([
    ['Cron', Cron((ref) => ref.get(Config).cron)],
    ['Cron options', Cron('0 9 * * *', (ref) => ({ id: ref.get(Config).id }))],
    ['Interval', Interval((ref) => ref.get(Config).every)],
    ['At', At((ref) => ref.get(Config).at)],
    ['Timeout', Timeout((ref) => ref.get(Config).every)],
    ['Scheduled', Scheduled((ref) => cron(ref.get(Config).cron))],
  ])('%s may be a function of the injector', async (_name, decorator) => {
    const { registry } = await start([Config, decorated(decorator)]);
    expect((await registry.list())[0].nextFireTime).toBeInstanceOf(Date);
  });

  it('U3: a value that configuration does not have is refused with the place', async () => {
    const error = await refusal([Config, decorated(Cron((ref) => ref.get(Config).missing!))]);
    expect(error.message).toMatch(/Host\.run.*cron.*undefined/s);
  });

  it('@At() runs once, at start; @At(options) too', async () => {
    const { tester } = await start([decorated(At()), decorated2(At({ id: 'named' }))]);
    await tester.travel('1d');
    expect(await tester.runsOf('Host.run')).toHaveLength(1);
    expect((await tester.runsOf('named')).map((run) => run.state)).toEqual(['succeeded']);
  });

  it('@Timeout runs once, that long after the start', async () => {
    const { ran, tester } = await start([decorated(Timeout(5_000, { id: 'x' }))]);
    await tester.travel('1d');
    expect(await ran('x')).toEqual(['2026-11-20T00:00:05.000Z']);
  });

  it.each<[string, MethodDecorator, RegExp]>([
    ["@Interval('name', 5000)", Interval('name', 5000 as never), /@Interval\(5000, \{ name: 'name' \}\)/],
    ["@Timeout('name', 5000)", Timeout('name', 5000 as never), /@Timeout\(5000, \{ name: 'name' \}\)/],
    ['timeZone', Cron('0 9 * * *', { timeZone: 'UTC' } as never), /timezone/],
    ['misfire_grace_time', Cron('0 9 * * *', { misfire_grace_time: 60 } as never), /misfireGraceTime/],
    ['max_instances', Cron('0 9 * * *', { max_instances: 2 } as never), /maxInstances/],
    ['disabled', Cron('0 9 * * *', { disabled: true } as never), /enabled/],
    [
      'waitForCompletion',
      Cron('0 9 * * *', { waitForCompletion: true } as never),
      /maxInstances|overlap|withoutOverlapping/,
    ],
    ['utcOffset', Cron('0 9 * * *', { utcOffset: 1 } as never), /timezone/],
    ['a typing error', Cron('0 9 * * *', { maxInstance: 2 } as never), /maxInstances/],
    ['an unknown option', Cron('0 9 * * *', { zzz: 2 } as never), /zzz/],
    ['fixedDelay on a cron', Cron('0 9 * * *', { fixedDelay: true } as never), /fixedDelay/],
    ['initialDelay on a cron', Cron('0 9 * * *', { initialDelay: '5s' } as never), /initialDelay/],
  ])('%s is refused with our spelling', async (_name, decorator, message) => {
    const error = await refusal([decorated(decorator)]);
    expect(error.code).toBe('INVALID_OPTIONS');
    expect(error.message).toMatch(message);
  });

  it('may stand several times on one method, also of different kinds, and on controllers', async () => {
    @Controller()
    class Web {
      runs = 0;
      @Cron('0 9 * * *') @Interval('12h') @At('2026-11-20T01:00Z') @Timeout('1m') @Scheduled(every('8h')) run() {
        this.runs++;
      }
    }
    const app = await Test.createTestingModule({
      imports: [SchedulerModule.forRoot({ log: 'silent' }), SchedulerTestingModule.forRoot({ now: NOW })],
      controllers: [Web],
    }).compile();
    await app.init();
    await app.get(SchedulerTester).travel('23h');
    expect(app.get(Web).runs).toBe(1 + 1 + 1 + 1 + 2);
    await app.close();
  });
});

@Injectable()
class Config {
  readonly cron = '0 9 * * *';
  readonly every = { minutes: 5 };
  readonly at = '2026-12-25';
  readonly id = 'configured';
  readonly missing: string | undefined = undefined;
}

function decorated2(decorator: MethodDecorator): Class {
  class Second {
    run() {}
  }
  decorator(Second.prototype, 'run', Object.getOwnPropertyDescriptor(Second.prototype, 'run')!);
  Injectable()(Second);
  return Second;
}

describe("@Cron('@reboot') is runOnStart without other fire times", () => {
  it.each<[string, Class[], SchedulerModuleOptions]>([
    ['@Cron', [decorated(Cron('@reboot', { id: 'x' }))], {}],
    ['@Scheduled', [decorated(Scheduled(cron('@reboot'), { id: 'x' }))], {}],
    ['configuration', [Echo], { jobs: { x: { task: 'Echo.say', cron: '@reboot' } } }],
  ])('from %s', async (_name, providers, options) => {
    const { registry, tester } = await start(providers, options);
    await tester.travel('2d');
    expect((await tester.runsOf('x')).map(({ kind, state }) => [kind, state])).toEqual([['start', 'succeeded']]);
    expect(await registry.get('x')).toMatchObject({ nextFireTime: null, trigger: { kind: 'never', runOnStart: true } });
  });

  it('takes the options of a job and of its trigger', async () => {
    const { registry } = await start([
      decorated(Cron('@reboot', { id: 'x', timezone: 'Asia/Tokyo', maxInstances: 2 })),
    ]);
    expect(await registry.get('x')).toMatchObject({ timezone: 'Asia/Tokyo', maxInstances: 2 });
  });

  it.each([
    '@yearly',
    '@annually',
    '@monthly',
    '@weekly',
    '@daily',
    '@midnight',
    '@hourly',
    '@reboot',
    'CRON_TZ=Asia/Tokyo 0 9 * * *',
  ])('%s is taken by addCron', async (expression) => {
    const { registry } = await start([Echo]);
    await registry.addCron({ id: 'x', task: 'Echo.say', expression });
    expect(await registry.has('x')).toBe(true);
  });
});

describe('conditions and hooks', () => {
  @Injectable()
  class Book {
    readonly lines: string[] = [];
    holds() {
      this.lines.push('when');
      return true;
    }
    holdsNot() {
      this.lines.push('skip');
      return false;
    }
    before = (job: JobContext) => void this.lines.push(`before ${job.jobId}`);
    after(job: JobContext) {
      this.lines.push(`after ${job.jobId}`);
    }
    onSuccess() {
      this.lines.push('onSuccess');
    }
    onFailure() {
      this.lines.push('onFailure');
    }
  }
  const functions = {
    when: (_job: JobContext, ref: ModuleRef) => ref.get(Book).holds(),
    skip: (_job: JobContext, ref: ModuleRef) => ref.get(Book).holdsNot(),
    before: (job: JobContext, ref: ModuleRef) => ref.get(Book).before(job),
    after: (job: JobContext, ref: ModuleRef) => ref.get(Book).after(job),
    onSuccess: (_job: JobContext, ref: ModuleRef) => ref.get(Book).onSuccess(),
    onFailure: (_job: JobContext, ref: ModuleRef) => ref.get(Book).onFailure(),
  };
  const methods = {
    when: [Book, 'holds'],
    skip: [Book, 'holdsNot'],
    after: [Book, 'after'],
    onSuccess: [Book, 'onSuccess'],
    onFailure: [Book, 'onFailure'],
  } as const;
  const expected = ['when', 'skip', 'before x', 'onSuccess', 'after x'];

  it.each<[string, () => Promise<SeedApp>, string[]]>([
    [
      'functions in a decorator',
      () => start([Book, decorated(Cron('0 1 * * *', { id: 'x', ...functions }))]),
      expected,
    ],
    [
      'methods in a decorator',
      () => start([Book, decorated(Cron('0 1 * * *', { id: 'x', ...methods }))]),
      expected.filter((line) => !line.startsWith('before')),
    ],
    [
      'functions in the registry',
      async () => {
        const app = await start([Book, Echo]);
        await app.registry.add({ id: 'x', task: 'Echo.say', trigger: cron('0 1 * * *'), ...functions });
        return app;
      },
      expected,
    ],
    [
      'methods in the registry',
      async () => {
        const app = await start([Book, Echo]);
        await app.registry.add({ id: 'x', task: 'Echo.say', trigger: cron('0 1 * * *'), ...methods });
        return app;
      },
      expected.filter((line) => !line.startsWith('before')),
    ],
  ])('%s are called', async (_name, begin, lines) => {
    const { tester, app } = await begin();
    await tester.travel('2h');
    expect([...app.get(Book).lines].sort()).toEqual([...lines].sort());
    expect(app.get(Book).lines.slice(0, 2)).toEqual(['when', 'skip']);
  });
});

describe('configuration', () => {
  @Injectable()
  class Sync {
    @Cron('0 3 * * *') sync() {}
    @Cron('0 4 * * *', { id: 'fixed', maxInstances: 2, description: 'kept' }) other() {}
    @Task() extra() {}
  }

  it('an id that code defines is overridden field by field', async () => {
    const { registry } = await start([Sync], { jobs: { fixed: { cron: '0 5 * * *' } } });
    expect(await registry.get('fixed')).toMatchObject({
      ...{ maxInstances: 2, description: 'kept', nextFireTime: new Date('2026-11-20T05:00Z'), task: 'Sync.other' },
    });
  });

  it.each<[string, SchedulerModuleOptions['jobs'], string]>([
    ['a text', { nightly: 'Sync.sync' }, '2026-11-20T03:00:00.000Z'],
    ['a task without a trigger', { nightly: { task: 'Sync.sync', maxInstances: 4 } }, '2026-11-20T03:00:00.000Z'],
    ['the default id, overridden', { 'Sync.sync': { cron: '0 7 * * *' } }, '2026-11-20T07:00:00.000Z'],
  ])('%s gives or changes the id-less job of a decorated method', async (_name, jobs, next) => {
    const { registry } = await start([Sync], { jobs });
    const ids = (await registry.list()).map((job) => job.id).sort();
    expect(ids).toEqual([Object.keys(jobs!)[0], 'fixed'].sort());
    expect((await registry.get(Object.keys(jobs!)[0]))!.nextFireTime!.toISOString()).toBe(next);
  });

  it.each<[string, NonNullable<SchedulerModuleOptions['jobs']>[string], string]>([
    ['cron', { task: 'Sync.extra', cron: '0 6 * * *' }, '2026-11-20T06:00:00.000Z'],
    ['cron fields of JSON', { task: 'Sync.extra', cron: { day_of_week: 'mon' } as never }, '2026-11-23T00:00:00.000Z'],
    ['every', { task: 'Sync.extra', every: '15m' }, '2026-11-20T00:15:00.000Z'],
    ['at', { task: 'Sync.extra', at: '2026-12-25 09:00' }, '2026-12-25T09:00:00.000Z'],
    ['trigger', { task: 'Sync.extra', trigger: anyOf(cron('0 8 * * *')) }, '2026-11-20T08:00:00.000Z'],
  ])('a new job by %s', async (_name, job, next) => {
    const { registry } = await start([Sync], { jobs: { fresh: job } });
    expect((await registry.get('fresh'))!.nextFireTime!.toISOString()).toBe(next);
    expect((await registry.get('fresh'))!.origin).toBe('code');
  });

  it('reports all faults at once, wrong types from the environment too', async () => {
    const { message } = await refusal([Sync], {
      timezone: 'Mars/Phobos',
      jobDefaults: { maxInstances: '50' as never, coalesce: 'true' as never },
      executors: { default: { type: 'async', concurrency: '50' as never } },
      lease: '1ms',
      log: 'loud' as never,
      stores: { x: { type: 'paper' } as never },
    });
    for (const part of ['Mars/Phobos', 'maxInstances', 'coalesce', 'concurrency', 'lease', 'loud', 'paper']) {
      expect(message).toContain(part);
    }
  });

  it.each<[string, SchedulerModuleOptions['jobs'], RegExp]>([
    ['no task and no id of the code', { nobody: { cron: '0 1 * * *' } }, /jobs\.nobody/],
    ['no trigger', { fresh: { task: 'Sync.extra' } }, /jobs\.fresh.*trigger/s],
    ['two triggers', { fresh: { task: 'Sync.extra', cron: '0 1 * * *', every: '1m' } }, /jobs\.fresh/],
    ['a wrong cron', { fresh: { task: 'Sync.extra', cron: '0 25 * * *' } }, /jobs\.fresh.*25/s],
    ['an unknown option', { fresh: { task: 'Sync.extra', every: '1m', retries: 3 } as never }, /jobs\.fresh.*retr/s],
  ])('%s is refused, naming the job', async (_name, jobs, message) => {
    expect((await refusal([Sync], { jobs })).message).toMatch(message);
  });

  it('enabled: false of configuration switches a code job off', async () => {
    const { registry, tester } = await start([Sync], { jobs: { fixed: { enabled: false } } });
    await tester.travel('1d');
    expect((await registry.get('fixed'))!.enabled).toBe(false);
    expect((await registry.runs({ jobId: 'fixed' })).runs).toEqual([]);
  });
});

describe('module', () => {
  @Module({})
  class OneModule {}
  it('forRoot twice throws, naming both', async () => {
    @Module({ imports: [SchedulerModule.forRoot()] })
    class LeftModule {}
    @Module({ imports: [SchedulerModule.forRoot()] })
    class RightModule {}
    const made = Test.createTestingModule({ imports: [LeftModule, RightModule, OneModule] }).compile();
    await expect(made).rejects.toThrow(/LeftModule.*RightModule/);
  });

  @Injectable()
  class ZoneFactory implements carillon.SchedulerOptionsFactory {
    createSchedulerOptions() {
      return { timezone: 'Asia/Tokyo', log: 'silent' as const };
    }
  }
  @Module({ providers: [ZoneFactory], exports: [ZoneFactory] })
  class ZoneModule {}
  it.each<[string, SchedulerModuleAsyncOptions]>([
    ['useFactory', { useFactory: () => ({ timezone: 'Asia/Tokyo', log: 'silent' }) }],
    ['useFactory with a promise', { useFactory: () => Promise.resolve({ timezone: 'Asia/Tokyo', log: 'silent' }) }],
    [
      'useFactory with inject and imports',
      { imports: [ZoneModule], inject: [ZoneFactory], useFactory: (it: ZoneFactory) => it.createSchedulerOptions() },
    ],
    ['useClass', { useClass: ZoneFactory }],
    ['useExisting', { imports: [ZoneModule], useExisting: ZoneFactory }],
    [
      'extraProviders',
      {
        extraProviders: [{ provide: 'zone', useValue: 'Asia/Tokyo' }],
        inject: ['zone'],
        useFactory: (timezone: string) => ({ timezone, log: 'silent' }),
      },
    ],
  ])('forRootAsync with %s', async (_name, options) => {
    const app = await Test.createTestingModule({
      imports: [SchedulerModule.forRootAsync(options), SchedulerTestingModule.forRoot({ now: NOW })],
      providers: [decorated(Cron('0 9 * * *', { id: 'x' }))],
    }).compile();
    await app.init();
    expect(await app.get(SchedulerRegistry).get('x')).toMatchObject({ timezone: 'Asia/Tokyo' });
    await app.close();
  });

  it('without stores it is memory only', async () => {
    const { registry } = await start([decorated(Cron('0 9 * * *', { id: 'x' }))]);
    expect((await registry.get('x'))!.store).toBe('default');
    await seed!.app.close();
    expect((await refusal([decorated(Cron('0 9 * * *', { store: 'db' }))])).message).toMatch(/store.*db/s);
  });

  it('an overridden provider keeps its jobs, and they call the override', async () => {
    const Real = decorated(Cron('0 1 * * *', { id: 'x' }));
    const run = { calls: 0 };
    const app = await Test.createTestingModule({
      imports: [SchedulerModule.forRoot({ log: 'silent' }), SchedulerTestingModule.forRoot({ now: NOW })],
      providers: [Real],
    })
      .overrideProvider(Real)
      .useValue({ run: () => run.calls++ })
      .compile();
    await app.init();
    await app.get(SchedulerTester).travel('2h');
    expect(run.calls).toBe(1);
    await app.close();
  });

  it.each([Scope.REQUEST, Scope.TRANSIENT])('R1: a host of scope %i is made for each run', async (scope) => {
    let made = 0;
    @Injectable({ scope })
    class Scoped {
      constructor() {
        made++;
      }
      @Interval('1h', { id: 'x' }) run() {}
    }
    const { tester, ran } = await start([Scoped]);
    const before = made;
    await tester.travel('3h');
    expect(await ran('x')).toHaveLength(3);
    expect(made - before).toBeGreaterThanOrEqual(scope === Scope.REQUEST ? 3 : 0);
  });
});

describe('serialising', () => {
  it('Job and Run are plain JSON', async () => {
    const { registry, tester } = await start([
      decorated(Cron('0 1 * * *', { id: 'x', when: () => true, retry: { attempts: 2 } })),
    ]);
    await tester.travel('2h');
    const job = (await registry.get('x'))!;
    const text = JSON.stringify({ job, list: await registry.list(), history: await registry.history('x') });
    const back = JSON.parse(text);
    expect(back.job).toMatchObject({ id: 'x', nextFireTime: '2026-11-21T01:00:00.000Z', trigger: { kind: 'cron' } });
    expect(back.history.runs[0]).toMatchObject({
      jobId: 'x',
      state: 'succeeded',
      fireTime: '2026-11-20T01:00:00.000Z',
    });
    expect(back.history.cursor).toBeNull();
  });

  it.each<[string, carillon.Trigger, object]>([
    [
      'cron expression',
      cron('*/30 0 * * *'),
      { kind: 'cron', expression: '*/30 0 * * *', fields: { minute: '*/30', hour: 0 } },
    ],
    ['cron fields', cron({ hour: 0, minute: '*/30' }), { kind: 'cron', fields: { minute: '*/30', hour: 0 } }],
    ['cron single value as text', cron({ hour: '0' }), { kind: 'cron', fields: { hour: 0 } }],
    ['interval', every('5m'), { kind: 'interval', every: 300_000, fixedDelay: false }],
    ['date', at('2026-12-25T09:00Z'), { kind: 'date', at: new Date('2026-12-25T09:00Z') }],
    ['calendar', carillon.calendar({ months: 1, hour: 9 }), { kind: 'calendar', rule: { months: 1, hour: 9 } }],
    ['or', anyOf(cron('0 9 * * *'), every('1h')), { kind: 'or', triggers: [{ kind: 'cron' }, { kind: 'interval' }] }],
    [
      'and',
      carillon.allOf(cron({ hour: 9 }), cron({ day: 1 })),
      { kind: 'and', triggers: [{ kind: 'cron' }, { kind: 'cron' }] },
    ],
    ['filtered', cron('0 * * * *').between('9:00', '17:00'), { kind: 'filtered', trigger: { kind: 'cron' } }],
    ['never', cron('@reboot'), { kind: 'never' }],
  ])('job.trigger of a %s is told by kind', async (_name, trigger, expected) => {
    const { registry } = await start([Echo]);
    const job = await registry.add({ id: 'x', task: 'Echo.say', trigger });
    expect(job.trigger).toMatchObject(expected);
    expect(job.trigger.description).not.toBe('');
    expect(JSON.parse(JSON.stringify(job.trigger)).kind).toBe(job.trigger.kind);
  });
});
