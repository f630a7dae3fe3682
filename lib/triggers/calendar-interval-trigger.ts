import type { AnchorContext, Instant, JsonValue } from '../core/index.js';
import { BaseTrigger } from './base-trigger.js';
import { CalendarSteps } from './calendar-steps.js';
import { LAST_DAY, SECONDS_PER_DAY, timeText } from './civil.js';
import { InvalidTriggerError } from './errors.js';
import type { InstantInput } from './instants.js';
import type { TriggerOptions } from './settings.js';
import { Settings, anchoredSettings, boundText, optionsOf, refuseUnknown, settingsOf, zoneSuffix } from './settings.js';
import type { Zone } from './zone.js';
import { UTC, wallOf, zoneNamed } from './zone.js';

/** Steps on the calendar, at least one more than 0, and the time of day. */
export interface CalendarInterval {
  readonly years?: number | undefined;
  readonly months?: number | undefined;
  readonly weeks?: number | undefined;
  readonly days?: number | undefined;
  /** 0-23, default 0. */
  readonly hour?: number | undefined;
  /** 0-59, default 0. */
  readonly minute?: number | undefined;
  /** 0-59, default 0. */
  readonly second?: number | undefined;
  /** First date; default today. Also an option. */
  readonly start?: InstantInput | undefined;
  /** No fire after it; a bare date includes all of that day. Also an option. */
  readonly end?: InstantInput | undefined;
}

const STEPS = ['years', 'months', 'weeks', 'days'] as const;
const TIMES = [
  ['hour', 23],
  ['minute', 59],
  ['second', 59],
] as const;
const LONGEST_STEP = 100_000;

/**
 * Fires every so many years, months, weeks and days on the calendar, at one time of day.
 *
 * The next date is found by adding years and months and keeping the day, going on until such a date exists, then weeks
 * and days: monthly from 31 January gives 31 March, 31 May, 31 July … In a daylight saving change it follows the rule of
 * a daily cron (SEMANTICS 1.3, 1.5).
 *
 * @throws {InvalidTriggerError} when no step is more than 0, or one is no whole number
 * @example new CalendarIntervalTrigger({ months: 1, hour: 18 }, { start: '2027-01-31', timezone: 'Europe/Berlin' })
 */
export class CalendarIntervalTrigger extends BaseTrigger {
  private readonly interval: Readonly<Record<string, number>>;
  private readonly second: number;
  private readonly zone: Zone;
  /** Null while the first date is open. */
  private readonly dates: CalendarSteps | null;

  constructor(interval: CalendarInterval, options?: TriggerOptions | Settings) {
    refuseWrongSteps(interval);
    super(options instanceof Settings ? options : settingsOf(withDates(interval, options), 'calendar()'));
    const given = [...STEPS, ...TIMES.map(([name]) => name)].filter((name) => (interval[name] ?? 0) !== 0);
    this.interval = Object.fromEntries(given.map((name) => [name, interval[name] as number]));
    const { hour = 0, minute = 0, second = 0 } = this.interval;
    this.second = hour * 3600 + minute * 60 + second;
    this.zone = this.timezone === undefined ? UTC : zoneNamed(this.timezone);
    const { start } = this.settings;
    this.dates = start === null ? null : this.stepsFrom(start.at);
  }

  get kind(): 'calendar' {
    return 'calendar';
  }

  protected nextOfRule(after: Instant): Instant | null {
    const dates = this.dates ?? this.stepsFrom(after);
    const today = Math.floor(wallOf(this.zone, after) / SECONDS_PER_DAY) - 1;
    for (let day = dates.atOrAfter(today); day !== null && day <= LAST_DAY; day = dates.atOrAfter(day + 1)) {
      const second = this.zone.secondOfWall(day * SECONDS_PER_DAY + this.second);
      if (second !== null && second * 1000 > after) return second * 1000;
    }
    return null;
  }

  anchor({ now, timezone }: AnchorContext): CalendarIntervalTrigger {
    const settings = anchoredSettings(this.settings, timezone);
    if (settings === this.settings && settings.start !== null) return this;
    const start = settings.start ?? { at: midnightBefore(now, settings.timezone ?? timezone), open: null };
    return new CalendarIntervalTrigger(
      this.interval,
      new Settings(settings.timezone, start, settings.end, settings.plan),
    );
  }

  withOptions(options: TriggerOptions): CalendarIntervalTrigger {
    return new CalendarIntervalTrigger(this.interval, { ...optionsOf(this.settings), ...options });
  }

  toString(): string {
    const steps = STEPS.filter((name) => name in this.interval).map((name) => `${name}=${this.interval[name]}`);
    const { start } = this.settings;
    const from = start === null ? '' : ` from ${boundText(start)}`;
    return `calendar ${steps.join(' ')} at ${timeText(this.second)}${from}${zoneSuffix(this.timezone)}`;
  }

  describe(): string {
    const steps = STEPS.filter((name) => name in this.interval).map((name) => {
      const count = this.interval[name];
      return count === 1 ? name.slice(0, -1) : `${count} ${name}`;
    });
    return `Every ${steps.join(' and ')} at ${timeText(this.second)}`;
  }

  protected ruleJson(): Record<string, JsonValue> {
    return { ...this.interval };
  }

  private stepsFrom(at: Instant): CalendarSteps {
    const { years = 0, months = 0, weeks = 0, days = 0 } = this.interval;
    const first = Math.floor(wallOf(this.zone, at) / SECONDS_PER_DAY);
    return new CalendarSteps(first, years * 12 + months, weeks * 7 + days);
  }
}

function midnightBefore(now: Instant, timezone: string): Instant {
  const zone = zoneNamed(timezone);
  const midnight = Math.floor(wallOf(zone, now) / SECONDS_PER_DAY) * SECONDS_PER_DAY;
  return (zone.secondOfWall(midnight) ?? Math.floor(now / 1000)) * 1000;
}

/** The options with the first and last date, wherever they were given; a bare last date includes that day. */
function withDates({ start, end }: CalendarInterval, options: TriggerOptions = {}): TriggerOptions {
  const last = options.end ?? end;
  const isDate = typeof last === 'string' && /^\s*\d{4}-\d{2}-\d{2}\s*$/.test(last);
  const given = { start: options.start ?? start, end: isDate ? `${last.trim()}T23:59:59.999` : last };
  return { ...options, ...given };
}

function refuseWrongSteps(interval: CalendarInterval): void {
  const advice = 'Give it at least one of years, months, weeks and days: calendar({ months: 1, hour: 18 }).';
  if (typeof interval !== 'object' || interval === null) throw new InvalidTriggerError('calendar()', interval, advice);
  refuseUnknown(interval, [...STEPS, ...TIMES.map(([name]) => name), 'start', 'end'], 'calendar()');
  for (const name of STEPS) refuseOutside(interval[name], LONGEST_STEP, `${name} of calendar()`);
  for (const [name, max] of TIMES) refuseOutside(interval[name], max, `${name} of calendar()`);
  if (STEPS.every((name) => (interval[name] ?? 0) === 0)) throw new InvalidTriggerError('calendar()', interval, advice);
}

function refuseOutside(value: unknown, max: number, place: string): void {
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max))
    return;
  throw new InvalidTriggerError(place, value, `It is a whole number, 0 to ${max}.`);
}
