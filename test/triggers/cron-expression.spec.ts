import { describe, expect, it } from '@jest/globals';
import { cron, CronTrigger, NeverTrigger } from '../../lib/triggers/index.js';
import { codeOf, from, refusal, times } from './instants-in-tests.js';

describe('cron expressions', () => {
  it.each([
    ['0 9 * * 1-5', '2026-11-20 2026-11-23 2026-11-24'],
    ['0 0 * * 0', '2026-11-22 2026-11-29 2026-12-06'],
    ['0 0 * * 7', '2026-11-22 2026-11-29 2026-12-06'],
    ['0 0 * * 5-7', '2026-11-20 2026-11-21 2026-11-22'],
    ['0 0 * * fri-sun', '2026-11-20 2026-11-21 2026-11-22'],
    ['0 0 * * 0-7/3', '2026-11-21 2026-11-22 2026-11-25'],
    ['0 0 * * 1/2', '2026-11-20 2026-11-23 2026-11-25'],
    ['0 0 */10 * *', '2026-11-21 2026-12-01 2026-12-11'],
    ['0 0 13 * 5', '2026-11-20 2026-11-27 2026-12-04'],
    ['0 0 */2 * 1', '2026-11-21 2026-11-23 2026-11-25'],
    ['0 0 ? * 1', '2026-11-23 2026-11-30 2026-12-07'],
    ['0 0 L * *', '2026-11-30 2026-12-31 2027-01-31'],
    ['0 0 L-3 * *', '2026-11-27 2026-12-28 2027-01-28'],
    ['0 0 LW * *', '2026-11-30 2026-12-31 2027-01-29'],
    ['0 0 15W * *', '2026-12-15 2027-01-15 2027-02-15'],
    ['0 0 1W 5 *', '2027-05-03 2028-05-01 2029-05-01'],
    ['0 0 31W * *', '2026-12-31 2027-01-29 2027-03-31'],
    ['0 0 15,L * *', '2026-11-30 2026-12-15 2026-12-31'],
    ['0 0 * * 5L', '2026-11-27 2026-12-25 2027-01-29'],
    ['0 0 * * friL', '2026-11-27 2026-12-25 2027-01-29'],
    ['0 0 * * fri#L', '2026-11-27 2026-12-25 2027-01-29'],
    ['0 0 * * 5#2', '2026-12-11 2027-01-08 2027-02-12'],
    ['0 0 * * fri#5', '2027-01-29 2027-04-30 2027-07-30'],
    ['0 0 1 jan-mar *', '2027-01-01 2027-02-01 2027-03-01'],
    ['0 0 29 2 *', '2028-02-29 2032-02-29 2036-02-29'],
    ['@daily', '2026-11-21 2026-11-22 2026-11-23'],
    ['@weekly', '2026-11-22 2026-11-29 2026-12-06'],
    ['@monthly', '2026-12-01 2027-01-01 2027-02-01'],
    ['@YEARLY', '2027-01-01 2028-01-01 2029-01-01'],
  ])('%s fires on %s', (expression, dates) => {
    const answer = times(
      new CronTrigger(expression),
      dates.split(' ').length,
      expression.startsWith('@') ? from : from - 1,
    );
    expect(answer.map((text) => text.slice(0, 10)).join(' ')).toBe(dates);
  });

  it.each([
    ['*/20 * * * *', '00:20 00:40 01:00'],
    ['*/60 * * * *', '01:00 02:00 03:00'],
    ['5/20 * * * *', '00:05 00:25 00:45'],
    ['0 8-12/2 * * *', '08:00 10:00 12:00'],
    ['0,30 7 * * *', '07:00 07:30 07:00'],
    ['@hourly', '01:00 02:00 03:00'],
  ])('%s fires at %s', (expression, wanted) => {
    expect(
      times(new CronTrigger(expression), 3)
        .map((text) => text.slice(11))
        .join(' '),
    ).toBe(wanted);
  });

  it('has seconds first in six fields and the year last in seven', () => {
    expect(new CronTrigger('*/10 * * * * *').fireTimes(from, 3)).toEqual([from + 10_000, from + 20_000, from + 30_000]);
    expect(times(new CronTrigger('0 0 12 1 1 * 2030-2031'), 5)).toEqual(['2030-01-01T12:00', '2031-01-01T12:00']);
  });

  it('takes its zone from CRON_TZ', () => {
    const trigger = new CronTrigger('CRON_TZ=Europe/Berlin 0 8 * * *');
    expect(trigger.timezone).toBe('Europe/Berlin');
    expect(times(trigger, 1)).toEqual(['2026-11-20T07:00']);
    expect(refusal(() => new CronTrigger('TZ=Europe/Berlin 0 8 * * *', { timezone: 'UTC' }))).toMatch(/Keep one/);
    expect(codeOf(() => new CronTrigger('CRON_TZ=Mars/Base 0 8 * * *'))).toBe('INVALID_TIMEZONE');
  });

  it('reads @reboot as a run at each start and no fire time', () => {
    const trigger = cron('@reboot');
    expect(trigger).toBeInstanceOf(NeverTrigger);
    expect([trigger.runOnStart, trigger.next(from), trigger.first(from)]).toEqual([true, null, null]);
    expect(refusal(() => new CronTrigger('@reboot'))).toMatch(/runOnStart/);
  });

  it('reads strings of APScheduler with Monday as 0 and both days matching', () => {
    const mondays = CronTrigger.fromCrontab('0 9 * * 0', { dialect: 'apscheduler' });
    expect(times(mondays, 1)).toEqual(['2026-11-23T09:00']);
    const friday13th = CronTrigger.fromCrontab('0 0 13 * 4', { dialect: 'apscheduler', timezone: 'Europe/Berlin' });
    expect(times(friday13th, 1)).toEqual(['2027-08-12T22:00']);
    expect(times(CronTrigger.fromCrontab('0 9 * * 0'), 1)).toEqual(['2026-11-22T09:00']);
    expect(refusal(() => CronTrigger.fromCrontab('@daily', { dialect: 'apscheduler' }))).toMatch(/5 fields/);
    expect(refusal(() => CronTrigger.fromCrontab('* * * * *', { dialect: 'quartz' as 'crontab' }))).toMatch(
      /apscheduler/,
    );
  });

  it('gives its fields, single values as numbers and weekdays as names', () => {
    expect(new CronTrigger('*/30 0 * * 1-5').fields).toEqual({
      minute: '*/30',
      hour: 0,
      day: '*',
      month: '*',
      dayOfWeek: 'mon-fri',
    });
    expect(new CronTrigger('0 0 0 L 1 5#2,0/3 2030').fields).toMatchObject({
      day: 'L',
      dayOfWeek: 'fri#2,sun/3',
      year: 2030,
    });
  });

  it.each<[unknown, RegExp]>([
    ['* * * *', /4 fields; write 5/],
    ['* * * * * * * *', /8 fields/],
    ['', /empty/],
    [undefined, /Cron undefined is not understood/],
    [null, /Cron null/],
    [42, /Cron 42/],
    ['60 * * * *', /minute cannot be '60'. Allowed: 0-59/],
    ['* 24 * * *', /hour cannot be '24'/],
    ['* * 0 * *', /day cannot be '0'/],
    ['* * 32 * *', /day cannot be '32'/],
    ['* * * 13 *', /month cannot be '13'/],
    ['* * * * 8', /dayOfWeek cannot be '8'. Allowed: 0-7/],
    ['0 22-2 * * *', /backwards/],
    ['0 0 * * 5-1', /backwards/],
    ['0 0 * * 7-2', /backwards/],
    ['*/0 * * * *', /a step is 1 to 60/],
    ['*/70 * * * *', /a step is 1 to 60/],
    ['* */25 * * *', /a step is 1 to 24/],
    ['0 0 * * */8', /a step is 1 to 7/],
    ['1,,2 * * * *', /empty/],
    ['5/5/5 * * * *', /minute cannot be '5\/5\/5'/],
    ['*/x * * * *', /minute/],
    ['-5 * * * *', /minute/],
    ['1.5 * * * *', /minute/],
    ['0 0 * * mon-tur', /dayOfWeek/],
    ['0 0 * foo *', /month/],
    ['0 0 * * L', /dayOfWeek/],
    ['0 0 * * 1#0', /dayOfWeek/],
    ['0 0 * * 1#6', /dayOfWeek/],
    ['0 0 * * 2-4#2', /dayOfWeek/],
    ['0 0 L-31 * *', /L-1 to L-30/],
    ['0 0 10-15W * *', /day/],
    ['0 15W * * *', /hour/],
    ['? * * * *', /minute/],
    ['0 0 1 1 * * 1969', /year/],
    ['@fortnightly', /aliases are @yearly/],
    ['2026-01-01T00:00:00Z', /1 field/],
    ['9'.repeat(600), /too long/],
  ])('refuses %p', (expression, message) => {
    expect(codeOf(() => new CronTrigger(expression as string))).toBe('INVALID_CRON');
    expect(refusal(() => new CronTrigger(expression as string))).toMatch(message);
  });

  it.each(['0 0 31 2 *', '0 0 30 2 *', '0 0 31 4,6,9,11 *', '0 0 0 29 2 * 2027', '0 0 31 2 * '])(
    'refuses %s, which can never fire',
    (expression) => {
      const make = () => new CronTrigger(expression);
      expect([codeOf(make), refusal(make)]).toEqual(['NEVER_FIRES', expect.stringMatching(/no date matches/)]);
    },
  );

  it('answers as others do where a list allows all', () => {
    expect(times(new CronTrigger('0 0 1,* * 5'), 2)).toEqual(['2026-11-21T00:00', '2026-11-22T00:00']);
  });
});

describe('H in expressions', () => {
  const anchored = (expression: string, jobId: string) =>
    new CronTrigger(expression).anchor({ now: from, jobId, timezone: 'UTC' });

  it('is open until the job is known, then the same for the same job everywhere', () => {
    expect(refusal(() => new CronTrigger('H * * * *').next(from))).toMatch(/derived from the job id/);
    expect(anchored('H H * * *', 'report').toString()).toBe(anchored('H H * * *', 'report').toString());
    expect(anchored('H H * * *', 'report').expression).toMatch(/^\d+ \d+ \* \* \*$/);
  });

  it('spreads jobs over the whole field', () => {
    const minutes = new Set(
      Array.from({ length: 600 }, (_, index) => anchored('H * * * *', `job-${index}`).fields.minute),
    );
    expect(minutes.size).toBeGreaterThan(55);
  });

  it('keeps to a range and a step', () => {
    for (let index = 0; index < 100; index++) {
      const { minute, hour, day } = anchored('H(10-19) H/6 H * *', `job-${index}`).fields;
      expect(minute).toBeGreaterThanOrEqual(10);
      expect(minute).toBeLessThanOrEqual(19);
      expect(hour).toMatch(/^[0-5]-23\/6$/);
      expect(day).toBeLessThanOrEqual(28);
    }
  });

  it('gives minute and hour values of their own', () => {
    const pairs = Array.from({ length: 50 }, (_, index) => anchored('H(0-23) H * * *', `job-${index}`).fields);
    expect(pairs.filter(({ minute, hour }) => minute === hour).length).toBeLessThan(15);
  });

  it.each([
    'H/0 * * * *',
    'H(10-5) * * * *',
    'H(10-5)/2 * * * *',
    'H(1-10)/0 * * * *',
    '0 H(1-5)/10 * * *',
    'Hx * * * *',
    '0 0 0 1 1 * H',
  ])('refuses %s where it is written', (expression) =>
    expect(codeOf(() => new CronTrigger(expression))).toBe('INVALID_CRON'),
  );

  it('stands for thursday nowhere', () => {
    expect(new CronTrigger('0 0 * * thu').next(from)).toBe(Date.parse('2026-11-26T00:00Z'));
  });
});
