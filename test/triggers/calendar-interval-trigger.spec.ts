import { describe, expect, it } from '@jest/globals';
import type { CalendarInterval } from '../../lib/triggers/index.js';
import { calendar } from '../../lib/triggers/index.js';
import { codeOf, from, refusal, times } from './instants-in-tests.js';
import { processorTime } from '../support/processor-time.js';

const dates = (interval: CalendarInterval, count: number, after?: number) =>
  times(calendar(interval), count, after).map((text) => text.slice(0, 10));

describe('calendar interval', () => {
  it.each<[string, CalendarInterval, string[]]>([
    [
      'keeps the 31st and passes over months without it',
      { months: 1, start: '2027-01-31' },
      ['2027-01-31', '2027-03-31', '2027-05-31', '2027-07-31'],
    ],
    ['keeps 29 February', { years: 1, start: '2028-02-29' }, ['2028-02-29', '2032-02-29', '2036-02-29']],
    ['adds years and months', { years: 1, months: 1, start: '2027-01-15' }, ['2027-01-15', '2028-02-15', '2029-03-15']],
    ['adds weeks', { weeks: 2, start: '2027-01-01' }, ['2027-01-01', '2027-01-15', '2027-01-29']],
    ['adds weeks and days', { weeks: 1, days: 1, start: '2027-01-01' }, ['2027-01-01', '2027-01-09', '2027-01-17']],
    [
      'adds months, then days',
      { months: 1, days: 1, start: '2027-01-30' },
      ['2027-01-30', '2027-03-31', '2027-06-01', '2027-07-02'],
    ],
    ['goes quarterly', { months: 3, start: '2026-12-31' }, ['2026-12-31', '2027-03-31', '2027-12-31', '2028-03-31']],
  ])('%s', (_name, interval, wanted) => {
    expect(dates(interval, wanted.length)).toEqual(wanted);
  });

  it('fires at its time of day, whatever the time of the start', () => {
    expect(times(calendar({ days: 1, hour: 18, minute: 30, second: 15, start: '2027-01-01' }), 1)).toEqual([
      '2027-01-01T18:30:15',
    ]);
  });

  it('fires on no date before its start, nor before the start’s own time', () => {
    expect(times(calendar({ days: 1, hour: 9 }, { start: '2027-01-01T12:00' }), 1)).toEqual(['2027-01-02T09:00']);
  });

  it('begins today when no start is given, in the zone of the job', () => {
    const anchored = calendar({ days: 2, hour: 9 }).anchor({
      now: from + 5 * 3_600_000,
      jobId: 'job',
      timezone: 'Europe/Berlin',
    });
    expect(times(anchored, 2)).toEqual(['2026-11-20T08:00', '2026-11-22T08:00']);
    expect(anchored.anchor({ now: from * 2, jobId: 'x', timezone: 'UTC' })).toBe(anchored);
    expect(anchored.toJSON()).toMatchObject({
      days: 2,
      hour: 9,
      start: '2026-11-19T23:00:00.000Z',
      timezone: 'Europe/Berlin',
    });
  });

  it('includes all of a bare last date', () => {
    expect(dates({ days: 1, hour: 23, start: '2027-01-01', end: '2027-01-02' }, 9)).toEqual([
      '2027-01-01',
      '2027-01-02',
    ]);
    expect(
      times(calendar({ days: 1 }, { start: '2020-12-31', end: '2020-12-31', timezone: 'Europe/Berlin' }), 2, 0),
    ).toEqual(['2020-12-30T23:00']);
  });

  it('keeps the wall-clock day over a change, as a daily job does', () => {
    const trigger = calendar({ days: 1, hour: 2, minute: 30 }, { timezone: 'Europe/Berlin', start: '2027-03-27' });
    expect(times(trigger, 3)).toEqual(['2027-03-27T01:30', '2027-03-28T01:00', '2027-03-29T00:30']);
    const autumn = calendar({ days: 1, hour: 2, minute: 30 }, { timezone: 'Europe/Berlin', start: '2027-10-31' });
    expect(times(autumn, 2)).toEqual(['2027-10-31T00:30', '2027-11-01T01:30']);
  });

  it('makes nothing up for the date that Apia left out', () => {
    const trigger = calendar({ days: 1, hour: 12 }, { timezone: 'Pacific/Apia', start: '2011-12-29' });
    expect(times(trigger, 2, Date.parse('2011-12-28T00:00Z'))).toEqual(['2011-12-29T22:00', '2011-12-30T22:00']);
  });

  it('P3: ends in year 9999, in bounded time', () => {
    const spent = processorTime();
    expect(calendar({ months: 1, days: 1, start: '1970-01-01' }).next(Date.UTC(9999, 11, 31))).toBeNull();
    expect(calendar({ years: 5_000, start: '1970-01-01' }).next(Date.UTC(6970, 0, 2))).toBeNull();
    expect(spent()).toBeLessThan(1_000);
  });

  it('says what it is', () => {
    const trigger = calendar({ months: 1, days: 2, hour: 18 }, { start: '2027-01-31', timezone: 'UTC' });
    expect(trigger.toString()).toBe('calendar months=1 days=2 at 18:00 from 2027-01-31T00:00:00.000Z (UTC)');
    expect(trigger.describe()).toBe('Every month and 2 days at 18:00');
  });

  it.each<[unknown, RegExp]>([
    [{}, /at least one of years/],
    [{ months: 0 }, /at least one of years/],
    [{ hour: 9 }, /at least one of years/],
    [undefined, /at least one of years/],
    [{ days: 1.5 }, /days of calendar\(\)/],
    [{ days: -1 }, /days of calendar\(\)/],
    [{ days: '1' }, /days of calendar\(\)/],
    [{ days: 1, hour: 24 }, /hour of calendar\(\).* 0 to 23/],
    [{ days: 1, minute: 60 }, /minute/],
    [{ day: 1 }, /Did you mean 'days'/],
    [{ days: 1, start: '2016-03-04', end: '2016-03-03' }, /before the start/],
  ])('refuses %j', (interval, message) => {
    const make = () => calendar(interval as CalendarInterval);
    expect([codeOf(make), refusal(make)]).toEqual(['INVALID_TRIGGER', expect.stringMatching(message)]);
  });
});
