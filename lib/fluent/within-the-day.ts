import { ConstrainedJob } from './constrained-job.js';
import { minutesText, type MinuteOffset } from './field-text.js';

/** Frequencies within a day: they splice second, minute and hour of `* * * * *`. */
export abstract class WithinTheDay<O extends object> extends ConstrainedJob<O> {
  everySecond(): this {
    return this.splice('everySecond', { second: '*/1' });
  }

  everyTwoSeconds(): this {
    return this.splice('everyTwoSeconds', { second: '*/2' });
  }

  everyFiveSeconds(): this {
    return this.splice('everyFiveSeconds', { second: '*/5' });
  }

  everyTenSeconds(): this {
    return this.splice('everyTenSeconds', { second: '*/10' });
  }

  everyFifteenSeconds(): this {
    return this.splice('everyFifteenSeconds', { second: '*/15' });
  }

  everyTwentySeconds(): this {
    return this.splice('everyTwentySeconds', { second: '*/20' });
  }

  everyThirtySeconds(): this {
    return this.splice('everyThirtySeconds', { second: '*/30' });
  }

  everyMinute(): this {
    return this.splice('everyMinute', { minute: '*' });
  }

  everyTwoMinutes(): this {
    return this.splice('everyTwoMinutes', { minute: '*/2' });
  }

  everyThreeMinutes(): this {
    return this.splice('everyThreeMinutes', { minute: '*/3' });
  }

  everyFourMinutes(): this {
    return this.splice('everyFourMinutes', { minute: '*/4' });
  }

  everyFiveMinutes(): this {
    return this.splice('everyFiveMinutes', { minute: '*/5' });
  }

  everyTenMinutes(): this {
    return this.splice('everyTenMinutes', { minute: '*/10' });
  }

  everyFifteenMinutes(): this {
    return this.splice('everyFifteenMinutes', { minute: '*/15' });
  }

  everyThirtyMinutes(): this {
    return this.splice('everyThirtyMinutes', { minute: '*/30' });
  }

  /** At minute 0 of each hour. */
  hourly(): this {
    return this.splice('hourly', { minute: '0' });
  }

  /**
   * At one or several minutes of each hour.
   *
   * @throws {InvalidScheduleError}
   * @example schedule.call(sync).hourlyAt([15, 45])
   */
  hourlyAt(offset: MinuteOffset): this {
    return this.splice('hourlyAt', { minute: minutesText(offset, 'hourlyAt') });
  }

  /** At 1:00, 3:00 … 23:00, or at another minute of these hours. */
  everyOddHour(offset: MinuteOffset = 0): this {
    return this.hours('everyOddHour', '1-23/2', offset);
  }

  /** At 0:00, 2:00 …, or at another minute of these hours. */
  everyTwoHours(offset: MinuteOffset = 0): this {
    return this.hours('everyTwoHours', '*/2', offset);
  }

  /** At 0:00, 3:00 …, or at another minute of these hours. */
  everyThreeHours(offset: MinuteOffset = 0): this {
    return this.hours('everyThreeHours', '*/3', offset);
  }

  /** At 0:00, 4:00 …, or at another minute of these hours. */
  everyFourHours(offset: MinuteOffset = 0): this {
    return this.hours('everyFourHours', '*/4', offset);
  }

  /** At 0:00, 6:00 …, or at another minute of these hours. */
  everySixHours(offset: MinuteOffset = 0): this {
    return this.hours('everySixHours', '*/6', offset);
  }

  private hours(method: string, hour: string, offset: MinuteOffset): this {
    return this.splice(method, { minute: minutesText(offset, method), hour });
  }
}
