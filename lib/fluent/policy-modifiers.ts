import type { OutputOptions, PingOptions } from '../core/index.js';
import { CronTrigger } from '../triggers/index.js';
import { retryWithUnits, withUnit, type JobState } from './job-state.js';

/** Type of an option of `O`, the job options of whoever wires the schedule. */
export type OptionOf<O, K extends string> = K extends keyof O ? Exclude<O[K], undefined> : never;

/** The same without bare numbers, whose unit would be open. */
export type WithUnit<T> = Exclude<T, number>;

/** Retries whose delays name their unit. */
export type RetryWithUnits<R> = { readonly [K in keyof R]: K extends 'attempts' ? R[K] : WithUnit<R[K]> };

/** Options of a job by their names: identity, policy, store, executor, window. */
export abstract class PolicyModifiers<O extends object> {
  /** What was said so far; not for use outside of this package. */
  protected readonly said: JobState;

  constructor(state: JobState) {
    this.said = state;
  }

  /** IANA zone of its times; default: the module's. @throws {InvalidTimezoneError} */
  timezone(zone: string): this {
    new CronTrigger('* * * * *', { timezone: zone });
    return this.option('timezone', zone);
  }

  /** A label for people, and the job's id where `id` is not given. */
  name(name: string): this {
    return this.option('name', name);
  }

  /** What it is for, for people. */
  description(description: string): this {
    return this.option('description', description);
  }

  /** For lists and filters; adds to those of its groups. */
  tags(...tags: readonly (string | readonly string[])[]): this {
    this.said.add('tags', tags.flat());
    return this;
  }

  /** Identity in the application: history, pause and next fire time hang on it. */
  id(id: string): this {
    return this.option('id', id);
  }

  /** Former ids: what is stored under one of them is renamed. */
  aliases(...ids: readonly string[]): this {
    return this.option('aliases', ids);
  }

  /** false: listed as not enabled and never claimed. */
  enabled(isEnabled = true): this {
    return this.option('enabled', isEnabled);
  }

  /** Only in these environments is the job enabled. */
  environments(...names: readonly (string | readonly string[])[]): this {
    return this.option('environments', names.flat());
  }

  /** No second run while one is open, for that many **minutes** at most. */
  withoutOverlapping(expiresAfterMinutes = 1440): this {
    return this.option('withoutOverlapping', expiresAfterMinutes);
  }

  /** Keeps the job in a shared store, so that it runs once in the cluster. */
  onOneServer(isOn = true): this {
    return this.option('onOneServer', isOn);
  }

  /** Runs on the executor `background`, with slots of its own. */
  runInBackground(isOn = true): this {
    return this.option('runInBackground', isOn);
  }

  /** Goes on while the application is paused by `pauseAll`. */
  evenInMaintenanceMode(isOn = true): this {
    return this.option('evenInMaintenanceMode', isOn);
  }

  /** Alias of the store that keeps the job. */
  store(alias: string): this {
    return this.option('store', alias);
  }

  /** Alias of the executor that makes the attempts. */
  executor(alias: string): this {
    return this.option('executor', alias);
  }

  /** Retries after a failure; the delays are text or objects. */
  retry(retry: RetryWithUnits<OptionOf<O, 'retry'>>): this {
    retryWithUnits(retry, 'retry()');
    return this.option('retry', retry);
  }

  /** Time limit of one attempt, such as `'5m'`; null: none. */
  timeout(length: WithUnit<OptionOf<O, 'timeout'>>): this {
    withUnit(length, 'timeout()');
    return this.option('timeout', length);
  }

  /** What becomes of missed fire times: `skip`, `runOnce` or `runAll`. */
  misfire(preset: OptionOf<O, 'misfire'>): this {
    return this.option('misfire', preset);
  }

  /** How late a run may still start, such as `'5m'`; null: however late. */
  misfireGraceTime(length: WithUnit<OptionOf<O, 'misfireGraceTime'>>): this {
    withUnit(length, 'misfireGraceTime()');
    return this.option('misfireGraceTime', length);
  }

  /** Whether missed fire times become one run, or one each. */
  coalesce(isOn = true): this {
    return this.option('coalesce', isOn);
  }

  /** With `coalesce(false)`: how many missed fire times are made up for. */
  catchUpLimit(count: number): this {
    return this.option('catchUpLimit', count);
  }

  /** Open runs of the job at once, over the whole cluster for a job in a shared store. */
  maxInstances(count: number): this {
    return this.option('maxInstances', count);
  }

  /** What happens to a fire time while `maxInstances` runs are open. */
  overlap(overlap: OptionOf<O, 'overlap'>): this {
    return this.option('overlap', overlap);
  }

  /** How long after an abort the outcome is written although the handler still runs. */
  abortGrace(length: OptionOf<O, 'abortGrace'>): this {
    return this.option('abortGrace', length);
  }

  /** What becomes of a run whose node died in the middle. */
  recovery(recovery: OptionOf<O, 'recovery'>): this {
    return this.option('recovery', recovery);
  }

  /** Whether settled runs are kept. */
  keepHistory(isOn = true): this {
    return this.option('keepHistory', isOn);
  }

  /** How much of this job's past is kept. */
  history(history: OptionOf<O, 'history'>): this {
    return this.option('history', history);
  }

  /** Whether a handler that answers `false` has failed; here the default is true. */
  failsOnFalse(isOn = true): this {
    return this.option('failsOnFalse', isOn);
  }

  /** All of where the output goes at once. */
  output(output: OutputOptions): this {
    return this.option('output', output);
  }

  /** All URLs that are called around a run at once. */
  pings(pings: PingOptions): this {
    return this.option('pings', pings);
  }

  /** No fire time before this instant. */
  start(instant: OptionOf<O, 'start'>): this {
    return this.option('start', instant);
  }

  /** No fire time after this instant. */
  end(instant: OptionOf<O, 'end'>): this {
    return this.option('end', instant);
  }

  /** Delays each start by a part of this that follows from job id and fire time. */
  jitter(length: OptionOf<O, 'jitter'>): this {
    return this.option('jitter', length);
  }

  /** The job is finished after this many scheduled runs. */
  limit(runs: number): this {
    return this.option('limit', runs);
  }

  /** Adds one run at each start. */
  runOnStart(isOn = true): this {
    return this.option('runOnStart', isOn);
  }

  private option(name: string, value: unknown): this {
    this.said.set(name, value);
    return this;
  }
}
