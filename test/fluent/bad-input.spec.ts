/** What the fluent schedule refuses, with a code and what to write instead. */
import { describe, expect, it } from '@jest/globals';
import { FluentSchedule, jobsOf, ScheduleBook } from '../../lib/fluent/index.js';
import { every } from '../../lib/triggers/index.js';
import { jobsBy, work, type Options, type TestSchedule } from './fluent-schedule.js';

// Chains that do not compile: users of JavaScript, and values of configuration, come here all the same.
type Anything = any;
type Sentence = (job: Anything, schedule: TestSchedule) => unknown;

function refusalOf(sentence: Sentence): string {
  try {
    for (const job of jobsBy((schedule) => sentence(schedule.call(work), schedule)).reverse()) job.trigger();
    return 'not refused';
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`;
  }
}

describe('bad input', () => {
  it.each<[Sentence, RegExp]>([
    [(job) => job.dailyAt('25:00'), /^INVALID_SCHEDULE: dailyAt\(\) cannot be given '25:00'\. It is a time of day/],
    [(job) => job.at('noon'), /^INVALID_SCHEDULE: at\(\).*'00:00' to '23:59'/],
    [(job) => job.dailyAt('9:61'), /^INVALID_SCHEDULE: dailyAt\(\)/],
    [(job) => job.dailyAt(9), /^INVALID_SCHEDULE: dailyAt\(\) cannot be given 9/],
    [(job) => job.weeklyOn('someday'), /^INVALID_SCHEDULE: weeklyOn\(\).*'someday'.*weekday: 0 \(Sunday\)/],
    [(job) => job.weeklyOn(1, '8h'), /^INVALID_SCHEDULE: weeklyOn\(\)/],
    [(job) => job.days(), /^INVALID_SCHEDULE: days\(\).*Name one day/],
    [(job) => job.days([1, 8]), /^INVALID_SCHEDULE: days\(\) cannot be given 8/],
    [(job) => job.every(0), /^INVALID_SCHEDULE: every\(\) cannot be given 0\. It is a whole number of seconds/],
    [(job) => job.every('5m'), /^INVALID_SCHEDULE: every\(\).*\.trigger\(every\('1h30m'\)\)/],
    [(job) => job.every(1.5), /^INVALID_SCHEDULE: every\(\)/],
    [(job) => job.hourlyAt(60), /^INVALID_SCHEDULE: hourlyAt\(\) cannot be given 60/],
    [(job) => job.hourlyAt([]), /^INVALID_SCHEDULE: hourlyAt\(\)/],
    [(job) => job.hourlyAt('*/0'), /^INVALID_SCHEDULE: hourlyAt\(\).*'\*\/10'/],
    [(job) => job.hourlyAt('1 2'), /^INVALID_SCHEDULE: hourlyAt\(\)/],
    [(job) => job.everyTwoHours('x'), /^INVALID_SCHEDULE: everyTwoHours\(\)/],
    [(job) => job.twiceDaily(1, 24), /^INVALID_SCHEDULE: twiceDaily\(\) cannot be given 24\. It is an hour/],
    [(job) => job.twiceDailyAt(1, 2, 60), /^INVALID_SCHEDULE: twiceDailyAt\(\).*a minute/],
    [(job) => job.monthlyOn(32), /^INVALID_SCHEDULE: monthlyOn\(\) cannot be given 32\. It is a day of the month/],
    [(job) => job.daysOfMonth(0), /^INVALID_SCHEDULE: daysOfMonth\(\)/],
    [(job) => job.yearlyOn(13, 1), /^INVALID_SCHEDULE: yearlyOn\(\).*a month/],
    [(job) => job.yearlyOn(2, 30), /^NEVER_FIRES: /],
    [(job) => job.cron('* * *'), /^INVALID_CRON: /],
    [(job) => job.timezone('Mars/Olympus').daily(), /^INVALID_TIMEZONE: .*Mars\/Olympus/],
    [(job) => job.timezone('Europe/Berln').daily(), /did you mean 'Europe\/Berlin'/],
    [(job) => job.hourly().between('8', '17:00'), /^INVALID_TRIGGER: from of between\(\)/],
    [(job) => job.hourly().unlessBetween('8:00', '24:00'), /^INVALID_TRIGGER: to of unlessBetween\(\)/],
    [(job) => job.timeout(60).daily(), /^INVALID_DURATION: timeout\(\) cannot be 60.*'60s'/],
    [(job) => job.misfireGraceTime(60).daily(), /^INVALID_DURATION: misfireGraceTime\(\)/],
    [(job) => job.retry({ attempts: 3, delay: 10 }).daily(), /^INVALID_DURATION: delay of retry\(\)/],
    [() => undefined, /^MISSING_FREQUENCY: work says no time at which it runs/],
    [(job) => job.between('8:00', '9:00'), /^MISSING_FREQUENCY: /],
    [(job) => job.every(30).daily(), /^CONFLICTING_FREQUENCIES: daily\(\) cannot stand beside every\(\)/],
    [(job) => job.every(30).everyTenSeconds(), /^CONFLICTING_FREQUENCIES: everyTenSeconds\(\)/],
    [(job) => job.trigger(every('5m')).daily(), /^CONFLICTING_FREQUENCIES: daily\(\) cannot stand beside trigger\(\)/],
    [(job) => job.daily().trigger(every('5m')), /^CONFLICTING_FREQUENCIES: trigger\(\) cannot stand beside daily\(\)/],
    [(job) => job.trigger(every('5m')).every(5), /^CONFLICTING_FREQUENCIES: every\(\)/],
    [(job) => job.trigger('5m'), /^INVALID_SCHEDULE: trigger\(\) cannot be given '5m'/],
    [(job) => job.everyFiveMinute(), /^UNKNOWN_SCHEDULE_METHOD: .*everyFiveMinute\(\)\. Did you mean everyFiveMinutes/],
    [(job) => job.every_five_minutes(), /^UNKNOWN_SCHEDULE_METHOD: .*Did you mean everyFiveMinutes\(\)/],
    [(_, schedule: Anything) => schedule.comand('x'), /^UNKNOWN_SCHEDULE_METHOD: .*Did you mean command\(\)/],
    [(_, schedule: Anything) => schedule.job('Reports', 'send'), /^INVALID_SCHEDULE: job\(\) .*class of a provider/],
    [(_, schedule: Anything) => schedule.call('purge'), /^INVALID_SCHEDULE: call\(\) .*Give a function/],
    [(_, schedule) => schedule.command(' '), /^INVALID_SCHEDULE: command\(\)/],
    [(_, schedule: Anything) => schedule.command('a', { force: true }), /^INVALID_SCHEDULE: command\(\).*a list/],
    [(_, schedule) => schedule.exec(''), /^INVALID_SCHEDULE: exec\(\)/],
    [(_, schedule: Anything) => schedule.exec([]), /^INVALID_SCHEDULE: exec\(\)/],
    [(_, schedule: Anything) => schedule.exec('ls', { dir: '/' }), /^INVALID_SCHEDULE: exec\(\).*dir.*cwd/],
    [(_, schedule: Anything) => schedule.group('daily', work), /^INVALID_SCHEDULE: group\(\)/],
    [(_, schedule: Anything) => schedule.group({}), /^INVALID_SCHEDULE: group\(\)/],
    [
      (_, schedule: Anything) => schedule.group({ timeout: 5_000 }, work),
      /^INVALID_DURATION: timeout of group.*'5000s'/,
    ],
    [
      (_, schedule: Anything) => schedule.group({ misfireGraceTime: 60 }, work),
      /^INVALID_DURATION: .*group\(\).*'60m'/,
    ],
    [
      (_, schedule: Anything) => schedule.group({ retry: { delay: 3 } }, work),
      /^INVALID_DURATION: delay of retry in group/,
    ],
    [(_, schedule) => schedule.group({}, async () => undefined), /^INVALID_SCHEDULE: group\(\).*not async/],
    [
      (_, schedule) =>
        schedule
          .call(() => 1)
          .daily()
          .onOneServer(),
      /^UNNAMED_FUNCTION: .*onOneServer.*\.name\(/,
    ],
    [
      (_, schedule) =>
        schedule
          .call(() => 1)
          .daily()
          .withoutOverlapping(),
      /^UNNAMED_FUNCTION: /,
    ],
  ])('%s', (sentence, refusal) => {
    expect(refusalOf((job, schedule) => (schedule.call(work).daily(), sentence(job, schedule)))).toMatch(refusal);
  });

  it('a function that has a name needs no other', () => {
    const [job] = jobsBy((schedule) => schedule.call(work).daily().onOneServer().withoutOverlapping(10));
    expect(job.trigger().kind).toBe('cron');
  });

  it('jobs are neither added nor changed once the schedule was read', () => {
    const book = new ScheduleBook();
    const schedule = new FluentSchedule<Options>(book);
    const job = schedule.call(work).daily();
    jobsOf(book);
    expect(() => schedule.call(work)).toThrow(/^call\(\) was called after the schedule was read/);
    expect(() => job.hourly()).toThrow(/^hourly\(\) was called after/);
    expect(() => job.name('x')).toThrow(/after the schedule was read/);
    expect(() => job.between('1:00', '2:00')).toThrow(/after the schedule was read/);
  });

  it('what inspectors and assertions ask for is undefined', () => {
    jobsBy((schedule) => {
      const job = schedule.call(work).daily() as unknown as Record<string, unknown>;
      for (const name of [
        'toJSON',
        'asymmetricMatch',
        'nodeType',
        '$$typeof',
        'inspect',
        'hasAttribute',
        'tagName',
        'catch',
      ]) {
        expect([name, job[name]]).toEqual([name, undefined]);
      }
    });
  });
});
