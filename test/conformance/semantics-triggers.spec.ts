/** SEMANTICS section 1, sentence by sentence, through the public entry. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  allOf,
  anyOf,
  at,
  At,
  calendar,
  cron,
  Cron,
  CronTrigger,
  DateTrigger,
  every,
  Interval,
  IntervalTrigger,
  JobContext,
  Scheduled,
  Task,
  Timeout,
  triggerFromJSON,
  type CronFields,
  type SchedulerModuleOptions,
  type Trigger,
} from '../../lib/index.js';
import { seedApp, type SeedApp } from '../seeds/seed-app.js';
import { processorTime } from '../support/processor-time.js';

const NOW = '2026-11-20T00:00:00Z'; // a Friday
let seed: SeedApp | undefined;
afterEach(async () => {
  await seed?.app.close();
  seed = undefined;
});
type Class = new (...args: never[]) => object;
const start = async (providers: Class[], options: SchedulerModuleOptions = {}, now = NOW) =>
  (seed = await seedApp(providers, { log: 'silent', ...options }, now));

@Injectable()
class Echo {
  @Task() say() {}
}

/** ISO minutes of the first fire times after an instant. */
const fires = (trigger: Trigger, from: string, count: number) =>
  trigger.fireTimes(Date.parse(from), count).map((fire) => new Date(fire).toISOString().replace(/(:00)?\.000Z$/, ''));
/** The same on the wall of a zone. */
const walls = (trigger: Trigger, from: string, count: number, zone: string) =>
  trigger
    .fireTimes(Date.parse(from), count)
    .map((fire) => new Date(fire).toLocaleString('sv-SE', { timeZone: zone }).slice(5, 16));

describe('1.1 cron by fields', () => {
  it.each<[CronFields, string[]]>([
    [{ day: 1, minute: 20 }, ['2026-12-01T00:20', '2026-12-01T01:20']],
    [{ month: 6 }, ['2027-06-01T00:00', '2028-06-01T00:00']],
    [{ week: 10 }, ['2027-03-08T00:00', '2027-03-09T00:00']],
    [{ dayOfWeek: 'mon' }, ['2026-11-23T00:00', '2026-11-30T00:00']],
    [{ dayOfWeek: 0 }, ['2026-11-23T00:00', '2026-11-30T00:00']],
    [{ dayOfWeek: 6 }, ['2026-11-22T00:00', '2026-11-29T00:00']],
    [{ year: 2027 }, ['2027-01-01T00:00']],
    [{}, ['2026-11-20T00:00:01', '2026-11-20T00:00:02']],
    [{ second: '*/20' }, ['2026-11-20T00:00:20', '2026-11-20T00:00:40', '2026-11-20T00:01']],
    [{ minute: 5 }, ['2026-11-20T00:05', '2026-11-20T01:05']],
    [{ day: '6-13', dayOfWeek: 'fri' }, ['2026-12-11T00:00', '2027-01-08T00:00']],
    [{ hour: '1, 3 ,5' }, ['2026-11-20T01:00', '2026-11-20T03:00', '2026-11-20T05:00']],
    [{ month: 'JAN-mar' }, ['2027-01-01T00:00', '2027-02-01T00:00', '2027-03-01T00:00', '2028-01-01T00:00']],
    [{ month: 'feb,Jun' }, ['2027-02-01T00:00', '2027-06-01T00:00']],
    [{ dayOfWeek: 'FRI-mon' }, ['2026-11-21T00:00', '2026-11-22T00:00', '2026-11-23T00:00', '2026-11-27T00:00']],
    [{ hour: '3/9' }, ['2026-11-20T03:00', '2026-11-20T12:00', '2026-11-20T21:00', '2026-11-21T03:00']],
    [{ hour: '8-20/5' }, ['2026-11-20T08:00', '2026-11-20T13:00', '2026-11-20T18:00', '2026-11-21T08:00']],
    [{ day: 'last' }, ['2026-11-30T00:00', '2026-12-31T00:00', '2027-01-31T00:00', '2027-02-28T00:00']],
    [{ day: '2nd fri' }, ['2026-12-11T00:00', '2027-01-08T00:00']],
    [{ day: 'last sun' }, ['2026-11-29T00:00', '2026-12-27T00:00']],
    [{ day: '1st mon,3rd wed' }, ['2026-12-07T00:00', '2026-12-16T00:00']],
    [{ day: '5th fri' }, ['2027-01-29T00:00', '2027-04-30T00:00']],
    [{ day: 31 }, ['2026-12-31T00:00', '2027-01-31T00:00', '2027-03-31T00:00']],
    [{ day: '*/10' }, ['2026-11-21T00:00', '2026-12-01T00:00', '2026-12-11T00:00']],
  ])('%j', (fields, expected) => {
    expect(fires(cron(fields), NOW, expected.length)).toEqual(expected);
  });

  it.each<[object, string, RegExp]>([
    [{ minute: '*/0' }, 'minute', /0/],
    [{ hour: '*/25' }, 'hour', /25/],
    [{ hour: '8-12/9' }, 'hour', /9/],
    [{ hour: 24 }, 'hour', /0.*23/],
    [{ month: 13 }, 'month', /1.*12/],
    [{ week: 54 }, 'week', /53/],
    [{ year: 1969 }, 'year', /1970/],
    [{ hour: '17-9' }, 'hour', /17-9/],
    [{ dayOfWeek: 'mon-fri/x' }, 'dayOfWeek', /mon-fri\/x/],
    [{ day: 'lastfoo' }, 'day', /lastfoo/],
    [{ dayOfWeek: 7 }, 'dayOfWeek', /7/],
    [{ day: '6th fri' }, 'day', /6th/],
    [{ minute: '' }, 'minute', /minute/],
    [{ minute: 1.5 }, 'minute', /1\.5/],
    [{ minuet: 1 }, 'minuet', /minute/],
    [{ day: 31, month: 2 }, '', /never|no time/i],
    [{ day: '30', month: 'feb' }, '', /never|no time/i],
  ])('%j is refused, naming field and value', (fields, field, message) => {
    expect(() => cron(fields as CronFields)).toThrow(field);
    expect(() => cron(fields as CronFields)).toThrow(message);
  });
});

describe('1.2 cron by expression', () => {
  it.each<[string, string[]]>([
    ['0 9 * * 0', ['2026-11-22T09:00', '2026-11-29T09:00']],
    ['0 9 * * 7', ['2026-11-22T09:00', '2026-11-29T09:00']],
    ['0 9 * * sun', ['2026-11-22T09:00', '2026-11-29T09:00']],
    ['0 9 * * MON-FRI', ['2026-11-20T09:00', '2026-11-23T09:00']],
    ['0 9 * * 5-7', ['2026-11-20T09:00', '2026-11-21T09:00', '2026-11-22T09:00', '2026-11-27T09:00']],
    ['0 9 * * fri-sun', ['2026-11-20T09:00', '2026-11-21T09:00', '2026-11-22T09:00', '2026-11-27T09:00']],
    ['30 0 9 * * *', ['2026-11-20T09:00:30', '2026-11-21T09:00:30']],
    ['0 0 9 1 1 * 2028', ['2028-01-01T09:00']],
    ['@yearly', ['2027-01-01T00:00']],
    ['@annually', ['2027-01-01T00:00']],
    ['@monthly', ['2026-12-01T00:00']],
    ['@weekly', ['2026-11-22T00:00']],
    ['@daily', ['2026-11-21T00:00']],
    ['@midnight', ['2026-11-21T00:00']],
    ['@hourly', ['2026-11-20T01:00']],
    ['CRON_TZ=America/New_York 0 9 * * *', ['2026-11-20T14:00']],
    ['0 0 13 * 5', ['2026-11-27T00:00', '2026-12-04T00:00', '2026-12-11T00:00', '2026-12-13T00:00']],
    ['0 0 */2 * 1', ['2026-11-21T00:00', '2026-11-23T00:00', '2026-11-25T00:00']],
    ['0 0 ? * 1', ['2026-11-23T00:00', '2026-11-30T00:00']],
    ['0 0 L * *', ['2026-11-30T00:00', '2026-12-31T00:00']],
    ['0 0 L-3 * *', ['2026-11-27T00:00', '2026-12-28T00:00']],
    ['0 0 LW * *', ['2026-11-30T00:00', '2026-12-31T00:00', '2027-01-29T00:00']],
    ['0 0 15W * *', ['2026-12-15T00:00', '2027-01-15T00:00', '2027-02-15T00:00']],
    [
      '0 0 15W 11 *',
      ['2027-11-15T00:00', '2028-11-15T00:00', '2029-11-15T00:00', '2030-11-15T00:00', '2031-11-14T00:00'],
    ],
    ['0 0 31W * *', ['2026-12-31T00:00', '2027-01-29T00:00', '2027-03-31T00:00']],
    ['0 0 * * 5L', ['2026-11-27T00:00', '2026-12-25T00:00']],
    ['0 0 * * friL', ['2026-11-27T00:00', '2026-12-25T00:00']],
    ['0 0 * * 5#2', ['2026-12-11T00:00', '2027-01-08T00:00']],
    ['0 0 * * fri#2', ['2026-12-11T00:00', '2027-01-08T00:00']],
    ['5/20 * * * *', ['2026-11-20T00:05', '2026-11-20T00:25', '2026-11-20T00:45', '2026-11-20T01:05']],
    ['*/60 * * * *', ['2026-11-20T01:00', '2026-11-20T02:00']],
    ['0 0 1 jan,JUL *', ['2027-01-01T00:00', '2027-07-01T00:00']],
  ])('%s', (expression, expected) => {
    expect(fires(cron(expression), NOW, expected.length)).toEqual(expected);
  });

  it.each([
    '* * * *',
    '0 22-2 * * *',
    '*/70 * * * *',
    '0 0 31 2 *',
    '60 * * * *',
    '* * * * 8',
    '',
    'nonsense',
    '@never',
  ])('%j is refused, naming it', (expression) => {
    expect(() => cron(expression)).toThrow(expression);
  });

  it('H is stable for a job, spread over jobs, and within its bounds', async () => {
    const { registry } = await start([Echo]);
    const minutes = new Set<number>();
    for (let index = 0; index < 30; index++) {
      const job = await registry.addCron({ id: `j${index}`, task: 'Echo.say', expression: 'H(0-29) H * * *' });
      const again = await registry.addCron({ id: `j${index}`, task: 'Echo.say', expression: 'H(0-29) H * * *' });
      expect(again.nextFireTime).toEqual(job.nextFireTime);
      minutes.add(job.nextFireTime!.getUTCMinutes());
    }
    expect(Math.max(...minutes)).toBeLessThanOrEqual(29);
    expect(minutes.size).toBeGreaterThan(10);
    const quarter = await registry.addCron({ id: 'q', task: 'Echo.say', expression: 'H/15 * * * *' });
    const [one, two] = await seed!.next('q', 2);
    expect(Date.parse(two) - Date.parse(one)).toBe(900_000);
    expect(quarter.nextFireTime).not.toBeNull();
    expect(() => cron('H * * * *').next(0)).toThrow();
  });

  it('fromCrontab reads the APScheduler dialect: 0 = Monday, day AND weekday', () => {
    expect(fires(CronTrigger.fromCrontab('0 0 * * 0', { dialect: 'apscheduler' }), NOW, 1)).toEqual([
      '2026-11-23T00:00',
    ]);
    expect(fires(CronTrigger.fromCrontab('0 0 13 * 4', { dialect: 'apscheduler' }), NOW, 1)).toEqual([
      '2027-08-13T00:00',
    ]);
  });
});

describe('1.3 zone changes', () => {
  const ny = 'America/New_York'; // gap 8 March 2026 02:00, overlap 1 November 2026 02:00
  const inZone = (rule: string, timezone: string) => cron(rule, { timezone });
  it.each<[string, string, string, string, string[]]>([
    ['a gap is made up for once', '30 2 * * *', ny, '2026-03-07T12:00Z', ['03-08 03:00', '03-09 02:30']],
    ['several times in one gap make one fire', '0,30 2 * * *', ny, '2026-03-08T05:00Z', ['03-08 03:00', '03-09 02:00']],
    ['an hour in all 24 goes on', '30 * * * *', ny, '2026-03-08T06:00Z', ['03-08 01:30', '03-08 03:30']],
    ['an overlap fires the first time only', '30 1 * * *', ny, '2026-11-01T03:00Z', ['11-01 01:30', '11-02 01:30']],
    [
      'quicker than hourly fires in both passes',
      '*/30 1 * * *',
      ny,
      '2026-11-01T04:30Z',
      ['11-01 01:00', '11-01 01:30', '11-01 01:00', '11-01 01:30', '11-02 01:00'],
    ],
    [
      'all 24 hours fire in both passes',
      '0 * * * *',
      ny,
      '2026-11-01T04:30Z',
      ['11-01 01:00', '11-01 01:00', '11-01 02:00'],
    ],
    [
      '0 */6 fires four times on each day',
      '0 */6 * * *',
      ny,
      '2026-03-08T03:30Z',
      ['03-08 00:00', '03-08 06:00', '03-08 12:00', '03-08 18:00', '03-09 00:00'],
    ],
    ['*/15 2 at least once each day', '*/15 2 * * *', ny, '2026-03-08T06:00Z', ['03-08 03:00', '03-09 02:00']],
    [
      'Lord Howe changes by half an hour',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03T12:00Z',
      ['10-04 02:30', '10-05 02:15'],
    ],
    ['a midnight gap', '0 0 * * *', 'America/Sao_Paulo', '2018-11-03T12:00Z', ['11-04 01:00', '11-05 00:00']],
    [
      'a day left out is not made up for',
      '0 9 * * *',
      'Pacific/Apia',
      '2011-12-29T12:00Z',
      ['12-29 09:00', '12-31 09:00'],
    ],
  ])('%s', (_name, rule, zone, from, expected) => {
    expect(walls(inZone(rule, zone), from, expected.length, zone)).toEqual(expected);
  });

  it.each([
    'America/New_York',
    'Europe/Berlin',
    'Europe/Dublin',
    'Africa/Casablanca',
    'Asia/Beirut',
    'America/Havana',
    'Australia/Lord_Howe',
  ])('a daily 02:30 and 00:00 in %s runs exactly once each day of 2026', (zone) => {
    for (const rule of ['30 2 * * *', '0 0 * * *']) {
      const days = walls(inZone(rule, zone), '2026-01-01T12:00Z', 363, zone).map((wall) => wall.slice(0, 5));
      expect(new Set(days).size).toBe(363);
    }
  });

  it('*/15 runs every 15 real minutes through both changes', () => {
    for (const from of ['2026-03-08T05:00Z', '2026-11-01T04:00Z']) {
      const times = inZone('*/15 * * * *', ny).fireTimes(Date.parse(from), 20);
      for (let index = 1; index < times.length; index++) expect(times[index] - times[index - 1]).toBe(900_000);
    }
  });

  it('the zone is the trigger’s own, else the job’s, else the module’s, else UTC', async () => {
    const { registry } = await start([Echo], { timezone: 'Asia/Tokyo' });
    const add = (id: string, trigger: Trigger, timezone?: string) =>
      registry.add({ id, task: 'Echo.say', trigger, ...(timezone === undefined ? {} : { timezone }) });
    const own = await add('own', cron('0 9 * * *', { timezone: ny }), 'Europe/Berlin');
    const jobs = await add('job', cron('0 9 * * *'), 'Europe/Berlin');
    const modules = await add('module', cron('0 9 * * *'));
    expect([own, jobs, modules].map((job) => job.nextFireTime!.getUTCHours())).toEqual([14, 8, 0]);
    await seed!.app.close();
    const again = await start([Echo]);
    await again.registry.add({ id: 'utc', task: 'Echo.say', trigger: cron('0 9 * * *') });
    expect(await again.registry.get('utc')).toMatchObject({
      timezone: 'UTC',
      nextFireTime: new Date('2026-11-20T09:00Z'),
    });
  });
});

describe('1.4 interval', () => {
  it('fires at start + k * length; start and end are inclusive', () => {
    const trigger = every('1h', { start: '2026-11-20T00:30Z', end: '2026-11-20T02:30Z' });
    expect(fires(trigger, NOW, 9)).toEqual(['2026-11-20T00:30', '2026-11-20T01:30', '2026-11-20T02:30']);
    const start = Date.parse('2026-11-20T00:30Z');
    expect(trigger.next(start - 1)).toBe(start);
  });

  it('of 24 hours drifts on the wall clock over a change', () => {
    const trigger = every('24h', { start: '2026-03-07T09:00', timezone: 'America/New_York' });
    expect(walls(trigger, '2026-03-06T12:00Z', 3, 'America/New_York')).toEqual([
      '03-07 09:00',
      '03-08 10:00',
      '03-09 10:00',
    ]);
  });

  it('unanchored, next(after) is after + length', () => {
    expect(new IntervalTrigger('5m').next(1_000)).toBe(301_000);
  });

  it('first fires after one length, or after initialDelay; runOnStart adds a run', async () => {
    @Injectable()
    class Jobs {
      @Interval('10m', { id: 'plain' }) a() {}
      @Interval('10m', { id: 'delayed', initialDelay: '1m' }) b() {}
      @Interval('10m', { id: 'now', runOnStart: true }) c() {}
      @Cron('0 1 * * *', { id: 'cron', runOnStart: true }) d() {}
    }
    const { tester, ran } = await start([Jobs]);
    await tester.travel('11m');
    expect(await ran('plain')).toEqual(['2026-11-20T00:10:00.000Z']);
    expect(await ran('delayed')).toEqual(['2026-11-20T00:01:00.000Z', '2026-11-20T00:11:00.000Z']);
    expect(await ran('now')).toEqual(['2026-11-20T00:00:00.000Z', '2026-11-20T00:10:00.000Z']);
    expect((await tester.runsOf('cron')).map(({ kind }) => kind)).toEqual(['start']);
  });

  it('fixedDelay counts from the end of the run, whatever its outcome, and keeps no grid', async () => {
    let open!: () => void;
    let calls = 0;
    @Injectable()
    class Jobs {
      @Interval('10m', { id: 'x', fixedDelay: true }) async run() {
        calls++;
        await new Promise<void>((resolve) => (open = resolve));
        if (calls === 1) throw new Error('first');
      }
    }
    const { tester, registry } = await start([Jobs]);
    await tester.travel('10m');
    expect(await registry.get('x')).toMatchObject({ nextFireTime: null, status: 'active' });
    await tester.travel('25m');
    expect(calls).toBe(1);
    open();
    await tester.travel('1ms');
    expect((await registry.get('x'))!.nextFireTime!.toISOString()).toMatch(/T00:45:00\.00[01]Z/);
    await tester.travel('10m');
    expect(calls).toBe(2);
    open();
    await tester.travel('1s');
  });

  it.each([0, -1, { minutes: 0 }, '0s'])('a length of %j is refused', (length) => {
    expect(() => new IntervalTrigger(length as never)).toThrow();
  });

  it('a 30-day interval fires after 30 days, not at once (P6, U18)', async () => {
    @Injectable()
    class Monthly {
      @Interval({ days: 30 }, { id: 'x' }) run() {}
    }
    const { tester, ran } = await start([Monthly]);
    await tester.travel({ days: 90 });
    expect(await ran('x')).toEqual(['2026-12-20', '2027-01-19', '2027-02-18'].map((day) => `${day}T00:00:00.000Z`));
  });
});

describe('1.5 date and calendar interval', () => {
  it('a code date that is past is put as finished, reason past, and makes no run', async () => {
    @Injectable()
    class Past {
      @At('2024-12-31', { id: 'at' }) a() {}
      @Cron('0 9 * * *', { id: 'ended', end: '2025-01-01' }) b() {}
      @Interval('1h', { id: 'over', start: '2024-01-01', end: '2025-01-01' }) c() {}
    }
    const { tester, registry } = await start([Past]);
    await tester.travel('2d');
    for (const id of ['at', 'ended', 'over']) {
      expect(await registry.get(id)).toMatchObject({ status: 'finished', statusReason: 'past', nextFireTime: null });
      expect((await tester.runsOf(id)).filter(({ outcome }) => outcome !== 'skipped')).toEqual([]);
    }
  });

  it('a date added at run time that is past runs at once, and so does one without a date', async () => {
    const { tester, registry, ran } = await start([Echo]);
    await registry.addAt({ id: 'past', task: 'Echo.say', at: '2024-12-31' });
    await registry.add({ id: 'past2', task: 'Echo.say', trigger: at('2024-12-31') });
    await registry.addAt({ id: 'now', task: 'Echo.say' });
    await registry.add({ id: 'now2', task: 'Echo.say', trigger: at() });
    await tester.travel('1ms');
    for (const id of ['past', 'past2', 'now', 'now2']) expect(await ran(id)).toHaveLength(1);
    expect((await registry.get('past'))!.status).toBe('finished');
  });

  it('fires once', () => {
    expect(fires(new DateTrigger('2026-12-25T09:00Z'), NOW, 3)).toEqual(['2026-12-25T09:00']);
  });

  it.each<[object, string | undefined, string[]]>([
    [{ months: 1, start: '2026-01-31' }, undefined, ['2026-01-31', '2026-03-31', '2026-05-31', '2026-07-31']],
    [{ years: 1, start: '2024-02-29' }, undefined, ['2024-02-29', '2028-02-29']],
    [{ weeks: 2, start: '2026-01-01' }, undefined, ['2026-01-01', '2026-01-15', '2026-01-29']],
    [{ days: 3, start: '2026-01-01' }, undefined, ['2026-01-01', '2026-01-04']],
    [{ months: 1, days: 1, start: '2026-01-30' }, undefined, ['2026-01-30']],
  ])('calendar(%j)', (rule, _zone, expected) => {
    const found = fires(calendar(rule), '2023-12-31T12:00Z', expected.length);
    expect(found).toEqual(expected.map((day) => `${day}T00:00`));
  });

  it('calendar keeps the wall clock over a change, and makes up for a gap once', () => {
    const trigger = calendar({ days: 1, hour: 2, minute: 30, start: '2026-03-07' }, { timezone: 'America/New_York' });
    expect(walls(trigger, '2026-03-07T00:00Z', 3, 'America/New_York')).toEqual([
      '03-07 02:30',
      '03-08 03:00',
      '03-09 02:30',
    ]);
  });

  it.each([[{}], [{ months: 0 }], [{ days: -1 }], [{ days: 1.5 }], [{ months: 1, hour: 24 }]])(
    'calendar(%j) is refused',
    (rule) => {
      expect(() => calendar(rule as never)).toThrow();
    },
  );
});

describe('1.6 or, and, exclusions', () => {
  it('anyOf merges without duplicates; each child stays on its own grid; it ends when all have ended', () => {
    const trigger = anyOf(
      cron('0 1,3 * * *', { end: '2026-11-20T04:00Z' }),
      every('1h', { start: '2026-11-20T01:00Z', end: '2026-11-20T02:30Z' }),
    );
    expect(fires(trigger, NOW, 9)).toEqual(['2026-11-20T01:00', '2026-11-20T02:00', '2026-11-20T03:00']);
  });

  it('S0: allOf of two conditions fires on weekdays at 9:00, 10:00 … 17:00', () => {
    const trigger = allOf(cron({ dayOfWeek: 'mon-fri' }), cron({ hour: '9-17' }));
    const hours = [9, 10, 11, 12, 13, 14, 15, 16, 17].map((hour) => `T${String(hour).padStart(2, '0')}:00`);
    expect(fires(trigger, NOW, 18)).toEqual([
      ...hours.map((h) => `2026-11-20${h}`),
      ...hours.map((h) => `2026-11-23${h}`),
    ]);
  });

  it('with other children the conditions keep grid points', () => {
    const trigger = allOf(every({ minutes: 20 }, { start: '2026-11-20T00:10Z' }), cron({ hour: '9-17' }));
    const found = fires(trigger, NOW, 28);
    expect([found[0], found[26], found[27]]).toEqual(['2026-11-20T09:10', '2026-11-20T17:50', '2026-11-21T09:10']);
  });

  it('expressions agree with expressions, equal to the second', () => {
    expect(fires(allOf(cron('0 9 * * *'), cron('0 9 1 * *')), NOW, 2)).toEqual([
      '2026-12-01T09:00',
      '2027-01-01T09:00',
    ]);
  });

  it('what never agrees is refused, with each child’s next times in the message', async () => {
    const { registry } = await start([Echo]);
    const never = () =>
      registry.add({ id: 'x', task: 'Echo.say', trigger: allOf(cron('0 9 * * *'), cron('0 10 * * *')) });
    expect(never).toThrow(/09:00.*10:00/s);
    expect(() => allOf(cron({ month: 1 }), cron({ month: 2 }))).toThrow();
    expect(await registry.has('x')).toBe(false);
  });

  it('conditions need one zone', () => {
    const trigger = () =>
      allOf(cron({ hour: 9 }, { timezone: 'Asia/Tokyo' }), cron({ day: 1 }, { timezone: 'Europe/Berlin' })).next(0);
    expect(trigger).toThrow(/zone/i);
  });

  it('children of combinations may not have jitter or limit', () => {
    for (const options of [{ jitter: '5s' }, { limit: 3 }]) {
      expect(() => anyOf(cron('0 9 * * *', options))).toThrow(/jitter|limit/);
      expect(() => allOf(cron('0 9 * * *', options), every('1h'))).toThrow(/jitter|limit/);
    }
  });

  it.each<[string, Trigger, string[]]>([
    ['excluding dates', cron('0 9 * * *').excluding('2026-11-21', '2026-11-22'), ['20T09:00', '23T09:00']],
    ['between', cron('0 * * * *').between('09:00', '10:00'), ['20T09:00', '20T10:00', '21T09:00']],
    [
      'between over midnight',
      cron('0 * * * *').between('23:00', '1:00'),
      ['20T01:00', '20T23:00', '21T00:00', '21T01:00'],
    ],
    ['unlessBetween', cron('0 */6 * * *').unlessBetween('06:00', '12:00'), ['20T18:00', '21T00:00', '21T18:00']],
    ['unlessBetween over midnight', cron('0 */6 * * *').unlessBetween('18:00', '6:00'), ['20T12:00', '21T12:00']],
    ['a predicate', cron('0 9 * * *').excluding((date) => date.day < 23), ['23T09:00']],
    [
      'in the zone of the trigger',
      cron('0 * * * *', { timezone: 'Asia/Tokyo' }).between('09:00', '09:00'),
      ['21T00:00'],
    ],
    ['of combinations', anyOf(cron('0 9 * * *'), cron('0 10 * * *')).excluding('2026-11-20'), ['21T09:00', '21T10:00']],
  ])('%s', (_name, trigger, expected) => {
    const found = trigger
      .fireTimes(Date.parse(NOW), expected.length)
      .map((fire) => new Date(fire).toISOString().slice(8, 16));
    expect(found).toEqual(expected);
  });

  it('calendars are registered by name: dates, ICS text, predicate; triggers stay data', async () => {
    @Injectable()
    class Jobs {
      @Scheduled(cron('0 9 * * *').excluding('holidays'), { id: 'dates' }) a() {}
      @Scheduled(cron('0 9 * * *').excluding('weekend'), { id: 'weekend' }) b() {}
    }
    const { next } = await start([Jobs], {
      calendars: { holidays: ['2026-11-20', '2026-11-22'], weekend: (date) => date.weekday > 4 },
    });
    expect(await next('dates', 2)).toEqual(['2026-11-21T09:00:00.000Z', '2026-11-23T09:00:00.000Z']);
    expect((await next('weekend', 2))[1]).toBe('2026-11-23T09:00:00.000Z');
  });

  it('an unknown calendar is refused, naming it', async () => {
    const { registry } = await start([Echo], { calendars: { holidays: ['2026-12-25'] } });
    const added = registry.add({ id: 'x', task: 'Echo.say', trigger: cron('0 9 * * *').excluding('holydays') });
    await expect(added).rejects.toThrow(/holydays/);
    expect(await registry.has('x')).toBe(false);
  });
});

describe('1.7 jitter, window, limit', () => {
  it('jitter delays the start, never early, the same for a job and fire time, and moves no fire time', async () => {
    const starts: number[] = [];
    @Injectable()
    class Jobs {
      @Interval('1m', { id: 'x', jitter: '30s' }) run() {
        starts.push(seed!.tester.clock.now());
      }
    }
    const { tester } = await start([Jobs]);
    await tester.travel('20m');
    const runs = await tester.runsOf('x');
    runs.forEach(({ fireTime, dueAt }, index) => {
      const delay = dueAt.getTime() - fireTime.getTime();
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThan(30_000);
      expect(starts[index]).toBe(dueAt.getTime());
      expect(fireTime.getTime() % 60_000).toBe(0);
    });
    expect(new Set(runs.map(({ fireTime, dueAt }) => dueAt.getTime() - fireTime.getTime())).size).toBeGreaterThan(5);
  });

  it('jitter is at most the distance to the next fire time', async () => {
    @Injectable()
    class Jobs {
      @Interval('5s', { id: 'x', jitter: '1h' }) run() {}
    }
    const { tester } = await start([Jobs]);
    await tester.travel('1m');
    for (const { fireTime, dueAt } of await tester.runsOf('x'))
      expect(dueAt.getTime() - fireTime.getTime()).toBeLessThan(5_000);
  });

  it('limit ends a job after n runs of the plan, whatever became of them; manual runs do not count', async () => {
    @Injectable()
    class Jobs {
      @Interval('1m', { id: 'x', limit: 3 }) run(job: JobContext) {
        if (job.kind === 'scheduled' && job.fireTime.getUTCMinutes() === 1) throw new Error('counts too');
      }
    }
    const { tester, registry } = await start([Jobs]);
    await registry.runNow('x');
    await registry.runNow('x');
    await tester.travel('1h');
    const kinds = (await tester.runsOf('x')).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'scheduled')).toHaveLength(3);
    expect(await registry.get('x')).toMatchObject({ status: 'finished', statusReason: 'limit', runCount: 3 });
  });

  it('jitter and limit travel with JSON, and next ignores them', () => {
    const trigger = cron('0 9 * * *', { jitter: '30s', limit: 1 });
    const back = triggerFromJSON(JSON.parse(JSON.stringify(trigger)));
    expect([back.jitter, back.limit]).toEqual([30_000, 1]);
    expect(fires(back, NOW, 2)).toEqual(['2026-11-20T09:00', '2026-11-21T09:00']);
  });

  it('end judges the fire time, not the jittered one', async () => {
    @Injectable()
    class Jobs {
      @Interval('1m', { id: 'x', jitter: '50s', end: '2026-11-20T00:02:00Z' }) run() {}
    }
    const { tester, ran } = await start([Jobs]);
    await tester.travel('10m');
    expect(await ran('x')).toHaveLength(2);
  });
});

describe('1 a trigger is pure and total', () => {
  const triggers: [string, Trigger][] = [
    ['cron', cron('*/7 3 * * 2#5', { timezone: 'Europe/Dublin' })],
    ['week 53', cron({ week: 53, dayOfWeek: 'sun' })],
    ['29 February', cron('0 0 29 2 *')],
    ['interval', every('3h', { start: NOW })],
    ['calendar', calendar({ months: 5, start: '2026-01-31' })],
    ['or', anyOf(cron('0 9 * * *'), every('7h', { start: NOW }))],
    ['and', allOf(every('7h', { start: NOW }), cron({ hour: 9 }))],
    ['filtered', cron('*/5 * * * *').between('9:00', '9:10').excluding('2026-12-01')],
  ];
  it.each(triggers)('%s answers any input in bounded work, strictly later', (_name, trigger) => {
    const spent = processorTime();
    for (const after of [
      -8.64e15,
      -1e12,
      -1,
      0,
      0.5,
      1e12,
      Date.parse(NOW),
      2.5e14,
      8.64e15,
      1e17,
      Infinity,
      -Infinity,
    ]) {
      const next = trigger.next(after);
      if (next !== null) expect(next).toBeGreaterThan(after);
    }
    expect(spent()).toBeLessThan(2_000);
  });

  it.each(triggers)('%s is monotone: the same answer from anywhere before it', (_name, trigger) => {
    let after = Date.parse(NOW);
    for (let index = 0; index < 50; index++) {
      const next = trigger.next(after);
      if (next === null) return;
      expect(trigger.next(next - 1)).toBe(next);
      expect(trigger.next(after + (next - after) / 2)).toBe(next);
      after = next;
    }
  });
});

describe('1 a job goes on from its last fire time', () => {
  it('its first fire time is next(now); from then on each follows from the last one, never from now', async () => {
    @Injectable()
    class Jobs {
      @Interval('10m', { id: 'x' }) run() {}
    }
    const { tester, registry } = await start([Jobs], {}, '2026-11-20T00:03:00Z');
    expect((await registry.get('x'))!.nextFireTime!.toISOString()).toBe('2026-11-20T00:13:00.000Z');
    tester.clock.jump(25 * 60_000);
    await tester.travel('1ms');
    expect((await registry.get('x'))!.nextFireTime!.toISOString()).toBe('2026-11-20T00:33:00.000Z');
  });

  it('@Timeout counts from the start of the process', async () => {
    @Injectable()
    class Jobs {
      @Timeout({ minutes: 3 }, { id: 'x' }) run() {}
    }
    const { tester, ran } = await start([Jobs], {}, '2026-11-20T00:03:00Z');
    await tester.travel('1d');
    expect(await ran('x')).toEqual(['2026-11-20T00:06:00.000Z']);
  });
});
