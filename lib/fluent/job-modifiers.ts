import type { Exclusion } from '../triggers/index.js';
import { listOf } from './job-state.js';
import { PolicyModifiers, type OptionOf } from './policy-modifiers.js';

type Several = readonly (string | readonly string[])[];

/** What every job of the fluent schedule may be told, whatever its times are. */
export abstract class JobModifiers<O extends object> extends PolicyModifiers<O> {
  /**
   * Only the fire times from `from` to `to` of the day, both inclusive; may cross midnight. Judged at each fire time, in the
   * job's zone.
   *
   * @throws {InvalidTriggerError} unless both are times of day
   * @example schedule.call(poll).everyMinute().between('22:00', '6:00')
   */
  between(from: string, to: string): this {
    this.said.for('between').timing.filter((trigger) => trigger.between(from, to));
    return this;
  }

  /** Only the fire times outside `from` to `to`; may cross midnight. @throws {InvalidTriggerError} unless both are times of day */
  unlessBetween(from: string, to: string): this {
    this.said.for('unlessBetween').timing.filter((trigger) => trigger.unlessBetween(from, to));
    return this;
  }

  /** Not on the days of registered calendars, nor on single dates. @example schedule.call(bill).daily().excluding('holidays') */
  excluding(...exclusions: readonly Exclusion[]): this {
    this.said.for('excluding').timing.filter((trigger) => trigger.excluding(...exclusions));
    return this;
  }

  /** Conditions asked just before the first attempt; all of them must hold. */
  when(condition: OptionOf<O, 'when'>): this {
    return this.hook('when', condition);
  }

  /** Conditions asked just before the first attempt; none of them may hold. */
  skip(condition: OptionOf<O, 'skip'>): this {
    return this.hook('skip', condition);
  }

  /** Called before each attempt; what it throws fails the attempt. */
  before(hook: OptionOf<O, 'before'>): this {
    return this.hook('before', hook);
  }

  /** Called after each attempt with its outcome, which holds the captured output. */
  after(hook: OptionOf<O, 'after'>): this {
    return this.hook('after', hook);
  }

  /** The same as `after`. */
  then(hook: OptionOf<O, 'after'>): this;
  then(hook: unknown, ...more: readonly unknown[]): this {
    // An async function that answers a job makes it look like a promise: with two functions it is asked for its value.
    if (more.length > 0) (hook as (value: unknown) => void)(undefined);
    else this.hook('after', hook);
    return this;
  }

  /** Called when the run succeeded. */
  onSuccess(hook: OptionOf<O, 'onSuccess'>): this {
    return this.hook('onSuccess', hook);
  }

  /** Called when the run failed for good. */
  onFailure(hook: OptionOf<O, 'onFailure'>): this {
    return this.hook('onFailure', hook);
  }

  /** Calls URLs before each attempt. */
  pingBefore(...urls: Several): this {
    return this.addTo('pings', 'before', urls);
  }

  /** Calls URLs after each attempt. */
  thenPing(...urls: Several): this {
    return this.addTo('pings', 'after', urls);
  }

  /** Calls URLs when the run succeeded. */
  pingOnSuccess(...urls: Several): this {
    return this.addTo('pings', 'onSuccess', urls);
  }

  /** Calls URLs when the run failed for good. */
  pingOnFailure(...urls: Several): this {
    return this.addTo('pings', 'onFailure', urls);
  }

  /** Writes the output to a file, anew for each run. */
  sendOutputTo(path: string): this {
    this.said.setPart('output', 'sendTo', path);
    return this;
  }

  /** Adds the output to the end of a file. */
  appendOutputTo(path: string): this {
    this.said.setPart('output', 'appendTo', path);
    return this;
  }

  /** Mails the output of each run. */
  emailOutputTo(...addresses: Several): this {
    return this.addTo('output', 'mailTo', addresses);
  }

  /** Mails the output of runs that wrote something. */
  emailWrittenOutputTo(...addresses: Several): this {
    return this.addTo('output', 'mailWrittenTo', addresses);
  }

  /** Mails the output of runs that failed for good. */
  emailOutputOnFailure(...addresses: Several): this {
    return this.addTo('output', 'mailOnFailureTo', addresses);
  }

  private hook(kind: string, given: unknown): this {
    this.said.add(kind, listOf(given));
    return this;
  }

  private addTo(option: string, part: string, values: Several): this {
    this.said.addToPart(option, part, values.flat());
    return this;
  }
}
