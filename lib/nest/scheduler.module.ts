import { Inject, Module } from '@nestjs/common';
import { DiscoveryModule, ModuleRef, ModulesContainer } from '@nestjs/core';
import { SystemClock } from '../core/index.js';
import { featureFaults } from './options/feature-options.js';
import { refuse, resolveModuleOptions } from './options/index.js';
import { REGISTRY_PARTS } from './registry/registry-parts.js';
import { SchedulerRegistry } from './registry/scheduler-registry.js';
import {
  getStoreToken,
  SCHEDULER_CLOCK,
  SCHEDULER_OPTIONS,
  SCHEDULER_START_MODE,
  SCHEDULER_TEST_CLOCK,
  SCHEDULER_TEST_PACE,
  storeAliases,
} from './tokens.js';
import { Assembly } from './wiring/assembly.js';
import { asyncOptionProviders } from './wiring/async-options.js';
import { MissingStore } from './wiring/late-store.js';
import { containerOf } from './wiring/nest-container.js';
import { packageInfo } from './wiring/package-info.js';
import { requireOneRoot } from './wiring/root-guard.js';
import { placeAt, SchedulerRunnerModule } from './wiring/scheduler-runner.js';
import { SchedulerStarter } from './wiring/scheduler-starter.js';
import type { DynamicModule, Provider } from '@nestjs/common';
import type { Clock } from '../core/index.js';
import type { StartChoices } from './wiring/assembly.js';
import type { ResolvedModuleOptions } from './options/index.js';
import type { SchedulerModuleAsyncOptions, SchedulerModuleOptions } from './options/index.js';
import type { ScheduleFunction } from './fluent/schedule.js';
import type { TaskFunction } from './registry/registry-options.js';

const START_CHOICES = Symbol.for('nest-carillon:start-choices');
const RESOLVED_OPTIONS = Symbol.for('nest-carillon:resolved-options');

/** What a feature module adds. */
export interface SchedulerFeatureOptions {
  /** Functions as tasks by name, for jobs of configuration and registry: they get the job's arguments, then the `JobContext`. */
  readonly tasks?: Readonly<Record<string, TaskFunction>>;
  /** Defines jobs in sentences, once, when the application starts; a promise is waited for. */
  readonly schedule?: ScheduleFunction;
}

/**
 * Runs the methods that the application decorated, and gives it the `SchedulerRegistry`. Global: import `forRoot` once, in
 * the root module.
 *
 * Jobs are put into their stores before other modules are initialised, so that `onModuleInit` may use the registry; the
 * first run starts after every other module's `onApplicationBootstrap`; on close it stops first, waits for open runs and
 * leaves no timer.
 *
 * @example
 * ```ts
 * @Module({ imports: [SchedulerModule.forRoot({ timezone: 'Europe/Berlin' })], providers: [ReportsService] })
 * export class AppModule {}
 * ```
 */
@Module({})
export class SchedulerModule {
  constructor(@Inject(ModuleRef) moduleRef: ModuleRef, @Inject(ModulesContainer) modules: ModulesContainer) {
    requireOneRoot(containerOf(moduleRef), SchedulerModule);
    // Other global modules come first otherwise, in the order of their imports.
    placeAt(modules, SchedulerModule, Infinity);
  }

  /**
   * @param options all of them have defaults; without `stores` jobs live in memory
   * @throws {InvalidOptionsError} at the application's start, with everything that is wrong
   */
  static forRoot(options: SchedulerModuleOptions = {}): DynamicModule {
    return rootModule([{ provide: SCHEDULER_OPTIONS, useValue: options }], [], Object.keys(options?.stores ?? {}));
  }

  /**
   * The same with options that other providers give.
   *
   * @param async exactly one of `useFactory` (with `inject`), `useClass` and `useExisting`
   * @throws {InvalidAsyncOptionsError}
   * @example
   * SchedulerModule.forRootAsync({ inject: [ConfigService], useFactory: (config) => ({ timezone: config.get('TZ') }) })
   */
  static forRootAsync(async: SchedulerModuleAsyncOptions): DynamicModule {
    return rootModule(asyncOptionProviders(async), async.imports ?? [], []);
  }

  /**
   * What a feature adds; any number of modules may import it.
   *
   * @throws {InvalidOptionsError} at the application's start
   * @throws {DuplicateTaskError} at the application's start: another function has that name
   * @example
   * SchedulerModule.forFeature({ schedule: (schedule) => schedule.job(ReportsService, 'send').dailyAt('09:00') })
   * SchedulerModule.forFeature({ tasks: { purge: (table: string, job: JobContext) => purge(table) } })
   */
  static forFeature(options: SchedulerFeatureOptions): DynamicModule {
    const feature: Provider = {
      provide: Symbol('nest-carillon:feature'),
      useFactory: (assembly: Assembly) => {
        refuse(featureFaults(options));
        assembly.tasks.register(options.tasks ?? {});
        if (options.schedule !== undefined) assembly.schedules.push(options.schedule);
      },
      inject: [Assembly],
    };
    return { module: SchedulerFeatureModule, providers: [feature] };
  }
}

/** Holds what `forFeature` adds, so that it is never taken for a second root. */
@Module({})
class SchedulerFeatureModule {}

const PROVIDERS: readonly Provider[] = [
  {
    provide: RESOLVED_OPTIONS,
    useFactory: (options: SchedulerModuleOptions | undefined) =>
      resolveModuleOptions(options, { environment: process.env, ...packageInfo() }),
    inject: [SCHEDULER_OPTIONS],
  },
  {
    provide: SCHEDULER_CLOCK,
    useFactory: (testClock: Clock | undefined) => testClock ?? new SystemClock(),
    inject: [{ token: SCHEDULER_TEST_CLOCK, optional: true }],
  },
  {
    provide: Assembly,
    useFactory: (options: ResolvedModuleOptions, clock: Clock, moduleRef: ModuleRef, start?: StartChoices) =>
      new Assembly(options, clock, moduleRef, start),
    inject: [RESOLVED_OPTIONS, SCHEDULER_CLOCK, ModuleRef, START_CHOICES],
  },
  {
    provide: START_CHOICES,
    useFactory: (pace?: StartChoices['pace'], mode?: StartChoices['mode']): StartChoices => ({ pace, mode }),
    inject: [
      { token: SCHEDULER_TEST_PACE, optional: true },
      { token: SCHEDULER_START_MODE, optional: true },
    ],
  },
  { provide: REGISTRY_PARTS, useFactory: (assembly: Assembly) => assembly.registryParts, inject: [Assembly] },
  SchedulerRegistry,
  SchedulerStarter,
];

function rootModule(
  optionProviders: readonly Provider[],
  imports: NonNullable<DynamicModule['imports']>,
  aliases: readonly string[],
): DynamicModule {
  const shared = [SCHEDULER_OPTIONS, SCHEDULER_CLOCK, SchedulerRegistry, REGISTRY_PARTS, Assembly];
  // Read when Nest scans the module: by then every file has been loaded that asks for the token of a store.
  return {
    module: SchedulerModule,
    global: true,
    imports: [DiscoveryModule, SchedulerRunnerModule, ...imports],
    get providers() {
      return [...optionProviders, ...PROVIDERS, ...storeAliases(aliases).map(storeProvider)];
    },
    get exports() {
      return [...shared, ...storeAliases(aliases).map((alias) => getStoreToken(alias))];
    },
  };
}

function storeProvider(alias: string): Provider {
  return {
    provide: getStoreToken(alias),
    useFactory: ({ stores }: Assembly) => stores.get(alias) ?? new MissingStore(alias, [...stores.keys()]),
    inject: [Assembly],
  };
}
