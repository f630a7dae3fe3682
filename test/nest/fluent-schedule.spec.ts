/** The fluent schedule in an application: found, put and run like all other jobs of the code. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, Scope, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Cron, every, JobContext, Schedule, SchedulerModule, SchedulerRegistry } from '../../lib/index.js';
import type { DefinesSchedule, HookOutcome, SchedulerModuleOptions } from '../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../lib/testing/index.js';
import { startApp, type NestApp, type NestAppOptions } from './nest-app.js';

let running: NestApp | undefined;
afterEach(async () => {
  await running?.app.close();
  running = undefined;
});

async function start(given: NestAppOptions): Promise<NestApp> {
  running = await startApp(given);
  return running;
}

type Define = (schedule: Schedule) => unknown;

/** An application whose one schedule is this function. */
function startWith(define: Define, providers: Provider[] = [], options: SchedulerModuleOptions = {}): Promise<NestApp> {
  return start({
    providers: [Reports, ...providers],
    imports: [SchedulerModule.forFeature({ schedule: define })],
    options,
  });
}

const refusal = (define: Define, options?: SchedulerModuleOptions) =>
  startWith(define, [], options).then(
    () => 'not refused',
    (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
  );

@Injectable()
class Reports {
  readonly sent: string[] = [];
  send(to: string, job: JobContext) {
    this.sent.push(`${to} ${job.jobId} ${job.fireTime.toISOString()}`);
  }
  check(): boolean {
    return false;
  }
  isOpen(): boolean {
    return true;
  }
}

function work() {
  // Runs, and that is all.
}

describe('discovery', () => {
  it('asks a provider with defineSchedule, with its dependencies', async () => {
    @Injectable()
    class AppSchedule implements DefinesSchedule {
      constructor(private readonly reports: Reports) {}
      defineSchedule(schedule: Schedule) {
        schedule.job(Reports, 'send', 'ada').dailyAt('09:00').timezone('Europe/Berlin').name('report');
        schedule
          .call(() => void this.reports.sent.push('called'))
          .hourly()
          .name('calls');
      }
    }
    const { app, clock, registry } = await start({ providers: [Reports, AppSchedule] });
    expect((await registry.list()).map(({ id, task }) => [id, task])).toEqual([
      ['calls', 'function()#calls'],
      ['report', 'Reports.send'],
    ]);
    clock.advance({ hours: 8 });
    await running!.app.close();
    expect(app.get(Reports).sent).toEqual([
      ...Array<string>(7).fill('called'),
      'ada report 2026-03-01T08:00:00.000Z',
      'called',
    ]);
  });

  it('waits for an async defineSchedule, and for nothing else that it answers', async () => {
    class AsyncSchedule implements DefinesSchedule {
      async defineSchedule(schedule: Schedule) {
        await Promise.resolve();
        schedule.call(work).daily();
      }
    }
    const { registry } = await start({
      providers: [AsyncSchedule],
      imports: [SchedulerModule.forFeature({ schedule: (schedule) => schedule.call(work).hourly().name('last') })],
    });
    expect((await registry.list()).map(({ id }) => id)).toEqual(['last', 'work']);
  });

  it('U2: a class that two modules provide is asked once, and told of', async () => {
    @Injectable()
    class Twice implements DefinesSchedule {
      defineSchedule(schedule: Schedule) {
        schedule.call(work).daily();
      }
    }
    @Module({ providers: [Twice] })
    class One {}
    @Module({ providers: [Twice] })
    class Two {}
    const { registry } = await start({ imports: [One, Two] });
    expect((await registry.list()).map(({ id }) => id)).toEqual(['work']);
  });

  it('asks what a test provides in its place, and needs no schedule of it', async () => {
    class Real implements DefinesSchedule {
      defineSchedule(schedule: Schedule) {
        schedule.call(work).daily();
      }
    }
    const instead = (useValue: object) =>
      startApp({ providers: [Real], change: (builder) => builder.overrideProvider(Real).useValue(useValue) });
    running = await instead({ defineSchedule: (schedule: Schedule) => schedule.call(work).daily().name('override') });
    expect((await running.registry.list()).map(({ id }) => id)).toEqual(['override']);
    await running.app.close();
    running = await instead({});
    expect(await running.registry.list()).toEqual([]);
  });

  it('a provider of another scope is refused, for it has no instance at the start', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped implements DefinesSchedule {
      defineSchedule(schedule: Schedule) {
        schedule.call(work).daily();
      }
    }
    await expect(start({ providers: [Scoped] })).rejects.toThrow(/Scoped: option "defineSchedule" is asked for once/);
  });

  it('several modules may have schedules', async () => {
    const feature = (name: string): DynamicModule =>
      SchedulerModule.forFeature({ schedule: (schedule) => schedule.call(work).daily().name(name) });
    const { registry } = await start({ imports: [feature('a'), feature('b')] });
    expect((await registry.list()).map(({ id }) => id)).toEqual(['a', 'b']);
  });
});

describe('a job of the schedule', () => {
  it('ends in the same definition as a decorator’s', async () => {
    @Injectable()
    class Decorated {
      @Cron('0 9 * * 1-5', {
        id: 'decorated',
        timezone: 'Asia/Tokyo',
        tags: ['a'],
        retry: { attempts: 3 },
        failsOnFalse: true,
      })
      run() {}
    }
    const { registry } = await startWith(
      (schedule) =>
        schedule
          .job(Decorated, 'run')
          .weekdays()
          .at('9:00')
          .timezone('Asia/Tokyo')
          .tags('a')
          .retry({ attempts: 3 })
          .id('fluent'),
      [Decorated],
    );
    const [decorated, fluent] = (await registry.list()).map((job) => ({
      ...(JSON.parse(JSON.stringify(job)) as object),
      id: '',
      createdAt: 0,
      updatedAt: 0,
    }));
    expect(fluent).toEqual(decorated);
  });

  it('is overridden by forRoot({ jobs }) field by field, though configuration could not name its task', async () => {
    const { registry } = await startWith((schedule) => schedule.call(work).daily().name('purge').tags('a'), [], {
      jobs: { purge: { cron: '0 5 * * *', description: 'of the night' } },
    });
    const [job] = await registry.list();
    expect([job.description, job.tags, job.nextFireTime?.toISOString()]).toEqual([
      'of the night',
      ['a'],
      '2026-03-01T05:00:00.000Z',
    ]);
  });

  it.each<[string, (schedule: Schedule) => unknown, string[]]>([
    [
      'a returned false',
      (schedule) => schedule.job(Reports, 'check').everyMinute().name('x'),
      ['failed', 'RETURNED_FALSE'],
    ],
    [
      'a promise of false',
      (schedule) =>
        schedule
          .call(async () => false)
          .everyMinute()
          .name('x'),
      ['failed', 'RETURNED_FALSE'],
    ],
    [
      'an error',
      (schedule) =>
        schedule
          .call(() => Promise.reject(new Error('no')))
          .everyMinute()
          .name('x'),
      ['failed', ''],
    ],
    [
      'false where it is an answer',
      (schedule) => schedule.job(Reports, 'check').everyMinute().name('x').failsOnFalse(false),
      ['succeeded', ''],
    ],
  ])('%s', async (_name, define, outcome) => {
    const { clock, registry } = await startWith(define);
    await clock.advanceAsync({ minutes: 1 });
    const [run] = (await registry.history('x')).runs;
    expect([run.state, run.error?.code ?? '']).toEqual(outcome);
  });

  it('asks conditions and calls hooks with the outcome and the captured output', async () => {
    const told: (string | null | undefined)[] = [];
    const keep = (_job: JobContext, _ref: unknown, outcome: HookOutcome) => told.push(outcome.output);
    const { clock, registry } = await startWith((schedule) => {
      schedule
        .call((job: JobContext) => job.logger.log('3 sent'))
        .everyMinute()
        .name('yes')
        .when([Reports, 'isOpen'])
        .then(keep)
        .onSuccess(keep);
      schedule
        .call(work)
        .everyMinute()
        .name('no')
        .skip(() => true)
        .after(keep);
      schedule
        .call(() => Promise.reject(new Error('down')))
        .everyMinute()
        .name('broken')
        .onFailure((job) => void told.push(job.jobId));
    });
    await clock.advanceAsync({ minutes: 1 });
    expect((await registry.history('no')).runs.map(({ reason }) => reason)).toEqual(['condition']);
    expect(told.sort()).toEqual(['3 sent', '3 sent', 'broken']);
  });

  it('P30: each runs at its own time; none waits for the one before it', async () => {
    const started: string[] = [];
    let end = () => undefined as void;
    const slow = () => {
      started.push('slow');
      return new Promise<void>((resolve) => (end = resolve));
    };
    const { clock, registry } = await startWith((schedule) => {
      schedule.call(slow).everyMinute().name('a-slow');
      schedule
        .call(() => void started.push('quick'))
        .everyMinute()
        .name('b-quick');
    });
    await clock.advanceAsync({ minutes: 1 });
    expect([started, (await registry.history('b-quick')).runs.length]).toEqual([['slow', 'quick'], 1]);
    end();
  });

  it('every(seconds) and trigger() make their grids', async () => {
    const { registry } = await startWith((schedule) => {
      schedule.call(work).every(30).name('a');
      schedule.call(work).trigger(every('90s')).between('0:03', '0:05').name('b');
    });
    const next = (await registry.list()).map(({ nextFireTime }) => nextFireTime?.toISOString());
    expect(next).toEqual(['2026-03-01T00:00:30.000Z', '2026-03-01T00:03:00.000Z']);
  });

  it('only in its environments it is enabled', async () => {
    const { registry } = await startWith((schedule) => schedule.call(work).daily().environments('production'), [], {
      environment: 'staging',
    });
    expect((await registry.list()).map(({ id, enabled }) => [id, enabled])).toEqual([['work', false]]);
  });
});

describe('identity', () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-fluent-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('follows from the line of a job, numbered in memory', async () => {
    const { registry } = await startWith((schedule) => {
      schedule.job(Reports, 'check').daily();
      schedule.call(work).daily();
      schedule.call(() => undefined).daily();
      schedule.call(() => undefined).daily();
      schedule.exec('true').daily();
      schedule.exec(['true', 'a b']).daily();
    });
    const ids = (await registry.list()).map(({ id }) => id);
    expect(ids.sort()).toEqual(['Reports.check', 'function', 'function#2', 'true', "true 'a b'", 'work'].sort());
  });

  it('a function with a name runs from a shared store; the same code finds it again', async () => {
    let runs = 0;
    const options: SchedulerModuleOptions = {
      stores: { db: { type: 'typeorm', options: { type: 'better-sqlite3', database: join(folder, 'a.db') } } },
    };
    const define: Define = (schedule) =>
      schedule
        .call(() => void runs++)
        .hourly()
        .name('purge')
        .onOneServer();
    for (let at = 0; at < 2; at++) {
      const app = await Test.createTestingModule({
        imports: [
          SchedulerModule.forRoot({ log: 'silent', ...options }),
          SchedulerModule.forFeature({ schedule: define }),
          SchedulerTestingModule.forRoot({ now: '2026-03-01T00:00Z' }),
        ],
      }).compile();
      await app.init();
      expect((await app.get(SchedulerRegistry).get('purge'))?.store).toBe('db');
      expect((await app.get(SchedulerTester).runJob('purge')).state).toBe('succeeded');
      await app.close();
    }
    expect(runs).toBe(2);
  });

  it('one line at two places is two tasks', async () => {
    const { registry } = await startWith((schedule) => {
      schedule.exec('pwd', { cwd: '/' }).daily().name('a');
      schedule.exec('pwd', { cwd: tmpdir() }).daily().name('b');
    });
    expect((await registry.list()).map(({ task }) => task)).toEqual(['exec: pwd (in /)', `exec: pwd (in ${tmpdir()})`]);
  });
});

describe('bad input is refused before anything is stored, all of it at once', () => {
  it('options of several jobs', async () => {
    const text = await refusal((schedule) => {
      schedule.call(work).daily().name('a').maxInstances(0);
      schedule.call(work).daily().name('b').store('nowhere');
      schedule.call(work).name('c');
      schedule.job(Reports, 'check').daily().name('d').withoutOverlapping(0);
      schedule.call(work).daily().name('e').pingBefore('nowhere').emailOutputTo('nobody');
    });
    expect(text).toMatch(/^INVALID_OPTIONS: /);
    for (const part of [
      /work \(SchedulerModule\.forFeature\): option "maxInstances" is 0/,
      /option "store" names no store: 'nowhere'/,
      /work says no time at which it runs/,
      /Reports\.check \(SchedulerModule\.forFeature\): option "withoutOverlapping" is 0/,
      /option "pings\.before\[0\]".*http or https URL/,
      /option "output\.mailTo\[0\]".*a mail address/,
    ])
      expect(text).toMatch(part);
  });

  it.each<[string, Define, RegExp, SchedulerModuleOptions?]>([
    ['a time that is none', (schedule) => schedule.call(work).dailyAt('25:00'), /^INVALID_SCHEDULE: dailyAt\(\)/],
    [
      'a class that nobody provides',
      (schedule) =>
        schedule
          .job(
            class Nobody {
              run() {}
            },
            'run',
          )
          .daily(),
      /no module provides Nobody/,
    ],
    [
      'a method that is none',
      (schedule) => schedule.job(Reports, 'sned' as 'check').daily(),
      /Reports has no method sned/,
    ],
    [
      'arguments that are no JSON',
      (schedule) => schedule.job(Reports, 'send', new Date(0) as never).daily(),
      /args\[0\].*not JSON/,
    ],
    [
      'onOneServer without a shared store',
      (schedule) => schedule.call(work).daily().onOneServer(),
      /"onOneServer" needs a shared store/,
    ],
    [
      'a function without a name on one server',
      (schedule) =>
        schedule
          .call(() => 1)
          .daily()
          .onOneServer(),
      /\.name\('purge-sessions'\)/,
    ],
    [
      'a function without a name in a shared store',
      (schedule) =>
        schedule
          .call(() => 1)
          .daily()
          .store('db'),
      /option "name" is missing: a function without a name/,
      {
        stores: { db: { type: 'typeorm', options: { type: 'better-sqlite3', database: join(tmpdir(), 'never.db') } } },
      },
    ],
    [
      'two jobs of one name',
      (schedule) => (schedule.call(work).daily().name('a'), schedule.call(work).hourly().name('a')),
      /^DUPLICATE_JOB: /,
    ],
    [
      'a line too long for an id',
      (schedule) => schedule.exec('x'.repeat(201)).daily(),
      /option "id" is missing.*\.name\('backup'\)/,
    ],
    ['a date that never comes', (schedule) => schedule.call(work).yearlyOn(2, 30), /never fires/],
    [
      'an option of a group that is none',
      (schedule) => schedule.group({ timezon: 'UTC' } as never, (group) => group.call(work).daily()),
      /"timezon" is unknown.*Did you mean 'timezone'/,
    ],
    [
      'mail without a transport',
      (schedule) => schedule.call(work).daily().emailOutputTo('a@b.c'),
      /needs a way to send mail/,
    ],
  ])('%s', async (_name, define, pattern, ...[options]) => {
    expect(await refusal(define, options)).toMatch(pattern);
  });

  it('a command that nobody has', async () => {
    expect(await refusal((schedule) => schedule.command('cache:clear').daily())).toMatch(/cache:clear/);
  });
});

class Typed {
  plain(_job?: JobContext) {}
  two(_to: string, _count: number, _job: JobContext) {}
  readonly label = 'x';
}

/** Checked by the compiler alone: never called. */
export function typed(schedule: Schedule, type: Type<Typed>): void {
  schedule.job(Typed, 'plain').daily();
  schedule
    .job(type, 'two', 'ada', 3)
    .weeklyOn(['monday', 4], '8:00')
    .onSuccess((job, ref, outcome) => [job.runId, ref, outcome.output]);
  schedule
    .call((_name: string, job: JobContext) => job.runId, 'a')
    .every(30)
    .weekdays()
    .between('8:00', '9:00')
    .timezone('UTC');
  schedule.call(work).trigger(every('5m')).name('x').retry({ attempts: 3, delay: '10s' }).timeout('5m');
  schedule.group({ onOneServer: true, timeout: '5m' }, (group) => group.exec(['ls', '-l'], { cwd: '/' }).daily());
  // @ts-expect-error no such method
  schedule.job(Typed, 'pain');
  // @ts-expect-error not a method
  schedule.job(Typed, 'label');
  // @ts-expect-error an argument is missing
  schedule.job(Typed, 'two', 'ada');
  // @ts-expect-error wrong type
  schedule.job(Typed, 'two', 3, 'ada');
  // @ts-expect-error too many
  schedule.job(Typed, 'plain', 3);
  // @ts-expect-error an argument of the function is missing
  schedule.call((_name: string) => undefined);
  // @ts-expect-error a Date is no JSON
  schedule.call((_when: Date) => undefined, new Date(0));
  // @ts-expect-error no weekday
  schedule.call(work).weeklyOn('someday');
  // @ts-expect-error a time is text
  schedule.call(work).dailyAt(9);
  // @ts-expect-error an interval has no time of day
  schedule.call(work).every(30).dailyAt('9:00');
  // @ts-expect-error nor is it another interval
  schedule.call(work).every(30).everyTenSeconds();
  // @ts-expect-error a trigger has its times
  schedule.call(work).trigger(every('5m')).daily();
  // @ts-expect-error nor days
  schedule.call(work).trigger(every('5m')).weekdays();
  // @ts-expect-error no frequency of that name
  schedule.call(work).everyFortnight();
  // @ts-expect-error a length of time names its unit
  schedule.call(work).daily().timeout(60);
  // @ts-expect-error so does the grace time
  schedule.call(work).daily().misfireGraceTime(60);
  // @ts-expect-error and the delay of a retry
  schedule.call(work).daily().retry({ attempts: 2, delay: 5 });
  // @ts-expect-error no preset
  schedule.call(work).daily().misfire('never');
  // @ts-expect-error a condition is no boolean
  schedule.call(work).daily().when(true);
  // @ts-expect-error no option of a job
  schedule.group({ timezon: 'UTC' }, () => undefined);
  // @ts-expect-error a length of time names its unit in a group, too
  schedule.group({ timeout: 5_000 }, () => undefined);
  // @ts-expect-error and the delay of a retry
  schedule.group({ retry: { attempts: 2, delay: 5 } }, () => undefined);
  // @ts-expect-error no surrounding of a process
  schedule.exec('ls', { dir: '/' });
}

describe('every option of a job', () => {
  it('is a method of that name, and the types above are checked by the compiler', async () => {
    const { JOB_TABLE, TRIGGER_TABLE } = await import('../../lib/nest/options/job-tables.js');
    const missing: string[] = [];
    await startWith((schedule) => {
      const job = schedule.call(work).daily() as unknown as Record<string, unknown>;
      missing.push(
        ...Object.keys({ ...JOB_TABLE, ...TRIGGER_TABLE }).filter((name) => typeof job[name] !== 'function'),
      );
    });
    // Arguments are given with the work.
    expect(missing).toEqual(['args']);
  });
});
