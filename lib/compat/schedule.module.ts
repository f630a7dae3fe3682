import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Assembly, SCHEDULER_EXTENSION, SchedulerModule } from '../nest/index.js';
import { ForeignJobs } from './foreign-jobs.js';
import { Handles } from './handles.js';
import { JobBook } from './job-book.js';
import { MergedOptions } from './module-options.js';
import { SCHEDULE_MODULE_OPTIONS, withDefaults } from './options.js';
import { Orchestrator } from './orchestrator.js';
import { ScheduleExplorer } from './schedule.explorer.js';
import { SchedulerRegistry } from './scheduler.registry.js';
import { Ticks } from './ticks.js';
import type { DynamicModule, Provider } from '@nestjs/common';
import type { SchedulerModuleOptions } from '../nest/index.js';
import type { ScheduleModuleAsyncOptions, ScheduleModuleOptions, ScheduleModuleOptionsFactory } from './options.js';

/** Overlapping runs are allowed here, and must not stand in each other's way. */
const CONCURRENCY = 100_000;

/** One object: however often the module is imported, the application has one scheduler. */
const SCHEDULER = SchedulerModule.forRootAsync({
  inject: [{ token: SCHEDULE_MODULE_OPTIONS, optional: true }],
  useFactory: (options?: ScheduleModuleOptions) => schedulerOptions(options?.scheduler),
});

/** What all imports of `ScheduleModule` share. */
@Global()
@Module({
  imports: [SCHEDULER, DiscoveryModule],
  providers: [
    MergedOptions,
    JobBook,
    ForeignJobs,
    Handles,
    SchedulerRegistry,
    Orchestrator,
    ScheduleExplorer,
    { provide: Ticks, useFactory: (assembly: Assembly) => new Ticks(assembly), inject: [Assembly] },
    { provide: SCHEDULER_EXTENSION, useExisting: ScheduleExplorer },
  ],
  exports: [SchedulerRegistry, ScheduleExplorer, SCHEDULER_EXTENSION],
})
class ScheduleCoreModule {}

/**
 * The module of `@nestjs/schedule` on this package's scheduler: decorated methods run as they did, and are jobs with
 * history, events and policies besides. Importing it more than once is harmless.
 *
 * @example
 * ```ts
 * @Module({ imports: [ScheduleModule.forRoot()], providers: [TasksService] })
 * export class AppModule {}
 * ```
 */
@Module({})
export class ScheduleModule {
  static forRoot(options?: ScheduleModuleOptions): DynamicModule {
    return rootModule([{ provide: SCHEDULE_MODULE_OPTIONS, useValue: withDefaults(options) }], []);
  }

  static forRootAsync(options: ScheduleModuleAsyncOptions): DynamicModule {
    return rootModule(asyncProviders(options), options.imports ?? []);
  }
}

function rootModule(providers: Provider[], imports: NonNullable<DynamicModule['imports']>): DynamicModule {
  return {
    module: ScheduleModule,
    global: true,
    imports: [ScheduleCoreModule, ...imports],
    providers,
    // The scheduler's own module reads them.
    exports: [SCHEDULE_MODULE_OPTIONS, ScheduleCoreModule],
  };
}

function asyncProviders({ useFactory, inject, useClass, useExisting }: ScheduleModuleAsyncOptions): Provider[] {
  if (useFactory !== undefined) {
    const made = async (...args: unknown[]): Promise<ScheduleModuleOptions> => withDefaults(await useFactory(...args));
    return [{ provide: SCHEDULE_MODULE_OPTIONS, useFactory: made, inject: (inject ?? []) as never[] }];
  }
  const options: Provider = {
    provide: SCHEDULE_MODULE_OPTIONS,
    useFactory: async (it: ScheduleModuleOptionsFactory) => withDefaults(await it.createScheduleOptions()),
    inject: [(useClass ?? useExisting) as never],
  };
  return useClass === undefined ? [options] : [useClass, options];
}

/** As users of `@nestjs/schedule` know it: times without a zone are the machine's. */
function schedulerOptions(given: SchedulerModuleOptions = {}): SchedulerModuleOptions {
  return {
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...given,
    executors: { default: { type: 'async', concurrency: CONCURRENCY }, ...given.executors },
  };
}
