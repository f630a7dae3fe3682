export { CronExpression } from './cron-expression.js';
export {
  At,
  ConsoleCommand,
  Cron,
  Interval,
  MisplacedDecoratorError,
  OnSchedulerEvent,
  Scheduled,
  Task,
  Timeout,
} from './decorators/index.js';
export type { EventChoice, ScheduleNote } from './decorators/index.js';
export { makeTrigger } from './definitions/make-trigger.js';
export { decoratedMethods } from './discovery/index.js';
export type { DecoratedMethod, Host, NamedClass, NoteReader } from './discovery/index.js';
export { Schedule } from './fluent/schedule.js';
export type {
  DefinesSchedule,
  MacroArguments,
  ScheduledInterval,
  ScheduledJob,
  ScheduledTrigger,
  ScheduleFunction,
} from './fluent/schedule.js';
export { bareCall, MissingMethodError, UnknownHookError } from './handlers/index.js';
export { SchedulerEvent } from './listeners/scheduler-event.js';
export { nearest } from './options/nearest.js';
export { InvalidArgumentsError, InvalidOptionsError, isShared, readInstant, storeOf } from './options/index.js';
export type {
  AfterHookFunction,
  AsyncExecutorOptions,
  ConfiguredJob,
  CronFields,
  DecoratorOptions,
  Duration,
  EnhancerOptions,
  ExecutorOptions,
  FromInjector,
  HistoryOptions,
  HookFunction,
  HookOption,
  HookReference,
  InstantInput,
  IntervalDecoratorOptions,
  IntervalTriggerOptions,
  JobOptions,
  MemoryStoreOptions,
  MethodReference,
  OptionFault,
  PolicyOptions,
  RedisStoreOptions,
  RetryOptions,
  SchedulerModuleAsyncOptions,
  SchedulerModuleOptions,
  SchedulerOptionsFactory,
  StoreOptions,
  TypeOrmStoreOptions,
} from './options/index.js';
export * from './registry/index.js';
export { SchedulerModule } from './scheduler.module.js';
export type { SchedulerFeatureOptions } from './scheduler.module.js';
export { DuplicateCommandError, InvalidCommandArgumentsError, UnknownCommandError } from './tasks/command-errors.js';
export { AmbiguousTaskError, DuplicateTaskError, UnknownProviderError } from './tasks/task-errors.js';
export {
  getStoreToken,
  SCHEDULER_CLOCK,
  SCHEDULER_OPTIONS,
  SCHEDULER_START_MODE,
  SCHEDULER_TEST_CLOCK,
  SCHEDULER_TEST_PACE,
} from './tokens.js';
export type { StartMode } from './tokens.js';
export { Assembly } from './wiring/assembly.js';
export { SCHEDULER_EXTENSION } from './wiring/scheduler-extension.js';
export type { AddedMethods, SchedulerExtension } from './wiring/scheduler-extension.js';
export {
  DuplicateModuleError,
  InvalidAsyncOptionsError,
  MissingRootError,
  StoreUnavailableError,
} from './wiring/module-errors.js';
