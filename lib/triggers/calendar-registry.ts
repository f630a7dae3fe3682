import type { Calendar, CalendarPredicate } from './calendars/calendar.js';
import type { CalendarDefinition } from './calendars/calendar-of.js';
import { calendarOf, predicateCalendar } from './calendars/calendar-of.js';
import { UnknownCalendarError } from './errors.js';

/** Calendars by name, so that a trigger that excludes one stays data: `cron('0 9 * * *').excluding('holidays')`. */
export class CalendarRegistry {
  private readonly calendars = new Map<string, Calendar>();
  private readonly functions = new Map<CalendarPredicate, string>();

  /**
   * @param definitions each a list of dates, `{ ics }`, `{ days, from, to }` or a predicate over the local date
   * @throws {InvalidCalendarError} names the calendar
   */
  constructor(definitions: Readonly<Record<string, CalendarDefinition>> = {}) {
    for (const [name, definition] of Object.entries(definitions)) {
      this.calendars.set(name, calendarOf(name, definition));
    }
  }

  get names(): string[] {
    return [...this.calendars.keys()].filter((name) => !name.startsWith('#'));
  }

  /** @throws {UnknownCalendarError} names those that are registered */
  get(name: string): Calendar {
    const calendar = this.calendars.get(name);
    if (calendar === undefined) throw new UnknownCalendarError(name, this.names);
    return calendar;
  }

  has(name: string): boolean {
    return this.calendars.has(name);
  }

  /** A name for a bare function, valid in this process only; the same function has the same name. */
  nameOf(predicate: CalendarPredicate): string {
    let name = this.functions.get(predicate);
    if (name === undefined) {
      name = `#function-${this.functions.size + 1}`;
      this.functions.set(predicate, name);
      this.calendars.set(name, predicateCalendar(name, predicate));
    }
    return name;
  }
}
