/** Samples of docs/guides/triggers.md and docs/guides/time-zones.md. */
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
  every,
  Interval,
  Scheduled,
  SchedulerModule,
  Timeout,
} from '../../lib/index.js';
import { iso, startGuide, type GuideApp } from './guide-app.js';

let guide: GuideApp | undefined;
afterEach(async () => {
  await guide?.app.close();
  guide = undefined;
});

const from = Date.parse('2026-11-20T00:00:00Z'); // a Friday
const times = (trigger: { fireTimes(from: number, count: number): number[] }, count: number) =>
  trigger.fireTimes(from, count).map((instant) => new Date(instant).toISOString().slice(0, 16));

describe('triggers guide', () => {
  it('decorators', async () => {
    @Injectable()
    class ReportsService {
      @Cron('0 9 * * 1-5')
      weekdays() {}

      @Cron({ dayOfWeek: 'mon-fri', hour: '9-17', minute: '*/30' })
      officeHours() {}

      @Interval({ minutes: 15 })
      sync() {}

      @At('2026-12-25T09:00')
      launch() {}

      @Timeout(5_000)
      warmUp() {}

      @Scheduled(anyOf(cron({ hour: 9 }), every({ hours: 3 })))
      flexible() {}
    }

    guide = await startGuide({ imports: [SchedulerModule.forRoot()], providers: [ReportsService] });
    const first = async (method: string) => iso(await guide!.tester.nextFires(`ReportsService.${method}`, 1))[0];
    expect(await first('weekdays')).toBe('2026-11-20T09:00:00.000Z');
    expect(await first('officeHours')).toBe('2026-11-20T09:00:00.000Z');
    expect(await first('sync')).toBe('2026-11-20T00:15:00.000Z');
    expect(await first('launch')).toBe('2026-12-25T09:00:00.000Z');
    expect(await first('warmUp')).toBe('2026-11-20T00:00:05.000Z');
    expect(await first('flexible')).toBe('2026-11-20T03:00:00.000Z');
  });

  it('cron by expression', () => {
    const month = cron('0 6 L * *'); // 06:00 on the last day of each month
    const payday = cron('0 9 15W * *'); // the weekday nearest to the 15th
    const secondFriday = cron('30 17 * * fri#2');
    const everyTenSeconds = cron('*/10 * * * * *'); // six fields: seconds first
    const once = cron('0 0 0 1 1 * 2030'); // seven fields: the year last
    const named = cron('CRON_TZ=Europe/Berlin 0 8 * * *');

    expect(times(month, 2)).toEqual(['2026-11-30T06:00', '2026-12-31T06:00']);
    expect(times(payday, 2)).toEqual(['2026-12-15T09:00', '2027-01-15T09:00']);
    expect(times(secondFriday, 1)).toEqual(['2026-12-11T17:30']);
    expect(everyTenSeconds.fireTimes(from, 2)).toEqual([from + 10_000, from + 20_000]);
    expect(times(once, 2)).toEqual(['2030-01-01T00:00']);
    expect(times(named, 1)).toEqual(['2026-11-20T07:00']);
  });

  it('cron by fields', () => {
    const firstOfMonth = cron({ day: 1 }); // 00:00: less significant fields are at their minimum
    const twentyPast = cron({ day: 1, minute: 20 }); // 20 past every hour: what stands between is `*`
    const fridayThe13th = cron({ day: 13, dayOfWeek: 'fri' }); // fields are ANDed
    const secondFriday = cron({ day: '2nd fri', hour: 9 });
    const lastSunday = cron({ day: 'last sun', hour: 3 });

    expect(times(firstOfMonth, 2)).toEqual(['2026-12-01T00:00', '2027-01-01T00:00']);
    expect(times(twentyPast, 2)).toEqual(['2026-12-01T00:20', '2026-12-01T01:20']);
    expect(times(fridayThe13th, 1)).toEqual(['2027-08-13T00:00']);
    expect(times(secondFriday, 1)).toEqual(['2026-12-11T09:00']);
    expect(times(lastSunday, 1)).toEqual(['2026-11-29T03:00']);
  });

  it('intervals', () => {
    const grid = every({ minutes: 90 }, { start: '2026-11-20T08:00Z', end: '2026-11-20T12:00Z' });

    expect(times(grid, 9)).toEqual(['2026-11-20T08:00', '2026-11-20T09:30', '2026-11-20T11:00']);
  });

  it('intervals that count from the end, and run at start', async () => {
    let runs = 0;
    @Injectable()
    class Polling {
      @Interval('10s', { fixedDelay: true, runOnStart: true })
      async poll() {
        await Promise.resolve(); // the next poll comes 10 s after this one has ended
        runs += 1;
      }
    }

    guide = await startGuide({ imports: [SchedulerModule.forRoot()], providers: [Polling] });
    await guide.tester.travel('25s');
    expect(runs).toBe(3);
  });

  it('calendar intervals', () => {
    const monthEnd = calendar({ months: 1, start: '2027-01-31', hour: 18 }); // months without a 31st are passed over

    expect(times(monthEnd, 3)).toEqual(['2027-01-31T18:00', '2027-03-31T18:00', '2027-05-31T18:00']);
  });

  it('and, or', () => {
    const businessHours = allOf(cron({ dayOfWeek: 'mon-fri' }), cron({ hour: '9-17' })); // 9:00, 10:00 … 17:00
    const gridInOfficeHours = allOf(every({ minutes: 20 }, { start: '2026-11-20T00:00Z' }), cron({ hour: '9-17' }));
    const either = anyOf(cron({ hour: 9 }), at('2026-11-20T11:30Z'));

    expect(times(businessHours, 10).at(-1)).toBe('2026-11-23T09:00');
    expect(times(gridInOfficeHours, 2)).toEqual(['2026-11-20T09:00', '2026-11-20T09:20']);
    expect(times(either, 3)).toEqual(['2026-11-20T09:00', '2026-11-20T11:30', '2026-11-21T09:00']);
  });

  it('exclusions', async () => {
    @Injectable()
    class Billing {
      @Scheduled(cron('0 9 * * *').excluding('holidays', '2026-11-21'))
      charge() {}

      @Scheduled(cron('*/30 * * * *').between('22:00', '06:00'))
      nightly() {}
    }

    const guideModule = {
      imports: [
        SchedulerModule.forRoot({
          calendars: {
            holidays: ['2026-11-20', '2026-12-25'],
            office: { days: 'mon-fri', from: '09:00', to: '17:00' },
          },
        }),
      ],
      providers: [Billing],
    };

    guide = await startGuide(guideModule);
    expect(iso(await guide.tester.nextFires('Billing.charge', 1))).toEqual(['2026-11-22T09:00:00.000Z']);
    expect(iso(await guide.tester.nextFires('Billing.nightly', 13)).at(-1)).toBe('2026-11-20T22:00:00.000Z');
  });

  it('jitter, window and limit', async () => {
    @Injectable()
    class Campaign {
      @Cron('0 * * * *', { jitter: '5m', start: '2026-12-01', end: '2026-12-24T18:00', limit: 100 })
      send() {}
    }

    guide = await startGuide({ imports: [SchedulerModule.forRoot()], providers: [Campaign] });
    await guide.tester.travelTo('2026-12-31T00:00Z');
    expect(await guide.tester.runsOf('Campaign.send')).toHaveLength(20); // the memory store keeps the last 20
    expect((await guide.registry.get('Campaign.send'))!.status).toBe('finished');
  });

  it('H spreads jobs', async () => {
    @Injectable()
    class Probes {
      @Cron('H * * * *')
      first() {}

      @Cron('H/15 * * * *')
      second() {}
    }

    guide = await startGuide({ imports: [SchedulerModule.forRoot()], providers: [Probes] });
    const [once, twice] = await guide.tester.nextFires('Probes.first', 2);
    expect(twice.getTime() - once.getTime()).toBe(3_600_000);
  });

  it('previews', () => {
    const trigger = cron('0 9 * * 1-5', { timezone: 'America/New_York' });

    trigger.next(Date.parse('2026-11-20T00:00Z')); // 09:00 in New York, epoch milliseconds
    trigger.fireTimes(Date.parse('2026-11-20T00:00Z'), 5); // the next five
    trigger.describe(); // 'At 09:00, Monday through Friday'

    expect(trigger.next(from)).toBe(Date.parse('2026-11-20T14:00Z'));
    expect(trigger.describe()).toContain('Monday through Friday');
  });
});

describe('time zone guide', () => {
  it('a daily job in the gap and in the overlap', () => {
    const daily = new CronTrigger('30 2 * * *', { timezone: 'Europe/Berlin' });

    // 28 March 2027: 02:30 does not exist, so the run comes at 03:00, the first instant after the gap.
    expect(new Date(daily.next(Date.parse('2027-03-28T00:00Z'))!).toISOString()).toBe('2027-03-28T01:00:00.000Z');
    // 31 October 2027: 02:30 comes twice, the run comes once.
    const [first, second] = daily.fireTimes(Date.parse('2027-10-30T12:00Z'), 2);
    expect(new Date(first).toISOString()).toBe('2027-10-31T00:30:00.000Z');
    expect(new Date(second).toISOString()).toBe('2027-11-01T01:30:00.000Z');
  });

  it('the zone of a job (U24)', async () => {
    @Injectable()
    class Opening {
      @Cron('0 9 * * *')
      newYork() {}

      @Cron('0 9 * * *', { timezone: 'Asia/Tokyo' })
      tokyo() {}
    }

    guide = await startGuide({
      imports: [SchedulerModule.forRoot({ timezone: 'America/New_York' })],
      providers: [Opening],
    });
    expect(iso(await guide.tester.nextFires('Opening.newYork', 1))).toEqual(['2026-11-20T14:00:00.000Z']);
    expect(iso(await guide.tester.nextFires('Opening.tokyo', 1))).toEqual(['2026-11-21T00:00:00.000Z']);
  });
});
