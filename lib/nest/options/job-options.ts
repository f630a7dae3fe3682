import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type {
  HookOutcome,
  JobContext,
  JsonValue,
  OutputOptions,
  Overlap,
  PingOptions,
  Recovery,
} from '../../core/index.js';
import type { Duration, InstantInput } from './inputs.js';

/** A method of a provider, for tasks, conditions and hooks: `[ReportsService, 'isBusinessHours']`. */
export type MethodReference = readonly [Type<object> | (abstract new (...args: never[]) => object), string];

/**
 * A condition or hook as a function. It is called with the run's context, Nest's `ModuleRef` for its dependencies, and,
 * after an attempt, with what became of it. A promise is awaited.
 *
 * @example when: (job, moduleRef) => moduleRef.get(Flags).isOn(job.jobId)
 */
export type HookFunction = (job: JobContext, moduleRef: ModuleRef, outcome?: HookOutcome) => unknown;

/** A hook after an attempt as a function: there is an outcome. */
export type AfterHookFunction = (job: JobContext, moduleRef: ModuleRef, outcome: HookOutcome) => unknown;

/** A condition or hook: a function, or a method of a provider that is called with the run's context. */
export type HookReference<F = HookFunction> = F | MethodReference;

/** One condition or hook, or several, asked and called in their order. */
export type HookOption<F = HookFunction> = HookReference<F> | readonly HookReference<F>[];

/** How often and when a failed run is tried again. Retries are kept in the store and survive a crash. */
export interface RetryOptions {
  /** All tries, the first included, 1 to 1,000. Only failures of the handler count. Default 1: no retry. */
  readonly attempts?: number;
  /** `fixed`: always `delay`. `exponential`: `delay`, twice that, four times … up to `maxDelay`. Default `fixed`. */
  readonly backoff?: 'fixed' | 'exponential';
  /** Wait before the second try. Default 1 s. */
  readonly delay?: Duration;
  /** Longest wait. Default 1 h. */
  readonly maxDelay?: Duration;
  /** Upper bound of a random part added to each wait. Default none. */
  readonly jitter?: Duration;
}

/** How much of the past is kept. */
export interface HistoryOptions {
  /** Settled runs older than this are pruned. */
  readonly age?: Duration;
  /** Settled runs of one job beyond this number are pruned. */
  readonly count?: number;
}

/** What a job does with late, missed, overlapping and failing runs. Each of them may be set for all jobs in `jobDefaults`. */
export interface PolicyOptions {
  /**
   * How late a run may still start; later ones are recorded as skipped, reason `misfire`. `null`, the default: however
   * late. 0 is refused, and so is a bare number below 1,000: it is milliseconds.
   */
  readonly misfireGraceTime?: Duration | null;
  /** Whether missed fire times become one run, for the latest of them (default), or one each. */
  readonly coalesce?: boolean;
  /** Sets `coalesce` and `misfireGraceTime` together: `skip` = one run, 10 s grace; `runOnce` = one run; `runAll` = all. */
  readonly misfire?: 'skip' | 'runOnce' | 'runAll';
  /** With `coalesce: false`: how many missed fire times are made up for; older ones are recorded as skipped. Default 100. */
  readonly catchUpLimit?: number;
  /** Open runs of the job at once, over the whole cluster for a job in a shared store. Default 1. */
  readonly maxInstances?: number;
  /** What happens to a fire time while `maxInstances` runs are open. Default `skip`. */
  readonly overlap?: Overlap;
  /** Retries after a failure of the handler. Default: none. */
  readonly retry?: RetryOptions;
  /** Time limit of one attempt: then `JobContext.signal` is aborted. `null`, the default: none. */
  readonly timeout?: Duration | null;
  /** How long after the abort the outcome is written although the handler still runs. Default 5 s. */
  readonly abortGrace?: Duration;
  /** What becomes of a run whose node died in the middle. Default `retry`. */
  readonly recovery?: Recovery;
  /** Whether the job goes on while the application is paused by `pauseAll`. Default false. */
  readonly evenInMaintenanceMode?: boolean;
  /** Whether settled runs are kept. Default true. */
  readonly keepHistory?: boolean;
  /** How much of this job's past is kept. Default: as the module's `history` says. */
  readonly history?: HistoryOptions;
  /** Whether a handler that answers `false` has failed. Default false; true in the fluent schedule. */
  readonly failsOnFalse?: boolean;
  /** Where the output of runs goes besides their history: files and mail. */
  readonly output?: OutputOptions;
  /** URLs that are called around each run. */
  readonly pings?: PingOptions;
  /** Alias of the executor that makes the attempts. Default `default`. */
  readonly executor?: string;
  /** Alias of the store that keeps the job. Default `default`. */
  readonly store?: string;
}

/** Options of every job, however it is defined. */
export interface JobOptions extends PolicyOptions {
  /** Identity in the application, over all stores: history, pause and next fire time hang on it. 1 to 200 characters. */
  readonly id?: string;
  /** A label for people; for a code job without `id` also its id. */
  readonly name?: string;
  /** What it is for, for people. */
  readonly description?: string;
  /** For lists and filters. */
  readonly tags?: readonly string[];
  /** Former ids: a row found under one of them is renamed, nothing else moves. */
  readonly aliases?: readonly string[];
  /** What the method gets before the `JobContext`: JSON, 64 kB at most. */
  readonly args?: readonly unknown[];
  /** IANA zone of the trigger and of times without offset. Default: the module's. */
  readonly timezone?: string;
  /** false: the job is listed as not enabled and never claimed; not the same as a pause. Default true. */
  readonly enabled?: boolean;
  /** Only in these environments (the module's `environment`) is the job enabled. Default: all. */
  readonly environments?: readonly string[];
  /** No second run while one is open, for that many **minutes** at most; `true` = 1440. Sets `overlap: 'skip'`. */
  readonly withoutOverlapping?: number | boolean;
  /** Keeps the job in a shared store, so that it runs once in the cluster: its `store`, else the first shared one. */
  readonly onOneServer?: boolean;
  /** Runs on the executor `background`, with slots of its own. */
  readonly runInBackground?: boolean;
  /** Conditions asked just before the first attempt; all must hold, else the run is recorded as skipped. */
  readonly when?: HookOption;
  /** Conditions asked just before the first attempt; none may hold. */
  readonly skip?: HookOption;
  /** Called before each attempt; what it throws fails the attempt. */
  readonly before?: HookOption;
  /** Called after each attempt, however it ended. */
  readonly after?: HookOption<AfterHookFunction>;
  /** Called when the run succeeded. */
  readonly onSuccess?: HookOption<AfterHookFunction>;
  /** Called when the run failed for good. */
  readonly onFailure?: HookOption<AfterHookFunction>;
}

/** Options of every trigger, written beside the job's own. */
export interface TriggerOptions {
  /** No fire time before this instant. */
  readonly start?: InstantInput;
  /** No fire time after this instant. */
  readonly end?: InstantInput;
  /** Delays each start by a part of this that follows from job id and fire time. */
  readonly jitter?: Duration;
  /** The job is finished after this many scheduled runs. */
  readonly limit?: number;
  /** Adds one run at each start. */
  readonly runOnStart?: boolean;
}

/** Options of an interval beside the job's own. */
export interface IntervalTriggerOptions extends TriggerOptions {
  /** Counts from the end of the previous run and keeps no grid. */
  readonly fixedDelay?: boolean;
  /** Moves the first fire time: that long after the job was put. */
  readonly initialDelay?: Duration;
}

/** Everything a decorator takes beside its trigger. */
export type DecoratorOptions = JobOptions & TriggerOptions;

/** Everything `@Interval` takes beside its length. */
export type IntervalDecoratorOptions = JobOptions & IntervalTriggerOptions;

/** A value, or a function of Nest's `ModuleRef` that answers it when the application starts. */
export type FromInjector<T> = T | ((ref: ModuleRef) => T);

/** Job options with arguments that were checked. */
export type JsonArguments = readonly JsonValue[];
