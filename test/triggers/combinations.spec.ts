import { describe, expect, it } from '@jest/globals';
import { allOf, AndTrigger, anyOf, at, calendar, cron, every, OrTrigger } from '../../lib/triggers/index.js';
import { codeOf, from, refusal, times } from './instants-in-tests.js';
import { processorTime } from '../support/processor-time.js';

const context = { now: from, jobId: 'job', timezone: 'Europe/Berlin' };
const start = '2026-11-20T00:00Z';

describe('anyOf', () => {
  it('merges its children without duplicates, each on its own grid', () => {
    const trigger = anyOf(cron({ hour: 9 }), every({ hours: 3 }, { start }));
    expect(times(trigger, 4, from + 1)).toEqual([
      '2026-11-20T03:00',
      '2026-11-20T06:00',
      '2026-11-20T09:00',
      '2026-11-20T12:00',
    ]);
  });

  it('ends when all have ended', () => {
    const trigger = anyOf(at('2026-11-21T00:00Z'), at('2026-11-22T00:00Z'));
    expect(times(trigger, 9)).toEqual(['2026-11-21T00:00', '2026-11-22T00:00']);
  });

  it('anchors each child, and its own zone comes before that of the job', () => {
    const anchored = new OrTrigger([cron('0 9 * * *'), every('3h')], { timezone: 'Asia/Tokyo' }).anchor(context);
    expect(times(anchored, 2)).toEqual(['2026-11-20T03:00', '2026-11-20T06:00']);
    expect(anchored.triggers.map((trigger) => trigger.timezone)).toEqual(['Asia/Tokyo', 'Asia/Tokyo']);
    expect(anchored.anchor({ ...context, now: from + 5 })).toBe(anchored);
  });

  it('fires at once for a child that does, but does not go back to a date in the past', () => {
    expect(anyOf(at(), every('3h')).anchor(context).first(from)).toBe(from);
    expect(anyOf(at('2024-01-01'), every('3h')).anchor(context).first(from)).toBe(from + 3 * 3_600_000);
  });

  it('runs at start when a child does', () => {
    expect(anyOf(cron('@reboot'), cron('0 3 * * *')).runOnStart).toBe(true);
  });

  it('has start, end, jitter and limit of its own', () => {
    const trigger = new OrTrigger([cron('0 9 * * *')], {
      start: '2026-12-01',
      end: '2026-12-02',
      jitter: '5s',
      limit: 3,
    });
    expect([times(trigger, 9), trigger.jitter, trigger.limit]).toEqual([['2026-12-01T09:00'], 5_000, 3]);
  });
});

describe('allOf of conditions', () => {
  it('fires on weekdays from 9 to 17, as S0 says', () => {
    const trigger = new AndTrigger([cron({ dayOfWeek: 'mon-fri' }), cron({ hour: '9-17' })]);
    const hours = [9, 10, 11, 12, 13, 14, 15, 16, 17].map((hour) => `T${String(hour).padStart(2, '0')}:00`);
    const days = ['2026-11-20', '2026-11-23', '2026-11-24', '2026-11-25'];
    expect(times(trigger, 36)).toEqual(days.flatMap((day) => hours.map((hour) => day + hour)));
  });

  it('intersects fields, starts and ends, and only then fills in the defaults', () => {
    const trigger = allOf(
      cron({ minute: '*/10', hour: '8-10' }, { start: '2026-11-21', end: '2026-11-30' }),
      cron({ minute: '*/15', hour: '10-12' }, { end: '2026-11-22' }),
    );
    expect(times(trigger, 9)).toEqual(['2026-11-21T10:00', '2026-11-21T10:30']);
  });

  it('intersects the special days of each', () => {
    expect(times(allOf(cron({ day: 'last fri' }), cron({ day: '25-27' })), 3)).toEqual([
      '2026-11-27T00:00',
      '2026-12-25T00:00',
      '2027-02-26T00:00',
    ]);
  });

  it('takes the zone that one of them names', () => {
    const trigger = allOf(cron({ dayOfWeek: 'fri' }, { timezone: 'Asia/Tokyo' }), cron({ hour: 9 }));
    expect(times(trigger, 1)).toEqual(['2026-11-27T00:00']);
    expect(times(trigger.anchor(context), 1)).toEqual(['2026-11-27T00:00']);
  });

  it('is refused with two zones', () => {
    const make = () => allOf(cron({ hour: 9 }, { timezone: 'Asia/Tokyo' }), cron({ minute: 0 }, { timezone: 'UTC' }));
    expect([codeOf(make), refusal(make)]).toEqual(['INVALID_TRIGGER', expect.stringMatching(/need one zone/)]);
  });

  it('is refused when it can never fire, with the next times of each', () => {
    const make = () => allOf(cron({ hour: 9 }), cron({ hour: 10 }));
    expect(codeOf(make)).toBe('NEVER_FIRES');
    expect(refusal(make)).toMatch(/cron hour=9: 2024-01-01T09:00:00.000Z, .*cron hour=10: 2024-01-01T10:00/);
    expect(codeOf(() => allOf(cron({ month: 2 }), cron({ day: 30 })))).toBe('NEVER_FIRES');
    expect(codeOf(() => allOf(cron({ dayOfWeek: 'mon' }), cron({ dayOfWeek: 'tue' })))).toBe('NEVER_FIRES');
  });

  it('is finished, not refused, when its end is over', () => {
    const trigger = allOf(cron({ hour: 9 }, { end: '2020-01-01' }), cron({ dayOfWeek: 'mon' }));
    expect(trigger.anchor(context).next(from)).toBeNull();
  });
});

describe('allOf with other children', () => {
  it('keeps the grid points that meet the conditions', () => {
    const trigger = allOf(every({ minutes: 20 }, { start }), cron({ hour: '9-17' }));
    const all = times(trigger, 54);
    expect([all[0], all[26], all[27]]).toEqual(['2026-11-20T09:00', '2026-11-20T17:40', '2026-11-21T09:00']);
  });

  it('starts its interval at the put', () => {
    const anchored = allOf(every({ minutes: 25 }), cron({ hour: '9-17' })).anchor({ ...context, timezone: 'UTC' });
    expect(times(anchored, 2)).toEqual(['2026-11-20T09:10', '2026-11-20T09:35']);
    expect(anchored.anchor({ ...context, now: from + 1 })).toBe(anchored);
  });

  it('counts from its argument while the interval is open', () => {
    expect(times(allOf(every({ minutes: 25 }), cron({ hour: '9-17' })), 1)).toEqual(['2026-11-20T09:10']);
  });

  it('asks each condition in its own zone', () => {
    const trigger = allOf(every('1h', { start }), cron({ hour: 9 }, { timezone: 'Asia/Tokyo' }), cron({ minute: 0 }));
    expect(times(trigger, 2)).toEqual(['2026-11-21T00:00', '2026-11-22T00:00']);
  });

  it('fires where two expressions fire at the same second', () => {
    expect(times(allOf(cron('0 9 * * *'), cron('0 9,10 * * 1')), 2)).toEqual(['2026-11-23T09:00', '2026-11-30T09:00']);
  });

  it('takes the latest of instants in one second', () => {
    const trigger = allOf(every('1m', { start: '2026-11-20T00:00:00.250Z' }), cron('*/5 * * * *'));
    expect(trigger.next(from)).toBe(from + 250);
    expect(trigger.next(from + 250)).toBe(from + 5 * 60_000 + 250);
    expect(trigger.next(from + 249)).toBe(from + 250);
  });

  it('meets sparse children by leaps', () => {
    const spent = processorTime();
    const trigger = allOf(every({ seconds: 1 }, { start }), cron('0 0 29 2 *'), cron({ hour: 0 }));
    expect(times(trigger, 2)).toEqual(['2028-02-29T00:00', '2032-02-29T00:00']);
    expect(spent()).toBeLessThan(1_000);
  });

  it('combines dates, calendar intervals and combinations', () => {
    expect(times(allOf(at('2026-12-01T09:00Z'), cron({ dayOfWeek: 'tue' })), 2)).toEqual(['2026-12-01T09:00']);
    const nested = allOf(anyOf(cron('0 9 * * *'), cron('0 18 * * *')), cron({ dayOfWeek: 'sat' }));
    expect(times(nested, 2)).toEqual(['2026-11-21T09:00', '2026-11-21T18:00']);
    expect(times(allOf(calendar({ days: 2, start: '2026-11-20' }), cron({ dayOfWeek: 'sun' })), 1)).toEqual([
      '2026-11-22T00:00',
    ]);
  });

  it('fires in the gap’s made-up time of an expression only if the conditions are met then', () => {
    const trigger = allOf(
      cron('30 2 * * *', { timezone: 'Europe/Berlin' }),
      cron({ hour: 2 }, { timezone: 'Europe/Berlin' }),
    );
    expect(times(trigger, 2, Date.parse('2027-03-27T12:00Z'))).toEqual(['2027-03-29T00:30', '2027-03-30T00:30']);
  });

  it.each<[string, () => unknown]>([
    ['expressions at other hours', () => allOf(cron('0 9 * * *'), cron('0 10 * * *'))],
    ['minutes that never meet', () => allOf(cron('*/2 * * * *'), cron('1-59/2 * * * *'))],
    ['an interval beside a cron’s grid', () => allOf(every('1h', { start: '2026-11-20T00:30Z' }), cron('0 * * * *'))],
    ['a date that meets no condition', () => allOf(at('2026-12-01T09:00Z'), cron({ dayOfWeek: 'mon' }))],
    ['an impossible condition', () => allOf(every('1h', { start }), cron({ month: 2 }), cron({ day: 30, month: 2 }))],
  ])('P3: refuses %s, in bounded time', (_name, make) => {
    const spent = processorTime();
    expect(codeOf(make)).toBe('NEVER_FIRES');
    expect(spent()).toBeLessThan(3_000);
  });

  it('refuses at the put what could not be judged before', () => {
    const trigger = allOf(every('1h'), cron('30 * * * *'));
    expect(refusal(() => trigger.anchor(context))).toMatch(/never fires.*every 1h from/s);
  });

  it('is finished, not refused, when a child has ended', () => {
    const trigger = allOf(at('2024-01-02T09:00Z'), cron({ hour: 9 }));
    expect(trigger.anchor({ ...context, timezone: 'UTC' }).next(from)).toBeNull();
  });
});

describe('the bound of a search', () => {
  it('counts from the first instant in question, so that a far start is found', () => {
    const far = cron('0 0 0 1 1 * 2060');
    expect(times(allOf(far, cron({ month: 1 })), 1)).toEqual(['2060-01-01T00:00']);
    expect(times(far.excluding('2026-12-24'), 1)).toEqual(['2060-01-01T00:00']);
  });
});

describe('what combinations refuse', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['no children', () => allOf(), /1 to 100 triggers/],
    ['no list', () => new OrTrigger(cron('0 9 * * *') as never), /1 to 100 triggers/],
    ['what is no trigger', () => anyOf('0 9 * * *' as never), /trigger 1 cannot be '0 9 \* \* \*'. It is a trigger/],
    ['a child with jitter', () => anyOf(every('5m', { jitter: '1s' })), /jitter, which belongs to the whole/],
    ['a child with a limit', () => allOf(cron({ hour: 9 }, { limit: 1 })), /limit, which belongs/],
    ['a filtered child with a limit', () => anyOf(cron('0 9 * * *', { limit: 1 }).between('08:00', '10:00')), /limit/],
    ['a child with a fixed delay', () => anyOf(every('5m', { fixedDelay: true })), /fixedDelay/],
    [
      'a child of an And that runs at start',
      () => allOf(cron({ hour: 9 }, { runOnStart: true })),
      /runOnStart belongs/,
    ],
  ])('%s', (_name, make, message) => {
    expect([codeOf(make), refusal(make)]).toEqual(['INVALID_TRIGGER', expect.stringMatching(message)]);
  });

  it('says what it is', () => {
    const and = allOf(cron({ dayOfWeek: 'mon-fri' }), cron({ hour: '9-17' }));
    expect(and.toString()).toBe('allOf(cron dayOfWeek=mon-fri, cron hour=9-17)');
    expect(and.describe()).toBe('Every hour, between 09:00 and 17:00, only on Monday through Friday');
    expect(allOf(every('20m', { start }), cron({ hour: '9-17' })).describe()).toBe(
      'Every 20 minutes; and: when hour=9-17',
    );
    expect(anyOf(cron({ hour: 9 }), every({ hours: 3 })).describe()).toBe('At 09:00; or: Every 3 hours');
  });
});
