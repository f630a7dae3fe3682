import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { DEFAULT_SCHEDULER_OPTIONS, Scheduler } from '../../engine/index.js';
import { AsyncExecutor } from '../../executors/index.js';
import { EventBus, LogListener } from '../../observe/index.js';
import { CalendarRegistry, createTriggerCodec } from '../../triggers/index.js';
import { JobFunctions } from '../registry/job-functions.js';
import { ProcessTasks } from '../tasks/process-tasks.js';
import { injectorView } from './injector-view.js';
import { makeStores } from './make-stores.js';
import { RunEffects } from '../output/run-effects.js';
import { runLogger, schedulerLog, textOf } from './nest-log.js';
import type { ModuleRef } from '@nestjs/core';
import type { Clock, Executor, Instant, JobDefinition, Millis, Store, TriggerCodec } from '../../core/index.js';
import type { SchedulerOptions, SchedulerParts } from '../../engine/index.js';
import type { ScheduleFunction } from '../fluent/schedule.js';
import type { HookBook } from '../handlers/index.js';
import type { ResolvedModuleOptions } from '../options/index.js';
import type { StartMode } from '../tokens.js';
import type { RegistryParts } from '../registry/registry-parts.js';

const MINUTE: Millis = 60_000;

/** What a test or a command changes about how an application starts. */
export interface StartChoices {
  readonly pace?: Partial<SchedulerOptions>;
  readonly mode?: StartMode;
}

/** Everything that one application's scheduler is made of. Made before the providers of the application are known. */
export class Assembly {
  readonly calendars: CalendarRegistry;
  readonly triggers: TriggerCodec;
  readonly stores: ReadonlyMap<string, Store>;
  readonly events: EventBus;
  readonly functions = new JobFunctions();
  readonly tasks = new ProcessTasks(this.functions);
  readonly effects: RunEffects;
  /** Functions of `forFeature({ schedule })`. */
  readonly schedules: ScheduleFunction[] = [];
  readonly scheduler: Scheduler;
  /** What functions of the user find their dependencies with. */
  readonly injector: ModuleRef;
  /** Found when the application starts. */
  hooks: HookBook | null = null;
  definitions: readonly JobDefinition[] = [];
  /** The start failed; everything was given back. */
  gaveUp = false;
  /** Start of the minute that this process is started for; null: it is not started for one. */
  readonly minute: Instant | null;

  constructor(
    readonly options: ResolvedModuleOptions,
    readonly clock: Clock,
    readonly moduleRef: ModuleRef,
    private readonly start: StartChoices = {},
  ) {
    this.minute = start.mode?.wholeMinute === true ? Math.floor(clock.now() / MINUTE) * MINUTE : null;
    this.calendars = new CalendarRegistry(options.calendars);
    this.triggers = createTriggerCodec({ calendars: this.calendars, keepsFunctions: true });
    this.injector = injectorView(moduleRef);
    this.stores = makeStores({ options, clock, moduleRef, ...start.mode });
    this.events = new EventBus((error, { type }) =>
      schedulerLog.error(`A listener to ${type} failed; runs go on.`, textOf(error)),
    );
    // Removed by hand, or pruned long after it finished: what it was added with can go.
    this.events.on('job.removed', ({ job }) => {
      if (job !== null) this.functions.drop(job.id);
    });
    this.effects = new RunEffects(options, clock);
    new LogListener(schedulerLog, options.log).listenTo(this.events);
    this.scheduler = new Scheduler(this.parts());
  }

  /** The application will not start when this fails: gives back what was opened, and throws the first cause. */
  async startOrGiveUp(start: () => Promise<void>): Promise<void> {
    try {
      await start();
    } catch (error) {
      this.gaveUp = true;
      // Whatever fails to close now follows from that.
      await Promise.allSettled([this.scheduler.stop(0), this.effects.close()]);
      throw error;
    }
  }

  /** Tells of what failed where nobody waits for it. */
  complain(error: unknown): void {
    schedulerLog.error('A call of the scheduler failed; jobs go on.', textOf(error));
  }

  get registryParts(): RegistryParts {
    const { scheduler, options, clock, triggers, calendars, tasks, functions } = this;
    return {
      scheduler,
      options,
      clock,
      triggers,
      calendars,
      tasks,
      functions,
      notEnabled: () => this.definitions.filter(({ enabled }) => !enabled),
    };
  }

  private parts(): SchedulerParts {
    const { options, clock, stores, tasks, triggers, events } = this;
    return {
      node: { id: randomUUID(), host: hostname(), pid: process.pid },
      appVersion: options.version,
      clock,
      stores,
      executors: makeExecutors(options),
      tasks,
      triggers,
      events,
      hooks: { of: (job) => this.effects.surround(this.hooks?.of(job) ?? null, job.policy) },
      logger: runLogger,
      options: {
        ...DEFAULT_SCHEDULER_OPTIONS,
        role: this.start.mode?.observes === true ? 'client' : options.role,
        observes: this.start.mode?.observes ?? false,
        plans: this.start.mode?.onlyAsked !== true,
        since: this.minute,
        before: this.minute === null ? null : this.minute + MINUTE,
        enabled: options.enabled,
        lease: options.lease,
        shutdownTimeout: options.shutdownTimeout,
        history: { age: options.history.age, count: options.history.count },
        ...this.start.pace,
      },
    };
  }
}

function makeExecutors({ executors }: ResolvedModuleOptions): ReadonlyMap<string, Executor> {
  const made = Object.entries(executors).map(([alias, executor]): [string, Executor] => [
    alias,
    'type' in executor ? new AsyncExecutor({ concurrency: executor.concurrency ?? 100 }) : executor,
  ]);
  return new Map(made);
}
