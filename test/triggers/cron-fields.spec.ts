import { describe, expect, it } from '@jest/globals';
import type { CronFields } from '../../lib/triggers/index.js';
import { cron, CronTrigger } from '../../lib/triggers/index.js';
import { codeOf, from, refusal, times } from './instants-in-tests.js';
import { processorTime } from '../support/processor-time.js';

describe('cron fields', () => {
  it.each<[CronFields, string[]]>([
    [{ day: 1, minute: 20 }, ['2026-12-01T00:20', '2026-12-01T01:20']],
    [{ month: 6 }, ['2027-06-01T00:00', '2028-06-01T00:00']],
    [{ week: 10 }, ['2027-03-08T00:00', '2027-03-09T00:00']],
    [{ dayOfWeek: 'mon' }, ['2026-11-23T00:00', '2026-11-30T00:00']],
    [{ dayOfWeek: 0 }, ['2026-11-23T00:00', '2026-11-30T00:00']],
    [{ day_of_week: 'MON' }, ['2026-11-23T00:00', '2026-11-30T00:00']],
    [{ year: 2027 }, ['2027-01-01T00:00']],
    [{ hour: 9 }, ['2026-11-20T09:00', '2026-11-21T09:00']],
    [{ hour: '9-17', minute: '*/30' }, ['2026-11-20T09:00', '2026-11-20T09:30']],
    [{ day: '6-13', dayOfWeek: 'fri' }, ['2026-12-11T00:00', '2027-01-08T00:00']],
    [{ day: 'last', hour: 10 }, ['2026-11-30T10:00', '2026-12-31T10:00']],
    [{ day: 'last sun' }, ['2026-11-29T00:00', '2026-12-27T00:00']],
    [{ day: '2nd fri' }, ['2026-12-11T00:00', '2027-01-08T00:00']],
    [{ day: '5th fri' }, ['2027-01-29T00:00', '2027-04-30T00:00']],
    [{ day: '1st mon, last, 15' }, ['2026-11-30T00:00', '2026-12-07T00:00']],
    [{ dayOfWeek: 'fri-mon' }, ['2026-11-21T00:00', '2026-11-22T00:00']],
    [{ dayOfWeek: 'sat-tue/2' }, ['2026-11-21T00:00', '2026-11-23T00:00']],
    [{ month: 'jan-mar', day: '10, 20' }, ['2027-01-10T00:00', '2027-01-20T00:00']],
    [{ month: 'DEC' }, ['2026-12-01T00:00', '2027-12-01T00:00']],
    [{ year: '2026/2', month: 1 }, ['2028-01-01T00:00', '2030-01-01T00:00']],
    [{ year: '*/2', month: 1, day: 1 }, ['2028-01-01T00:00', '2030-01-01T00:00']],
    [{ week: 53 }, ['2026-12-28T00:00', '2026-12-29T00:00']],
    [{ week: '1', dayOfWeek: 'thu' }, ['2027-01-07T00:00', '2028-01-06T00:00']],
    [{ minute: '50/3' }, ['2026-11-20T00:50', '2026-11-20T00:53']],
    [{ second: '*/30' }, ['2026-11-20T00:00:30', '2026-11-20T00:01']],
  ])('%j fires at %j', (fields, wanted) => {
    expect(times(new CronTrigger(fields), wanted.length)).toEqual(wanted);
  });

  it('fires every second without fields', () => {
    expect(new CronTrigger({}).fireTimes(from, 2)).toEqual([from + 1_000, from + 2_000]);
  });

  it('keeps what was given, single values as numbers', () => {
    expect(new CronTrigger({ day_of_week: 'mon-fri', hour: '0', minute: '*/30' }).fields).toEqual({
      dayOfWeek: 'mon-fri',
      hour: 0,
      minute: '*/30',
    });
  });

  it('has no fire times when no year fits a date that other years have', () => {
    const past = new CronTrigger({ year: 2009, month: 1, day: '6-10', dayOfWeek: '0,6' });
    expect(past.next(Date.parse('2008-01-01T00:00Z'))).toBeNull();
    expect(new CronTrigger({ year: 2009 }).next(from)).toBeNull();
  });

  it.each<[object, RegExp]>([
    [{ minute: 60 }, /minute cannot be '60'. Allowed: 0-59/],
    [{ hour: '0-24' }, /hour/],
    [{ day: '0-3' }, /day cannot be '0-3'/],
    [{ day: '*/31' }, /a step is 1 to 30/],
    [{ day: '4-6/3' }, /a step is 1 to 2/],
    [{ minute: '*/60' }, /a step is 1 to 59/],
    [{ minute: '*/0' }, /a step/],
    [{ hour: '17-9' }, /backwards/],
    [{ month: 'mar-jan' }, /backwards/],
    [{ dayOfWeek: 7 }, /0 = Monday/],
    [{ dayOfWeek: 'mon-fri/x' }, /dayOfWeek/],
    [{ dayOfWeek: 'monday' }, /dayOfWeek/],
    [{ day: 'lastfoo' }, /'last'/],
    [{ day: '6th fri' }, /2nd fri/],
    [{ day: 'L' }, /'last'/],
    [{ week: 54 }, /week/],
    [{ year: 1969 }, /year cannot be '1969'. Allowed: 1970-9999/],
    [{ year: '2009-fault' }, /year/],
    [{ second: 0, third: 1 }, /'third' is no field/],
    [{ dayOfweek: 'mon' }, /did you mean 'dayOfWeek'/],
    [{ hours: 9 }, /did you mean 'hour'/],
    [{ dayOfWeek: 'mon', day_of_week: 'tue' }, /not both/],
    [{ hour: '' }, /empty/],
    [{ hour: '1,,2' }, /empty/],
    [{ hour: 1.5 }, /hour cannot be 1.5/],
    [{ hour: NaN }, /hour cannot be NaN/],
    [{ hour: null }, /hour cannot be null/],
    [{ hour: [1, 2] }, /hour cannot be \[1,2\]/],
    [{ hour: 'H' }, /hour cannot be 'H'/],
    [{ minute: '?' }, /minute/],
  ])('refuses %j, naming the field and what is allowed', (fields, message) => {
    const make = () => new CronTrigger(fields);
    expect([codeOf(make), refusal(make)]).toEqual(['INVALID_CRON', expect.stringMatching(message)]);
  });

  it.each<[CronFields]>([
    [{ month: 2, day: 30 }],
    [{ day: '31', month: 'apr,jun' }],
    [{ week: 53, month: 6 }],
    [{ year: 2027, month: 2, day: 29 }],
  ])('P3: refuses %j, which can never fire, at once', (fields) => {
    const spent = processorTime();
    expect(codeOf(() => new CronTrigger(fields))).toBe('NEVER_FIRES');
    expect(spent()).toBeLessThan(500);
  });
});

describe('cron options', () => {
  it('keeps within start and end, both inclusive', () => {
    const trigger = cron('0 9 * * *', { start: '2026-12-01T09:00Z', end: '2026-12-03T09:00Z' });
    expect(times(trigger, 9)).toEqual(['2026-12-01T09:00', '2026-12-02T09:00', '2026-12-03T09:00']);
    expect(trigger.next(Date.parse('2026-12-03T09:00Z'))).toBeNull();
  });

  it('reads a start without offset in its own zone, else in that of the job', () => {
    const own = cron('0 * * * *', { timezone: 'Asia/Tokyo', start: '2026-12-01 09:00' });
    expect(times(own, 1)).toEqual(['2026-12-01T00:00']);
    const open = cron('0 * * * *', { start: '2026-12-01 09:00' });
    expect(times(open, 1)).toEqual(['2026-12-01T09:00']);
    const anchored = open.anchor({ now: from, jobId: 'job', timezone: 'Asia/Tokyo' });
    expect([times(anchored, 1), anchored.timezone]).toEqual([['2026-12-01T00:00'], 'Asia/Tokyo']);
    expect(anchored.toJSON()).toMatchObject({ start: '2026-12-01T00:00:00.000Z', timezone: 'Asia/Tokyo' });
  });

  it('carries jitter, limit and runOnStart without acting on them', () => {
    const trigger = cron('0 9 * * *', { jitter: '30s', limit: 2, runOnStart: true });
    expect([trigger.jitter, trigger.limit, trigger.runOnStart, trigger.fixedDelay]).toEqual([30_000, 2, true, null]);
    expect(trigger.fireTimes(from, 5)).toHaveLength(5);
    expect(trigger.toJSON()).toEqual({
      type: 'cron',
      expression: '0 9 * * *',
      jitter: 30_000,
      limit: 2,
      runOnStart: true,
    });
  });

  it('P34: anchors a rule for one job without touching the other jobs that share it', () => {
    const shared = cron('0 9 * * *');
    const berlin = shared.anchor({ now: from, jobId: 'a', timezone: 'Europe/Berlin' });
    const tokyo = shared.anchor({ now: from, jobId: 'b', timezone: 'Asia/Tokyo' });
    expect([times(berlin, 1), times(tokyo, 1), times(shared, 1)]).toEqual([
      ['2026-11-20T08:00'],
      ['2026-11-21T00:00'],
      ['2026-11-20T09:00'],
    ]);
    expect(shared.timezone).toBeUndefined();
  });

  it('anchoring twice changes nothing', () => {
    const once = cron('H 9 * * *', { start: '2026-01-01' }).anchor({
      now: from,
      jobId: 'job',
      timezone: 'Europe/Berlin',
    });
    expect(once.anchor({ now: from + 1e9, jobId: 'other', timezone: 'Asia/Tokyo' })).toBe(once);
  });

  it('gives the same rule with other options', () => {
    const trigger = cron('0 9 * * *', { timezone: 'Europe/Berlin', limit: 3 }).withOptions({
      start: '2026-12-24',
      limit: 5,
    });
    expect([times(trigger, 1), trigger.limit]).toEqual([['2026-12-24T08:00'], 5]);
  });

  it.each<[object, string, RegExp]>([
    [{ timezone: 'Europe/Berln' }, 'INVALID_TIMEZONE', /did you mean 'Europe\/Berlin'/],
    [{ timezone: '+02:00' }, 'INVALID_TIMEZONE', /IANA/],
    [{ timezone: '' }, 'INVALID_TIMEZONE', /not known/],
    [{ timezone: 5 }, 'INVALID_TIMEZONE', /not known/],
    [{ timeZone: 'Europe/Berlin' }, 'INVALID_TRIGGER', /Did you mean 'timezone'/],
    [{ tz: 'Europe/Berlin' }, 'INVALID_TRIGGER', /Did you mean 'timezone'/],
    [{ start_date: '2026-01-01' }, 'INVALID_TRIGGER', /Did you mean 'start'/],
    [{ maxRuns: 3 }, 'INVALID_TRIGGER', /Did you mean 'limit'/],
    [{ start: 'soon' }, 'INVALID_INSTANT', /start of cron\(\) cannot be 'soon'/],
    [{ end: '2026-02-30' }, 'INVALID_INSTANT', /does not exist/],
    [{ start: '2026-02-01', end: '2026-01-01' }, 'INVALID_TRIGGER', /before the start/],
    [{ jitter: -1 }, 'INVALID_DURATION', /jitter of cron\(\)/],
    [{ jitter: '5 foos' }, 'INVALID_DURATION', /foos/],
    [{ limit: 0 }, 'INVALID_TRIGGER', /1 or more/],
    [{ limit: 1.5 }, 'INVALID_TRIGGER', /whole number/],
    [{ runOnStart: 'yes' }, 'INVALID_TRIGGER', /true or false/],
    ['Europe/Berlin' as unknown as object, 'INVALID_TRIGGER', /options of cron\(\)/],
  ])('refuses the options %j', (options, code, message) => {
    const make = () => cron('0 9 * * *', options);
    expect([codeOf(make), refusal(make)]).toEqual([code, expect.stringMatching(message)]);
  });
});

describe('what a cron says of itself', () => {
  it.each([
    [
      cron('0 9 * * 1-5', { timezone: 'Europe/Berlin' }),
      'cron 0 9 * * 1-5 (Europe/Berlin)',
      'At 09:00, Monday through Friday',
    ],
    [cron('H * * * *'), 'cron H * * * *', 'At the times of H * * * *'],
    [cron('0 0 13 * 5'), 'cron 0 0 13 * 5', 'At 00:00, on day 13 of the month, or on Friday'],
    [
      cron({ day: '6-13', dayOfWeek: 'fri' }),
      'cron day=6-13 dayOfWeek=fri',
      'At 00:00, between day 6 and 13 of the month, only on Friday',
    ],
    [cron({ day: '2nd fri', hour: 9 }), 'cron day=2nd fri hour=9', 'At 09:00, on the 2nd Friday of the month'],
    [cron({ week: 10, year: 2027 }), 'cron year=2027 week=10', 'At 00:00, only in ISO week 10, only in 2027'],
    [cron({}), 'cron every second', 'Every second'],
    [cron('@reboot'), '@reboot', 'At each start'],
  ])('%s', (trigger, text, sentence) => {
    expect([trigger.toString(), trigger.describe()]).toEqual([text, sentence]);
  });
});
