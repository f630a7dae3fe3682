/** SEMANTICS section 3: every frequency against its expression. */
import { describe, expect, it } from '@jest/globals';
import type { ScheduledJob } from '../../lib/fluent/index.js';
import { cron, every } from '../../lib/triggers/index.js';
import { jobsBy, work, type Options } from './fluent-schedule.js';

type Sentence = (job: ScheduledJob<Options>) => unknown;

/** The trigger of one job, as JSON text or as its expression. */
function ruleOf(sentence: Sentence): unknown {
  const [job] = jobsBy((schedule) => sentence(schedule.call(work)));
  const json = job.trigger().toJSON();
  return json.expression ?? json;
}

describe('a frequency', () => {
  it.each<[string, Sentence]>([
    ['* * * * *', (job) => job.everyMinute()],
    ['*/2 * * * *', (job) => job.everyTwoMinutes()],
    ['*/3 * * * *', (job) => job.everyThreeMinutes()],
    ['*/4 * * * *', (job) => job.everyFourMinutes()],
    ['*/5 * * * *', (job) => job.everyFiveMinutes()],
    ['*/10 * * * *', (job) => job.everyTenMinutes()],
    ['*/15 * * * *', (job) => job.everyFifteenMinutes()],
    ['*/30 * * * *', (job) => job.everyThirtyMinutes()],
    ['*/1 * * * * *', (job) => job.everySecond()],
    ['*/2 * * * * *', (job) => job.everyTwoSeconds()],
    ['*/5 * * * * *', (job) => job.everyFiveSeconds()],
    ['*/10 * * * * *', (job) => job.everyTenSeconds()],
    ['*/15 * * * * *', (job) => job.everyFifteenSeconds()],
    ['*/20 * * * * *', (job) => job.everyTwentySeconds()],
    ['*/30 * * * * *', (job) => job.everyThirtySeconds()],
    ['0 * * * *', (job) => job.hourly()],
    ['17 * * * *', (job) => job.hourlyAt(17)],
    ['15,30 * * * *', (job) => job.hourlyAt([15, 30])],
    ['*/10 * * * *', (job) => job.hourlyAt('*/10')],
    ['0 1-23/2 * * *', (job) => job.everyOddHour()],
    ['37 1-23/2 * * *', (job) => job.everyOddHour(37)],
    ['0 */2 * * *', (job) => job.everyTwoHours()],
    ['37 */2 * * *', (job) => job.everyTwoHours(37)],
    ['0 */3 * * *', (job) => job.everyThreeHours()],
    ['0 */4 * * *', (job) => job.everyFourHours()],
    ['5,35 */6 * * *', (job) => job.everySixHours([5, 35])],
    ['0 0 * * *', (job) => job.daily()],
    ['8 13 * * *', (job) => job.dailyAt('13:08')],
    ['8 13 * * *', (job) => job.at('13:08')],
    ['0 9 * * *', (job) => job.dailyAt('9')],
    ['0 1,13 * * *', (job) => job.twiceDaily(1, 13)],
    ['0 1,13 * * *', (job) => job.twiceDaily()],
    ['15 1,13 * * *', (job) => job.twiceDailyAt(1, 13, 15)],
    ['0 0 * * 0', (job) => job.weekly()],
    ['0 8 * * 1', (job) => job.weeklyOn(1, '8:00')],
    ['0 2 * * 0', (job) => job.weeklyOn('sunday', '02:00')],
    ['0 8 * * 1,4', (job) => job.weeklyOn(['Monday', 'thu'], '8:00')],
    ['0 0 * * 0', (job) => job.weeklyOn(7)],
    ['0 0 1 * *', (job) => job.monthly()],
    ['0 15 4 * *', (job) => job.monthlyOn(4, '15:00')],
    ['0 13 1,16 * *', (job) => job.twiceMonthly(1, 16, '13:00')],
    ['0 15 L * *', (job) => job.lastDayOfMonth('15:00')],
    ['0 0 1,10,20 * *', (job) => job.daysOfMonth(1, 10, 20)],
    ['0 0 1,10,20 * *', (job) => job.daysOfMonth([1, 10, 20])],
    ['0 0 1 1-12/3 *', (job) => job.quarterly()],
    ['0 14 4 1-12/3 *', (job) => job.quarterlyOn(4, '14:00')],
    ['0 0 1 1 *', (job) => job.yearly()],
    ['0 17 1 6 *', (job) => job.yearlyOn(6, 1, '17:00')],
    ['* * * * 1-5', (job) => job.weekdays()],
    ['* * * * 6,0', (job) => job.weekends()],
    ['* * * * 1', (job) => job.mondays()],
    ['* * * * 2', (job) => job.tuesdays()],
    ['* * * * 3', (job) => job.wednesdays()],
    ['* * * * 4', (job) => job.thursdays()],
    ['* * * * 5', (job) => job.fridays()],
    ['* * * * 6', (job) => job.saturdays()],
    ['* * * * 0', (job) => job.sundays()],
    ['* * * * 1,3', (job) => job.days([1, 3])],
    ['* * * * 0,3', (job) => job.days('sun', 'Wednesday')],
    ['0 22 * * 1-5', (job) => job.cron('0 22 * * 1-5')],
    ['@daily', (job) => job.cron('@daily')],
    ['30 0 22 * * 1-5', (job) => job.cron('30 0 22 * * 1-5')],
  ])('%s', (expression, sentence) => {
    expect(ruleOf(sentence)).toBe(expression);
  });
});

describe('frequencies splice fields', () => {
  it.each<[string, Sentence]>([
    ['0 0 * * 1-5', (job) => job.weekdays().daily()],
    ['0 0 * * 1-5', (job) => job.daily().weekdays()],
    ['0 * * * *', (job) => job.everyFiveMinutes().hourly()],
    ['*/5 * * * *', (job) => job.hourly().everyFiveMinutes()],
    ['*/10 0 * * * *', (job) => job.hourly().everyTenSeconds()],
    ['30 8 1,15 * *', (job) => job.daysOfMonth(1, 15).at('8:30')],
    ['0 9 * * 1', (job) => job.cron('0 9 * * *').mondays()],
    ['0 0 * * 5', (job) => job.cron('@daily').fridays()],
    ['0 30 4 * * * 2027', (job) => job.cron('0 0 0 1 1 * 2027').cron('0 0 4 * * * 2027').hourlyAt(30)],
    ['0 22 * * *', (job) => job.weekly().cron('0 22 * * *')],
  ])('%s', (expression, sentence) => {
    expect(ruleOf(sentence)).toBe(expression);
  });

  it('the zone before an expression is that of the job', () => {
    const [job] = jobsBy((schedule) => schedule.call(work).cron('CRON_TZ=Asia/Tokyo 0 9 * * *').mondays());
    expect(job.options.timezone).toBe('Asia/Tokyo');
    expect(job.trigger().toJSON().expression).toBe('0 9 * * 1');
  });
});

describe('every(seconds)', () => {
  it('is an interval', () => {
    expect(ruleOf((job) => job.every(30))).toEqual({ type: 'interval', length: 30_000 });
  });

  it('replaces the time of day, and days filter its grid', () => {
    const sentences: Sentence[] = [
      (job) => job.every(90).weekends(),
      (job) => job.dailyAt('9:00').weekends().every(90),
    ];
    for (const sentence of sentences) {
      const [job] = jobsBy((schedule) => sentence(schedule.call(work)));
      // Friday 20 November 2026, 23:58 in Berlin.
      const now = Date.parse('2026-11-20T22:58:00Z');
      const trigger = job.trigger().anchor({ now, jobId: 'x', timezone: 'Europe/Berlin' });
      const times = trigger.fireTimes(now, 2).map((at) => new Date(at).toISOString());
      expect(times).toEqual(['2026-11-20T23:01:00.000Z', '2026-11-20T23:02:30.000Z']);
      const sunday = Date.parse('2026-11-22T22:59:30Z');
      expect(new Date(trigger.next(sunday)!).toISOString()).toMatch(/^2026-11-27T23:0/);
    }
  });

  it('P29: keeps to the part of the day, over midnight, in the zone of the job', () => {
    const [job] = jobsBy((schedule) => schedule.call(work).every(3_600).between('23:00', '1:00'));
    const now = Date.parse('2026-11-20T00:00:00Z');
    const trigger = job.trigger().anchor({ now, jobId: 'x', timezone: 'America/New_York' });
    const times = trigger.fireTimes(now, 4).map((at) => new Date(at).toISOString());
    expect(times).toEqual(
      ['04', '05', '06'].map((hour) => `2026-11-20T${hour}:00:00.000Z`).concat(['2026-11-21T04:00:00.000Z']),
    );
  });
});

describe('between and unlessBetween', () => {
  const timesOf = (sentence: Sentence, from: string, count: number, timezone = 'UTC') => {
    const [job] = jobsBy((schedule) => sentence(schedule.call(work)));
    const now = Date.parse(from);
    const trigger = job.trigger().anchor({ now, jobId: 'x', timezone });
    return trigger.fireTimes(now, count).map((at) => new Date(at).toISOString().slice(11, 16));
  };

  it('keep what lies inside, both ends included', () => {
    expect(timesOf((job) => job.hourly().between('8:00', '10:00'), '2026-11-20T00:00:00Z', 4)).toEqual([
      '08:00',
      '09:00',
      '10:00',
      '08:00',
    ]);
  });

  it('cross midnight', () => {
    const times = timesOf((job) => job.everyFourHours().unlessBetween('22:00', '6:00'), '2026-11-20T00:00:00Z', 5);
    expect(times).toEqual(['08:00', '12:00', '16:00', '20:00', '08:00']);
  });

  it('P29: are judged at each fire time in the zone of the job, after a change of the clocks too', () => {
    const sentence: Sentence = (job) => job.hourly().between('9:00', '9:30');
    expect(timesOf(sentence, '2026-10-24T00:00:00Z', 2, 'Europe/Berlin')).toEqual(['07:00', '08:00']);
  });

  it('together hold both', () => {
    const sentence: Sentence = (job) => job.hourly().between('8:00', '12:00').unlessBetween('9:00', '11:00');
    expect(timesOf(sentence, '2026-11-20T00:00:00Z', 3)).toEqual(['08:00', '12:00', '08:00']);
  });
});

describe('trigger', () => {
  it('takes any trigger, and parts of the day filter it', () => {
    expect(ruleOf((job) => job.trigger(every('5m')))).toEqual({ type: 'interval', length: 300_000 });
    expect(ruleOf((job) => job.trigger(cron('0 9 * * *')).between('8:00', '10:00'))).toMatchObject({
      type: 'filtered',
      between: [['08:00', '10:00']],
    });
  });

  it('is what cron("@reboot") makes', () => {
    const [job] = jobsBy((schedule) => schedule.call(work).cron('@reboot'));
    expect(job.trigger()).toMatchObject({ kind: 'never', runOnStart: true });
  });
});
