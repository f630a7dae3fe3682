import type { Trigger } from '../core/index.js';
import { AndTrigger } from './and-trigger.js';
import type { CalendarInterval } from './calendar-interval-trigger.js';
import { CalendarIntervalTrigger } from './calendar-interval-trigger.js';
import { CronTrigger } from './cron-trigger.js';
import type { CronFields } from './cron/cron-fields.js';
import { DateTrigger } from './date-trigger.js';
import { durationText, type DurationInput } from './durations.js';
import { InvalidDurationError } from './errors.js';
import type { InstantInput } from './instants.js';
import type { IntervalOptions } from './interval-trigger.js';
import { IntervalTrigger } from './interval-trigger.js';
import { NeverTrigger } from './never-trigger.js';
import { OrTrigger } from './or-trigger.js';
import type { TriggerOptions } from './settings.js';

/**
 * A cron by expression or by fields; `@reboot` has no fire times and runs at each start.
 *
 * @throws {InvalidCronError} names the field, the value and what is allowed there
 * @example cron('0 9 * * 1-5', { timezone: 'Europe/Berlin' })
 */
export function cron(rule: CronFields, options?: TriggerOptions): CronTrigger;
export function cron(rule: '@reboot', options?: TriggerOptions): NeverTrigger;
export function cron(rule: string, options?: TriggerOptions): CronTrigger;
export function cron(rule: string | CronFields, options?: TriggerOptions): CronTrigger | NeverTrigger {
  const isReboot = typeof rule === 'string' && rule.trim().toLowerCase() === '@reboot';
  return isReboot ? new NeverTrigger({ ...options, runOnStart: true }) : new CronTrigger(rule, options);
}

/**
 * An interval of elapsed time. Text or an object: a bare number would leave its unit open.
 *
 * @throws {InvalidDurationError} for a number, or what is no length of time
 * @example every({ minutes: 20 })
 */
export function every(length: Exclude<DurationInput, number>, options?: IntervalOptions): IntervalTrigger {
  if (typeof length === 'number') {
    const advice = !(length >= 1_000)
      ? `${String(length)} is milliseconds; write '${String(length)}s' or { seconds: ${String(length)} }.`
      : `A number leaves its unit open; for as many milliseconds write '${durationText(length)}'.`;
    throw new InvalidDurationError('The length of every()', length, advice);
  }
  return new IntervalTrigger(length, options);
}

/**
 * Once, at an instant; without one, at once when the job is put.
 *
 * @throws {InvalidInstantError} names the value and what to write
 * @example at('2026-12-25 09:00')
 */
export function at(options?: TriggerOptions): DateTrigger;
export function at(instant: InstantInput, options?: TriggerOptions): DateTrigger;
export function at(given?: InstantInput | TriggerOptions, options?: TriggerOptions): DateTrigger {
  const isOptions = Object.prototype.toString.call(given) === '[object Object]' && !('toMillis' in (given as object));
  return isOptions ? new DateTrigger(null, given as TriggerOptions) : new DateTrigger(given as InstantInput, options);
}

/**
 * Every so many years, months, weeks and days on the calendar, at a time of day.
 *
 * @throws {InvalidTriggerError} when no step is more than 0
 * @example calendar({ months: 1, hour: 18, start: '2027-01-31' })
 */
export function calendar(interval: CalendarInterval, options?: TriggerOptions): CalendarIntervalTrigger {
  return new CalendarIntervalTrigger(interval, options);
}

/**
 * Where all of the triggers agree.
 *
 * @throws {NeverFiresError} when they agree at no time
 * @example allOf(cron({ dayOfWeek: 'mon-fri' }), cron({ hour: '9-17' })) // weekdays at 9:00, 10:00 … 17:00
 */
export function allOf(...triggers: readonly Trigger[]): AndTrigger {
  return new AndTrigger(triggers);
}

/**
 * Whenever one of the triggers fires.
 *
 * @example anyOf(cron({ hour: 9 }), every({ hours: 3 }))
 */
export function anyOf(...triggers: readonly Trigger[]): OrTrigger {
  return new OrTrigger(triggers);
}
