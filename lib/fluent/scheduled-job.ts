import type { Trigger } from '../core/index.js';
import type { ConstrainedJob } from './constrained-job.js';
import { DAY, daysOfMonthText, HOUR, MINUTE, MONTH, numberText, timeOfDay, weekdaysText } from './field-text.js';
import type { Weekday } from './field-text.js';
import type { JobModifiers } from './job-modifiers.js';
import type { ScheduleMacros } from './macros.js';
import { WithinTheDay } from './within-the-day.js';

const MIDNIGHT = '0:00';

// Own frequencies are declared by merging with ScheduleMacros.
// eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type
export interface ScheduledJob<O extends object> extends ScheduleMacros {}

/**
 * One job of the fluent schedule: a sentence of frequencies, constraints and modifiers, in any order.
 *
 * Frequencies splice fields of `* * * * *`, so that order matters only for the fields they share: `weekdays().daily()` is
 * `0 0 * * 1-5`, `everyFiveMinutes().hourly()` is `0 * * * *`. Weekday 0 is Sunday. Where both a day of the month and a
 * weekday are set, either matches (source: crontab(5)).
 *
 * @throws {InvalidScheduleError} names the method and the value, and says what may stand there
 * @throws {ConflictingFrequenciesError} when two frequencies cannot be made one rule
 * @example schedule.job(ReportsService, 'send').weekdays().dailyAt('09:00').timezone('America/New_York')
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class ScheduledJob<O extends object> extends WithinTheDay<O> {
  /** A cron expression: 5 fields, 6 with seconds first, 7 with the year last, or `@daily` and the like. @throws {InvalidCronError} */
  cron(expression: string): this {
    const zone = this.said.for('cron').timing.replace(expression);
    return zone === null ? this : this.timezone(zone);
  }

  /** Every so many **seconds** of elapsed time, instead of a time of day; days and `between` filter this grid. */
  every(seconds: number): ConstrainedJob<O> {
    this.said.for('every').timing.every(seconds);
    return this;
  }

  /** Whenever a trigger fires: any trigger of this package. */
  trigger(trigger: Trigger): JobModifiers<O> {
    this.said.for('trigger').timing.follow(trigger);
    return this;
  }

  /** At midnight. */
  daily(): this {
    return this.splice('daily', timeOfDay(MIDNIGHT, 'daily'));
  }

  /** At a time of day, such as `'13:08'`. */
  dailyAt(time: string): this {
    return this.splice('dailyAt', timeOfDay(time, 'dailyAt'));
  }

  /** The same as `dailyAt`. */
  at(time: string): this {
    return this.splice('at', timeOfDay(time, 'at'));
  }

  /** At two hours of the day. */
  twiceDaily(first = 1, second = 13): this {
    return this.twoHours('twiceDaily', [first, second], 0);
  }

  /** At the same minute of two hours of the day. */
  twiceDailyAt(first = 1, second = 13, minute = 0): this {
    return this.twoHours('twiceDailyAt', [first, second], minute);
  }

  /** Sundays at midnight. */
  weekly(): this {
    return this.splice('weekly', { ...timeOfDay(MIDNIGHT, 'weekly'), dayOfWeek: '0' });
  }

  /** On one or several days of the week. @example schedule.job(Reports, 'send').weeklyOn('monday', '8:00') */
  weeklyOn(days: Weekday | readonly Weekday[], time = MIDNIGHT): this {
    const dayOfWeek = weekdaysText(days, 'weeklyOn');
    return this.splice('weeklyOn', { ...timeOfDay(time, 'weeklyOn'), dayOfWeek });
  }

  /** On the first of the month at midnight. */
  monthly(): this {
    return this.onDays('monthly', '1', MIDNIGHT);
  }

  /** On a day of the month; a month without that day is passed over. */
  monthlyOn(day = 1, time = MIDNIGHT): this {
    return this.onDays('monthlyOn', numberText(day, DAY, 'monthlyOn'), time);
  }

  /** On two days of the month. */
  twiceMonthly(first = 1, second = 16, time = MIDNIGHT): this {
    return this.onDays('twiceMonthly', daysOfMonthText([first, second], 'twiceMonthly'), time);
  }

  /** On the last day of the month, whichever it is. */
  lastDayOfMonth(time = MIDNIGHT): this {
    return this.onDays('lastDayOfMonth', 'L', time);
  }

  /** On several days of the month, at midnight; `.daysOfMonth(1, 15).at('8:00')` at another time. */
  daysOfMonth(...days: readonly (number | readonly number[])[]): this {
    return this.onDays('daysOfMonth', daysOfMonthText(days, 'daysOfMonth'), MIDNIGHT);
  }

  /** On the first of January, April, July and October at midnight. */
  quarterly(): this {
    return this.onDays('quarterly', '1', MIDNIGHT, '1-12/3');
  }

  /** On a day of January, April, July and October. */
  quarterlyOn(day = 1, time = MIDNIGHT): this {
    return this.onDays('quarterlyOn', numberText(day, DAY, 'quarterlyOn'), time, '1-12/3');
  }

  /** On the first of January at midnight. */
  yearly(): this {
    return this.onDays('yearly', '1', MIDNIGHT, '1');
  }

  /** On one date of the year. */
  yearlyOn(month = 1, day = 1, time = MIDNIGHT): this {
    const inMonth = numberText(month, MONTH, 'yearlyOn');
    return this.onDays('yearlyOn', numberText(day, DAY, 'yearlyOn'), time, inMonth);
  }

  private twoHours(method: string, hours: readonly [number, number], minute: number): this {
    const [first, second] = hours.map((hour) => numberText(hour, HOUR, method));
    return this.splice(method, { minute: numberText(minute, MINUTE, method), hour: `${first},${second}` });
  }

  private onDays(method: string, day: string, time: string, month?: string): this {
    return this.splice(method, { ...timeOfDay(time, method), day, ...(month === undefined ? {} : { month }) });
  }
}
