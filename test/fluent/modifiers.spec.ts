/** SEMANTICS section 3: kinds, modifiers, groups and macros, as they end in options. */
import { describe, expect, it } from '@jest/globals';
import { FluentSchedule, type ScheduledJob } from '../../lib/fluent/index.js';
import { jobsBy, work, type Options } from './fluent-schedule.js';

class Reports {
  send(_to: string) {}
}

type Sentence = (job: ScheduledJob<Options>) => unknown;
const optionsOf = (sentence: Sentence): Options => jobsBy((schedule) => sentence(schedule.call(work)))[0].options;
const one = () => true;
const two = () => false;

describe('a modifier', () => {
  it.each<[Sentence, object]>([
    [(job) => job.timezone('Europe/Berlin'), { timezone: 'Europe/Berlin' }],
    [
      (job) => job.name('a').description('b').id('c').aliases('d', 'e'),
      { name: 'a', description: 'b', id: 'c', aliases: ['d', 'e'] },
    ],
    [(job) => job.tags('a', 'b').tags(['c']), { tags: ['a', 'b', 'c'] }],
    [(job) => job.environments('production', 'staging'), { environments: ['production', 'staging'] }],
    [(job) => job.environments(['production']), { environments: ['production'] }],
    [(job) => job.enabled(false), { enabled: false }],
    [(job) => job.withoutOverlapping(), { withoutOverlapping: 1440 }],
    [(job) => job.withoutOverlapping(10), { withoutOverlapping: 10 }],
    [(job) => job.onOneServer(), { onOneServer: true }],
    [(job) => job.runInBackground(), { runInBackground: true }],
    [(job) => job.evenInMaintenanceMode(), { evenInMaintenanceMode: true }],
    [(job) => job.store('db').executor('fast'), { store: 'db', executor: 'fast' }],
    [(job) => job.retry({ attempts: 3, delay: '10s' }), { retry: { attempts: 3, delay: '10s' } }],
    [(job) => job.timeout('5m').misfireGraceTime('1m'), { timeout: '5m', misfireGraceTime: '1m' }],
    [
      (job) => job.coalesce(false).catchUpLimit(5).maxInstances(2),
      { coalesce: false, catchUpLimit: 5, maxInstances: 2 },
    ],
    [(job) => job.keepHistory(false).failsOnFalse(false), { keepHistory: false, failsOnFalse: false }],
    [(job) => job.limit(3).runOnStart(), { limit: 3, runOnStart: true }],
    [(job) => job.when(one).when(two).skip(one), { when: [one, two], skip: [one] }],
    [(job) => job.before(one).after(one).then(two), { before: [one], after: [one, two] }],
    [(job) => job.onSuccess(one as never).onFailure(two as never), { onSuccess: [one], onFailure: [two] }],
    [(job) => job.when([Reports, 'send'] as never).when([one, two] as never), { when: [[Reports, 'send'], one, two] }],
    [(job) => job.sendOutputTo('a.log'), { output: { sendTo: 'a.log' } }],
    [(job) => job.appendOutputTo('a.log').appendOutputTo('b.log'), { output: { appendTo: 'b.log' } }],
    [
      (job) => job.emailOutputTo('a@b.c').emailOutputTo(['d@e.f', 'g@h.i']),
      { output: { mailTo: ['a@b.c', 'd@e.f', 'g@h.i'] } },
    ],
    [
      (job) => job.emailWrittenOutputTo('a@b.c').emailOutputOnFailure('d@e.f'),
      { output: { mailWrittenTo: ['a@b.c'], mailOnFailureTo: ['d@e.f'] } },
    ],
    [
      (job) => job.pingBefore('https://a.b/1').thenPing('https://a.b/2', 'https://a.b/3'),
      { pings: { before: ['https://a.b/1'], after: ['https://a.b/2', 'https://a.b/3'] } },
    ],
    [
      (job) => job.pingOnSuccess('https://a.b/1').pingOnFailure('https://a.b/2'),
      { pings: { onSuccess: ['https://a.b/1'], onFailure: ['https://a.b/2'] } },
    ],
  ])('%s', (sentence, options) => {
    expect(optionsOf(sentence)).toEqual(options);
  });

  it('a job that an async function answers is no promise, and gets no hooks by it', async () => {
    let answered: unknown;
    const jobs = jobsBy((schedule) => (answered = schedule.call(work).daily()));
    await expect((async () => answered)()).resolves.toBeUndefined();
    expect(jobs[0].options).toEqual({});
  });
});

describe('a kind', () => {
  it.each([
    [
      'job',
      jobsBy((it) => it.job(Reports, 'send', 'ada')),
      { kind: 'method', host: Reports, method: 'send' },
      'Reports.send',
    ],
    ['call', jobsBy((it) => it.call(work)), { kind: 'function', fn: work }, 'work'],
    [
      'command',
      jobsBy((it) => it.command('mail:send', ['weekly news', '--force', 3])),
      { kind: 'described', task: { command: 'mail:send', args: ['weekly news', '--force', '3'] } },
      "mail:send 'weekly news' --force 3",
    ],
    [
      'command on a line',
      jobsBy((it) => it.command('mail:send "weekly news" --force')),
      { kind: 'described', task: { command: 'mail:send', args: ['weekly news', '--force'] } },
      "mail:send 'weekly news' --force",
    ],
    [
      'exec of a line',
      jobsBy((it) => it.exec('node backup.js > /dev/null')),
      { kind: 'described', task: { exec: 'node backup.js > /dev/null' } },
      'node backup.js > /dev/null',
    ],
    [
      'exec of a file',
      jobsBy((it) => it.exec(['node', 'backup.js', 'a b'], { cwd: '/srv', env: { A: '1' }, user: 'www-data' })),
      {
        kind: 'described',
        task: { exec: ['node', 'backup.js', 'a b'], cwd: '/srv', env: { A: '1' }, user: 'www-data' },
      },
      "node backup.js 'a b'",
    ],
  ])('%s', (_name, [job], work_, line) => {
    expect([job.work, job.line]).toEqual([work_, line]);
  });

  it('keeps the arguments of methods and functions', () => {
    const jobs = jobsBy((schedule) => {
      schedule.job(Reports, 'send', 'ada');
      schedule.call((_table: string, _days: number) => undefined, 'logs', 7);
    });
    expect(jobs.map(({ args }) => args)).toEqual([['ada'], ['logs', 7]]);
  });
});

describe('a group', () => {
  it('gives its jobs its options, nested groups inherit, and a job of its own says more', () => {
    const jobs = jobsBy((schedule) => {
      schedule.group({ timezone: 'Asia/Tokyo', tags: ['a'], when: one, output: { sendTo: 'x' } }, (outer) => {
        outer.call(work).daily();
        outer.group({ timezone: 'Europe/Paris', tags: ['b'], when: two, output: { appendTo: 'y' } }, (inner) =>
          inner.call(work).daily().tags('c'),
        );
      });
      schedule.call(work).daily();
    });
    expect(jobs.map(({ options }) => options)).toEqual([
      { timezone: 'Asia/Tokyo', tags: ['a'], when: [one], output: { sendTo: 'x' } },
      { timezone: 'Europe/Paris', tags: ['a', 'b', 'c'], when: [one, two], output: { sendTo: 'x', appendTo: 'y' } },
      {},
    ]);
  });

  it('says frequencies and constraints to each job, before its own sentence', () => {
    const jobs = jobsBy((schedule) =>
      schedule.group(
        (each) => each.weekdays().at('9:00').between('8:00', '18:00'),
        (group) => {
          group.call(work);
          group.call(work).at('10:00');
        },
      ),
    );
    const rules = jobs.map((job) => job.trigger().toString());
    expect(rules).toEqual(['cron 0 9 * * 1-5 between 08:00-18:00', 'cron 0 10 * * 1-5 between 08:00-18:00']);
  });
});

declare module '../../lib/fluent/macros.js' {
  interface ScheduleMacros {
    workdaysAt(time: string): this;
  }
}

class MacroSchedule extends FluentSchedule<Options> {
  static define(name: string, macro: (job: ScheduledJob<Options>, ...args: never[]) => unknown): void {
    FluentSchedule.addMacro(name, macro);
  }
}

describe('a macro', () => {
  it('is a method of every job, typed by declaration merging', () => {
    MacroSchedule.define('workdaysAt', (job, time: string) => job.weekdays().dailyAt(time));
    const [job] = jobsBy((schedule) => schedule.call(work).workdaysAt('7:30').name('early'));
    expect([job.trigger().toJSON().expression, job.options.name]).toEqual(['30 7 * * 1-5', 'early']);
  });

  it.each(['daily', 'between', 'then', 'constructor'])('cannot take the place of %s()', (name) => {
    expect(() => MacroSchedule.define(name, () => undefined)).toThrow(/^macro\(\) cannot be given/);
  });

  it('is a function with the name of a method', () => {
    expect(() => MacroSchedule.define('two words', () => undefined)).toThrow(/name is that of a method/);
    expect(() => MacroSchedule.define('broken', 'x' as never)).toThrow(/a function of the job/);
  });
});
