import type { ModuleMetadata, Type } from '@nestjs/common';
import type { SchedulerModuleOptions } from '../nest/index.js';

/** Token of the module's options. */
export const SCHEDULE_MODULE_OPTIONS = 'SCHEDULE_MODULE_OPTIONS';

/** Options of `ScheduleModule`. */
export interface ScheduleModuleOptions {
  /** Whether methods with `@Cron` are registered. Default true. */
  cronJobs?: boolean;
  /** Whether methods with `@Interval` are registered. Default true. */
  intervals?: boolean;
  /** Whether methods with `@Timeout` are registered. Default true. */
  timeouts?: boolean;
  /**
   * Methods of request-scoped hosts: `run` gives each run an instance of its own; `warn` registers none of them and says
   * so, as `@nestjs/schedule` does. Default `run`.
   */
  requestScoped?: 'run' | 'warn';
  /** Options of the scheduler underneath: stores, defaults of jobs, zone, log and the others of `SchedulerModule`. */
  scheduler?: SchedulerModuleOptions;
}

/** Makes the options: for `useClass` and `useExisting`. */
export interface ScheduleModuleOptionsFactory {
  createScheduleOptions(): Promise<ScheduleModuleOptions> | ScheduleModuleOptions;
}

/** Options of `ScheduleModule.forRootAsync`. */
export interface ScheduleModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  useExisting?: Type<ScheduleModuleOptionsFactory>;
  useClass?: Type<ScheduleModuleOptionsFactory>;
  // Arguments follow `inject`, which no type can express.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  useFactory?: (...args: any[]) => Promise<ScheduleModuleOptions> | ScheduleModuleOptions;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in @nestjs/schedule
  inject?: any[];
}

export function withDefaults(options: ScheduleModuleOptions | undefined): ScheduleModuleOptions {
  return { cronJobs: true, intervals: true, timeouts: true, ...options };
}
