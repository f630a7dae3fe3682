import { DEFAULT_POLICY } from '../../core/index.js';
import type { HistoryPolicy, JobPolicy, Millis, RetryPolicy } from '../../core/index.js';
import type { Duration } from './inputs.js';
import type { HistoryOptions, JobOptions, PolicyOptions, RetryOptions } from './job-options.js';
import { millis } from './units.js';

const MINUTE: Millis = 60_000;
const DEFAULT_OVERLAP_MINUTES = 1_440;
/** Grace of the preset `misfire: 'skip'` (SEMANTICS 2.3). */
const SKIP_GRACE: Millis = 10_000;
const NO_DEFAULTS: PolicyOptions = {};

/**
 * The complete policy of a job: its options, before them `jobDefaults`, before them the defaults of SEMANTICS section 4.
 * Both were validated before.
 */
export function toPolicy(options: JobOptions, jobDefaults: PolicyOptions = NO_DEFAULTS): JobPolicy {
  let policies = ofDefaults.get(jobDefaults);
  if (policies === undefined) {
    policies = new SharedPolicies(apply(DEFAULT_POLICY, jobDefaults));
    ofDefaults.set(jobDefaults, policies);
  }
  return policies.of(options);
}

/** A policy with some options changed, the others as they were; `base` itself when none is. */
export function apply(base: JobPolicy, options: JobOptions): JobPolicy {
  if (!saysSomething(options)) return base;
  const changes = policyChanges(base, options);
  return Object.keys(changes).length === 0 ? base : { ...base, ...changes };
}

/** Policies remembered; beyond that they are made anew, and shared less. */
const REMEMBERED = 1_000;

/** Jobs that say the same share one policy, frozen: applications have thousands of jobs and a few policies. */
class SharedPolicies {
  private readonly byChanges = new Map<string, JobPolicy>();
  private readonly base: JobPolicy;

  constructor(base: JobPolicy) {
    this.base = Object.freeze(base);
  }

  of(options: JobOptions): JobPolicy {
    if (!saysSomething(options)) return this.base;
    const changes = policyChanges(this.base, options);
    const key = JSON.stringify(changes);
    let policy = this.byChanges.get(key);
    if (policy === undefined) {
      policy = Object.freeze({ ...this.base, ...changes });
      if (this.byChanges.size >= REMEMBERED) this.byChanges.clear();
      this.byChanges.set(key, policy);
    }
    return policy;
  }
}

/** By `jobDefaults`, which are the same for all jobs of an application. */
const ofDefaults = new WeakMap<PolicyOptions, SharedPolicies>();

const POLICY_OPTIONS: ReadonlySet<string> = new Set<keyof JobOptions>([
  'misfireGraceTime',
  'coalesce',
  'misfire',
  'catchUpLimit',
  'maxInstances',
  'overlap',
  'retry',
  'timeout',
  'abortGrace',
  'recovery',
  'evenInMaintenanceMode',
  'keepHistory',
  'history',
  'failsOnFalse',
  'output',
  'pings',
  'executor',
  'withoutOverlapping',
  'runInBackground',
]);

function saysSomething(options: JobOptions): boolean {
  for (const name in options) {
    if (POLICY_OPTIONS.has(name) && options[name as keyof JobOptions] !== undefined) return true;
  }
  return false;
}

/** What options change of a policy; parts of `retry` and `history` that they leave out stay as in `base`. */
export function policyChanges(base: ChangedPolicy, options: JobOptions): Partial<JobPolicy> {
  const { misfireGraceTime, coalesce } = misfireOf(options);
  return given({
    coalesce,
    catchUpLimit: options.catchUpLimit,
    maxInstances: options.maxInstances,
    overlap: options.overlap,
    recovery: options.recovery,
    evenInMaintenanceMode: options.evenInMaintenanceMode,
    keepHistory: options.keepHistory,
    failsOnFalse: options.failsOnFalse,
    output: joined(base.output, options.output),
    pings: joined(base.pings, options.pings),
    executor: executorOf(options, base.executor),
    misfireGraceTime: lengthOrNull(misfireGraceTime),
    timeout: lengthOrNull(options.timeout),
    abortGrace: length(options.abortGrace),
    retry: options.retry === undefined ? undefined : retryOf(base.retry, options.retry),
    history: options.history === undefined ? undefined : historyOf(base.history, options.history),
    ...overlappingOf(options.withoutOverlapping),
  });
}

type ChangedPolicy = Pick<JobPolicy, 'retry' | 'history' | 'executor' | 'output' | 'pings'>;

/** What a job says about its output or pings, beside what the defaults say; undefined: it says nothing. */
function joined<T extends object>(base: T | null | undefined, options: T | undefined): T | undefined {
  return options === undefined ? undefined : ({ ...base, ...given(options) } as T);
}

/** `runInBackground: false` takes back what `true` did; beside another executor it says nothing. */
function executorOf({ runInBackground, executor }: JobOptions, before: string): string | undefined {
  if (runInBackground === true) return 'background';
  return executor ?? (runInBackground === false && before === 'background' ? 'default' : undefined);
}

function misfireOf(options: PolicyOptions): Pick<PolicyOptions, 'misfireGraceTime' | 'coalesce'> {
  switch (options.misfire) {
    case 'skip':
      return { coalesce: true, misfireGraceTime: SKIP_GRACE };
    case 'runOnce':
      return { coalesce: true, misfireGraceTime: null };
    case 'runAll':
      return { coalesce: false, misfireGraceTime: null };
    case undefined:
      return options;
  }
}

function overlappingOf(option: JobOptions['withoutOverlapping']): Partial<JobPolicy> {
  if (option === undefined) return {};
  if (option === false) return { overlapExpiry: null };
  const minutes = option === true ? DEFAULT_OVERLAP_MINUTES : option;
  return { overlap: 'skip', maxInstances: 1, overlapExpiry: minutes * MINUTE };
}

function retryOf(base: RetryPolicy, options: RetryOptions): RetryPolicy {
  const retry = {
    ...base,
    ...given({
      attempts: options.attempts,
      backoff: options.backoff,
      delay: length(options.delay),
      maxDelay: length(options.maxDelay),
      jitter: length(options.jitter),
    }),
  };
  return options.maxDelay === undefined ? { ...retry, maxDelay: Math.max(retry.maxDelay, retry.delay) } : retry;
}

function historyOf(base: HistoryPolicy | null, options: HistoryOptions): HistoryPolicy {
  return { ...(base ?? { age: null, count: null }), ...given({ age: length(options.age), count: options.count }) };
}

function length(value: Duration | undefined): Millis | undefined {
  return value === undefined ? undefined : millis(value);
}

function lengthOrNull(value: Duration | null | undefined): Millis | null | undefined {
  return value === null ? null : length(value);
}

/** The entries that are not undefined. */
function given<T extends object>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const name in entries) {
    const value = entries[name];
    if (value !== undefined) kept[name] = value as Exclude<T[typeof name], undefined>;
  }
  return kept;
}
