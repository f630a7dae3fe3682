import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  At,
  Cron,
  Interval,
  Scheduled,
  SchedulerModule,
  Timeout,
  allOf,
  anyOf,
  at,
  cron,
  every,
} from '../../lib/index.js';
import type { OptionFault, SchedulerRegistry } from '../../lib/index.js';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { ManualClock } from '../../lib/testing/index.js';
import { Reports, startRegistry } from './registry/registry-app.js';
import type { RegistryApp } from './registry/registry-app.js';

/** What every refusal says, whatever is wrong: a place, the value, and what to do about it. */
interface Refusal {
  readonly code: string;
  readonly place: string;
  readonly value: string;
  /** What to do, in words. */
  readonly advice: RegExp;
}

function expectRefusal(error: unknown, { code, place, value, advice }: Refusal): void {
  const { code: actual, message } = error as { code: string; message: string };
  expect({ code: actual, message }).toEqual({ code, message: expect.stringContaining(place) });
  expect(message).toContain(value);
  expect(message).toMatch(advice);
}

async function errorOf(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return new Error('nothing was refused');
}

const any = (value: unknown): any => value;
const cyclic: unknown[] = [];
cyclic.push(cyclic);
class Elsewhere {
  work() {}
}

/** Wrong definitions. All stand in one class: an application that starts reports every one of them at once. */
@Injectable()
class Wrong {
  @Cron('61 * * * *') minute() {}
  @Cron('0 25 * * *') hour() {}
  @Cron('* * * *') four() {}
  @Cron('0 0 31 2 *') never() {}
  @Cron('0 22-2 * * *') backwards() {}
  @Cron('*/70 * * * *') step() {}
  @Cron('0 9 * * funday') day() {}
  @Cron('') empty() {}
  @Cron(any(undefined)) undefinedCron() {}
  @Cron((ref) => any(ref && undefined)) fromConfig() {}
  @Cron(() => any(Promise.resolve('0 9 * * *'))) promised() {}
  @Cron(any(5)) number() {}
  @Cron({ hour: 24 }) fieldHour() {}
  @Cron({ dayOfWeek: 7 }) sunday() {}
  @Cron(any({ hours: 9 })) fieldName() {}
  @Cron({ day: 'last fooday' }) lastDay() {}
  @Cron('0 9 * * *', any({ timeZone: 'UTC' })) timeZone() {}
  @Cron('0 9 * * *', { timezone: 'Europe/Berln' }) zone() {}
  @Cron('0 9 * * *', any({ utcOffset: 60 })) utcOffset() {}
  @Cron('0 9 * * *', { misfireGraceTime: 60 }) grace() {}
  @Cron('0 9 * * *', { catchUpLimit: 7 }) idleLimit() {}
  @Cron('0 9 * * *', { misfireGraceTime: 0 }) noGrace() {}
  @Cron('0 9 * * *', any({ misfire_grace_time: 60 })) snake() {}
  @Cron('0 9 * * *', any({ maxInstances: '3' })) text() {}
  @Cron('0 9 * * *', any({ disabled: true })) disabled() {}
  @Cron('0 9 * * *', any({ colaesce: true })) typo() {}
  @Cron('0 9 * * *', { misfire: 'skip', coalesce: false }) twice() {}
  @Cron('0 9 * * *', { store: 'db' }) store() {}
  @Cron('0 9 * * *', { executor: 'gpu' }) executor() {}
  @Cron('0 9 * * *', any({ when: 'isOpen' })) when() {}
  @Cron('0 9 * * *', { when: [Reports, 'isOpn'] }) hook() {}
  @Cron('0 9 * * *', { start: '2026-02-01', end: '2026-01-01' }) window() {}
  @Cron('0 9 * * *', any({ initialDelay: '5m' })) initialDelay() {}
  @Cron('0 9 * * *', { onOneServer: true }) oneServer() {}
  @Cron('0 9 * * *', { withoutOverlapping: 10, overlap: 'allowAll' }) overlap() {}
  @Interval(0) zero() {}
  @Interval(-5) negative() {}
  @Interval(any('5 parsecs')) unit() {}
  @Interval('5000') noUnit() {}
  @Interval(any({ minuets: 5 })) minuets() {}
  @Interval(any('sync'), any(5000)) peerName() {}
  @Interval(NaN) notANumber() {}
  @At('2026-13-01') month() {}
  @At('tomorrow') word() {}
  @At(new Date(NaN)) noDate() {}
  @Timeout(any('soon')) soon() {}
  @Scheduled(any('0 9 * * *')) noTrigger() {}
  @Scheduled(every('5m'), { limit: 0 }) limit() {}
}

const DEFINITIONS: [keyof Wrong, string, string, RegExp][] = [
  ['minute', '@Cron', '61', /0-59/],
  ['hour', '@Cron', '25', /0-23/],
  ['four', '@Cron', '* * * *', /5 fields|6|7/],
  ['never', '@Cron', '0 0 31 2 *', /never fires/],
  ['backwards', '@Cron', '22-2', /range|from/i],
  ['step', '@Cron', '70', /step|1-/i],
  ['day', '@Cron', 'funday', /sun-sat/],
  ['empty', '@Cron', "''", /write|5 fields/i],
  ['undefinedCron', '@Cron', 'undefined', /Give it a value/],
  ['fromConfig', '@Cron', 'undefined', /see that the key is set/],
  ['promised', '@Cron', 'promise', /async provider/],
  ['number', '@Cron', '5', /Write '0 9 \* \* 1-5'/],
  ['fieldHour', '@Cron', '24', /0-23/],
  ['sunday', '@Cron', '7', /0-6|mon/],
  ['fieldName', '@Cron', 'hours', /hour/],
  ['lastDay', '@Cron', 'last fooday', /last/],
  ['timeZone', '@Cron', "'UTC'", /write timezone: 'UTC'/],
  ['zone', '@Cron', "'Europe/Berln'", /Write a name such as/],
  ['utcOffset', '@Cron', 'utcOffset', /Write timezone/],
  ['grace', '@Cron', '60', /write '60s'/],
  ['idleLimit', '@Cron', '7', /Write coalesce: false/],
  ['noGrace', '@Cron', '0', /Write null for no limit/],
  ['snake', '@Cron', '60', /write misfireGraceTime: 60/],
  ['text', '@Cron', "'3'", /convert them first, here to 3/],
  ['disabled', '@Cron', 'disabled', /Write enabled: false/],
  ['typo', '@Cron', 'colaesce', /Did you mean 'coalesce'/],
  ['twice', '@Cron', 'misfire', /Keep one of them/],
  ['store', '@Cron', "'db'", /Add it to forRoot\(\{ stores \}\)/],
  ['executor', '@Cron', "'gpu'", /Add it to forRoot\(\{ executors \}\)/],
  ['when', '@Cron', "'isOpen'", /Give the class itself/],
  ['hook', '@Cron', 'isOpn', /Its methods are .*isBusinessTime/],
  ['window', '@Cron', 'end', /Exchange them/],
  ['initialDelay', '@Cron', 'initialDelay', /else write start/],
  ['oneServer', '@Cron', 'onOneServer', /Configure one: forRoot\(\{ stores/],
  ['overlap', '@Cron', 'overlap', /Keep one of them/],
  ['zero', '@Interval', '0', /length of time/],
  ['negative', '@Interval', '-5', /Write/],
  ['unit', '@Interval', "'5 parsecs'", /Write/],
  ['noUnit', '@Interval', "'5000'", /write '5000s' for seconds, or the number 5000/],
  ['minuets', '@Interval', 'minuets', /did you mean 'minutes'/],
  ['peerName', '@Interval', "'sync'", /write @Interval\(5000, \{ name: 'sync' \}\)/],
  ['notANumber', '@Interval', 'NaN', /Write/],
  ['month', '@At', "'2026-13-01'", /month is 01 to 12/],
  ['word', '@At', "'tomorrow'", /Write a Date/],
  ['noDate', '@At', 'Invalid Date', /Write a Date/],
  ['soon', '@Timeout', "'soon'", /Write/],
  ['noTrigger', '@Scheduled', "'0 9 * * *'", /such as cron/],
  ['limit', '@Scheduled', '0', /whole number/],
];

describe('wrong definitions', () => {
  let error: { code: string; faults: readonly OptionFault[]; message: string };

  beforeAll(async () => {
    Logger.overrideLogger(false);
    const app = await Test.createTestingModule({
      imports: [SchedulerModule.forRoot()],
      providers: [Wrong, Reports],
    }).compile();
    error = any(await errorOf(() => app.init()));
    await app.close();
  });

  it('are all reported at once when the application starts, and nothing runs', () => {
    expect(error.code).toBe('INVALID_OPTIONS');
    expect(new Set(error.faults.map((fault) => fault.place)).size).toBe(DEFINITIONS.length);
  });

  it.each(DEFINITIONS)('%s (%s %s)', (method, decorator, value, advice) => {
    const place = `Wrong.${method} (${decorator})`;
    const fault = error.faults.find((it) => it.place === place);
    expect(fault).toBeDefined();
    const message = error.message.split('\n').find((line) => line.includes(place)) ?? '';
    expectRefusal({ code: error.code, message }, { code: 'INVALID_OPTIONS', place, value, advice });
  });
});

const OPTIONS: [string, unknown, string, RegExp][] = [
  ['timezone', 'CEST+1', "'CEST+1'", /Write a name such as/],
  ['enabled', 'false', "'false'", /value === 'true'/],
  ['role', 'master', "'master'", /one of 'all'/],
  ['lease', 10, '10', /from 1 s to 10 min/],
  ['lease', '1h', "'1h'", /from 1 s to 10 min/],
  ['shutdownTimeout', 25, '25', /write '25s'/],
  ['application', ' ', "' '", /not empty/],
  ['version', 2, '2', /Write it in quotes/],
  ['environment', ['production'], 'production', /must be text/],
  ['jobDefaults', 3, '3', /an object of options/],
  ['jobDefaults', { max_instances: 3 }, 'max_instances', /write maxInstances: 3/],
  ['jobDefaults', { misfireGraceTime: 60 }, '60', /write '60s'/],
  ['jobDefaults', { retry: { attempts: '3' } }, "'3'", /here to 3/],
  ['stores', { db: { type: 'postgres' } }, "'postgres'", /type: 'typeorm', options/],
  ['stores', { db: { type: 'sqlalchemy' } }, "'sqlalchemy'", /type: 'typeorm'/],
  ['stores', { db: { typ: 'typeorm' } }, 'undefined', /Write one of 'memory', 'typeorm'/],
  ['stores', { db: { type: 'typeorm', dataSource: 5 } }, '5', /Write it in quotes/],
  ['executors', { default: { type: 'asyncio' } }, "'asyncio'", /called 'async' here/],
  ['executors', { default: { type: 'async', concurrency: '50' } }, "'50'", /here to 50/],
  ['executors', { default: 50 }, '50', /type: 'async'/],
  ['jobs', { sync: { task: 'A.b', cron: '0 0 30 2 *' } }, '0 0 30 2 *', /never fires/],
  ['jobs', { sync: { task: 'A.b', every: '5' } }, "'5'", /write '5s'/],
  ['jobs', { sync: { task: 'A.b', every: '5m', at: '2026-01-01' } }, 'at', /Keep one of them/],
  ['jobs', { sync: { func: 'A.b' } }, "'A.b'", /write task: 'A.b'/],
  ['jobs', { sync: null }, 'null', /object/],
  ['jobs', ['A.b'], '["A.b"]', /entries by name/],
  ['jobs', { ghost: { task: 'Ghost.run', cron: '@daily' } }, "'Ghost.run'", /@Task\(\)/],
  ['jobs', { ghost: { cron: '@daily' } }, "'ghost'", /Name a task/],
  ['calendars', { holidays: ['2026-02-30'] }, '2026-02-30', /Write '2026-12-25'/],
  ['history', { count: -1 }, '-1', /0 to 1,000,000/],
  ['log', 'verbose', "'verbose'", /one of 'silent'/],
  ['enhancers', { global: 'yes' }, "'yes'", /value === 'true'/],
  ['mail', 'ops@example.com', "'ops@example.com'", /an object of options/],
  ['console', 'node cli.js', "'node cli.js'", /Write \['node cli.js'\]/],
  ['cronJobs', false, 'cronJobs', /Write enabled: false/],
  ['jobstores', {}, 'jobstores', /write stores/],
  ['shutdowntimeout', '5s', 'shutdowntimeout', /Did you mean 'shutdownTimeout'/],
];

describe('wrong options of the module', () => {
  it.each(OPTIONS)('%s: %j', async (option, given, value, advice) => {
    const error = await errorOf(async () => {
      const builder = Test.createTestingModule({ imports: [SchedulerModule.forRoot(any({ [option]: given }))] });
      await (await builder.compile()).init();
    });
    expectRefusal(error, { code: 'INVALID_OPTIONS', place: 'SchedulerModule.forRoot', value, advice });
  });
});

describe('wrong ways to make the options', () => {
  const useFactory = () => ({});
  it.each<[string, unknown, string, RegExp]>([
    ['a misspelt name', { useFactroy: useFactory }, 'useFactroy', /Did you mean 'useFactory'/],
    ["a neighbour's name", { useFactory, providers: [] }, 'providers', /write extraProviders/],
    ['what is global anyway', { useFactory, isGlobal: true }, 'isGlobal', /The module is global/],
    ['an option of the scheduler', { useFactory, timezone: 'UTC' }, 'timezone', /options that useFactory/],
    ['an unknown name', { useFactory, colour: 'red' }, "'red'", /Known are useFactory/],
    ['a factory that is none', { useFactory: {} }, 'useFactory', /a function/],
    ['an inject that is no list', { useFactory, inject: 'CONFIG' }, "'CONFIG'", /a list/],
    ['nothing', undefined, 'undefined', /useFactory: \(\) =>/],
  ])('forRootAsync: %s', async (_name, given, value, advice) => {
    const error = await errorOf(() => SchedulerModule.forRootAsync(any(given)));
    expectRefusal(error, { code: 'INVALID_OPTIONS', place: 'SchedulerModule.forRootAsync', value, advice });
  });
});

type Call = (scheduler: SchedulerRegistry) => unknown;
const task = 'Reports.plain';
const trigger = every('5m');
const INVALID = 'INVALID_OPTIONS';

/** What is called, code, place, value, advice. */
const CALLS: [Call, string, string, string, RegExp][] = [
  [(s) => s.add(any(undefined)), INVALID, 'SchedulerRegistry.add', 'undefined', /an object of options/],
  [(s) => s.add(any('0 9 * * *')), INVALID, 'SchedulerRegistry.add', "'0 9 * * *'", /an object of options/],
  [(s) => s.add(any({ id: 'a' })), INVALID, 'job "a"', 'task', /Write task:.*\n.*Write trigger:/],
  [(s) => s.add(any({ id: 'a', task })), INVALID, 'job "a"', 'trigger', /Write trigger: cron/],
  [(s) => s.add(any({ id: 'a', task, trigger: '0 9 * * *' })), INVALID, 'job "a"', "'0 9 * * *'", /such as cron/],
  [(s) => s.add(any({ id: 'a', task, trigger: { type: 'cron' } })), INVALID, 'job "a"', 'cron', /a trigger, such as/],
  [(s) => s.add(any({ id: 'a', task, cron: '@daily' })), INVALID, 'job "a"', 'cron', /call addCron/],
  [(s) => s.add(any({ id: 'a', task, every: '5m' })), INVALID, 'job "a"', 'every', /call addInterval/],
  [(s) => s.add({ id: '', task, trigger }), INVALID, 'SchedulerRegistry.add', "''", /Leave it out/],
  [(s) => s.add(any({ id: 7, task, trigger })), INVALID, 'SchedulerRegistry.add', '7', /Write it in quotes/],
  [(s) => s.add({ id: 'x'.repeat(201), task, trigger }), INVALID, 'SchedulerRegistry.add', '201', /200 are allowed/],
  [(s) => s.add(any({ jobId: 'a', task, trigger })), INVALID, 'SchedulerRegistry.add', "'a'", /write id: 'a'/],
  [
    (s) => s.add({ id: 'a', task: 'Reports.sendd', trigger }),
    'UNKNOWN_TASK',
    'job "a"',
    'Reports.sendd',
    /Did you mean|Name a method/,
  ],
  [
    (s) => s.add({ id: 'a', task: 'nowhere', trigger }),
    'UNKNOWN_TASK',
    'job "a"',
    "'nowhere'",
    /Name a method as 'Class.method'/,
  ],
  [(s) => s.add({ id: 'a', task: '', trigger }), INVALID, 'job "a"', "''", /not empty/],
  [(s) => s.add(any({ id: 'a', task: 5, trigger })), INVALID, 'job "a"', '5', /'Class.method'/],
  [
    (s) => s.add({ id: 'a', task: any(Reports), trigger }),
    INVALID,
    'job "a"',
    'class Reports',
    /\[Reports, 'method'\]/,
  ],
  [
    (s) => s.add({ id: 'a', task: [Elsewhere, 'work'], trigger }),
    'UNKNOWN_PROVIDER',
    'job "a"',
    'Elsewhere.work',
    /providers or controllers/,
  ],
  [
    (s) => s.add({ id: 'a', task: [Reports, 'sned'], trigger }),
    'UNKNOWN_PROVIDER',
    'job "a"',
    'Reports.sned',
    /name one of its methods/,
  ],
  [(s) => s.add({ id: 'a', task, trigger, args: any('x') }), INVALID, 'job "a"', "'x'", /a list of arguments/],
  [
    (s) => s.add({ id: 'a', task, trigger, args: [new Date(0)] }),
    'INVALID_ARGUMENTS',
    'job "a"',
    'args[0]',
    /date\.toISOString/,
  ],
  [
    (s) => s.add({ id: 'a', task, trigger, args: [{ b: undefined }] }),
    'INVALID_ARGUMENTS',
    'job "a"',
    'args[0].b',
    /write null/,
  ],
  [(s) => s.add({ id: 'a', task, trigger, args: [1n] }), 'INVALID_ARGUMENTS', 'job "a"', '1n', /String\(value\)/],
  [(s) => s.add({ id: 'a', task, trigger, args: [NaN] }), 'INVALID_ARGUMENTS', 'job "a"', 'NaN', /a finite number/],
  [
    (s) => s.add({ id: 'a', task, trigger, args: [new Elsewhere()] }),
    'INVALID_ARGUMENTS',
    'job "a"',
    'Elsewhere',
    /a plain object/,
  ],
  [
    (s) => s.add({ id: 'a', task, trigger, args: [cyclic] }),
    'INVALID_ARGUMENTS',
    'job "a"',
    'args[0][0]',
    /contains itself/,
  ],
  [
    (s) => s.add({ id: 'a', task, trigger, args: ['x'.repeat(70_000)] }),
    'INVALID_ARGUMENTS',
    'job "a"',
    '70004',
    /give its key/,
  ],
  [(s) => s.add({ id: 'a', task: () => 1, trigger, store: 'db' }), INVALID, 'job "a"', "'db'", /Add it to forRoot/],
  [
    (s) => s.add({ id: 'a', task: () => 1, trigger, store: 'shared' }),
    'FUNCTION_NOT_STORABLE',
    'job "a"',
    "'shared'",
    /\[Class, 'method'\]/,
  ],
  [
    (s) => s.add({ id: 'a', task, trigger, store: 'shared', when: () => true }),
    'FUNCTION_NOT_STORABLE',
    'job "a"',
    'when[0]',
    /\[Class, 'method'\]/,
  ],
  [
    (s) => s.add({ id: 'a', task, trigger: cron('@daily').excluding(() => true), store: 'shared' }),
    'FUNCTION_NOT_STORABLE',
    'job "a"',
    'trigger',
    /memory store/,
  ],
  [
    (s) => s.add({ id: 'a', task, trigger: cron('@daily').excluding('holidays') }),
    INVALID,
    'job "a"',
    "'holidays'",
    /forRoot\(\{ calendars/,
  ],
  [
    (s) => s.add({ id: 'a', task, trigger, executor: 'gpu' }),
    INVALID,
    'job "a"',
    "'gpu'",
    /Add it to forRoot\(\{ executors/,
  ],
  [
    (s) => s.add({ id: 'a', task, trigger, onOneServer: true, store: 'default' }),
    INVALID,
    'job "a"',
    "'default'",
    /Configure one/,
  ],
  [(s) => s.add({ id: 'a', task, trigger, timezone: 'Berlin' }), INVALID, 'job "a"', "'Berlin'", /Write a name/],
  [(s) => s.add({ id: 'a', task, trigger, maxInstances: any('1') }), INVALID, 'job "a"', "'1'", /here to 1/],
  [(s) => s.add({ id: 'a', task, trigger, timeout: 30 }), INVALID, 'job "a"', '30', /write '30s'/],
  [(s) => s.add({ id: 'a', task, trigger, misfireGraceTime: '0s' }), INVALID, 'job "a"', '0', /Write null/],
  [(s) => s.add({ id: 'a', task, trigger, overlap: any('queue') }), INVALID, 'job "a"', "'queue'", /one of 'skip'/],
  [
    (s) => s.add({ id: 'a', task, trigger, retry: any({ tries: 3 }) }),
    INVALID,
    'job "a"',
    'tries',
    /write attempts: 3/,
  ],
  [
    (s) => s.add({ id: 'a', task, trigger, retry: { delay: '2h', maxDelay: '1h' } }),
    INVALID,
    'job "a"',
    'maxDelay',
    /at least as long/,
  ],
  [(s) => s.add({ id: 'a', task, trigger, tags: any('x') }), INVALID, 'job "a"', "'x'", /Write \['x'\]/],
  [(s) => s.add({ id: 'a', task, trigger, history: any(20) }), INVALID, 'job "a"', '20', /an object of options/],
  [(s) => s.add({ id: 'a', task, trigger, enabled: any('false') }), INVALID, 'job "a"', "'false'", /value === 'true'/],
  [(s) => s.add({ id: 'a', task, trigger, enabled: false }), INVALID, 'job "a"', 'enabled', /add the job and pause it/],
  [(s) => s.add({ id: 'a', task, trigger, catchUpLimit: 5 }), INVALID, 'job "a"', '5', /Write coalesce: false/],
  [
    (s) => s.addMany([{ id: 'a', task, trigger, enabled: false }]),
    INVALID,
    'job "a"',
    'enabled',
    /add the job and pause it/,
  ],
  [(s) => s.modify('report', { catchUpLimit: 5 }), INVALID, 'modify (job "report")', '5', /Write coalesce: false/],
  [(s) => s.add({ id: 'a', task, trigger, after: any([]) }), INVALID, 'job "a"', '[]', /Leave the option out/],
  [
    (s) => s.add({ id: 'a', task, trigger, before: [Reports, 'nothing'] }),
    INVALID,
    'job "a"',
    'nothing',
    /Its methods are/,
  ],
  [
    (s) => s.add(any({ id: 'a', task, trigger, replace_existing: true })),
    INVALID,
    'job "a"',
    'true',
    /write replaceExisting: true/,
  ],
  [(s) => s.add({ id: 'a', task, trigger, manager: any('tx') }), INVALID, 'job "a"', "'tx'", /EntityManager/],
  [(s) => s.add({ id: 'a', task, trigger, manager: {} }), INVALID, 'job "a"', "'default'", /Leave it out/],
  [
    (s) => s.add(any({ id: 'a', task, trigger, fixedDelay: true })),
    INVALID,
    'job "a"',
    'fixedDelay',
    /Give it to the interval/,
  ],
  [(s) => s.add({ id: 'a', task, trigger, limit: 1.5 }), INVALID, 'job "a"', '1.5', /whole number/],
  [(s) => s.add({ id: 'a', task, trigger, end: 'never' }), INVALID, 'job "a"', "'never'", /Write a Date/],
  [(s) => s.add({ id: 'report', task, trigger }), 'CODE_JOB', '"report"', 'Reports.report', /Pause it/],
  [
    (s) => s.add({ id: 'taken', task, trigger, maxInstances: 9 }),
    'DUPLICATE_JOB',
    '"taken"',
    'SchedulerRegistry.add',
    /another id|replaceExisting/,
  ],
  [
    (s) => s.add({ id: 'a', task, trigger, colour: 'red' } as any),
    INVALID,
    'job "a"',
    "'red'",
    /Known are task, trigger/,
  ],

  [
    (s) => s.addCron(any({ id: 'a', task })),
    INVALID,
    'addCron (job "a")',
    'expression',
    /Write expression: '0 9 \* \* \*'/,
  ],
  [(s) => s.addCron(any({ id: 'a', expression: '@daily' })), INVALID, 'addCron (job "a")', 'task', /Write task/],
  [(s) => s.addCron({ id: 'a', task, expression: '61 * * * *' }), INVALID, 'addCron (job "a")', '61', /0-59/],
  [
    (s) => s.addCron({ id: 'a', task, expression: '* * *' }),
    INVALID,
    'addCron (job "a")',
    '* * *',
    /5 fields|minute hour/,
  ],
  [
    (s) => s.addCron({ id: 'a', task, expression: '0 0 31 2 *' }),
    INVALID,
    'addCron (job "a")',
    '0 0 31 2 *',
    /never fires/,
  ],
  [(s) => s.addCron({ id: 'a', task, expression: '' }), INVALID, 'addCron (job "a")', "''", /not empty/],
  [
    (s) => s.addCron({ id: 'a', task, expression: any(undefined), fields: any('x') }),
    INVALID,
    'addCron (job "a")',
    "'x'",
    /such as \{ hour: 9 \}/,
  ],
  [
    (s) => s.addCron({ id: 'a', task, expression: any({ hour: 9 }) }),
    INVALID,
    'addCron (job "a")',
    '{"hour":9}',
    /must be text/,
  ],
  [
    (s) => s.addCron({ id: 'a', task, expression: '@daily', fields: { hour: 9 } }),
    INVALID,
    'addCron (job "a")',
    'fields',
    /Keep one of them/,
  ],
  [(s) => s.addCron({ id: 'a', task, fields: { hour: 24 } }), INVALID, 'addCron (job "a")', '24', /0-23/],
  [(s) => s.addCron({ id: 'a', task, fields: any({ hours: 9 }) }), INVALID, 'addCron (job "a")', 'hours', /hour/],
  [
    (s) => s.addCron(any({ id: 'a', task, cron_expression: '@daily' })),
    INVALID,
    'addCron (job "a")',
    "'@daily'",
    /write expression|Write expression/,
  ],
  [
    (s) => s.addCron({ id: 'a', task, expression: '@daily', start: '2027-01-01', end: '2026-01-01' }),
    INVALID,
    'addCron (job "a")',
    'end',
    /Exchange them/,
  ],
  [
    (s) => s.addCron({ id: 'a', task, expression: '@daily', jitter: any('x') }),
    INVALID,
    'addCron (job "a")',
    "'x'",
    /Write '90s'/,
  ],
  [
    (s) => s.addCron(any({ id: 'a', task, expression: '@daily', waitForCompletion: true })),
    INVALID,
    'addCron (job "a")',
    'waitForCompletion',
    /how it is by default/,
  ],

  [(s) => s.addInterval(any({ id: 'a', task })), INVALID, 'addInterval (job "a")', 'every', /Write every: '5m'/],
  [(s) => s.addInterval({ id: 'a', task, every: 5 }), INVALID, 'addInterval (job "a")', '5', /write '5s'/],
  [(s) => s.addInterval({ id: 'a', task, every: 0 }), INVALID, 'addInterval (job "a")', '0', /Write '5m'/],
  [(s) => s.addInterval({ id: 'a', task, every: '0s' }), INVALID, 'addInterval (job "a")', '0', /Write '5m'/],
  [(s) => s.addInterval({ id: 'a', task, every: -1 }), INVALID, 'addInterval (job "a")', '-1', /Write/],
  [(s) => s.addInterval({ id: 'a', task, every: Infinity }), INVALID, 'addInterval (job "a")', 'Infinity', /Write/],
  [
    (s) => s.addInterval({ id: 'a', task, every: 'every 5 min' }),
    INVALID,
    'addInterval (job "a")',
    "'every 5 min'",
    /Write/,
  ],
  [
    (s) => s.addInterval({ id: 'a', task, every: any({ months: 1 }) }),
    INVALID,
    'addInterval (job "a")',
    'months',
    /calendar/,
  ],
  [
    (s) => s.addInterval(any({ id: 'a', task, minutes: 5 })),
    INVALID,
    'addInterval (job "a")',
    'minutes',
    /Write every: \{ minutes/,
  ],
  [
    (s) => s.addInterval({ id: 'a', task, every: '5m', start: '2027-01-01', initialDelay: '5m' }),
    INVALID,
    'addInterval (job "a")',
    'initialDelay',
    /Keep one/,
  ],
  [
    (s) => s.addInterval({ id: 'a', task, every: '5m', fixedDelay: true, withoutOverlapping: true }),
    INVALID,
    'addInterval (job "a")',
    'withoutOverlapping',
    /Leave it out/,
  ],

  [(s) => s.addAt({ id: 'a', task, at: 'soon' }), INVALID, 'addAt (job "a")', "'soon'", /Write a Date/],
  [
    (s) => s.addAt({ id: 'a', task, at: '2026-02-30 10:00' }),
    INVALID,
    'addAt (job "a")',
    "'2026-02-30 10:00'",
    /does not exist/,
  ],
  [(s) => s.addAt({ id: 'a', task, at: new Date(NaN) }), INVALID, 'addAt (job "a")', 'Invalid Date', /Write a Date/],
  [(s) => s.addAt({ id: 'a', task, at: NaN }), INVALID, 'addAt (job "a")', 'NaN', /Write a Date/],
  [
    (s) => s.addAt(any({ id: 'a', task, run_date: '2026-01-01' })),
    INVALID,
    'addAt (job "a")',
    "'2026-01-01'",
    /write at: '2026-01-01'/,
  ],
  [(s) => s.addAt(any({ id: 'a', task, delay: 5000 })), INVALID, 'addAt (job "a")', 'delay', /Write at: the instant/],

  [
    (s) => s.schedule(Reports, any('sned'), any({ id: 'a', trigger })),
    'UNKNOWN_PROVIDER',
    'schedule (job "a")',
    'Reports.sned',
    /name one of its methods/,
  ],
  [
    (s) => s.schedule(Elsewhere, 'work', { id: 'a', trigger }),
    'UNKNOWN_PROVIDER',
    'schedule (job "a")',
    'Elsewhere.work',
    /providers or controllers/,
  ],
  [
    (s) => any(s).schedule('Reports', 'send', { id: 'a', trigger }),
    INVALID,
    'schedule (job "a")',
    'Reports',
    /\[Class, 'method'\]/,
  ],
  [
    (s) => s.schedule(Reports, 'send', any(undefined)),
    INVALID,
    'SchedulerRegistry.schedule',
    'undefined',
    /an object of options/,
  ],
  [
    (s) => s.schedule(Reports, 'send', any({ id: 'a', args: ['x', 1] })),
    INVALID,
    'schedule (job "a")',
    'trigger',
    /Write trigger/,
  ],

  [
    (s) => s.addMany(any({ id: 'a', task, trigger })),
    INVALID,
    'SchedulerRegistry.addMany',
    '"id":"a"',
    /a list of jobs/,
  ],
  [
    (s) => s.addMany([{ id: 'a', task, trigger }, any({ id: 'b', task })]),
    INVALID,
    'addMany (job "b"), entry 1',
    'trigger',
    /Write trigger/,
  ],
  [
    (s) =>
      s.addMany([
        { id: 'a', task, trigger },
        { id: 'b', task: 'Nope.no', trigger },
      ]),
    'UNKNOWN_TASK',
    'addMany (job "b")',
    'Nope.no',
    /Name a method|Did you mean/,
  ],
  [
    (s) =>
      s.addMany([
        { id: 'a', task, trigger },
        { id: 'a', task, trigger },
      ]),
    'DUPLICATE_JOB',
    '"a"',
    'addMany',
    /another id/,
  ],
  [
    (s) =>
      s.addMany([
        { id: 'a', task, trigger },
        { id: 'taken', task, trigger, maxInstances: 9 },
      ]),
    'DUPLICATE_JOB',
    '"taken"',
    'addMany',
    /another id/,
  ],
  [
    (s) => s.addMany([{ id: 'a', task, trigger }], any({ replace: true })),
    INVALID,
    'SchedulerRegistry.addMany',
    'true',
    /write replaceExisting/,
  ],

  [(s) => s.get(any(undefined)), INVALID, 'SchedulerRegistry.get', 'id', /Write the id as text/],
  [(s) => s.get(''), INVALID, 'SchedulerRegistry.get', "''", /not empty/],
  [(s) => s.has(any(5)), INVALID, 'SchedulerRegistry.get', '5', /Write it in quotes/],
  [(s) => s.list(any({ tags: ['x'] })), INVALID, 'SchedulerRegistry.list', '["x"]', /write tag/],
  [(s) => s.list({ limit: 0 }), INVALID, 'SchedulerRegistry.list', '0', /1 to 10,000/],
  [(s) => s.list({ status: any('done') }), INVALID, 'SchedulerRegistry.list', "'done'", /one of 'active'/],
  [(s) => s.list({ status: any(['active', 'done']) }), INVALID, 'SchedulerRegistry.list', "'done'", /one of 'active'/],
  [(s) => s.list({ store: 'db' }), INVALID, 'SchedulerRegistry.list', "'db'", /Add it to forRoot/],
  [(s) => s.pause('nobody'), 'UNKNOWN_JOB', '"nobody"', 'nobody', /list\(\)/],
  [(s) => s.pause('off'), 'JOB_NOT_ENABLED', 'pause', '"off"', /Switch it on/],
  [(s) => s.pause(any(null)), INVALID, 'SchedulerRegistry.pause', 'null', /Write it in quotes/],
  [
    (s) => s.pause('report', { until: '2020-01-01' }),
    INVALID,
    'pause (job "report")',
    '2020-01-01',
    /an instant to come/,
  ],
  [(s) => s.pause('report', { until: 'monday' }), INVALID, 'pause (job "report")', "'monday'", /Write a Date/],
  [(s) => s.pause('report', any({ who: 'ada' })), INVALID, 'pause (job "report")', "'ada'", /write by: 'ada'/],
  [(s) => s.pause('report', any('ada')), INVALID, 'pause (job "report")', "'ada'", /an object of options/],
  [(s) => s.resume('nobody'), 'UNKNOWN_JOB', '"nobody"', 'nobody', /list\(\)/],
  [(s) => s.resume('report', any({ catchup: true })), INVALID, 'resume (job "report")', 'true', /write catchUp: true/],
  [(s) => s.resume('report', { catchUp: any('yes') }), INVALID, 'resume (job "report")', "'yes'", /true or false/],
  [
    (s) => s.pauseAll({ until: '2020-01-01' }),
    INVALID,
    'SchedulerRegistry.pauseAll',
    '2020-01-01',
    /an instant to come/,
  ],
  [(s) => s.pauseAll(any({ until: 'x' })), INVALID, 'SchedulerRegistry.pauseAll', "'x'", /Write a Date/],
  [(s) => s.reschedule('nobody', trigger), 'UNKNOWN_JOB', '"nobody"', 'nobody', /list\(\)/],
  [
    (s) => s.reschedule('report', any('0 9 * * *')),
    INVALID,
    'reschedule (job "report")',
    "'0 9 * * *'",
    /such as cron/,
  ],
  [(s) => s.reschedule('report', any(undefined)), INVALID, 'reschedule (job "report")', 'undefined', /such as cron/],
  [
    (s) => s.reschedule('report', trigger, any({ tz: 'UTC' })),
    INVALID,
    'reschedule (job "report")',
    "'UTC'",
    /write timezone/,
  ],
  [
    (s) => s.reschedule('report', trigger, { timezone: 'X' }),
    INVALID,
    'reschedule (job "report")',
    "'X'",
    /Write a name/,
  ],
  [
    (s) => s.reschedule('report', cron('@daily').excluding('holidays')),
    INVALID,
    'reschedule (job "report")',
    "'holidays'",
    /forRoot\(\{ calendars/,
  ],
  [(s) => s.modify('nobody', { name: 'x' }), 'UNKNOWN_JOB', '"nobody"', 'nobody', /list\(\)/],
  [(s) => s.modify('report', any(undefined)), INVALID, 'modify (job "report")', 'undefined', /an object of options/],
  [(s) => s.modify('report', any({ id: 'x' })), INVALID, 'modify (job "report")', 'id', /Add the job anew/],
  [(s) => s.modify('report', any({ enabled: false })), INVALID, 'modify (job "report")', 'enabled', /Call pause\(id\)/],
  [(s) => s.modify('report', any({ cron: '@daily' })), INVALID, 'modify (job "report")', 'cron', /Write trigger/],
  [(s) => s.modify('report', { maxInstances: 0 }), INVALID, 'modify (job "report")', '0', /whole number/],
  [
    (s) => s.modify('report', { args: [undefined] }),
    'INVALID_ARGUMENTS',
    'modify (job "report")',
    'args[0]',
    /write null/,
  ],
  [(s) => s.modify('report', { executor: 'gpu' }), INVALID, 'modify (job "report")', "'gpu'", /Add it to forRoot/],
  [
    (s) => s.modify('report', { when: [Reports, 'nothing'] }),
    INVALID,
    'modify (job "report")',
    'nothing',
    /Its methods are/,
  ],
  [(s) => s.remove('nobody'), 'UNKNOWN_JOB', '"nobody"', 'nobody', /list\(\)/],
  [(s) => s.remove('report'), 'CODE_JOB', '"report"', 'Reports.report', /Pause it with pause\('report'\)/],
  [(s) => s.runNow('nobody'), 'UNKNOWN_JOB', '"nobody"', 'nobody', /list\(\)/],
  [
    (s) => s.runNow('report', { args: [new Date(0)] }),
    'INVALID_ARGUMENTS',
    'runNow (job "report")',
    'args[0]',
    /toISOString/,
  ],
  [(s) => s.runNow('report', any({ args: 'x' })), INVALID, 'runNow (job "report")', "'x'", /a list of arguments/],
  [(s) => s.runNow('report', any({ forced: true })), INVALID, 'runNow (job "report")', 'true', /write force: true/],
  [(s) => s.runNow('report', any(['x'])), INVALID, 'runNow (job "report")', '["x"]', /an object of options/],
  [(s) => s.retry('nothing'), 'UNKNOWN_RUN', '"nothing"', 'nothing', /runs\(\)/],
  [(s) => s.retry(any(undefined)), INVALID, 'SchedulerRegistry.retry', 'runId', /Write the id/],
  [(s) => s.cancel('nothing'), 'UNKNOWN_RUN', '"nothing"', 'nothing', /runs\(\)/],
  [(s) => s.cancel(''), INVALID, 'SchedulerRegistry.cancel', "''", /not empty/],
  [(s) => s.backfill('nobody', { from: 1, to: 2 }), 'UNKNOWN_JOB', '"nobody"', 'nobody', /list\(\)/],
  [
    (s) => s.backfill('report', any(undefined)),
    INVALID,
    'backfill (job "report")',
    'undefined',
    /an object of options/,
  ],
  [(s) => s.backfill('report', any({ from: '2026-01-01' })), INVALID, 'backfill (job "report")', 'to', /Write \{ from/],
  [
    (s) => s.backfill('report', { from: '2026-02-01', to: '2026-01-01' }),
    INVALID,
    'backfill (job "report")',
    '2026-01-01',
    /Exchange them/,
  ],
  [(s) => s.backfill('report', { from: 'x', to: 'y' }), INVALID, 'backfill (job "report")', "'x'", /Write a Date/],
  [
    (s) => s.backfill('report', { from: '2000-01-01', to: '2026-01-01' }),
    'BACKFILL_TOO_LARGE',
    '"report"',
    '1000',
    /shorter/,
  ],
  [(s) => s.run(any(7)), INVALID, 'SchedulerRegistry.run', '7', /Write it in quotes/],
  [(s) => s.runs(any({ outcome: 'failed' })), INVALID, 'SchedulerRegistry.runs', "'failed'", /write state: 'failed'/],
  [(s) => s.runs({ state: any('broken') }), INVALID, 'SchedulerRegistry.runs', "'broken'", /one of 'buffered'/],
  [(s) => s.runs({ limit: 5_000 }), INVALID, 'SchedulerRegistry.runs', '5000', /1 to 1,000/],
  [(s) => s.runs({ from: 'yesterday' }), INVALID, 'SchedulerRegistry.runs', "'yesterday'", /Write a Date/],
  [(s) => s.history('report', { limit: any('20') }), INVALID, 'history (job "report")', "'20'", /here to 20/],
  [(s) => s.history('report', any({ page: 2 })), INVALID, 'history (job "report")', '2', /write cursor/],
  [(s) => s.history(any(undefined)), INVALID, 'SchedulerRegistry.history', 'id', /Write the id as text/],
  [(s) => s.preview('x', '2026-01-01'), INVALID, 'SchedulerRegistry.preview', "'x'", /Write a Date/],
  [(s) => s.preview('2026-02-01', '2026-01-01'), INVALID, 'SchedulerRegistry.preview', '2026-01-01', /Exchange them/],
  [
    (s) => s.preview(any(undefined), any(undefined)),
    INVALID,
    'SchedulerRegistry.preview',
    'undefined',
    /a point in time/,
  ],
  [(s) => s.preview(1, 2, any({ jobId: 'x' })), INVALID, 'SchedulerRegistry.preview', "'x'", /write ids/],
  [(s) => s.why('report', 'then'), INVALID, 'why (job "report")', "'then'", /Write a Date/],
  [(s) => s.why('report', any(undefined)), INVALID, 'why (job "report")', 'undefined', /a point in time/],
];

describe('wrong calls of the registry', () => {
  let one: RegistryApp;
  let before: unknown;

  beforeAll(async () => {
    const clock = new ManualClock('2026-11-20T08:00Z');
    const shared = { ...createMemoryStore({ alias: 'shared', application: 'test', clock }), isShared: true };
    one = await startRegistry({ stores: { shared } });
    await one.scheduler.add({ id: 'taken', task, trigger });
    before = JSON.stringify(await one.scheduler.list());
  });
  afterAll(() => one.app.close());

  it.each(CALLS.map((row) => [`${row[2]} ${row[3]}`, ...row] as const))(
    '%s',
    async (_, call, code, place, value, advice) => {
      const error = await errorOf(() => call(one.scheduler));
      expectRefusal(error, { code, place, value, advice });
    },
  );

  it('leave nothing half stored', async () => {
    expect(JSON.stringify(await one.scheduler.list())).toBe(before);
    expect((await one.scheduler.runs()).runs).toEqual([]);
    expect(await one.scheduler.pauseOfAll()).toBeNull();
  });

  it('and of the rest are 150 and more in all', () => {
    expect(DEFINITIONS.length + OPTIONS.length + CALLS.length).toBeGreaterThan(220);
  });
});

describe('wrong triggers', () => {
  it.each<[() => unknown, string, string, RegExp]>([
    [() => every(any(5)), 'INVALID_DURATION', '5', /Write|write/],
    [() => every('0s'), 'INVALID_DURATION', '0s', /1 millisecond or more/],
    [() => cron('61 * * * *'), 'INVALID_CRON', '61', /0-59/],
    [() => cron({ hour: '9-' }), 'INVALID_CRON', '9-', /Allowed/],
    [() => at('soon'), 'INVALID_INSTANT', 'soon', /Give a Date/],
    [() => anyOf(), 'INVALID_TRIGGER', 'anyOf', /triggers/],
    [() => allOf(cron({ hour: 9 }), cron({ hour: 10 })), 'NEVER_FIRES', 'hour', /never fires/],
    [() => cron('@daily', any({ timeZone: 'UTC' })), 'INVALID_TRIGGER', 'timeZone', /Did you mean 'timezone'/],
    [() => cron('@daily', { timezone: 'Nowhere' }), 'INVALID_TIMEZONE', 'Nowhere', /Use an IANA name/],
    [() => cron('@daily').between('25:00', '26:00'), 'INVALID_TRIGGER', '25:00', /It is a time of day/],
  ])('%s', async (act, code, value, advice) => {
    expectRefusal(await errorOf(act), { code, place: '', value, advice });
  });
});
