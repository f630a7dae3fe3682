import { describe, expect, it } from '@jest/globals';
import type { LocalDate } from '../../lib/triggers/index.js';
import { CalendarRegistry, at, cron, every } from '../../lib/triggers/index.js';
import { codeOf, from, refusal, times } from './instants-in-tests.js';

const context = { now: from, jobId: 'job', timezone: 'Europe/Berlin' };
const hourly = () => cron('0 * * * *', { timezone: 'UTC' });

describe('excluding', () => {
  it('leaves out dates and registered calendars', () => {
    const calendars = new CalendarRegistry({ holidays: ['2026-11-20', '2026-11-23/2026-11-25'] });
    const trigger = cron('0 9 * * *').excluding('holidays', '2026-11-21').withCalendars(calendars);
    expect(times(trigger, 3)).toEqual(['2026-11-22T09:00', '2026-11-26T09:00', '2026-11-27T09:00']);
  });

  it('asks for the local date of the trigger’s zone', () => {
    const trigger = cron('0 1 * * *').excluding('2026-11-21').anchor(context);
    expect(times(trigger, 2)).toEqual(['2026-11-22T00:00', '2026-11-23T00:00']);
  });

  it('asks a predicate, with Monday as weekday 0', () => {
    const seen: LocalDate[] = [];
    const trigger = cron('0 9 * * *').excluding((date) => {
      seen.push(date);
      return date.weekday >= 5;
    });
    expect(times(trigger, 2)).toEqual(['2026-11-20T09:00', '2026-11-23T09:00']);
    expect(seen[0]).toEqual({ year: 2026, month: 11, day: 20, weekday: 4 });
  });

  it('cannot be asked before its calendars are known', () => {
    const trigger = cron('0 9 * * *').excluding('holidays');
    expect(codeOf(() => trigger.next(from))).toBe('UNKNOWN_CALENDAR');
    const others = new CalendarRegistry({ vacations: [] });
    expect(refusal(() => trigger.withCalendars(others))).toMatch(
      /'holidays' is not registered. Registered are: vacations/,
    );
  });

  it('leaps over whole dates, and ends after ten years without one', () => {
    let asked = 0;
    const trigger = every('1s', { start: 0 }).excluding(() => {
      asked++;
      return true;
    });
    expect(trigger.next(from)).toBeNull();
    expect(asked).toBeLessThan(4_000);
  });

  it('names the predicate that throws', () => {
    const trigger = cron('0 9 * * *').excluding(() => {
      throw new Error('no table');
    });
    expect([codeOf(() => trigger.next(from)), refusal(() => trigger.next(from))]).toEqual([
      'INVALID_CALENDAR',
      expect.stringMatching(/threw for {"year":2026/),
    ]);
  });

  it('excludes a date trigger’s date', () => {
    expect(at('2026-12-24T09:00').excluding('2026-12-24').first(from)).toBeNull();
    expect(at('2026-12-23T09:00').excluding('2026-12-24').first(from)).toBe(Date.parse('2026-12-23T09:00Z'));
  });

  it.each<[unknown[]]>([[[]], [['']], [[5]], [['2026-13-01']], [[null]]])('refuses %j', (exclusions) => {
    expect(codeOf(() => cron('0 9 * * *').excluding(...(exclusions as string[])))).toBe('INVALID_TRIGGER');
  });
});

describe('between and unlessBetween', () => {
  it('includes both ends', () => {
    expect(times(hourly().between('09:00', '11:00'), 4)).toEqual([
      '2026-11-20T09:00',
      '2026-11-20T10:00',
      '2026-11-20T11:00',
      '2026-11-21T09:00',
    ]);
  });

  it('may cross midnight', () => {
    expect(times(hourly().between('22:00', '01:00'), 5)).toEqual([
      '2026-11-20T01:00',
      '2026-11-20T22:00',
      '2026-11-20T23:00',
      '2026-11-21T00:00',
      '2026-11-21T01:00',
    ]);
    expect(times(hourly().unlessBetween('02:00', '22:00'), 3)).toEqual([
      '2026-11-20T01:00',
      '2026-11-20T23:00',
      '2026-11-21T00:00',
    ]);
    expect(times(hourly().unlessBetween('23:00', '22:59:59'), 3)).toEqual([]);
  });

  it('leaves out both ends with unlessBetween', () => {
    expect(times(hourly().unlessBetween('01:00', '22:00'), 3)).toEqual([
      '2026-11-20T23:00',
      '2026-11-21T00:00',
      '2026-11-21T23:00',
    ]);
  });

  it('P29: is judged at the fire time in the zone of the job, over a change of the clocks', () => {
    const trigger = cron('*/30 * * * *').between('02:00', '03:00').anchor(context);
    expect(times(trigger, 4, Date.parse('2027-03-28T00:00Z'))).toEqual([
      '2027-03-28T01:00',
      '2027-03-29T00:00',
      '2027-03-29T00:30',
      '2027-03-29T01:00',
    ]);
    expect(times(trigger, 6, Date.parse('2027-10-30T23:59Z'))).toEqual([
      '2027-10-31T00:00',
      '2027-10-31T00:30',
      '2027-10-31T01:00',
      '2027-10-31T01:30',
      '2027-10-31T02:00',
      '2027-11-01T01:00',
    ]);
  });

  it('filters an interval’s own grid', () => {
    const trigger = every({ minutes: 25 })
      .between('09:00', '17:00')
      .anchor({ ...context, timezone: 'UTC' });
    expect(times(trigger, 2)).toEqual(['2026-11-20T09:10', '2026-11-20T09:35']);
    expect(times(every({ minutes: 25 }).between('09:00', '17:00'), 1)).toEqual(['2026-11-20T09:10']);
  });

  it('adds up', () => {
    const trigger = hourly().between('08:00', '18:00').unlessBetween('12:00', '13:00').excluding('2026-11-20');
    expect(times(trigger, 9).map((text) => text.slice(8, 13))).toEqual(
      ['08', '09', '10', '11', '14', '15', '16', '17', '18'].map((hour) => `21T${hour}`),
    );
    expect(trigger.toString()).toBe(
      'cron 0 * * * * (UTC) excluding 2026-11-20 between 08:00-18:00 unless between 12:00-13:00',
    );
    expect(trigger.describe()).toBe(
      'Every hour, but not on 2026-11-20, only between 08:00 and 18:00, but not between 12:00 and 13:00',
    );
  });

  it('keeps what belongs to the plan', () => {
    const trigger = every('5m', { jitter: '3s', limit: 4, fixedDelay: true, runOnStart: true }).between(
      '08:00',
      '18:00',
    );
    expect([trigger.kind, trigger.jitter, trigger.limit, trigger.fixedDelay, trigger.runOnStart]).toEqual([
      'filtered',
      3_000,
      4,
      300_000,
      true,
    ]);
    expect(trigger.withOptions({ limit: 9 }).limit).toBe(9);
  });

  it.each([
    ['9', '17:00'],
    ['09:00', '24:00'],
    ['09:00', '17:60'],
    ['', '17:00'],
    [9 as unknown as string, '17:00'],
  ])('refuses %p to %p', (begin, end) => {
    expect(codeOf(() => hourly().between(begin, end))).toBe('INVALID_TRIGGER');
    expect(refusal(() => hourly().unlessBetween(begin, end))).toMatch(/time of day/);
  });
});
