import { describe, expect, it } from '@jest/globals';
import { DateTime } from 'luxon';
import { at, DateTrigger } from '../../lib/triggers/index.js';
import { codeOf, from, refusal, times } from './instants-in-tests.js';

const context = { now: from, jobId: 'job', timezone: 'Europe/Berlin' };

describe('date', () => {
  it.each<[unknown]>([
    ['2026-12-25T09:00Z'],
    ['2026-12-25 09:00Z'],
    ['2026-12-25T10:00+01:00'],
    ['2026-12-25T09:00:00.000Z'],
    [new Date('2026-12-25T09:00Z')],
    [Date.parse('2026-12-25T09:00Z')],
    [DateTime.fromISO('2026-12-25T10:00', { zone: 'Europe/Berlin' })],
  ])('fires once, at %p', (instant) => {
    expect(times(at(instant as string), 5)).toEqual(['2026-12-25T09:00']);
  });

  it('reads text without offset in its own zone, else in that of the job, else in UTC', () => {
    expect(times(at('2026-12-25 09:00', { timezone: 'America/New_York' }), 1)).toEqual(['2026-12-25T14:00']);
    expect(times(at('2026-12-25 09:00').anchor(context), 1)).toEqual(['2026-12-25T08:00']);
    expect(times(at('2026-12-25'), 1)).toEqual(['2026-12-25T00:00']);
  });

  it('has its date as first fire time even when that is past, and no next one', () => {
    const past = at('2024-12-31');
    expect([past.first(from), past.next(from)]).toEqual([Date.parse('2024-12-31T00:00Z'), null]);
  });

  it('fires at once when its job is put, without a date', () => {
    const open = at();
    expect([open.at, open.next(from), open.first(from)]).toEqual([null, null, from]);
    const anchored = open.anchor(context);
    expect([anchored.at, anchored.first(from), anchored.next(from - 1)]).toEqual([from, from, from]);
    expect(anchored.anchor({ ...context, now: from + 5 })).toBe(anchored);
  });

  it('fires that long after each start, without a date and with a delay', () => {
    const open = new DateTrigger(undefined, {}, 30_000);
    expect([open.at, open.first(from), open.renewsOnStart, at().renewsOnStart]).toEqual([
      null,
      from + 30_000,
      true,
      false,
    ]);
    const anchored = open.anchor(context);
    expect([anchored.at, anchored.renewsOnStart]).toEqual([from + 30_000, true]);
    expect(anchored.anchor({ ...context, now: from + 5 })).toBe(anchored);
    expect([open.toString(), open.describe()]).toEqual([
      'date 30s after each start',
      'Once, 30 seconds after each start',
    ]);
    expect(open.withOptions({ jitter: '5s' }).toJSON()).toEqual({ type: 'date', afterStart: 30_000, jitter: 5_000 });
    expect(open.between('09:00', '17:00').renewsOnStart).toBe(true);
    expect(refusal(() => new DateTrigger(undefined, {}, -1))).toMatch(/afterStart/);
  });

  it('takes options in the place of a date', () => {
    expect([at({ jitter: '5s' }).jitter, at({ jitter: '5s' }).at]).toEqual([5_000, null]);
    expect(new DateTrigger(undefined, { timezone: 'Europe/Berlin' }).timezone).toBe('Europe/Berlin');
  });

  it('keeps the wall time in JSON while its zone is open', () => {
    expect(at('2026-12-25 09:00').toJSON()).toEqual({ type: 'date', at: '2026-12-25T09:00:00.000' });
    expect(at('2026-12-25 09:00').anchor(context).toJSON()).toEqual({
      type: 'date',
      at: '2026-12-25T08:00:00.000Z',
      timezone: 'Europe/Berlin',
    });
  });

  it('says what it is', () => {
    expect(at('2026-12-25 09:00').anchor(context).toString()).toBe('date 2026-12-25T08:00:00.000Z (Europe/Berlin)');
    expect([at().toString(), at().describe()]).toEqual(['date at once', 'Once, at once']);
  });

  it.each<[unknown, RegExp]>([
    ['2026-02-30', /does not exist/],
    ['2026-13-01', /month is 01 to 12/],
    ['2026-12-25T24:00', /time of day/],
    ['2026-12-25T09:60', /time of day/],
    ['1969-12-31', /1970 to 9999/],
    ['2026-12-25T09:00+25:00', /offset/],
    ['tomorrow', /such as '2026-12-25T09:00'/],
    ['12/25/2026', /such as/],
    ['', /such as/],
    [NaN, /such as/],
    [Infinity, /such as/],
    [new Date('nonsense'), /an invalid Date/],
    [true, /such as/],
  ])('refuses %p', (instant, message) => {
    const make = () => new DateTrigger(instant as string);
    expect([codeOf(make), refusal(make)]).toEqual(['INVALID_INSTANT', expect.stringMatching(message)]);
  });
});
