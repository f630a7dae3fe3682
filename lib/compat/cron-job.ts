import { CronTime } from './cron-time.js';
import { isPromiseLike } from './promise-like.js';
import { NativeCron } from './native-cron.js';
import type { DateTime } from 'luxon';
import type { JobContext } from '../core/index.js';
import type { Assembly } from '../nest/index.js';
import type { CronTimeSite } from './cron-time.js';
import type { CronTimeInput, PeerCronOptions } from './peer-note.js';
import type { Ticks } from './ticks.js';

/** What stands behind a `CronJob`. */
export interface CronJobSite {
  readonly assembly: Assembly;
  readonly ticks: Ticks;
  readonly times: CronTimeSite;
  /** Told of what a callback threw when the job has no `errorHandler`. */
  readonly tell: (job: string, error: unknown) => void;
}

export interface CronJobParts {
  readonly id: string;
  readonly options: PeerCronOptions;
  readonly time: CronTime;
  /** By a timer of its own instead of the scheduler's. */
  readonly isNative: boolean;
}

/** What `setTime` takes: our own cron time, that of the package `cron`, or an expression. */
export type CronTimeLike =
  | string
  | { readonly source: unknown; readonly timeZone?: string | undefined; readonly utcOffset?: number | undefined };

type Callback = (this: unknown) => unknown;

/**
 * A job of the scheduler in the shape of the class `CronJob` of the package `cron`: what `getCronJob` answers for a
 * decorated method. Stopping it pauses the job, starting it resumes the job.
 */
export class CronJob {
  readonly name: string;
  lastExecution: Date | null = null;
  readonly runOnce: boolean;
  readonly unrefTimeout: boolean;
  readonly threshold: number;
  /** `this` of added callbacks. */
  context: unknown = this;
  /** Called by `stop()`. */
  onComplete?: () => unknown;
  /** Told of what an added callback threw. */
  errorHandler?: (error: unknown) => void;
  cronTime: CronTime;
  private waits: boolean;
  private active = false;
  private running = 0;
  private readonly callbacks: Callback[] = [];
  private waiting: (() => void)[] = [];
  private readonly native: NativeCron | null;

  constructor(
    private readonly parts: CronJobParts,
    private readonly site: CronJobSite,
  ) {
    const { options, time, isNative, id } = parts;
    this.name = options.name ?? id;
    this.cronTime = time;
    this.runOnce = time.realDate;
    this.waits = options.waitForCompletion === true;
    this.unrefTimeout = options.unrefTimeout === true;
    this.threshold = Math.abs(options.threshold ?? 250);
    const fire = (at: number): void => this.nativeTick(at);
    this.native = isNative ? new NativeCron(site.assembly.clock, this.unrefTimeout, fire) : null;
    if (this.native !== null) site.ticks.drive(id, this.native);
  }

  get isActive(): boolean {
    return this.active;
  }

  get isCallbackRunning(): boolean {
    return this.running > 0;
  }

  get waitForCompletion(): boolean {
    return this.waits;
  }

  /** From here on runs of the job may overlap, or not. */
  set waitForCompletion(waits: boolean) {
    this.waits = waits;
    const policy = waits ? ({ overlap: 'skip', maxInstances: 1 } as const) : ({ overlap: 'allowAll' } as const);
    this.site.ticks.quietly(() => this.site.assembly.scheduler.modify(this.parts.id, { policy }));
  }

  start(): void {
    if (this.active) return;
    this.site.ticks.resume(this.parts.id);
    this.active = true;
    this.native?.start(this.cronTime);
  }

  /** With `waitForCompletion` the promise waits for the run that is open. */
  stop(): Promise<void> | undefined {
    this.halt('stopped through getCronJob()');
    if (!this.waits) {
      void this.complete();
      return undefined;
    }
    return this.idle().then(() => this.complete());
  }

  lastDate(): Date | null {
    return this.lastExecution;
  }

  /** The next fire time, in the job's zone. @throws {MissingPackageError} luxon is not installed */
  nextDate(): DateTime {
    return this.cronTime.sendAt();
  }

  nextDates(count = 0): DateTime[] {
    return this.cronTime.sendAt(count);
  }

  /** Fires at other times from now on. */
  setTime(time: CronTimeLike): void {
    const { source, timeZone, utcOffset } = typeof time === 'string' ? { source: time } : time;
    const made = new CronTime(source as CronTimeInput, { timeZone, utcOffset }, this.site.times);
    if (this.native === null && made.shift !== 0) {
      throw new Error(
        `Job "${this.name}": an offset of ${String(utcOffset)} minutes cannot be set here. Name a time zone.`,
      );
    }
    this.cronTime = made;
    if (this.native !== null) {
      if (this.active) this.native.start(made);
      return;
    }
    const { scheduler } = this.site.assembly;
    this.site.ticks.quietly(() => scheduler.reschedule(this.parts.id, made.trigger, made.zone));
  }

  /** Makes a run now; with `waitForCompletion` none while one is open, and the promise waits for it. */
  fireOnTick(): Promise<void> {
    this.site.ticks.run(this.parts.id, !this.waits);
    return this.waits ? this.idle() : Promise.resolve();
  }

  /** Called in each run, after the method and those added before; it does not wait for their promises. */
  addCallback(callback: Callback): void {
    if (typeof callback === 'function') this.callbacks.push(callback);
  }

  /** The application has started: the scheduler fires from now on, unless the job is paused. */
  begin(isPaused: boolean): void {
    this.active = !isPaused;
    if (this.active) this.native?.start(this.cronTime);
  }

  /** Fires no more. */
  halt(reason: string): void {
    this.native?.stop();
    this.site.ticks.pause(this.parts.id, reason);
    this.active = false;
  }

  /** The job itself was paused, resumed or finished, by whoever; a pause leaves the timer, which counts what it covers. */
  followed(isActive: boolean, keepsTimer: boolean): void {
    if (this.active === isActive) return;
    this.active = isActive;
    if (isActive) this.native?.start(this.cronTime);
    else if (!keepsTimer) this.native?.stop();
  }

  /** A fire time came, whether it makes a run or not. */
  ticked(at: number): void {
    this.lastExecution = new Date(at);
  }

  /** Surrounds a run of the job's method. */
  around(context: JobContext, call: () => unknown): unknown {
    if (context.kind === 'scheduled') this.ticked(context.fireTime.getTime());
    this.running++;
    try {
      const result = call();
      if (!isPromiseLike(result)) return this.ended(result);
      return Promise.resolve(result).finally(() => this.ended(undefined));
    } catch (error) {
      this.ended(undefined);
      throw error;
    } finally {
      for (const callback of this.callbacks) this.callBack(callback);
    }
  }

  private nativeTick(at: number): void {
    if (this.active) this.ticked(at);
    if (this.runOnce) this.active = false;
    this.site.ticks.tick(this.parts.id, { fireTime: at, isLast: this.runOnce });
  }

  private ended<T>(result: T): T {
    this.running--;
    if (this.running > 0) return result;
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
    return result;
  }

  private idle(): Promise<void> {
    return this.running === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  private callBack(callback: Callback): void {
    try {
      const result = callback.call(this.context);
      if (isPromiseLike(result)) result.then(undefined, (error: unknown) => this.failed(error));
    } catch (error) {
      this.failed(error);
    }
  }

  private failed(error: unknown): void {
    if (typeof this.errorHandler === 'function') this.errorHandler(error);
    else this.site.tell(this.name, error);
  }

  private async complete(): Promise<void> {
    try {
      await this.onComplete?.call(this.context);
    } catch (error) {
      this.failed(error);
    }
  }
}
