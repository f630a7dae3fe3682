import { FluentSchedule } from '../../fluent/index.js';
import type {
  ConstrainedJob,
  JobModifiers,
  Macro,
  ScheduledJob as FluentScheduledJob,
  ScheduleMacros,
} from '../../fluent/index.js';
import type { DecoratorOptions } from '../options/index.js';

/** One job of the schedule, to be told when and how it runs. */
export type ScheduledJob = FluentScheduledJob<DecoratorOptions>;

/** The same after `every(seconds)`: its times of day are set, its days may still be chosen. */
export type ScheduledInterval = ConstrainedJob<DecoratorOptions>;

/** The same after `trigger(…)`: its times are set. */
export type ScheduledTrigger = JobModifiers<DecoratorOptions>;

/** Arguments of a macro, as its declaration in `ScheduleMacros` has them. */
export type MacroArguments<N extends keyof ScheduleMacros> = ScheduleMacros[N] extends (...args: infer A) => unknown
  ? A
  : never;

/**
 * The application's jobs in sentences, in the manner of Laravel's scheduler. Given to `defineSchedule` and to
 * `SchedulerModule.forFeature({ schedule })`; its jobs are jobs like those of decorators, for any store and executor.
 *
 * @throws {InvalidScheduleError} at each method that is given what it cannot mean
 * @example
 * ```ts
 * schedule.job(ReportsService, 'send').weekdays().dailyAt('09:00').timezone('America/New_York').onOneServer();
 * schedule.call(() => cache.flush()).everyFiveMinutes().name('flush-cache');
 * ```
 */
export class Schedule extends FluentSchedule<DecoratorOptions> {
  /**
   * Defines a method of every job that the application declared in `ScheduleMacros`; the last definition of a name counts.
   *
   * @throws {InvalidScheduleError} when the schedule has a method of that name
   * @example Schedule.macro('workdaysAt', (job, time) => job.weekdays().dailyAt(time));
   */
  static macro<N extends Extract<keyof ScheduleMacros, string>>(
    name: N,
    macro: (job: ScheduledJob, ...args: MacroArguments<N>) => unknown,
  ): void {
    FluentSchedule.addMacro(name, macro as unknown as Macro);
  }
}

/** A provider or controller that defines jobs in sentences. */
export interface DefinesSchedule {
  /**
   * Called once, when the application starts, before `onModuleInit` of any provider; a promise is waited for.
   *
   * @param schedule for this call alone: jobs that are added to it later are refused
   */
  defineSchedule(schedule: Schedule): unknown;
}

/** A schedule as a function, for `SchedulerModule.forFeature({ schedule })`. */
export type ScheduleFunction = (schedule: Schedule) => unknown;
