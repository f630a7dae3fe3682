import { readFileSync } from 'node:fs';
import ICAL from 'ical.js';
import { LAST_YEAR, dayOf, packedDate, yearIn } from '../civil.js';
import { InvalidCalendarError } from '../errors.js';
import type { Calendar } from './calendar.js';
import { wholeDays } from './whole-days.js';

/** A recurring event is expanded no further than this, so that an hourly one without end stays bounded. */
const MOST_OCCURRENCES = 20_000;
const LONGEST_EVENT = 3_660;
const YEARS_AHEAD = 5;

/**
 * The dates of an iCalendar file's events, recurring ones expanded as far as they are asked for (source: RFC 5545).
 * The file is read once, here.
 *
 * @param ics path, or the text itself when it holds `BEGIN:VCALENDAR`
 * @throws {InvalidCalendarError} when it cannot be read or understood
 */
export function icsCalendar(name: string, ics: unknown): Calendar {
  if (typeof ics !== 'string' || ics === '') {
    throw new InvalidCalendarError(name, "needs a path or the text of a calendar: { ics: 'holidays.ics' }.");
  }
  const events = eventsIn(name, textOf(name, ics));
  const days = new Set<number>();
  let expandedTo = -1;
  return wholeDays((day) => {
    const year = yearIn(packedDate(day));
    if (year > expandedTo) {
      expandedTo = Math.min(year + YEARS_AHEAD, LAST_YEAR);
      days.clear();
      for (const event of events) addDays(event, expandedTo, days);
    }
    return days.has(day);
  });
}

function textOf(name: string, ics: string): string {
  if (ics.includes('BEGIN:VCALENDAR')) return ics;
  try {
    return readFileSync(ics, 'utf8');
  } catch (cause) {
    throw new InvalidCalendarError(name, `cannot be read from the file '${ics}': ${(cause as Error).message}`, {
      cause,
    });
  }
}

function eventsIn(name: string, text: string): ICAL.Event[] {
  try {
    const calendar = ICAL.Component.fromString(text);
    const events = calendar.getAllSubcomponents('vevent').map((component) => new ICAL.Event(component));
    const whole = events.filter((event) => !event.isRecurrenceException());
    for (const event of whole) addDays(event, 1970, new Set());
    return whole;
  } catch (cause) {
    throw new InvalidCalendarError(name, `is not an iCalendar text: ${(cause as Error).message}`, { cause });
  }
}

/** Adds the dates on which an event takes place, up to the end of `lastYear`. */
function addDays(event: ICAL.Event, lastYear: number, days: Set<number>): void {
  if (!event.isRecurring()) {
    addStretch(event.startDate, event.endDate, days);
    return;
  }
  const occurrences = event.iterator();
  for (let count = 0; count < MOST_OCCURRENCES; count++) {
    const next = occurrences.next() as ICAL.Time | null | undefined;
    if (next === null || next === undefined || next.year > lastYear) return;
    const { startDate, endDate } = event.getOccurrenceDetails(next) as { startDate: ICAL.Time; endDate: ICAL.Time };
    addStretch(startDate, endDate, days);
  }
}

/** The dates from start to end; an end at midnight, as all-day events have it, is not on that day any more. */
function addStretch(start: ICAL.Time, end: ICAL.Time, days: Set<number>): void {
  const first = dayOf(start.year, start.month, start.day);
  const endDay = dayOf(end.year, end.month, end.day);
  const isMidnight = end.isDate || (end.hour === 0 && end.minute === 0 && end.second === 0);
  const last = isMidnight ? endDay - 1 : endDay;
  for (let day = first; day <= Math.min(Math.max(last, first), first + LONGEST_EVENT); day++) days.add(day);
}
