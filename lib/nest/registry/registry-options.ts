import type {
  JobOrigin,
  JobStatus,
  RunKind,
  RunState,
  ScheduleArguments,
  SkipReason,
  Trigger,
} from '../../core/index.js';
import type {
  CronFields,
  Duration,
  InstantInput,
  IntervalTriggerOptions,
  JobOptions,
  MethodReference,
  TriggerOptions,
} from '../options/index.js';

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
  /**
   * TypeORM `EntityManager` of the caller's transaction: the job is there when that commits. Listeners are told of it
   * (`job.added`) when the store shows it, up to 5 s later, and never of one that was rolled back.
   */
  readonly manager?: unknown;
}

interface TaskOption {
  /** What the job does. */
  readonly task: TaskReference;
}

/** A job for `addMany`; options given beside the trigger win over those that it was made with. */
export interface ManyJobInput extends JobOptions, TriggerOptions, TaskOption {
  /** When it does it: `cron('0 9 * * *')`, `every('5m')`, `at(instant)` and their combinations. */
  readonly trigger: Trigger;
}

/** A job for `add`, and how it is added. */
export interface JobInput extends ManyJobInput, AddOptions {}

/** A job for `addCron`: exactly one of `expression` and `fields`. */
export interface CronJobInput extends JobOptions, TriggerOptions, AddOptions, TaskOption {
  /** 5 fields, 6 with seconds first, 7 with the year last, or `@daily` and the like. */
  readonly expression?: string;
  /** The rule by named fields; weekday 0 is Monday. */
  readonly fields?: CronFields;
}

/** A job for `addInterval`. */
export interface IntervalJobInput extends JobOptions, IntervalTriggerOptions, AddOptions, TaskOption {
  /** From fire time to fire time; a bare number is milliseconds and refused below 1,000. */
  readonly every: Duration;
}

/** A job for `addAt`; without `at` it runs at once. */
export interface DateJobInput extends JobOptions, TriggerOptions, AddOptions, TaskOption {
  /** When it runs. Text without offset is in the job's zone. */
  readonly at?: InstantInput;
}

/** A job for `schedule`: `args` are those of the method `F`. */
export type ScheduleInput<F> = Omit<JobInput, 'task' | 'args'> & ScheduleArguments<F>;

/** What `modify` may set; the rest of the job stays. A changed trigger or zone moves the next fire time. */
export interface JobChanges extends Omit<
  JobOptions,
  'id' | 'aliases' | 'store' | 'onOneServer' | 'enabled' | 'environments'
> {
  /** Moves the next fire time, as `reschedule` does. */
  readonly trigger?: Trigger;
}

export interface PauseOptions {
  /** Who asked for it. */
  readonly by?: string;
  /** Why, for people. */
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
  /** The earliest fire time; text without offset is in the job's zone. */
  readonly from: InstantInput;
  /** The latest fire time. */
  readonly to: InstantInput;
}

/** Fields are ANDed; without any: all jobs. */
export interface JobListFilter {
  /** Only jobs with these ids. */
  readonly ids?: readonly string[];
  /** Alias of their store. */
  readonly store?: string;
  /** Defined by code, or added at run time. */
  readonly origin?: JobOrigin;
  /** One status, or a list of them. */
  readonly status?: JobStatus | readonly JobStatus[];
  /** Jobs of this task. */
  readonly task?: TaskReference;
  /** Jobs with this tag. */
  readonly tag?: string;
  /** Paused by themselves; a pause of the whole application does not count. */
  readonly paused?: boolean;
  /** Switched on, or off, by `enabled` and `environments`. */
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
  /** Runs of this job. */
  readonly jobId?: string;
  /** Alias of their store. */
  readonly store?: string;
  /** One state or outcome, or a list of them. */
  readonly state?: RunState | readonly RunState[];
  /** Skipped ones with this reason. */
  readonly reason?: SkipReason;
  /** Id of the node that had them. */
  readonly node?: string;
  /** Scheduled, at start, by hand, or backfilled. */
  readonly kind?: RunKind;
  /** Runs with a fire time from here on; text without offset is in the module's zone. */
  readonly from?: InstantInput;
  /** Runs with a fire time up to here. */
  readonly to?: InstantInput;
}

/** What a report of fire times shows, and how. */
export interface ReportFilter extends PreviewFilter {
  /** IANA zone in which times are shown. Default: the module's. */
  readonly timezone?: string;
}

export interface PreviewFilter {
  /** Only jobs with these ids. */
  readonly ids?: readonly string[];
  /** Jobs with this tag. */
  readonly tag?: string;
  /** Alias of their store. */
  readonly store?: string;
}
