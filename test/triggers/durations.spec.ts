import { describe, expect, it } from '@jest/globals';
import { Duration } from 'luxon';
import { durationText, isValidZone, toInstant, toMillis } from '../../lib/triggers/index.js';
import { codeOf, refusal } from './instants-in-tests.js';

describe('toMillis', () => {
  it.each<[unknown, number]>([
    [1_500, 1_500],
    [0, 0],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['2 days', 172_800_000],
    ['1 week, 2 days', 777_600_000],
    ['250ms', 250],
    ['10 SECONDS', 10_000],
    ['PT90S', 90_000],
    ['P1DT2H', 93_600_000],
    ['P2W', 1_209_600_000],
    ['PT0.5S', 500],
    [{ minutes: 5 }, 300_000],
    [{ minute: 5 }, 300_000],
    [{ weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 }, 694_861_001],
    [{ minutes: 1.5 }, 90_000],
    [{ hours: 1, minutes: undefined }, 3_600_000],
    [Duration.fromObject({ minutes: 3 }), 180_000],
  ])('reads %j', (input, wanted) => {
    expect(toMillis(input as string)).toBe(wanted);
  });

  it('names the place in its refusal', () => {
    expect(refusal(() => toMillis('soon', 'timeout of job "report"'))).toMatch(
      /^timeout of job "report" cannot be 'soon'/,
    );
    expect(codeOf(() => toMillis(NaN))).toBe('INVALID_DURATION');
    expect(codeOf(() => toMillis('9'.repeat(400) + 's'))).toBe('INVALID_DURATION');
  });

  it.each<[number, string]>([
    [0, '0ms'],
    [90_000, '1m30s'],
    [5_400_000, '1h30m'],
    [86_400_001, '1d1ms'],
  ])('writes %i as %s', (length, text) => {
    expect(durationText(length)).toBe(text);
    expect(toMillis(text)).toBe(length);
  });
});

describe('toInstant', () => {
  it.each<[string, string, string]>([
    ['2026-12-25T09:00', 'Europe/Berlin', '2026-12-25T08:00:00.000Z'],
    ['2026-12-25 09:00:30.5', 'Europe/Berlin', '2026-12-25T08:00:30.500Z'],
    ['2026-12-25', 'America/New_York', '2026-12-25T05:00:00.000Z'],
    ['2026-12-25T09:00+0530', 'Europe/Berlin', '2026-12-25T03:30:00.000Z'],
    ['2026-12-25T09:00-05', 'Europe/Berlin', '2026-12-25T14:00:00.000Z'],
    ['2026-12-25t09:00z', 'Europe/Berlin', '2026-12-25T09:00:00.000Z'],
    ['2027-03-28T02:30', 'Europe/Berlin', '2027-03-28T01:00:00.000Z'],
    ['2027-10-31T02:30', 'Europe/Berlin', '2027-10-31T00:30:00.000Z'],
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
    ['2011-12-30T12:00', 'Pacific/Apia', '2011-12-30T22:00:00.000Z'],
  ])('reads %s in %s', (text, zone, wanted) => {
    expect(new Date(toInstant(text, zone)).toISOString()).toBe(wanted);
  });

  it('names the place in its refusal', () => {
    expect(refusal(() => toInstant('soon', 'UTC', 'until of pause()'))).toMatch(/^until of pause\(\) cannot be 'soon'/);
  });
});

describe('isValidZone', () => {
  it.each<[unknown, boolean]>([
    ['Europe/Berlin', true],
    ['UTC', true],
    ['US/Eastern', true],
    ['Etc/GMT+5', true],
    ['America/Argentina/Buenos_Aires', true],
    ['Europe/Berln', false],
    ['+02:00', false],
    ['', false],
    ['local', false],
    [undefined, false],
    [5, false],
    ['__proto__', false],
  ])('%p: %p', (name, isValid) => expect(isValidZone(name)).toBe(isValid));
});
