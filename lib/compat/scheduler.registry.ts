import { Inject, Injectable, Logger } from '@nestjs/common';
import { isError } from '../core/index.js';
import { ForeignJobs } from './foreign-jobs.js';
import { Handles } from './handles.js';
import { DUPLICATE_SCHEDULER, NO_SCHEDULER_FOUND } from './messages.js';
import { CronJob } from './cron-job.js';
import type { ForeignCronJob } from './foreign-cron-job.js';
import type { SchedulerKind } from './messages.js';

/**
 * Cron jobs, intervals and timeouts by name, as `@nestjs/schedule` has them; synchronous. The main entry's registry of
 * the same name sees the same jobs, with history, pause and all the rest.
 */
@Injectable()
export class SchedulerRegistry {
  private readonly logger = new Logger(SchedulerRegistry.name);
  private readonly cronJobs = new Map<string, ForeignCronJob>();
  private readonly timeouts = new Map<string, unknown>();
  private readonly intervals = new Map<string, unknown>();

  constructor(
    @Inject(ForeignJobs) private readonly foreign: ForeignJobs,
    @Inject(Handles) private readonly handles: Handles,
  ) {}

  doesExist(type: 'cron' | 'timeout' | 'interval', name: string): boolean {
    const maps = { cron: this.cronJobs, interval: this.intervals, timeout: this.timeouts };
    return Object.hasOwn(maps, type) && maps[type].has(name);
  }

  /** A decorated method's job, or the very object that was added. @throws {Error} there is none of this name */
  getCronJob<T = CronJob>(name: string): T {
    return found(this.cronJobs, 'Cron Job', name) as T;
  }

  /** The handle: `clearInterval` stops the job. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in @nestjs/schedule
  getInterval<T = any>(name: string): T {
    return found(this.intervals, 'Interval', name) as T;
  }

  /** The handle: `clearTimeout` stops the job. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in @nestjs/schedule
  getTimeout<T = any>(name: string): T {
    return found(this.timeouts, 'Timeout', name) as T;
  }

  /** Adds a job of the package `cron`, without starting it. From then on its runs are runs of the scheduler. */
  addCronJob(name: string, job: ForeignCronJob): void {
    refuseTwin(this.cronJobs, 'Cron Job', name);
    if (!(job instanceof CronJob)) this.foreign.adopt(name, job, (error) => this.tell(name, error));
    this.cronJobs.set(name, job);
  }

  // A type parameter as in @nestjs/schedule, for those who write it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  addInterval<T = any>(name: string, intervalId: T): void {
    refuseTwin(this.intervals, 'Interval', name);
    this.intervals.set(name, intervalId);
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  addTimeout<T = any>(name: string, timeoutId: T): void {
    refuseTwin(this.timeouts, 'Timeout', name);
    this.timeouts.set(name, timeoutId);
  }

  /** The map itself, not a copy. */
  getCronJobs<T = CronJob>(): Map<string, T> {
    return this.cronJobs as unknown as Map<string, T>;
  }

  /** Stops the job and forgets it; a decorated method's job stays in the scheduler, paused. */
  deleteCronJob(name: string): void {
    const job = this.getCronJob<ForeignCronJob>(name);
    void job.stop();
    this.foreign.release(job);
    this.cronJobs.delete(name);
  }

  getIntervals(): string[] {
    return [...this.intervals.keys()];
  }

  deleteInterval(name: string): void {
    const handle = this.getInterval<number>(name);
    clearInterval(handle);
    this.handles.deleted(handle);
    this.intervals.delete(name);
  }

  getTimeouts(): string[] {
    return [...this.timeouts.keys()];
  }

  deleteTimeout(name: string): void {
    const handle = this.getTimeout<number>(name);
    clearTimeout(handle);
    this.handles.deleted(handle);
    this.timeouts.delete(name);
  }

  private tell(name: string, error: unknown): void {
    const stack = isError(error) ? (error.stack ?? error.message) : String(error);
    this.logger.error(`Cron job "${name}" failed: ${isError(error) ? error.message : String(error)}`, stack);
  }
}

function found(map: ReadonlyMap<string, unknown>, kind: SchedulerKind, name: string): unknown {
  const ref = map.get(name);
  if (ref === undefined) throw new Error(NO_SCHEDULER_FOUND(kind, name));
  return ref;
}

function refuseTwin(map: ReadonlyMap<string, unknown>, kind: SchedulerKind, name: string): void {
  if (map.has(name)) throw new Error(DUPLICATE_SCHEDULER(kind, name));
}
