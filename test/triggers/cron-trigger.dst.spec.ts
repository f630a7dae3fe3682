import { describe, expect, it } from '@jest/globals';
import { CronTrigger } from '../../lib/triggers/index.js';
import type { CronFields } from '../../lib/triggers/index.js';
import { times } from './instants-in-tests.js';

const at = (text: string) => Date.parse(text);
const day = 86_400_000;

function within(rule: string | CronFields, timezone: string, start: string, end: string): string[] {
  const trigger = new CronTrigger(rule, { timezone, end });
  return times(trigger, 500, at(start) - 1);
}

describe('daylight saving (SEMANTICS 1.3)', () => {
  it.each<[string, string, string, string, string, string[]]>([
    [
      'makes up for a daily 02:30 at the end of the gap',
      '30 2 * * *',
      'Europe/Berlin',
      '2027-03-27T12:00Z',
      '2027-03-29T12:00Z',
      ['2027-03-28T01:00', '2027-03-29T00:30'],
    ],
    [
      'makes one fire of several times in one gap',
      '0,15,30,45 2 * * *',
      'Europe/Berlin',
      '2027-03-28T00:00Z',
      '2027-03-28T12:00Z',
      ['2027-03-28T01:00'],
    ],
    [
      'makes one fire of a made-up time and the job’s own at that instant',
      '30 2,3 * * *',
      'Europe/Berlin',
      '2027-03-28T00:00Z',
      '2027-03-28T12:00Z',
      ['2027-03-28T01:00', '2027-03-28T01:30'],
    ],
    [
      'fires a daily 02:30 that comes twice the first time only',
      '30 2 * * *',
      'Europe/Berlin',
      '2027-10-30T12:00Z',
      '2027-11-01T12:00Z',
      ['2027-10-31T00:30', '2027-11-01T01:30'],
    ],
    [
      'keeps a quarter-hourly job in one hour at least once a day in the gap',
      '*/15 2 * * *',
      'Europe/Berlin',
      '2027-03-28T00:00Z',
      '2027-03-28T12:00Z',
      ['2027-03-28T01:00'],
    ],
    [
      'fires a quarter-hourly job in one hour in both passes',
      '*/15 2 * * *',
      'Europe/Berlin',
      '2027-10-31T00:00Z',
      '2027-10-31T12:00Z',
      [
        '2027-10-31T00:00',
        '2027-10-31T00:15',
        '2027-10-31T00:30',
        '2027-10-31T00:45',
        '2027-10-31T01:00',
        '2027-10-31T01:15',
        '2027-10-31T01:30',
        '2027-10-31T01:45',
      ],
    ],
    [
      'fires an hourly job each real hour in the gap',
      '0 * * * *',
      'Europe/Berlin',
      '2027-03-28T00:00Z',
      '2027-03-28T02:00Z',
      ['2027-03-28T00:00', '2027-03-28T01:00', '2027-03-28T02:00'],
    ],
    [
      'fires an hourly job each real hour in the overlap',
      '0 * * * *',
      'Europe/Berlin',
      '2027-10-30T23:00Z',
      '2027-10-31T02:00Z',
      ['2027-10-30T23:00', '2027-10-31T00:00', '2027-10-31T01:00', '2027-10-31T02:00'],
    ],
    [
      'fires a six-hourly job four times on the long day',
      '0 */6 * * *',
      'Europe/Berlin',
      '2027-10-30T22:00Z',
      '2027-10-31T22:59Z',
      ['2027-10-30T22:00', '2027-10-31T05:00', '2027-10-31T11:00', '2027-10-31T17:00'],
    ],
    [
      'fires a six-hourly job four times on the short day',
      '0 */6 * * *',
      'Europe/Berlin',
      '2027-03-27T23:00Z',
      '2027-03-28T21:59Z',
      ['2027-03-27T23:00', '2027-03-28T04:00', '2027-03-28T10:00', '2027-03-28T16:00'],
    ],
    [
      'fires fixed minutes of fixed hours once in the overlap',
      '0,30 1,2 * * *',
      'Europe/Berlin',
      '2027-10-30T22:00Z',
      '2027-10-31T12:00Z',
      ['2027-10-30T23:00', '2027-10-30T23:30', '2027-10-31T00:00', '2027-10-31T00:30'],
    ],
    [
      'has a midnight gap in São Paulo',
      '0 0 * * *',
      'America/Sao_Paulo',
      '2018-11-03T12:00Z',
      '2018-11-05T12:00Z',
      ['2018-11-04T03:00', '2018-11-05T02:00'],
    ],
    [
      'has a midnight overlap in Havana',
      '30 0 * * *',
      'America/Havana',
      '2027-11-06T12:00Z',
      '2027-11-08T12:00Z',
      ['2027-11-07T04:30', '2027-11-08T05:30'],
    ],
    [
      'has a midnight gap in Beirut',
      '15 0 * * *',
      'Asia/Beirut',
      '2027-03-27T12:00Z',
      '2027-03-28T23:00Z',
      ['2027-03-27T22:00', '2027-03-28T21:15'],
    ],
    [
      'has a half-hour gap on Lord Howe',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2027-10-02T00:00Z',
      '2027-10-04T00:00Z',
      ['2027-10-02T15:30', '2027-10-03T15:15'],
    ],
    [
      'has a half-hour overlap on Lord Howe',
      '45 1 * * *',
      'Australia/Lord_Howe',
      '2027-04-03T00:00Z',
      '2027-04-05T00:00Z',
      ['2027-04-03T14:45', '2027-04-04T15:15'],
    ],
    [
      'knows Dublin’s negative saving',
      '30 1 * * *',
      'Europe/Dublin',
      '2027-03-27T12:00Z',
      '2027-03-29T12:00Z',
      ['2027-03-28T01:00', '2027-03-29T00:30'],
    ],
    [
      'knows Casablanca’s Ramadan',
      '30 2 * * *',
      'Africa/Casablanca',
      '2026-02-14T12:00Z',
      '2026-02-16T12:00Z',
      ['2026-02-15T01:30', '2026-02-16T02:30'],
    ],
    [
      'makes nothing up for the day that Apia left out',
      '0 12 * * *',
      'Pacific/Apia',
      '2011-12-29T00:00Z',
      '2011-12-31T23:59Z',
      ['2011-12-29T22:00', '2011-12-30T22:00', '2011-12-31T22:00'],
    ],
    [
      'counts a hour field left out as all 24 hours',
      { minute: 30 } as never,
      'Europe/Berlin',
      '2027-10-30T23:00Z',
      '2027-10-31T02:00Z',
      ['2027-10-30T23:30', '2027-10-31T00:30', '2027-10-31T01:30'],
    ],
  ])('%s', (_name, rule, timezone, start, end, wanted) => {
    expect(within(rule, timezone, start, end)).toEqual(wanted);
  });

  it('U19: a weekly Sunday 02:30 is neither lost, repeated nor a crash in any year', () => {
    const trigger = new CronTrigger('0 30 2 * * 0', { timezone: 'Europe/Berlin' });
    const sundays = trigger.fireTimes(at('2020-01-01T00:00Z'), 520);
    const distances = sundays.slice(1).map((time, index) => Math.round((time - sundays[index]) / day));
    expect(new Set(distances)).toEqual(new Set([7]));
  });

  it.each(['Europe/Berlin', 'America/New_York'])(
    'P1: { day: 1, hour: 0, minute: 0 } in %s never loses April',
    (timezone) => {
      const trigger = new CronTrigger({ day: 1, hour: 0, minute: 0 }, { timezone });
      const months = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' });
      const dates = trigger.fireTimes(at('1999-12-15T00:00Z'), 12 * 60).map((time) => months.format(time));
      const wanted = Array.from(
        { length: 12 * 60 },
        (_, index) => `${2000 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}-01`,
      );
      expect(dates).toEqual(wanted);
    },
  );

  it('P2: moves on strictly through both passes of an overlap, from any instant', () => {
    const rules = ['* * * * *', '*/15 2 * * *', '30 2 * * *', '0 * * * *', '* * * * * *'];
    for (const rule of rules) {
      const trigger = new CronTrigger(rule, { timezone: 'America/New_York' });
      for (let after = at('2027-11-07T04:00Z'); after < at('2027-11-07T08:00Z'); after += 77_777) {
        expect(trigger.next(after)).toBeGreaterThan(after);
      }
    }
  });
});
