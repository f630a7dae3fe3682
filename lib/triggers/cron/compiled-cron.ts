import {
  FIRST_YEAR,
  LAST_DAY,
  LAST_YEAR,
  SECONDS_PER_DAY,
  dayIn,
  dayOf,
  isoWeekOf,
  monthIn,
  monthLength,
  packedDate,
  weekdayOf,
  yearIn,
} from '../civil.js';
import type { DayRule, FieldValues, YearStep } from './field-values.js';
import { ALL_DAYS, ALL_HALF, ALL_HOURS, ALL_MONTHS, ALL_WEEKDAYS, HALF } from './field-values.js';

/** Answer of a search that found nothing: later than everything. */
export const NEVER = Infinity;

/** The parts of a date rule that few expressions have. */
export interface RareDates {
  /** All of them must hold. Empty: the plain days decide. */
  readonly dayRules: readonly DayRule[];
  /** Days that the weekday field allows besides its plain weekdays. */
  readonly weekdayRule: DayRule | null;
  readonly weeks: FieldValues | null;
  /** Each list must hold the year. */
  readonly years: readonly (readonly YearStep[])[];
}

export interface CronParts {
  readonly second: FieldValues;
  readonly minute: FieldValues;
  readonly hours: number;
  readonly months: number;
  /** Bit 0 = the 1st. */
  readonly days: number;
  /** Bit 0 = Sunday. */
  readonly weekdays: number;
  /** A day that matches the day or the weekday field is enough (crontab(5)). */
  readonly isEither: boolean;
  readonly rare: RareDates | null;
  /** Matches wall times as they come, without the rules for gaps and overlaps: a condition. */
  readonly isCondition?: boolean;
}

const REPEATS = 1;
const MAKES_UP = 2;
const EITHER = 4;
const BY_WEEKDAY = 8;
const WEEKDAYS_SHIFT = 4;
const MONTHS_SHIFT = 11;

/**
 * A cron rule as bit masks over wall times: immutable, without a zone, shared by all triggers with an equal rule.
 *
 * Wall times are seconds as if they were UTC. The search goes by months, then days, then times of day, so that sparse
 * rules cost little, and ends in year 9999.
 */
export class CompiledCron {
  private readonly secondsLow: number;
  private readonly secondsHigh: number;
  private readonly minutesLow: number;
  private readonly minutesHigh: number;
  private readonly hours: number;
  private readonly days: number;
  private readonly firstTime: number;
  private readonly rare: RareDates | null;
  /** Flags, weekdays and months in one number, for applications have thousands of rules: each field is 8 bytes. */
  private readonly packed: number;

  constructor(parts: CronParts) {
    const { second, minute, hours, months, days, weekdays, rare, isEither } = parts;
    const isCondition = parts.isCondition === true;
    const hasAllHours = hours === ALL_HOURS;
    const hasAllMinutes = minute.low === ALL_HALF && minute.high === ALL_HALF;
    const isByWeekday = weekdays !== 0 && months === ALL_MONTHS && days === ALL_DAYS && !isEither && rare === null;
    this.secondsLow = second.low;
    this.secondsHigh = second.high;
    this.minutesLow = minute.low;
    this.minutesHigh = minute.high;
    this.hours = hours;
    this.days = days;
    this.firstTime =
      lowest(hours) * 3600 + bitFrom(minute.low, minute.high, 0) * 60 + bitFrom(second.low, second.high, 0);
    this.rare = rare;
    this.packed =
      (isCondition || hasAllHours || hasAllMinutes || minute.hasWildcard ? REPEATS : 0) |
      (!isCondition && !hasAllHours ? MAKES_UP : 0) |
      (isEither ? EITHER : 0) |
      (isByWeekday ? BY_WEEKDAY : 0) |
      (weekdays << WEEKDAYS_SHIFT) |
      (months << MONTHS_SHIFT);
  }

  /** Fires in both passes of an overlap: quicker than hourly, or in all 24 hours. */
  get repeats(): boolean {
    return (this.packed & REPEATS) !== 0;
  }

  /** A time that falls into a gap is made up for at its end. */
  get makesUp(): boolean {
    return (this.packed & MAKES_UP) !== 0;
  }

  private get weekdays(): number {
    return (this.packed >> WEEKDAYS_SHIFT) & ALL_WEEKDAYS;
  }

  private get months(): number {
    return this.packed >> MONTHS_SHIFT;
  }

  /** The first matching wall time at or after `wall`, or NEVER. */
  nextWall(wall: number): number {
    const day = Math.floor(wall / SECONDS_PER_DAY);
    const time = this.nextTime(wall - day * SECONDS_PER_DAY);
    const date = this.nextDate(time < 0 ? day + 1 : day);
    return date * SECONDS_PER_DAY + (time >= 0 && date === day ? time : this.firstTime);
  }

  /** Whether a wall time matches. */
  matches(wall: number): boolean {
    return this.nextWall(wall) === wall;
  }

  /** The first matching date at or after `day` and not after `lastYear`, or NEVER. */
  nextDate(day: number, lastYear = LAST_YEAR): number {
    const from = day < 0 ? 0 : day;
    if (from > LAST_DAY) return NEVER;
    if ((this.packed & BY_WEEKDAY) !== 0) return this.nextWeekday(from);
    const packed = packedDate(from);
    const year = yearIn(packed);
    let found = this.nextYear(year) === year ? this.dateInYear(year, monthIn(packed), dayIn(packed) - 1) : NEVER;
    for (let next = this.nextYear(year + 1); found === NEVER && next <= lastYear; next = this.nextYear(next + 1)) {
      found = this.dateInYear(next, 1, 0);
    }
    return found;
  }

  /** The same rule without what ties it to some years only; tells whether a rule can fire at all. */
  static canFire(parts: CronParts): boolean {
    const { rare } = parts;
    if (parts.hours === 0 || isEmpty(parts.minute) || isEmpty(parts.second)) return false;
    if (rare === null || rare.years.length === 0) return new CompiledCron(parts).hasDateInCycle();
    const anyYear = { ...parts, rare: { ...rare, years: [] } };
    const anyWeekday = { ...parts, weekdays: ALL_WEEKDAYS, rare: { ...rare, weekdayRule: null, weeks: null } };
    return new CompiledCron(anyYear).hasDateInCycle() && new CompiledCron(anyWeekday).nextDate(0) !== NEVER;
  }

  /** Dates repeat after 400 years, weekdays included. */
  private hasDateInCycle(): boolean {
    return this.nextDate(0, FIRST_YEAR + 400) !== NEVER;
  }

  /** The first matching time of day at or after `second`, or -1. */
  private nextTime(second: number): number {
    const hour = (second / 3600) | 0;
    if ((this.hours & (1 << hour)) !== 0) {
      const minute = ((second - hour * 3600) / 60) | 0;
      if (hasBit(this.minutesLow, this.minutesHigh, minute)) {
        const found = bitFrom(this.secondsLow, this.secondsHigh, second % 60);
        if (found >= 0) return hour * 3600 + minute * 60 + found;
      }
      const later = bitFrom(this.minutesLow, this.minutesHigh, minute + 1);
      if (later >= 0) return hour * 3600 + later * 60 + (this.firstTime % 60);
    }
    const laterHours = hour === 23 ? 0 : this.hours & (-1 << (hour + 1));
    return laterHours === 0 ? -1 : lowest(laterHours) * 3600 + (this.firstTime % 3600);
  }

  private nextWeekday(day: number): number {
    const { weekdays } = this;
    if (weekdays === ALL_WEEKDAYS) return day;
    const found = day + lowest(rotated(weekdays, weekdayOf(day)));
    return found <= LAST_DAY ? found : NEVER;
  }

  /** The first year at or after `year` that the rule allows. */
  private nextYear(year: number): number {
    if (this.rare === null || this.rare.years.length === 0) return year;
    let next = year;
    while (next <= LAST_YEAR && !this.rare.years.every((steps) => steps.some((step) => holds(step, next)))) next++;
    return next;
  }

  private dateInYear(year: number, month: number, passed: number): number {
    for (let left = this.months & (-1 << month); left !== 0; left &= left - 1) {
      const candidate = lowest(left);
      const first = dayOf(year, candidate, 1);
      const mask = this.daysIn(first, monthLength(year, candidate)) & (candidate === month ? -1 << passed : -1);
      if (mask !== 0) return first + lowest(mask);
    }
    return NEVER;
  }

  /** The matching days of a month, bit 0 = the 1st. */
  private daysIn(first: number, length: number): number {
    const firstWeekday = weekdayOf(first);
    const rare = this.rare;
    let days = this.days;
    let weekdays = everyWeek(this.weekdays, firstWeekday);
    if (rare !== null) {
      for (const rule of rare.dayRules) days &= daysOfRule(rule, firstWeekday, length);
      if (rare.weekdayRule !== null) weekdays |= daysOfRule(rare.weekdayRule, firstWeekday, length);
    }
    let mask = (this.packed & EITHER) !== 0 ? days | weekdays : days & weekdays;
    if (rare !== null && rare.weeks !== null) mask &= daysOfWeeks(rare.weeks, first, length);
    return mask & (-1 >>> (32 - length));
  }
}

const isEmpty = (values: FieldValues): boolean => (values.low | values.high) === 0;

const holds = ({ from, to, step }: YearStep, year: number): boolean =>
  year >= from && year <= to && (year - from) % step === 0;

/** Index of the lowest set bit. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function hasBit(low: number, high: number, index: number): boolean {
  return index < HALF ? (low & (1 << index)) !== 0 : (high & (1 << (index - HALF))) !== 0;
}

/** The lowest set bit at or after `from` (0-60), or -1. */
function bitFrom(low: number, high: number, from: number): number {
  if (from < HALF) {
    const left = low & (-1 << from);
    if (left !== 0) return lowest(left);
    return high === 0 ? -1 : HALF + lowest(high);
  }
  const left = from >= 2 * HALF ? 0 : high & (-1 << (from - HALF));
  return left === 0 ? -1 : HALF + lowest(left);
}

/** Weekday bits turned so that bit 0 is weekday `first`. */
function rotated(weekdays: number, first: number): number {
  return ((weekdays >> first) | (weekdays << (7 - first))) & ALL_WEEKDAYS;
}

function everyWeek(weekdays: number, firstWeekday: number): number {
  if (weekdays === ALL_WEEKDAYS) return ALL_DAYS;
  const week = rotated(weekdays, firstWeekday);
  return week | (week << 7) | (week << 14) | (week << 21) | (week << 28);
}

function daysOfRule(rule: DayRule, firstWeekday: number, length: number): number {
  let days = rule.plain;
  for (let left = rule.beforeLast; left !== 0; left &= left - 1) {
    const day = length - 1 - lowest(left);
    if (day >= 0) days |= 1 << day;
  }
  for (let left = rule.nearest; left !== 0; left &= left - 1) days |= workdayNear(lowest(left), firstWeekday, length);
  if (rule.lastWorkday) days |= workdayNear(length - 1, firstWeekday, length);
  for (let week = 0; week < 5; week++) {
    days |= rotated(rule.nth[week as 0], firstWeekday) << (7 * week);
  }
  if (rule.lastWeekdays !== 0) {
    days |= rotated(rule.lastWeekdays, (firstWeekday + length - 7) % 7) << (length - 7);
  }
  return days;
}

/** The Monday to Friday nearest to a day (0 = the 1st), within its month; no bit when the month has no such day. */
function workdayNear(day: number, firstWeekday: number, length: number): number {
  if (day >= length) return 0;
  const weekday = (firstWeekday + day) % 7;
  if (weekday === 6) return 1 << (day === 0 ? 2 : day - 1);
  if (weekday === 0) return 1 << (day === length - 1 ? day - 2 : day + 1);
  return 1 << day;
}

function daysOfWeeks(weeks: FieldValues, first: number, length: number): number {
  let days = 0;
  let day = 0;
  while (day < length) {
    const untilSunday = (7 - weekdayOf(first + day)) % 7;
    const week = isoWeekOf(first + day);
    for (const end = Math.min(day + untilSunday, length - 1); day <= end; day++) {
      if (hasBit(weeks.low, weeks.high, week)) days |= 1 << day;
    }
  }
  return days;
}
