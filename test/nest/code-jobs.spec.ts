import { describe, expect, it } from '@jest/globals';
import type { ModuleRef } from '@nestjs/core';
import { At, Cron, Interval, Scheduled, scheduleNotes, Timeout } from '../../lib/nest/decorators/index.js';
import { codeJobs } from '../../lib/nest/definitions/code-jobs.js';
import { resolveModuleOptions } from '../../lib/nest/options/index.js';
import type { JobOptions, SchedulerModuleOptions } from '../../lib/nest/options/index.js';
import { CalendarRegistry, cron, every } from '../../lib/triggers/index.js';
import type { DecoratedMethod, Host } from '../../lib/nest/discovery/index.js';

type Class = new (...args: never[]) => object;

const now = Date.parse('2026-03-01T00:00Z');
const values: Record<string, unknown> = { CRON: '0 6 * * *', ID: 'from-config' };
const injector = { get: (key: string) => values[key] } as unknown as ModuleRef;

/** Definitions of the jobs that these classes and options make. */
function jobsOf(types: readonly Class[], options: SchedulerModuleOptions = {}, functions: readonly string[] = []) {
  const methods = types.flatMap((type) =>
    [...scheduleNotes.of(type.prototype as object)].map(([method, notes]) => {
      const host = { types: [type], moduleName: 'AppModule' } as unknown as Host;
      return { host, type, method, notes } satisfies DecoratedMethod<unknown>;
    }),
  );
  const tasks = [...methods.map(({ type, method }) => `${type.name}.${method}`), ...functions];
  return codeJobs(methods, {
    options: resolveModuleOptions(options, { environment: {}, packageName: 'test', packageVersion: '1.0.0' }),
    injector,
    now,
    calendars: new CalendarRegistry({}),
    fluent: [],
    work: { nameOf: () => '', provide: () => undefined },
    nameable: { has: (task) => tasks.includes(task), names: () => tasks },
    bindHook: () => ({ name: 'hook', call: () => true }),
  });
}

const shown = (jobs: ReturnType<typeof jobsOf>) =>
  jobs.map(({ id, task, trigger }) => `${id}: ${task} ${trigger.toString()}`);

const SHARED = { stores: { db: { type: 'typeorm' } } } as const;

describe('ids', () => {
  it('are id, else name, else Class.method, numbered from the top', () => {
    class Reports {
      @Cron('0 1 * * *')
      @Cron('0 2 * * *')
      @Cron('0 3 * * *', { name: 'third' })
      @Cron('0 4 * * *', { id: 'fourth', name: 'Fourth' })
      @Cron('0 5 * * *')
      send() {}
    }
    expect(shown(jobsOf([Reports]))).toEqual([
      'Reports.send: Reports.send cron 0 1 * * *',
      'Reports.send#2: Reports.send cron 0 2 * * *',
      'third: Reports.send cron 0 3 * * *',
      'fourth: Reports.send cron 0 4 * * *',
      'Reports.send#3: Reports.send cron 0 5 * * *',
    ]);
  });

  it('must be given in a shared store from the second job of a method on', () => {
    class Reports {
      @Cron('0 1 * * *', { store: 'db' })
      @Cron('0 2 * * *', { store: 'db' })
      send() {}
    }
    expect(() => jobsOf([Reports], SHARED)).toThrow(
      /Reports.send \(@Cron\): option "id" is missing.*'Reports.send-2'/s,
    );
  });

  it('of two jobs are refused when they are one, naming both places', () => {
    class Reports {
      @Cron('0 1 * * *', { id: 'report' }) send() {}
      @Interval('1h', { name: 'report' }) sync() {}
    }
    expect(() => jobsOf([Reports])).toThrow(expect.objectContaining({ code: 'DUPLICATE_JOB' }));
    expect(() => jobsOf([Reports])).toThrow(/"report".*Reports.send \(@Cron\).*Reports.sync \(@Interval\)/s);
  });
});

describe('arguments of decorators', () => {
  it('U3: may be functions of the injector', () => {
    class Reports {
      @Cron((ref) => ref.get('CRON'), (ref) => ({ id: ref.get('ID') })) send() {}
      @Interval(() => '5m') sync() {}
      @At(() => new Date(now)) launch() {}
      @Scheduled(() => every('1h')) often() {}
      @Timeout(() => 1_000) warm() {}
    }
    expect(shown(jobsOf([Reports]))).toEqual([
      'from-config: Reports.send cron 0 6 * * *',
      'Reports.sync: Reports.sync every 5m',
      'Reports.launch: Reports.launch date 2026-03-01T00:00:00.000Z',
      'Reports.often: Reports.often every 1h',
      'Reports.warm: Reports.warm date 1s after each start',
    ]);
  });

  it('make the trigger and the policy, with the defaults of the module before them', () => {
    class Reports {
      @Cron('0 9 * * *', { timezone: 'Asia/Tokyo', jitter: '30s', limit: 3, maxInstances: 2, args: ['a', 1] }) send() {}
      @Scheduled(every('1h'), { limit: 2, jitter: '5s' }) often() {}
    }
    const [send, often] = jobsOf([Reports], {
      timezone: 'Europe/Berlin',
      jobDefaults: { maxInstances: 5, coalesce: false },
    });
    expect(send).toMatchObject({
      timezone: 'Asia/Tokyo',
      args: ['a', 1],
      policy: { maxInstances: 2, coalesce: false },
    });
    expect([send.trigger.jitter, send.trigger.limit]).toEqual([30_000, 3]);
    expect(often).toMatchObject({ timezone: 'Europe/Berlin', policy: { maxInstances: 5 } });
    expect([often.trigger.jitter, often.trigger.limit]).toEqual([5_000, 2]);
  });

  it.each<[string, MethodDecorator, RegExp]>([
    ['U3: an undefined cron', Cron((ref) => ref.get('MISSING')), /"cron" is undefined.*ConfigService/],
    ['a cron that is none', Cron('every day'), /"cron" is refused:.*every day/],
    ['a cron that never fires', Cron('0 0 31 2 *'), /"cron" is refused/],
    ['a date as a cron', Cron(new Date(0) as never), /Write @At\(date\)/],
    ['a function that throws', Cron(() => JSON.parse('{') as string), /"cron" is a function that threw/],
    ['a function that answers a promise', Cron((async () => '* * * * *') as never), /answers a promise/],
    [
      'options that are a promise',
      Cron('* * * * *', (async () => ({})) as never),
      /"options" is a function that answers/,
    ],
    ['the spelling of @nestjs/schedule', Interval('name', 5_000 as never), /@Interval\(5000, \{ name: 'name' \}\)/],
    ['the same of a timeout', Timeout('name', 5_000 as never), /@Timeout\(5000, \{ name: 'name' \}\)/],
    ['a length without a unit', Interval('15'), /"every".*15s/],
    ['a length of 0', Interval(0), /"every" is 0/],
    ['timeZone', Cron('* * * * *', { timeZone: 'UTC' } as never), /"timeZone" is called 'timezone' here/],
    ['misfire_grace_time', Cron('* * * * *', { misfire_grace_time: 60 } as never), /is called 'misfireGraceTime' here/],
    ['an unknown option', Cron('* * * * *', { maxInstanses: 2 } as never), /Did you mean 'maxInstances'/],
    ['a grace of 60', Cron('* * * * *', { misfireGraceTime: 60 }), /60 is milliseconds; write '60s'/],
    ['an option of an interval', Cron('* * * * *', { fixedDelay: true } as never), /"fixedDelay".*Only an interval/],
    ['no trigger', Scheduled('* * * * *' as never), /"trigger".*must be a trigger/],
    ['an unknown store', Cron('* * * * *', { store: 'db' }), /names no store: 'db'/],
    ['arguments that are no JSON', Cron('* * * * *', { args: [new Date(0)] }), /args\[0\].*toISOString/],
    ['no shared store', Cron('* * * * *', { onOneServer: true }), /"onOneServer" needs a shared store/],
    ['an instant that is none', At('tomorrow'), /"at".*tomorrow/],
  ])('refuse %s, naming the place', (_name, decorator, message) => {
    class Reports {
      send() {}
    }
    decorator(Reports.prototype, 'send', Object.getOwnPropertyDescriptor(Reports.prototype, 'send') as never);
    expect(() => jobsOf([Reports])).toThrow(message);
    expect(() => jobsOf([Reports])).toThrow(/Reports\.send \(@\w+\)/);
  });

  it('report everything that is wrong at once', () => {
    class Reports {
      @Cron('nonsense', { maxInstances: 0 }) send() {}
      @Interval('nonsense') sync() {}
    }
    const options = { jobs: { lost: { cron: '0 1 * * *' } } };
    expect(() => jobsOf([Reports], options)).toThrow(
      /^4 options are wrong:.*"cron".*"maxInstances".*"every".*jobs.lost/s,
    );
  });

  it('refuse a function in a trigger of a shared store', () => {
    class Reports {
      @Scheduled(cron('0 9 * * *').excluding(() => true), { store: 'db' }) send() {}
    }
    expect(() => jobsOf([Reports], SHARED)).toThrow(/"trigger" holds a function, which store 'db' cannot keep/);
  });
});

describe('enabled and environments', () => {
  class Reports {
    @Cron('0 1 * * *', { enabled: false }) off() {}
    @Cron('0 2 * * *', { environments: ['production'] }) production() {}
    @Cron('0 3 * * *') on() {}
  }
  it.each([
    ['production', [false, true, true]],
    ['test', [false, false, true]],
  ])('in %s', (environment, expected) => {
    expect(jobsOf([Reports], { environment }).map((job) => job.enabled)).toEqual(expected);
  });
});

describe('forRoot({ jobs })', () => {
  class Sync {
    @Interval({ hours: 1 }, { fixedDelay: true, maxInstances: 2 }) pull() {}
    @Cron('0 3 * * *', { id: 'cleanup', timezone: 'Asia/Tokyo' }) cleanUp() {}
    push() {}
  }

  it('gives the job of a method its id, by text or by a task without a trigger', () => {
    expect(shown(jobsOf([Sync], { jobs: { hourly: 'Sync.pull' } }))).toEqual([
      'hourly: Sync.pull every 1h after the end',
      'cleanup: Sync.cleanUp cron 0 3 * * *',
    ]);
    const [job] = jobsOf([Sync], { jobs: { hourly: { task: 'Sync.pull', maxInstances: 7, tags: ['a'] } } });
    expect(job).toMatchObject({ id: 'hourly', tags: ['a'], policy: { maxInstances: 7 } });
    expect(job.trigger.fixedDelay).toBe(3_600_000);
  });

  it('overrides a job of the code field by field, under a given or a made id', () => {
    const jobs = jobsOf([Sync], {
      jobs: { cleanup: { cron: '30 4 * * *' }, 'Sync.pull': { every: '2h', description: 'often' } },
    });
    expect(shown(jobs)).toEqual([
      'Sync.pull: Sync.pull every 2h after the end',
      'cleanup: Sync.cleanUp cron 30 4 * * *',
    ]);
    expect(jobs[0]).toMatchObject({ description: 'often', policy: { maxInstances: 2 } });
    expect(jobs[0].trigger.fixedDelay).toBe(7_200_000);
    expect(jobs[1]).toMatchObject({ timezone: 'Asia/Tokyo' });
  });

  it.each<[string, JobOptions, JobOptions, object]>([
    [
      'misfire over grace',
      { misfireGraceTime: '5m' },
      { misfire: 'skip' },
      { coalesce: true, misfireGraceTime: 10_000 },
    ],
    [
      'misfire over all of it',
      { coalesce: false, misfireGraceTime: '5m', catchUpLimit: 3 },
      { misfire: 'runOnce' },
      { coalesce: true, misfireGraceTime: null, catchUpLimit: 100 },
    ],
    [
      'grace over misfire',
      { misfire: 'runAll' },
      { misfireGraceTime: '1m' },
      { coalesce: false, misfireGraceTime: 60_000 },
    ],
    ['coalesce over misfire', { misfire: 'skip' }, { coalesce: false }, { coalesce: false, misfireGraceTime: 10_000 }],
    ['coalesce over catchUpLimit', { coalesce: false, catchUpLimit: 3 }, { coalesce: true }, { coalesce: true }],
    [
      'withoutOverlapping over overlap',
      { overlap: 'allowAll', maxInstances: 4 },
      { withoutOverlapping: 5 },
      { overlap: 'skip', maxInstances: 1 },
    ],
    ['maxInstances over withoutOverlapping', { withoutOverlapping: 5 }, { maxInstances: 4 }, { maxInstances: 4 }],
    ['background over executor', { executor: 'default' }, { runInBackground: true }, { executor: 'background' }],
    ['executor over background', { runInBackground: true }, { executor: 'default' }, { executor: 'default' }],
    ['no background over executor', { executor: 'default' }, { runInBackground: false }, { executor: 'default' }],
    [
      'keepHistory over history',
      { history: { count: 5 } },
      { keepHistory: false },
      { keepHistory: false, history: null },
    ],
  ])('what contradicts an override is overridden with it: %s', (_name, code, configured, policy) => {
    class Policies {
      run() {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Policies.prototype, 'run')!;
    Cron('0 9 * * *', { id: 'policies', ...code })(Policies.prototype, 'run', descriptor);
    const [job] = jobsOf([Policies], { jobs: { policies: configured } });
    expect(job.policy).toMatchObject(policy);
  });

  it('drops what only an interval has when a cron takes its place', () => {
    const [job] = jobsOf([Sync], { jobs: { 'Sync.pull': { cron: '0 * * * *' } } });
    expect(job.trigger.toString()).toBe('cron 0 * * * *');
  });

  it('makes new jobs, with fields as they come from YAML', () => {
    const jobs = jobsOf(
      [Sync],
      {
        jobs: {
          weekly: { task: 'Sync.pull', cron: { day_of_week: 'mon', hour: 6 } },
          mail: { task: 'mail', every: '1d' },
        },
      },
      ['mail'],
    );
    expect(jobs.map(({ id }) => id)).toEqual(['Sync.pull', 'cleanup', 'weekly', 'mail']);
    expect(new Date(jobs[2].trigger.next(now)!).toISOString()).toBe('2026-03-02T06:00:00.000Z');
  });

  it.each<[string, SchedulerModuleOptions['jobs'], RegExp]>([
    [
      'a task that configuration may not name',
      { a: { task: 'Sync.push', every: '1h' } },
      /"task" names no task: 'Sync.push'.*Sync.pull/,
    ],
    ['a text that names no method', { a: 'Sync.nothing' }, /"task" names no task: 'Sync.nothing'/],
    ['a task without trigger whose job has an id', { a: 'Sync.cleanUp' }, /has no job without an id.*'cleanup'/],
    [
      'an id that no job has, without a task',
      { cleanUp: { cron: '0 1 * * *' } },
      /"task" is missing.*no job of the code has the id/,
    ],
    ['an override that is wrong', { cleanup: { cron: 'nonsense' } }, /jobs.cleanup.cron.*nonsense/],
    ['two triggers', { cleanup: { cron: '0 1 * * *', every: '1h' } }, /stands beside cron/],
  ])('refuses %s', (_name, jobs, message) => {
    expect(() => jobsOf([Sync], { jobs: jobs as never })).toThrow(message);
    expect(() => jobsOf([Sync], { jobs: jobs as never })).toThrow(/jobs\.\w+/);
  });
});
