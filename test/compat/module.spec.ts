/** reference/nest-schedule.md, "async-config.spec.ts (3)" and "disabled-discovery.spec.ts (3)", and what both import. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { SchedulerModule } from '../../lib/index.js';
import * as entry from '../../lib/compat/index.js';
import {
  Cron,
  CronExpression,
  Interval,
  SCHEDULE_MODULE_OPTIONS,
  ScheduleModule,
  SchedulerRegistry,
  Timeout,
  type ScheduleModuleAsyncOptions,
  type ScheduleModuleOptions,
  type ScheduleModuleOptionsFactory,
} from '../../lib/compat/index.js';
import { closeAll, compile, fakeTime, QUIET } from './compat-app.js';

@Injectable()
class AllKinds {
  @Cron(CronExpression.EVERY_SECOND, { name: 'cron' }) cron() {}
  @Interval('interval', 1_000) interval() {}
  @Timeout('timeout', 1_000) timeout() {}
}

@Injectable()
class NoCronJobs implements ScheduleModuleOptionsFactory {
  createScheduleOptions(): ScheduleModuleOptions {
    return { ...QUIET, cronJobs: false };
  }
}

let app: TestingModule | undefined;
async function startAsync(options: ScheduleModuleAsyncOptions): Promise<SchedulerRegistry> {
  app = await Test.createTestingModule({
    imports: [ScheduleModule.forRootAsync(options)],
    providers: [AllKinds],
  }).compile();
  fakeTime();
  await app.init();
  return app.get(SchedulerRegistry);
}

afterEach(async () => {
  await app?.close();
  app = undefined;
  expect(await closeAll()).toBe(0);
});

describe('Async Configuration', () => {
  it('async-config 1: useFactory with cronJobs: false registers none', async () => {
    const registry = await startAsync({ useFactory: () => ({ ...QUIET, cronJobs: false }) });
    expect(registry.doesExist('cron', 'cron')).toBe(false);
    expect(registry.doesExist('interval', 'interval')).toBe(true);
  });

  it('async-config 2: useFactory that says nothing registers all', async () => {
    const registry = await startAsync({ useFactory: async () => ({ ...QUIET }) });
    expect(registry.doesExist('cron', 'cron')).toBe(true);
  });

  it('async-config 3: useClass is asked through createScheduleOptions()', async () => {
    const registry = await startAsync({ useClass: NoCronJobs });
    expect(registry.doesExist('cron', 'cron')).toBe(false);
  });

  it('takes useExisting, inject and imports too', async () => {
    @Injectable()
    class Config {
      constructor(@Inject(NoCronJobs) readonly factory: NoCronJobs) {}
    }
    const module = { module: class Configured {}, providers: [NoCronJobs, Config], exports: [NoCronJobs, Config] };
    const registry = await startAsync({ imports: [module], useExisting: NoCronJobs });
    expect(registry.doesExist('cron', 'cron')).toBe(false);
    await app?.close();
    const injected = await startAsync({
      imports: [module],
      inject: [Config],
      useFactory: (config: Config) => config.factory.createScheduleOptions(),
    });
    expect(injected.doesExist('cron', 'cron')).toBe(false);
  });
});

describe('Disabled discovery', () => {
  it.each([
    [1, 'cronJobs', 'cron'],
    [2, 'intervals', 'interval'],
    [3, 'timeouts', 'timeout'],
  ] as const)('disabled-discovery %i: forRoot({ %s: false }) registers none of them', async (_number, option, kind) => {
    const started = await compile({ providers: [AllKinds], options: { ...QUIET, [option]: false } });
    fakeTime();
    await started.init();
    const registry = started.get(SchedulerRegistry);
    const kinds = (['cron', 'interval', 'timeout'] as const).filter((it) => registry.doesExist(it, it));
    expect(kinds).toEqual((['cron', 'interval', 'timeout'] as const).filter((it) => it !== kind));
  });
});

describe('U2: SchedulerModule.forRoot beside ScheduleModule', () => {
  it.each([
    ['forRoot', () => SchedulerModule.forRoot()],
    ['forRootAsync', () => SchedulerModule.forRootAsync({ useFactory: () => ({}) })],
  ])('%s is refused, saying where its options go', async (_name, root) => {
    await expect(compile({ imports: [root()] })).rejects.toMatchObject({
      code: 'DUPLICATE_MODULE',
      message: expect.stringMatching(
        /nest-carillon\/compat.*Remove SchedulerModule\.forRoot.*ScheduleModule\.forRoot\(\{ scheduler/s,
      ),
    });
  });
});

describe('the entry', () => {
  it.each([
    'Cron',
    'CronExpression',
    'Interval',
    'ScheduleExplorer',
    'ScheduleModule',
    'SchedulerRegistry',
    'Timeout',
    'SCHEDULE_MODULE_OPTIONS',
    'NO_SCHEDULER_FOUND',
    'DUPLICATE_SCHEDULER',
  ])('exports %s', (name) => {
    expect(Object.keys(entry)).toContain(name);
  });

  it('provides its options under the token that the other package has', async () => {
    const started = await compile({ options: { ...QUIET, intervals: false } });
    expect(started.get(SCHEDULE_MODULE_OPTIONS, { strict: false })).toMatchObject({ cronJobs: true, intervals: false });
    expect(SCHEDULE_MODULE_OPTIONS).toBe('SCHEDULE_MODULE_OPTIONS');
  });

  it('says both texts of a name that is not there', () => {
    expect(entry.NO_SCHEDULER_FOUND('Timeout')).toBe('No Timeout was found. Check your configuration.');
  });
});
