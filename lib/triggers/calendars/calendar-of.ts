import { SECONDS_PER_DAY, dayIn, monthIn, packedDate, weekdayOf, yearIn } from '../civil.js';
import { NAMED_FIELDS } from '../cron/cron-fields.js';
import { itemsOf, parseRange, valuesOf } from '../cron/field-parser.js';
import type { DayWindow } from '../day-window.js';
import { dayWindow, isWithin, untilOutside, untilWithin } from '../day-window.js';
import { InvalidCalendarError } from '../errors.js';
import { shown } from '../shown.js';
import type { Calendar, CalendarPredicate } from './calendar.js';
import { dayOfText } from './date-text.js';
import { icsCalendar } from './ics-calendar.js';
import { wholeDays } from './whole-days.js';

/** Stretches of the day on some weekdays. The calendar holds the time inside them, or with `outside` all other time. */
export interface BusinessHours {
  /** Weekdays in the field form, such as `'mon-fri'`; default all. */
  readonly days?: string;
  readonly from: string;
  readonly to: string;
  readonly outside?: boolean;
}

/** An iCalendar file by path, or its text. Its events' dates are what the calendar holds. */
export interface IcsSource {
  readonly ics: string;
}

/** Dates (`'2026-12-25'`, or `'2026-12-24/2026-12-31'` for a stretch), an ICS file, business hours, or a predicate. */
export type CalendarDefinition = readonly (string | Date)[] | IcsSource | BusinessHours | CalendarPredicate;

const NAME = /^[A-Za-z][\w.-]{0,63}$/;
const FORMS = `is a list of dates ['2026-12-25'], { ics: 'path or text' }, { days: 'mon-fri', from: '09:00', to: '17:00' }, or (date) => boolean.`;

/**
 * @throws {InvalidCalendarError} names the calendar and what is wrong
 */
export function calendarOf(name: string, definition: CalendarDefinition): Calendar {
  if (!NAME.test(name))
    throw new InvalidCalendarError(name, 'needs a name of letters, digits, _ . and -, letter first.');
  if (typeof definition === 'function') return predicateCalendar(name, definition);
  if (isDates(definition)) return datesCalendar(name, definition);
  if (typeof definition !== 'object' || definition === null) throw new InvalidCalendarError(name, FORMS);
  if ('ics' in definition) return icsCalendar(name, definition.ics);
  if ('from' in definition && 'to' in definition) return hoursCalendar(name, definition);
  throw new InvalidCalendarError(name, FORMS);
}

const isDates = (definition: unknown): definition is readonly (string | Date)[] => Array.isArray(definition);

export function predicateCalendar(name: string, predicate: CalendarPredicate): Calendar {
  return wholeDays((day) => {
    const packed = packedDate(day);
    const date = {
      year: yearIn(packed),
      month: monthIn(packed),
      day: dayIn(packed),
      weekday: (weekdayOf(day) + 6) % 7,
    };
    try {
      return predicate(date);
    } catch (cause) {
      throw new InvalidCalendarError(
        name,
        `threw for ${JSON.stringify(date)}. Let its predicate answer for any date.`,
        {
          cause,
        },
      );
    }
  });
}

function datesCalendar(name: string, dates: readonly (string | Date)[]): Calendar {
  const days = new Set<number>();
  for (const date of dates) {
    const text = date instanceof Date && !Number.isNaN(date.getTime()) ? date.toISOString().slice(0, 10) : date;
    const [first, last] = typeof text === 'string' ? text.split('/').map(dayOfText) : [null];
    if (first === null || first === undefined || last === null || (last !== undefined && last < first)) {
      throw new InvalidCalendarError(name, `holds ${shown(date)}, which is no date. Write '2026-12-25'.`);
    }
    for (let day = first; day <= (last ?? first); day++) days.add(day);
  }
  return wholeDays((day) => days.has(day));
}

function hoursCalendar(name: string, { days = '*', from, to, outside = false }: BusinessHours): Calendar {
  const window = hoursOf(name, { from, to });
  const weekdays = weekdaysOf(name, days);
  const isOpen = (day: number): boolean => (weekdays & (1 << ((weekdayOf(day) + 6) % 7))) !== 0;
  // A window over midnight belongs to the day on which it begins.
  const isInside = (day: number, second: number): boolean =>
    isWithin(window, second) && isOpen(window.from > window.to && second <= window.to ? day - 1 : day);
  return {
    heldFor: (day, second) => {
      const inside = isInside(day, second);
      if (inside === outside) return 0;
      if (inside) return untilOutside(window, second);
      return isWithin(window, second) ? SECONDS_PER_DAY - second : untilWithin(window, second);
    },
  };
}

function hoursOf(name: string, { from, to }: { from: string; to: string }): DayWindow {
  try {
    return dayWindow(from, to, `calendar '${name}'`);
  } catch (cause) {
    throw new InvalidCalendarError(name, `has wrong hours: ${(cause as Error).message}`, { cause });
  }
}

function weekdaysOf(name: string, days: string): number {
  const place = { rule: days, spec: NAMED_FIELDS.dayOfWeek };
  try {
    return valuesOf(
      itemsOf(String(days), place).map((item) => parseRange(item, place)),
      place.spec,
    ).low;
  } catch (cause) {
    throw new InvalidCalendarError(name, `has wrong days: ${(cause as Error).message}`, { cause });
  }
}
