import { LAST_YEAR, dayIn, dayOf, monthIn, monthLength, packedDate, yearIn } from './civil.js';

/**
 * The dates that steps of months, then days, lead to from a first date. A month without the day is passed over (source:
 * APScheduler's calendar interval).
 */
export class CalendarSteps {
  constructor(
    private readonly first: number,
    private readonly months: number,
    private readonly days: number,
  ) {}

  /** The first of the dates at or after `day`, or null when there is none up to year 9999. */
  atOrAfter(day: number): number | null {
    if (day <= this.first) return this.first;
    if (this.months === 0) return this.first + Math.ceil((day - this.first) / this.days) * this.days;
    if (this.days === 0) return this.byMonths(day);
    let date: number | null = this.first;
    while (date !== null && date < day) date = this.following(date);
    return date;
  }

  /** Months alone keep the first date's day, so the month can be reached in one leap. */
  private byMonths(day: number): number | null {
    const [from, to] = [packedDate(this.first), packedDate(day)];
    const between = (yearIn(to) - yearIn(from)) * 12 + monthIn(to) - monthIn(from);
    for (let count = Math.floor(between / this.months); ; count++) {
      const index = yearIn(from) * 12 + monthIn(from) - 1 + count * this.months;
      const [year, month] = [Math.floor(index / 12), (index % 12) + 1];
      if (year > LAST_YEAR) return null;
      if (dayIn(from) > monthLength(year, month)) continue;
      const date = dayOf(year, month, dayIn(from));
      if (date >= day) return date;
    }
  }

  private following(date: number): number | null {
    const packed = packedDate(date);
    let index = yearIn(packed) * 12 + monthIn(packed) - 1;
    do {
      index += this.months;
      if (index >= (LAST_YEAR + 1) * 12) return null;
    } while (dayIn(packed) > monthLength(Math.floor(index / 12), (index % 12) + 1));
    return dayOf(Math.floor(index / 12), (index % 12) + 1, dayIn(packed)) + this.days;
  }
}
