import { describe, expect, it } from '@jest/globals';
import { every, IntervalTrigger } from '../../lib/triggers/index.js';
import { codeOf, from, refusal, times } from './instants-in-tests.js';
import { processorTime } from '../support/processor-time.js';

const minute = 60_000;
const day = 86_400_000;
const context = { now: from, jobId: 'job', timezone: 'Europe/Berlin' };

describe('interval', () => {
  it('fires at start + k * length, start and end included', () => {
    const trigger = every({ minutes: 90 }, { start: '2026-11-20T08:00Z', end: '2026-11-20T11:00Z' });
    expect(times(trigger, 9)).toEqual(['2026-11-20T08:00', '2026-11-20T09:30', '2026-11-20T11:00']);
    expect(trigger.next(Date.parse('2026-11-20T08:00Z') - 1)).toBe(Date.parse('2026-11-20T08:00Z'));
  });

  it('counts from its argument while it has no start', () => {
    expect(every('20m').next(from + 7)).toBe(from + 7 + 20 * minute);
  });

  it('starts one length after the put, and stays on that grid', () => {
    const anchored = every('20m').anchor(context);
    expect(anchored.next(from)).toBe(from + 20 * minute);
    expect(anchored.next(from + 21 * minute)).toBe(from + 40 * minute);
    expect(anchored.toJSON()).toEqual({
      type: 'interval',
      length: 20 * minute,
      timezone: 'Europe/Berlin',
      start: new Date(from + 20 * minute).toISOString(),
    });
    expect(anchored.anchor({ ...context, now: from + day })).toBe(anchored);
  });

  it('moves the first fire by initialDelay', () => {
    expect(times(every('1h', { initialDelay: '5m' }).anchor(context), 2)).toEqual([
      '2026-11-20T00:05',
      '2026-11-20T01:05',
    ]);
    const moved = every('1h', { start: '2026-11-20T10:00Z', initialDelay: '5m' });
    expect([times(moved, 1), times(moved.anchor(context), 1)]).toEqual([['2026-11-20T10:05'], ['2026-11-20T10:05']]);
    const anchored = moved.anchor(context);
    expect(anchored.anchor(context)).toBe(anchored);
  });

  it('fires at the put itself with initialDelay 0', () => {
    const anchored = every('1h', { initialDelay: 0 }).anchor(context);
    expect([anchored.first(from), anchored.next(from)]).toEqual([from, from + 60 * minute]);
    expect(every('1h').anchor(context).first(from)).toBe(from + 60 * minute);
  });

  it('keeps no grid with fixedDelay', () => {
    const trigger = every('10s', { fixedDelay: true }).anchor(context);
    expect([trigger.fixedDelay, every('10s').fixedDelay]).toEqual([10_000, null]);
    expect([trigger.next(from), trigger.next(from + 12_345)]).toEqual([from + 10_000, from + 22_345]);
  });

  it('is elapsed time: 24 hours drift on the wall clock over a change', () => {
    const trigger = every({ days: 1 }, { start: '2027-03-27T09:00', timezone: 'Europe/Berlin' });
    expect(times(trigger, 2, Date.parse('2027-03-27T00:00Z'))).toEqual(['2027-03-27T08:00', '2027-03-28T08:00']);
  });

  it('U18, P6: steps by 30 days without overflow', () => {
    const trigger = every({ days: 30 }).anchor(context);
    expect(trigger.fireTimes(from, 3)).toEqual([from + 30 * day, from + 60 * day, from + 90 * day]);
  });

  it('P5: finds the next fire after a century of missed ones at once', () => {
    const trigger = every(`1s`, { start: '1970-01-01T00:00Z' });
    const spent = processorTime();
    expect(trigger.next(from + 250)).toBe(from + 1_000);
    expect(spent()).toBeLessThan(500);
  });

  it('ends before its end, even when that is over at the put', () => {
    const past = every('1h', { end: '2026-01-01T00:00Z' }).anchor(context);
    expect([past.next(from), past.first(from)]).toEqual([null, null]);
  });

  it.each([NaN, Infinity, -Infinity, 8.64e15])('is total for %p', (after) => {
    for (const trigger of [every('7s'), every('7s', { start: 0 }), every('7s', { fixedDelay: true, start: 0 })]) {
      const next = trigger.next(after);
      expect(next === null || next > after).toBe(true);
    }
  });

  it('takes milliseconds as a number where the unit is named', () => {
    expect(new IntervalTrigger(1_500).length).toBe(1_500);
  });

  it('says what it is', () => {
    const trigger = every({ hours: 1, minutes: 30 }, { timezone: 'Europe/Berlin', fixedDelay: true });
    expect(trigger.toString()).toBe('every 1h30m after the end (Europe/Berlin)');
    expect(trigger.describe()).toBe('Every 1 hour 30 minutes, counted from the end of the previous run');
    expect(every('2w').describe()).toBe('Every 2 weeks');
  });

  it.each<[unknown, RegExp]>([
    [60, /60 is milliseconds; write '60s'/],
    ['60', /no unit: write '60s'/],
    ['0s', /1 millisecond or more/],
    [{}, /Write text such as/],
    [{ seconds: 0 }, /1 millisecond or more/],
    [{ seconds: -5 }, /0 or more/],
    [{ seconds: NaN }, /seconds is a number/],
    [{ seconds: '5' }, /seconds is a number/],
    [{ minuts: 5 }, /did you mean 'minutes'/],
    [{ months: 1 }, /calendar\({ months: 1 }\)/],
    ['5 parsecs', /'parsecs' is not known/],
    ['every 5 minutes', /Write text such as/],
    ['-5m', /Write text such as/],
    [undefined, /Write text such as/],
    [null, /Write text such as/],
    [true, /Write text such as/],
    [[5], /Write text such as/],
    [new Date(), /Write text such as/],
    ['PT', /ISO 8601/],
    ['P1M', /ISO 8601/],
  ])('U35: refuses the length %j', (length, message) => {
    const make = () => every(length as string);
    expect([codeOf(make), refusal(make)]).toEqual(['INVALID_DURATION', expect.stringMatching(message)]);
  });

  it.each<[object, string, RegExp]>([
    [{ fixedDelay: 5 }, 'INVALID_TRIGGER', /true or false/],
    [{ initialDelay: -5 }, 'INVALID_DURATION', /initialDelay of every/],
    [{ fixed_delay: true }, 'INVALID_TRIGGER', /Did you mean 'fixedDelay'/],
    [{ runOnInit: true }, 'INVALID_TRIGGER', /Did you mean 'runOnStart'/],
    [{ start: '2027-01-01', end: '2026-01-01' }, 'INVALID_TRIGGER', /before the start/],
  ])('refuses the options %j', (options, code, message) => {
    const make = () => every('5m', options);
    expect([codeOf(make), refusal(make)]).toEqual([code, expect.stringMatching(message)]);
  });

  it('U35: refuses a length of 0 ms, which would be a tight loop', () => {
    expect(codeOf(() => new IntervalTrigger(0))).toBe('INVALID_DURATION');
    expect(codeOf(() => new IntervalTrigger(0.2))).toBe('INVALID_DURATION');
    expect(codeOf(() => new IntervalTrigger(Infinity))).toBe('INVALID_DURATION');
  });
});
