import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  Global,
  Inject,
  Injectable,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  Cron,
  every,
  getStoreToken,
  Interval,
  JobContext,
  SchedulerModule,
  SchedulerRegistry,
  type SchedulerModuleOptions,
  type SchedulerOptionsFactory,
  type Store,
} from '../../lib/index.js';
import { compileApp, startApp } from './nest-app.js';

let app: TestingModule | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
  jest.restoreAllMocks();
});

@Injectable()
class Chimes {
  readonly rung: string[] = [];
  @Interval({ minutes: 15 }) quarter(job: JobContext) {
    this.rung.push(job.fireTime.toISOString());
  }
  @Cron('0 * * * *', { id: 'hour', args: ['ding'] }) hour(sound: string, job: JobContext) {
    this.rung.push(`${sound} ${job.jobId}`);
  }
}

describe('SchedulerModule', () => {
  it('runs decorated methods at their times', async () => {
    const started = await startApp({ providers: [Chimes] });
    app = started.app;
    started.clock.advance({ minutes: 60 });
    // Which of two that are due together comes first is nobody's promise.
    expect(app.get(Chimes).rung.toSorted()).toEqual([
      '2026-03-01T00:15:00.000Z',
      '2026-03-01T00:30:00.000Z',
      '2026-03-01T00:45:00.000Z',
      '2026-03-01T01:00:00.000Z',
      'ding hour',
    ]);
  });

  it('leaves no timer after close', async () => {
    const started = await startApp({ providers: [Chimes] });
    expect(started.clock.timerCount()).toBeGreaterThan(0);
    await started.app.close();
    expect(started.clock.timerCount()).toBe(0);
  });

  it('warns about nothing with its defaults', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn');
    const error = jest.spyOn(Logger.prototype, 'error');
    app = (await startApp({ providers: [Chimes], options: { log: 'all' } })).app;
    expect(warn).not.toHaveBeenCalled();
    expect(error).not.toHaveBeenCalled();
  });

  it.each<[string, SchedulerModuleOptions, Record<string, string>]>([
    ['enabled: false', { enabled: false }, {}],
    ['CARILLON_ENABLED=false', {}, { CARILLON_ENABLED: 'false' }],
    ["role: 'client'", { role: 'client' }, {}],
    ['CARILLON_ROLE=client', { role: 'all' }, { CARILLON_ROLE: 'client' }],
  ])('U8: with %s nothing runs, no timer is set, and the jobs stay visible', async (_name, options, environment) => {
    jest.replaceProperty(process, 'env', { ...process.env, ...environment });
    const started = await startApp({ providers: [Chimes], options });
    app = started.app;
    expect(started.clock.timerCount()).toBe(0);
    started.clock.advance({ hours: 2 });
    expect(app.get(Chimes).rung).toEqual([]);
    expect((await started.registry.list()).map((job) => job.id)).toEqual(['Chimes.quarter', 'hour']);
  });
});

describe('U4: forRootAsync', () => {
  const zoneOf = async (module: ReturnType<typeof SchedulerModule.forRootAsync>) => {
    app = await Test.createTestingModule({ imports: [module], providers: [Chimes] }).compile();
    await app.init();
    return (await app.get(SchedulerRegistry).get('hour'))!.timezone;
  };
  @Injectable()
  class Zone implements SchedulerOptionsFactory {
    constructor(@Inject('ZONE') private readonly timezone: string) {}
    createSchedulerOptions() {
      return Promise.resolve({ timezone: this.timezone, log: 'silent' as const });
    }
  }
  @Module({ providers: [{ provide: 'ZONE', useValue: 'Asia/Tokyo' }, Zone], exports: ['ZONE', Zone] })
  class ZoneModule {}

  it.each<[string, Parameters<typeof SchedulerModule.forRootAsync>[0]]>([
    [
      'useFactory',
      { imports: [ZoneModule], inject: ['ZONE'], useFactory: (timezone: string) => ({ timezone, log: 'silent' }) },
    ],
    ['useClass', { imports: [ZoneModule], useClass: Zone }],
    ['useExisting', { imports: [ZoneModule], useExisting: Zone }],
    ['extraProviders', { extraProviders: [{ provide: 'ZONE', useValue: 'Asia/Tokyo' }], useClass: Zone }],
  ])('takes %s', async (_name, options) => {
    expect(await zoneOf(SchedulerModule.forRootAsync(options))).toBe('Asia/Tokyo');
  });

  it.each([
    ['none of them', {}],
    ['two of them', { useFactory: () => ({}), useClass: Zone }],
  ])('refuses %s', (_name, options) => {
    expect(() => SchedulerModule.forRootAsync(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ASYNC_OPTIONS' }),
    );
  });
});

describe('U2: a second root', () => {
  const second = (module: () => ReturnType<typeof SchedulerModule.forRoot>) => {
    @Module({ imports: [module()] })
    class Billing {}
    @Module({ imports: [module()] })
    class Sales {}
    return Test.createTestingModule({ imports: [Billing, Sales] });
  };

  it.each<[string, () => ReturnType<typeof SchedulerModule.forRoot>]>([
    ['forRoot', () => SchedulerModule.forRoot()],
    ['forRootAsync', () => SchedulerModule.forRootAsync({ useFactory: () => ({}) })],
  ])('%s is refused, naming both importers', async (_name, module) => {
    const refused = second(module).compile();
    await expect(refused).rejects.toMatchObject({ code: 'DUPLICATE_MODULE', importers: ['Billing', 'Sales'] });
  });

  it('a module made elsewhere is named too', async () => {
    @Module({})
    class Dynamic {}
    const refused = Test.createTestingModule({
      imports: [SchedulerModule.forRoot(), { module: Dynamic, imports: [SchedulerModule.forRoot()] }],
    }).compile();
    await expect(refused).rejects.toMatchObject({ importers: ['RootTestModule', 'Dynamic'] });
  });

  it('the same dynamic module in two places is one', async () => {
    const root = SchedulerModule.forRoot({ log: 'silent' });
    @Module({ imports: [root] })
    class Billing {}
    app = await Test.createTestingModule({ imports: [root, Billing], providers: [Chimes] }).compile();
    await app.init();
    expect(await app.get(SchedulerRegistry).list()).toHaveLength(2);
  });

  it('SchedulerModule without options beside a root is harmless, alone it is refused', async () => {
    app = await Test.createTestingModule({
      imports: [SchedulerModule, SchedulerModule.forRoot({ log: 'silent' })],
    }).compile();
    await app.init();
    await expect(Test.createTestingModule({ imports: [SchedulerModule] }).compile()).rejects.toMatchObject({
      code: 'MISSING_ROOT',
    });
  });

  it('many applications live in one process', async () => {
    const others = await Promise.all([startApp({ providers: [Chimes] }), startApp({ providers: [Chimes] })]);
    for (const other of others) {
      other.clock.advance({ minutes: 15 });
      expect(other.app.get(Chimes).rung).toHaveLength(1);
      await other.app.close();
    }
  });
});

describe('forFeature', () => {
  it('names functions as tasks, in any number of modules', async () => {
    const sent: unknown[] = [];
    @Module({
      imports: [
        SchedulerModule.forFeature({ tasks: { mail: (to: string, job: JobContext) => sent.push([to, job.jobId]) } }),
      ],
    })
    class Mail {}
    @Module({ imports: [SchedulerModule.forFeature({ tasks: { sms: () => sent.push('sms') } })] })
    class Sms {}
    const started = await startApp({
      imports: [Mail, Sms],
      options: { jobs: { daily: { task: 'mail', cron: '0 1 * * *', args: ['ada'] } } },
    });
    app = started.app;
    await started.registry.add({ id: 'soon', task: 'sms', trigger: every('10m') });
    started.clock.advance({ minutes: 65 });
    expect(sent.slice(0, 1)).toEqual(['sms']);
    expect(sent).toContainEqual(['ada', 'daily']);
  });

  it('refuses two tasks of one name', async () => {
    const feature = () => SchedulerModule.forFeature({ tasks: { mail: () => 1 } });
    await expect(compileApp({ imports: [feature(), feature()] })).rejects.toMatchObject({ code: 'DUPLICATE_TASK' });
  });

  it('takes one function twice, and refuses what is no function or has no name', async () => {
    const tasks = { mail: () => 1 };
    const features = [SchedulerModule.forFeature({ tasks }), SchedulerModule.forFeature({ tasks })];
    app = (await compileApp({ imports: features })).app;
    const wrong = { mail: 'Mailer.send', '': () => 1 } as never;
    await expect(compileApp({ imports: [SchedulerModule.forFeature({ tasks: wrong })] })).rejects.toThrow(
      /tasks\.mail.*a function.*"tasks\."/s,
    );
  });
});

describe('life cycle', () => {
  const order: string[] = [];
  const note = (name: string) => order.push(name);

  @Injectable()
  class Early implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
    constructor(private readonly registry: SchedulerRegistry) {}
    async onModuleInit() {
      note(`jobs in onModuleInit: ${(await this.registry.list()).length}`);
      await this.registry.add({ id: 'mine', task: [Works, 'run'], trigger: every('1m') });
    }
    async onApplicationBootstrap() {
      await Promise.resolve();
      note('bootstrap');
    }
    onModuleDestroy() {
      note('destroy');
    }
  }
  @Injectable()
  class Works {
    @Interval('1ms', { limit: 1 }) once() {
      note('run');
    }
    run() {}
  }

  it.each([true, false])(
    'U15: registers before all others, starts after them, stops before them (in a global module: %s)',
    async (isGlobal) => {
      order.length = 0;
      @Module({ providers: [Early, Works] })
      class Feature {}
      if (isGlobal) Global()(Feature);
      const { app: started, clock } = await compileApp({ imports: [Feature] });
      await started.init();
      clock.advance(1);
      expect(order).toEqual(['jobs in onModuleInit: 1', 'bootstrap', 'run']);
      await started.close();
      expect(order.at(-1)).toBe('destroy');
    },
  );

  it('U7: close waits for a run that is at work', async () => {
    let release!: () => void;
    const work = new Promise<void>((resolve) => (release = resolve));
    let ended = false;
    @Injectable()
    class Slow implements OnModuleDestroy {
      endedFirst = false;
      @Interval('1m') async run() {
        await work;
        ended = true;
      }
      onModuleDestroy() {
        this.endedFirst = ended;
      }
    }
    const { app: started, clock } = await startApp({ providers: [Slow] });
    const slow = started.get(Slow);
    clock.advance({ minutes: 1 });
    const closed = started.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    release();
    await closed;
    expect(slow.endedFirst).toBe(true);
    expect(clock.timerCount()).toBe(0);
  });
});

describe('getStoreToken', () => {
  it('gives the store of an alias, with options made asynchronously too', async () => {
    @Injectable()
    class Reads {
      constructor(@Inject(getStoreToken('other')) readonly store: Store) {}
    }
    app = await Test.createTestingModule({
      imports: [
        SchedulerModule.forRootAsync({ useFactory: () => ({ stores: { other: { type: 'memory' } }, log: 'silent' }) }),
      ],
      providers: [Reads],
    }).compile();
    expect(app.get(Reads).store.alias).toBe('other');
  });

  it('of an alias that is not configured gives a store that says so', async () => {
    app = (await startApp({})).app;
    const token = getStoreToken('elsewhere');
    await app.close();
    app = (await startApp({})).app;
    expect(() => app!.get<Store>(token).jobs).toThrow(expect.objectContaining({ code: 'UNKNOWN_STORE' }));
  });
});
