import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CalendarDefinition } from '../../lib/triggers/index.js';
import { CalendarRegistry, cron } from '../../lib/triggers/index.js';
import { codeOf, from, refusal, times } from './instants-in-tests.js';
import { processorTime } from '../support/processor-time.js';

const event = (lines: string) =>
  `BEGIN:VEVENT\nUID:${lines.length}@test\nDTSTAMP:20260101T000000Z\n${lines}\nEND:VEVENT`;
const ics = (...events: string[]) =>
  `BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n${events.map(event).join('\n')}\nEND:VCALENDAR\n`;
const christmas = 'DTSTART;VALUE=DATE:20201225\nDTEND;VALUE=DATE:20201227\nRRULE:FREQ=YEARLY\nSUMMARY:Christmas';

/** The dates of some days after a start that a calendar takes away from a daily job. */
function taken(definition: CalendarDefinition, start: string, days: number): string[] {
  const begin = Date.parse(`${start}T00:00Z`);
  const end = new Date(begin + (days - 1) * 86_400_000);
  const daily = cron('0 12 * * *', { timezone: 'UTC', end: new Date(end.getTime() + 43_200_000) });
  const calendars = new CalendarRegistry({ it: definition });
  const kept = new Set(times(daily.excluding('it').withCalendars(calendars), days, begin));
  return times(daily, days, begin)
    .filter((time) => !kept.has(time))
    .map((time) => time.slice(0, 10));
}

describe('calendars', () => {
  it('takes dates as text, stretch or Date', () => {
    expect(taken(['2026-12-25', '2026-12-30/2027-01-01', new Date('2026-12-24')], '2026-12-20', 20)).toEqual([
      '2026-12-24',
      '2026-12-25',
      '2026-12-30',
      '2026-12-31',
      '2027-01-01',
    ]);
  });

  it('reads an ICS text with yearly and single all-day events', () => {
    const text = ics(christmas, 'DTSTART;VALUE=DATE:20261224\nSUMMARY:Eve');
    expect(taken({ ics: text }, '2026-12-20', 10)).toEqual(['2026-12-24', '2026-12-25', '2026-12-26']);
    expect(taken({ ics: text }, '2090-12-20', 10)).toEqual(['2090-12-25', '2090-12-26']);
    expect(taken({ ics: text }, '2019-12-20', 10)).toEqual([]);
  });

  it('reads a rule such as the fourth Thursday of November, exceptions and further dates', () => {
    const thanksgiving =
      'DTSTART;VALUE=DATE:20201126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\nEXDATE;VALUE=DATE:20271125\nRDATE;VALUE=DATE:20261120';
    expect(taken({ ics: ics(thanksgiving) }, '2026-11-18', 12)).toEqual(['2026-11-20', '2026-11-26']);
    expect(taken({ ics: ics(thanksgiving) }, '2027-11-18', 12)).toEqual([]);
  });

  it('takes the dates of events with a time', () => {
    expect(taken({ ics: ics('DTSTART:20261221T220000Z\nDTEND:20261223T000000Z') }, '2026-12-19', 8)).toEqual([
      '2026-12-21',
      '2026-12-22',
    ]);
  });

  it('stays bounded for an event that recurs without end', () => {
    const spent = processorTime();
    expect(taken({ ics: ics('DTSTART:20260101T000000Z\nRRULE:FREQ=SECONDLY') }, '2026-12-19', 3)).toEqual([]);
    expect(spent()).toBeLessThan(5_000);
  });

  it('reads an ICS file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'calendars-'));
    try {
      writeFileSync(join(folder, 'holidays.ics'), ics(christmas));
      expect(taken({ ics: join(folder, 'holidays.ics') }, '2026-12-20', 10)).toEqual(['2026-12-25', '2026-12-26']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('asks a predicate over the local date', () => {
    expect(taken(({ day, month }) => day === 24 && month === 12, '2026-12-20', 10)).toEqual(['2026-12-24']);
  });

  it('holds business hours, or with outside the rest of the week', () => {
    const hourly = cron('0 */3 * * *', { timezone: 'UTC' });
    const office = { days: 'mon-fri', from: '09:00', to: '17:00' };
    const calendars = new CalendarRegistry({
      office,
      closed: { ...office, outside: true },
      night: { days: 'fri', from: '21:00', to: '03:00' },
    });
    const hours = (name: string, count: number) =>
      times(hourly.excluding(name).withCalendars(calendars), count, from - 1).map((time) => time.slice(8, 13));
    expect(hours('office', 6)).toEqual(['20T00', '20T03', '20T06', '20T18', '20T21', '21T00']);
    expect(hours('closed', 4)).toEqual(['20T09', '20T12', '20T15', '23T09']);
    expect(hours('night', 9)).toEqual([
      '20T00',
      '20T03',
      '20T06',
      '20T09',
      '20T12',
      '20T15',
      '20T18',
      '21T06',
      '21T09',
    ]);
  });

  it.each<[string, unknown, RegExp]>([
    ['no date', ['2026-13-01'], /'2026-13-01', which is no date/],
    ['a stretch that runs backwards', ['2026-12-31/2026-12-24'], /no date/],
    ['a number', [20261225], /no date/],
    ['an invalid Date', [new Date(NaN)], /no date/],
    ['nothing', undefined, /is a list of dates/],
    ['null', null, /is a list of dates/],
    ['an unknown form', { dates: [] }, /is a list of dates/],
    ['a missing file', { ics: '/nowhere/holidays.ics' }, /cannot be read from the file '\/nowhere\/holidays.ics'/],
    ['an empty path', { ics: '' }, /needs a path/],
    ['a broken file', { ics: 'BEGIN:VCALENDAR\nnonsense' }, /is not an iCalendar text/],
    ['wrong hours', { from: '9', to: '17:00' }, /has wrong hours/],
    ['wrong days', { days: 'monday', from: '09:00', to: '17:00' }, /has wrong days/],
  ])('refuses %s, naming the calendar', (_name, definition, message) => {
    const make = () => new CalendarRegistry({ holidays: definition as CalendarDefinition });
    expect([codeOf(make), refusal(make)]).toEqual(['INVALID_CALENDAR', expect.stringMatching(message)]);
    expect(refusal(make)).toMatch(/'holidays'/);
  });

  it.each(['2026', '', 'a b', '#x'])('refuses the name %p', (name) => {
    expect(codeOf(() => new CalendarRegistry({ [name]: [] }))).toBe('INVALID_CALENDAR');
  });
});
