import type { Problem, TableOf } from './kind.js';
import { conflict } from './kind.js';
import { either, flag, integer, listOf, nullable, oneOf, text, thing } from './kinds.js';
import { hook } from './hook-kind.js';
import { output, pings } from './output-tables.js';
import type {
  HistoryOptions,
  IntervalTriggerOptions,
  JobOptions,
  PolicyOptions,
  RetryOptions,
  TriggerOptions,
} from './job-options.js';
import type { Foreign } from './tables.js';
import { group } from './tables.js';
import { duration, instant, readInstant, zone, millis } from './units.js';
import type { Duration } from './inputs.js';

const alias = text(64);

export const RETRY_TABLE: TableOf<RetryOptions> = {
  attempts: {
    kind: integer(1, 1_000),
    default: '1',
    neighbours: ['tries', 'maxAttempts', 'max_attempts', 'limit', 'times'],
  },
  backoff: { kind: oneOf('fixed', 'exponential'), default: "'fixed'", neighbours: ['strategy', 'type'] },
  delay: { kind: duration({ min: 0 }), default: '1 s', neighbours: ['wait', 'retryDelay', 'interval'] },
  maxDelay: { kind: duration(), default: '1 h', neighbours: ['max_delay', 'maxBackoff', 'cap'] },
  jitter: { kind: duration({ min: 0 }), default: 'none' },
};

function retryTogether(options: Record<string, unknown>): readonly Problem[] {
  const { delay, maxDelay } = options as RetryOptions;
  if (delay === undefined || maxDelay === undefined || millis(delay) <= millis(maxDelay)) return [];
  return conflict('maxDelay', maxDelay, 'is shorter than delay. Make it at least as long, or leave it out.');
}

const retry = group(RETRY_TABLE, {
  together: retryTogether,
  foreign: { factor: 'exponential always doubles; maxDelay bounds it.' },
});

export const HISTORY_TABLE: TableOf<HistoryOptions> = {
  age: { kind: duration({ min: 1_000 }), default: '30 days', neighbours: ['maxAge', 'ttl', 'days'] },
  count: { kind: integer(0, 1_000_000), default: '1,000 a job', neighbours: ['limit', 'max', 'maxRuns', 'runs'] },
};

const graceTime = duration({
  refusesSmallNumbers: true,
  zeroAdvice: "is 0: every run would be missed. Write null for no limit, or how late a run may start, such as '60s'.",
});

export const POLICY_TABLE: TableOf<PolicyOptions> = {
  misfireGraceTime: {
    kind: nullable(graceTime),
    default: 'null: however late',
    neighbours: ['misfire_grace_time', 'misfireGrace', 'graceTime', 'grace_time', 'threshold', 'misfireThreshold'],
  },
  coalesce: { kind: flag(), default: 'true', neighbours: ['coalesced'] },
  misfire: { kind: oneOf('skip', 'runOnce', 'runAll'), neighbours: ['misfirePolicy', 'misfire_policy', 'catchUp'] },
  catchUpLimit: { kind: integer(1, 10_000), default: '100', neighbours: ['catch_up_limit', 'maxCatchUp'] },
  maxInstances: {
    kind: integer(1, 10_000),
    default: '1',
    neighbours: ['max_instances', 'maxConcurrency', 'max_running_jobs', 'concurrency', 'maxRunning'],
  },
  overlap: {
    kind: oneOf('skip', 'bufferOne', 'bufferAll', 'cancelOther', 'allowAll'),
    default: "'skip'",
    neighbours: ['overlapPolicy', 'overlap_policy', 'noOverlap', 'protect', 'preventOverrun'],
  },
  retry: { kind: retry, default: 'none', neighbours: ['retries', 'retryPolicy', 'retryOptions'] },
  timeout: {
    kind: nullable(duration({ refusesSmallNumbers: true, zeroAdvice: 'is 0. Write null for no limit.' })),
    default: 'null: none',
    neighbours: ['timeLimit', 'time_limit', 'maxDuration', 'maxExecutionTime'],
  },
  abortGrace: { kind: duration({ min: 0, max: 3_600_000 }), default: '5 s', neighbours: ['abort_grace', 'killDelay'] },
  recovery: { kind: oneOf('retry', 'fail', 'skip'), default: "'retry'", neighbours: ['onCrash', 'requestRecovery'] },
  evenInMaintenanceMode: { kind: flag(), default: 'false', neighbours: ['even_in_maintenance_mode', 'inMaintenance'] },
  keepHistory: { kind: flag(), default: 'true', neighbours: ['keep_history', 'saveHistory', 'removeOnComplete'] },
  history: { kind: group(HISTORY_TABLE), default: "the module's", neighbours: ['retention', 'keep'] },
  failsOnFalse: { kind: flag(), default: 'false', neighbours: ['fails_on_false', 'failOnFalse'] },
  output: { kind: output, neighbours: ['outputTo', 'sendOutputTo', 'appendOutputTo', 'logFile'] },
  pings: { kind: pings, neighbours: ['ping', 'webhooks', 'urls', 'pingUrl'] },
  executor: { kind: alias, default: "'default'", neighbours: ['executors', 'queue'] },
  store: { kind: alias, default: "'default'", neighbours: ['jobstore', 'jobStore', 'job_store', 'stores'] },
};

const withoutOverlapping = either(flag(), integer(1, 525_600, 'min'), (value) => typeof value !== 'boolean');
const list = thing('unknown[]', 'a list of arguments', Array.isArray);

/** Options that only jobs have: no default for all jobs makes sense for them. */
export const OWN_JOB_TABLE: TableOf<Omit<JobOptions, keyof PolicyOptions>> = {
  id: { kind: text(200), default: 'see Ids', neighbours: ['jobId', 'job_id', 'key'] },
  name: { kind: text(200), neighbours: ['jobName', 'job_name', 'title'] },
  description: { kind: text(2_000), neighbours: ['desc', 'summary'] },
  tags: { kind: listOf(text(64), 50), default: '[]', neighbours: ['tag', 'labels'] },
  aliases: { kind: listOf(text(200), 50), default: '[]', neighbours: ['alias', 'formerIds', 'oldIds'] },
  args: { kind: list, default: '[]', neighbours: ['arguments', 'params', 'payload', 'data', 'kwargs'] },
  timezone: { kind: zone(), default: "the module's", neighbours: ['timeZone', 'tz', 'zone', 'time_zone'] },
  enabled: { kind: flag(), default: 'true', neighbours: ['is_enabled', 'isEnabled', 'active'] },
  environments: { kind: listOf(text(64), 50), default: 'all', neighbours: ['environment', 'env', 'envs'] },
  withoutOverlapping: { kind: withoutOverlapping, default: 'false', neighbours: ['without_overlapping'] },
  onOneServer: { kind: flag(), default: 'false', neighbours: ['on_one_server', 'singleton', 'clustered'] },
  runInBackground: { kind: flag(), default: 'false', neighbours: ['run_in_background', 'background'] },
  when: { kind: hook(), neighbours: ['condition', 'if', 'runWhen'] },
  skip: { kind: hook(), neighbours: ['unless', 'skipIf', 'skipWhen'] },
  before: { kind: hook(), neighbours: ['onBefore', 'beforeRun', 'onStart'] },
  after: { kind: hook(), neighbours: ['onComplete', 'onAfter', 'then', 'afterRun', 'onTick'] },
  onSuccess: { kind: hook(), neighbours: ['on_success', 'onCompleted'] },
  onFailure: { kind: hook(), neighbours: ['on_failure', 'onError', 'errorHandler', 'onFail'] },
};

export const JOB_TABLE: TableOf<JobOptions> = { ...POLICY_TABLE, ...OWN_JOB_TABLE };

export const TRIGGER_TABLE: TableOf<TriggerOptions> = {
  start: { kind: instant(), neighbours: ['startDate', 'start_date', 'startAt', 'from', 'startTime', 'next_run_time'] },
  end: { kind: instant(), neighbours: ['endDate', 'end_date', 'endAt', 'until', 'endTime', 'to'] },
  jitter: { kind: duration({ min: 0 }), default: 'none', neighbours: ['splay', 'randomDelay'] },
  limit: {
    kind: integer(1, 1_000_000_000),
    default: 'none',
    neighbours: ['maxRuns', 'max_runs', 'repeatLimit', 'times'],
  },
  runOnStart: {
    kind: flag(),
    default: 'false',
    neighbours: ['runOnInit', 'run_on_start', 'immediately', 'fireOnStart'],
  },
};

export const INTERVAL_TABLE: TableOf<IntervalTriggerOptions> = {
  ...TRIGGER_TABLE,
  fixedDelay: { kind: flag(), default: 'false', neighbours: ['fixed_delay'] },
  initialDelay: {
    kind: duration({ min: 0 }),
    default: 'one length',
    neighbours: ['initial_delay', 'delay', 'startDelay'],
  },
};

const LENGTH = 'A length stands in the trigger: @Interval({ minutes: 5 }) or every({ minutes: 5 }).';
const RETRY = "Write retry: { attempts: 3, backoff: 'exponential', delay: '10s' }.";

/** Options of other schedulers that have no counterpart of the same shape. */
export const FOREIGN_JOB_OPTIONS: Foreign = {
  disabled: 'Write enabled: false.',
  waitForCompletion: "That is how it is by default: maxInstances is 1 and overlap is 'skip'.",
  utcOffset: "Write timezone: 'UTC', or a zone such as 'Etc/GMT-2'.",
  unrefTimeout: 'Close the application instead: no timer is left then.',
  initialDelay: 'Only an interval has it; else write start.',
  fixedDelay: 'Only an interval has it.',
  cronTime: 'The cron is the first argument.',
  context: 'A method is called on its provider.',
  attempts: RETRY,
  tries: RETRY,
  backoff: RETRY,
  maxRetries: RETRY,
  max_retries: RETRY,
  seconds: LENGTH,
  minutes: LENGTH,
  hours: LENGTH,
  days: LENGTH,
  weeks: LENGTH,
  priority: 'Runs start in the order of their fire times.',
  func: 'The task is the decorated method, or task in the registry.',
  run_date: 'Write at: the instant.',
  runDate: 'Write at: the instant.',
  remove_on_complete: 'Write keepHistory: false.',
};

/** Contradictions between the options of one job, or of `jobDefaults`. */
export function jobContradictions(options: Record<string, unknown>): readonly Problem[] {
  const given = options as JobOptions & IntervalTriggerOptions;
  const problems: Problem[] = [];
  for (const name of Object.keys(CONTRADICTIONS)) {
    if (options[name] === undefined) continue;
    for (const rule of CONTRADICTIONS[name]) problems.push(...rule(given));
  }
  return problems;
}

type Rule = (options: JobOptions & IntervalTriggerOptions) => readonly Problem[];

/** By an option without which the rules say nothing. */
const CONTRADICTIONS: Readonly<Record<string, readonly Rule[]>> = {
  misfire: [
    ({ misfire, coalesce }) =>
      coalesce === undefined
        ? []
        : conflict('misfire', misfire, `stands beside coalesce, which it sets itself. Keep one of them.`),
    ({ misfire, misfireGraceTime }) =>
      misfireGraceTime === undefined
        ? []
        : conflict('misfire', misfire, `stands beside misfireGraceTime, which it sets itself. Keep one of them.`),
  ],
  catchUpLimit: [
    ({ catchUpLimit, coalesce, misfire }) =>
      coalesce === true || misfire === 'skip' || misfire === 'runOnce'
        ? conflict(
            'catchUpLimit',
            catchUpLimit,
            'counts only without coalescing. Write coalesce: false, or leave it out.',
          )
        : [],
  ],
  withoutOverlapping: [
    ({ withoutOverlapping, overlap }) =>
      isOn(withoutOverlapping) && overlap !== undefined && overlap !== 'skip'
        ? conflict('overlap', overlap, "contradicts withoutOverlapping, which means 'skip'. Keep one of them.")
        : [],
    ({ withoutOverlapping, maxInstances }) =>
      isOn(withoutOverlapping) && maxInstances !== undefined && maxInstances > 1
        ? conflict('maxInstances', maxInstances, 'contradicts withoutOverlapping, which means 1. Keep one of them.')
        : [],
  ],
  runInBackground: [
    ({ runInBackground, executor }) =>
      runInBackground === true && executor !== undefined && executor !== 'background'
        ? conflict('executor', executor, "contradicts runInBackground, which means 'background'. Keep one of them.")
        : [],
  ],
  keepHistory: [
    ({ keepHistory, history }) =>
      keepHistory === false && history !== undefined
        ? conflict('history', history, 'contradicts keepHistory: false. Keep one of them.')
        : [],
  ],
  initialDelay: [
    ({ start, initialDelay }) =>
      start !== undefined
        ? conflict('initialDelay', initialDelay, 'stands beside start: both say when the first fire time is. Keep one.')
        : [],
  ],
  fixedDelay: [
    ({ fixedDelay, withoutOverlapping }) =>
      fixedDelay === true && isOn(withoutOverlapping)
        ? conflict(
            'withoutOverlapping',
            withoutOverlapping,
            'says nothing beside fixedDelay, which never overlaps. Leave it out.',
          )
        : [],
  ],
  start: [startAfterEnd],
};

function isOn(withoutOverlapping: number | boolean | undefined): boolean {
  return withoutOverlapping !== undefined && withoutOverlapping !== false;
}

function startAfterEnd({ start, end, timezone }: JobOptions & TriggerOptions): readonly Problem[] {
  if (start === undefined || end === undefined) return [];
  const [from, to] = [readInstant(start, timezone ?? 'UTC'), readInstant(end, timezone ?? 'UTC')];
  if (typeof from === 'string' || typeof to === 'string' || from <= to) return [];
  return conflict('end', end, 'is before start: there would be no fire time. Exchange them.');
}

/** A length of time that was checked before, or undefined. */
export function optionalMillis(value: Duration | undefined): number | undefined {
  return value === undefined ? undefined : millis(value);
}
