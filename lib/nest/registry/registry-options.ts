import type { JobOrigin, JobStatus, RunKind, RunState, SkipReason, Trigger } from '../../core/index.js';
import type {
  CronFields,
  Duration,
  InstantInput,
  IntervalTriggerOptions,
  JobOptions,
  MethodReference,
  TriggerOptions,
} from '../options/index.js';
import type { ScheduleArguments } from './schedule-types.js';

/** A function as a task: it gets `args`, then the `JobContext`. Memory store only: no row can keep it. */
// Any parameters: the context is added to whatever the job's arguments are.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type TaskFunction = (...args: any[]) => unknown;

/** What a job does: `'Class.method'`, `[Class, 'method']`, a name from `forFeature({ tasks })`, or a function. */
export type TaskReference = string | MethodReference | TaskFunction;

/** How a job is added, beside its own options. */
export interface AddOptions {
  /** Replaces all of a job that has this id, its pause and next fire time too. Default false: refused. */
  readonly replaceExisting?: boolean;
  /** TypeORM `EntityManager` of the caller's transaction: the job is there when that commits. */
  readonly manager?: unknown;
}

interface TaskOption {
  readonly task: TaskReference;
}

/** A job for `add` and `addMany`; options of the trigger win over those that it was made with. */
export interface JobInput extends JobOptions, TriggerOptions, AddOptions, TaskOption {
  readonly trigger: Trigger;
}

/** A job for `addCron`: exactly one of `expression` and `fields`. */
export interface CronJobInput extends JobOptions, TriggerOptions, AddOptions, TaskOption {
  readonly expression?: string;
  readonly fields?: CronFields;
}

/** A job for `addInterval`. */
export interface IntervalJobInput extends JobOptions, IntervalTriggerOptions, AddOptions, TaskOption {
  readonly every: Duration;
}

/** A job for `addAt`; without `at` it runs at once. */
export interface DateJobInput extends JobOptions, TriggerOptions, AddOptions, TaskOption {
  readonly at?: InstantInput;
}

/** A job for `schedule`: `args` are those of the method `F`. */
export type ScheduleInput<F> = Omit<JobInput, 'task' | 'args'> & ScheduleArguments<F>;

/** What `modify` may set; the rest of the job stays. A changed trigger or zone moves the next fire time. */
export interface JobChanges extends Omit<
  JobOptions,
  'id' | 'aliases' | 'store' | 'onOneServer' | 'enabled' | 'environments'
> {
  readonly trigger?: Trigger;
}

export interface PauseOptions {
  /** Who asked for it. */
  readonly by?: string;
  readonly reason?: string;
  /** Resumes by itself then. Text without offset is in the job's zone. */
  readonly until?: InstantInput;
}

export interface ResumeOptions {
  /** Makes up for fire times missed while paused, as after a downtime. Default false. */
  readonly catchUp?: boolean;
}

export interface RescheduleOptions {
  /** IANA zone of the job from now on. Default: as it is. */
  readonly timezone?: string;
}

export interface RunNowOptions {
  /** Instead of the job's own, for this run. */
  readonly args?: readonly unknown[];
  /** Obeys neither conditions nor `maxInstances`. Default false. */
  readonly force?: boolean;
}

/** Fire times from `from` to `to`, both included. */
export interface BackfillOptions {
  readonly from: InstantInput;
  readonly to: InstantInput;
}

/** Fields are ANDed; without any: all jobs. */
export interface JobListFilter {
  readonly ids?: readonly string[];
  readonly store?: string;
  readonly origin?: JobOrigin;
  readonly status?: JobStatus | readonly JobStatus[];
  readonly task?: TaskReference;
  readonly tag?: string;
  readonly paused?: boolean;
  readonly enabled?: boolean;
  /** Only ids after this one, for pages. */
  readonly after?: string;
  /** 1 to 10,000. Default: all. */
  readonly limit?: number;
}

export interface PageOptions {
  /** Runs on a page, 1 to 1,000. Default 50. */
  readonly limit?: number;
  /** Where the page before ended. */
  readonly cursor?: string;
}

/** Fields are ANDed; without any: all runs that are kept. */
export interface RunListFilter extends PageOptions {
  readonly jobId?: string;
  readonly store?: string;
  readonly state?: RunState | readonly RunState[];
  readonly reason?: SkipReason;
  readonly node?: string;
  readonly kind?: RunKind;
  /** Runs with a fire time from here on; text without offset is in the module's zone. */
  readonly from?: InstantInput;
  /** Runs with a fire time up to here. */
  readonly to?: InstantInput;
}

export interface PreviewFilter {
  readonly ids?: readonly string[];
  readonly tag?: string;
  readonly store?: string;
}
