import { describe, expect, it } from '@jest/globals';
import type { Trigger, TriggerJson } from '../../lib/core/index.js';
import type { FilterableTrigger } from '../../lib/triggers/index.js';
import {
  CalendarRegistry,
  CronTrigger,
  DateTrigger,
  OrTrigger,
  allOf,
  anyOf,
  at,
  calendar,
  createTriggerCodec,
  cron,
  every,
  triggerFromJSON,
} from '../../lib/triggers/index.js';
import { codeOf, from, refusal, times } from './instants-in-tests.js';

const context = { now: from, jobId: 'job', timezone: 'America/New_York' };
const calendars = new CalendarRegistry({ holidays: ['2026-11-21', '2026-11-26'] });

const everyKind: [string, FilterableTrigger][] = [
  ['cron', cron('0 9 * * 1-5', { timezone: 'Europe/Berlin' })],
  [
    'cron with all options',
    cron('*/5 * * * *', { start: '2026-12-01', end: '2027-01-01', jitter: '5s', limit: 3, runOnStart: true }),
  ],
  ['cron with H', cron('H H(0-7) * * *')],
  ['cron with an alias', cron('@daily')],
  ['cron with a zone in front', cron('CRON_TZ=Asia/Tokyo 0 9 * * *')],
  ['fields', cron({ day_of_week: 'mon-fri', hour: '9-17', minute: '*/30' })],
  ['fields with special days', cron({ day: '2nd fri, last', hour: 9 })],
  ['no fields', cron({})],
  ['apscheduler', CronTrigger.fromCrontab('0 9 * * 0', { dialect: 'apscheduler' })],
  ['reboot', cron('@reboot')],
  ['interval', every('20m')],
  [
    'interval with all options',
    every('1h', { start: '2026-12-01', end: '2027-01-01', initialDelay: '5m', runOnStart: true, limit: 2 }),
  ],
  ['interval with initialDelay 0', every('1h', { initialDelay: 0 })],
  ['fixed delay', every('10s', { fixedDelay: true })],
  ['interval whose end is over', every('1h', { end: '2020-01-01' })],
  ['date', at('2026-12-25 09:00')],
  ['date at once', at()],
  ['date after each start', new DateTrigger(undefined, {}, 5_000)],
  ['calendar', calendar({ months: 1, hour: 18, start: '2027-01-31', end: '2028-01-01' })],
  ['open calendar', calendar({ days: 2, minute: 30 })],
  ['and', allOf(cron({ dayOfWeek: 'mon-fri' }), cron({ hour: '9-17' }))],
  ['and with an interval', allOf(every('20m'), cron({ hour: '9-17' }))],
  ['or', anyOf(cron({ hour: 9 }), every('3h'), at('2026-12-01'))],
  [
    'or with options',
    new OrTrigger([cron('0 9 * * *')], { timezone: 'Asia/Tokyo', jitter: '1m', limit: 9, start: '2026-12-01' }),
  ],
  [
    'filtered',
    cron('0 * * * *').excluding('2026-11-20', 'holidays').between('08:00', '18:00').unlessBetween('12:00', '13:30:15'),
  ],
  ['filtered interval', every('5m', { limit: 2 }).between('22:00', '06:00')],
  ['nested', anyOf(allOf(every('1h'), cron({ dayOfWeek: 'sat' })), cron('0 9 * * *').excluding('holidays'))],
];

const throughText = (trigger: Trigger) =>
  triggerFromJSON(JSON.parse(JSON.stringify(trigger)) as TriggerJson, calendars);

describe('JSON', () => {
  it.each(everyKind)('brings back the same %s, before and after anchoring', (_name, original) => {
    const trigger = original.withCalendars(calendars);
    const back = throughText(trigger);
    expect(back.toJSON()).toEqual(trigger.toJSON());
    const [anchored, anchoredBack] = [trigger.anchor(context), throughText(trigger.anchor(context))];
    expect(anchoredBack.toJSON()).toEqual(anchored.toJSON());
    expect(back.anchor(context).toJSON()).toEqual(anchored.toJSON());
    expect(times(anchoredBack, 20)).toEqual(times(anchored, 20));
    for (const read of ['jitter', 'limit', 'fixedDelay', 'runOnStart', 'timezone', 'kind'] as const) {
      expect(anchoredBack[read]).toEqual(anchored[read]);
    }
    expect([anchoredBack.toString(), anchoredBack.describe()]).toEqual([anchored.toString(), anchored.describe()]);
    expect(anchoredBack.first(from)).toEqual(anchored.first(from));
  });

  it.each(everyKind)('anchoring a stored %s again changes nothing', (_name, original) => {
    const stored = throughText(original.withCalendars(calendars).anchor(context));
    expect(stored.anchor({ now: from + 1e9, jobId: 'other', timezone: 'Asia/Tokyo' }).toJSON()).toEqual(
      stored.toJSON(),
    );
  });

  it.each(everyKind)('is plain data for %s', (_name, trigger) => {
    expect(JSON.parse(JSON.stringify(trigger.toJSON()))).toEqual(trigger.toJSON());
    expect(trigger.isSerializable).toBe(true);
  });

  it.each<[unknown]>([
    [null],
    ['cron'],
    [[]],
    [{}],
    [{ type: 'weekly' }],
    [{ type: 'toString' }],
    [{ type: 'cron' }],
    [{ type: 'cron', expression: '* * *' }],
    [{ type: 'cron', expression: '* * * * *', timezone: 'Nowhere' }],
    [{ type: 'cron', expression: '* * * * *', start: 'soon' }],
    [{ type: 'interval' }],
    [{ type: 'interval', length: 0 }],
    [{ type: 'date', at: 'x' }],
    [{ type: 'calendar' }],
    [{ type: 'and' }],
    [{ type: 'or', triggers: [] }],
    [{ type: 'or', triggers: [{ type: 'nothing' }] }],
    [{ type: 'filtered' }],
    [{ type: 'filtered', trigger: { type: 'cron', expression: '* * * * *' }, between: [['9', '10']] }],
    [{ type: 'filtered', trigger: { type: 'cron', expression: '* * * * *' }, between: ['09:00'] }],
    [{ type: 'filtered', trigger: { type: 'cron', expression: '* * * * *' }, excluding: [5] }],
  ])('refuses %j', (json) => {
    expect(codeOf(() => triggerFromJSON(json as TriggerJson))).toMatch(/^(INVALID_|NEVER_)/);
  });

  it('refuses endless nesting', () => {
    let json: any = { type: 'cron', expression: '* * * * *' };
    for (let depth = 0; depth < 50; depth++) json = { type: 'or', triggers: [json] };
    expect(refusal(() => triggerFromJSON(json))).toMatch(/10 deep at most/);
  });
});

describe('codec', () => {
  it('gives one trigger for equal texts', () => {
    const codec = createTriggerCodec();
    const text = codec.encode(cron('0 9 * * *', { timezone: 'UTC' }));
    expect(codec.decode(text)).toBe(codec.decode(text));
  });

  it('forgets what is not asked for, and keeps what is', () => {
    const codec = createTriggerCodec({ cacheSize: 10 });
    const texts = Array.from({ length: 30 }, (_, index) => codec.encode(cron(`${index} 9 * * *`)));
    const [kept, forgotten] = [codec.decode(texts[0]), codec.decode(texts[1])];
    for (const text of texts.slice(2)) {
      codec.decode(text);
      codec.decode(texts[0]);
    }
    expect([codec.decode(texts[0]) === kept, codec.decode(texts[1]) === forgotten]).toEqual([true, false]);
  });

  it.each([
    at('2026-12-25T09:00Z'),
    at('2026-12-25 09:00', { timezone: 'Europe/Berlin' }),
    at('2026-12-25T09:00Z', { jitter: '5s' }),
  ])('reads %s as triggerFromJSON does', (date) => {
    const anchored = date.anchor({ now: 0, jobId: 'x', timezone: 'America/New_York' });
    const read = createTriggerCodec().decode(JSON.stringify(anchored.toJSON()));
    expect(read.toJSON()).toEqual(triggerFromJSON(anchored.toJSON()).toJSON());
    expect([read.next(0), read.jitter, read.timezone]).toEqual([anchored.next(0), anchored.jitter, anchored.timezone]);
  });

  it.each([
    '1970-01-01T00:00:00.000Z',
    '2024-02-29T23:59:59.999Z',
    '2100-03-01T01:02:03.045Z',
    '9999-12-31T23:59:59.999Z',
  ])('reads the plain date %s as it was written, in the zone it names', (date) => {
    const codec = createTriggerCodec();
    const read = ['Europe/Berlin', 'UTC', 'UTC'].map((timezone) =>
      codec.decode(JSON.stringify({ type: 'date', at: date, timezone })),
    );
    expect(read.map((trigger) => [(trigger as DateTrigger).at, trigger.timezone])).toEqual(
      ['Europe/Berlin', 'UTC', 'UTC'].map((timezone) => [Date.parse(date), timezone]),
    );
  });

  it.each([
    '2026-02-29T09:00:00.000Z',
    '2026-13-01T09:00:00.000Z',
    '2026-00-10T09:00:00.000Z',
    '2026-01-00T09:00:00.000Z',
    '2026-01-10T25:00:00.000Z',
    '2026-01-10T09:60:00.000Z',
    '2026-01-10T09:00:60.000Z',
    '2026-01-10 09:00:00+000Z',
    '2026-01-1xT09:00:00.000Z',
  ])('takes %s for no plain date: it is read as triggerFromJSON reads it', (date) => {
    const json: TriggerJson = { type: 'date', at: date, timezone: 'UTC' };
    const outcome = (read: () => Trigger) => {
      try {
        return read().toJSON();
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(outcome(() => createTriggerCodec().decode(JSON.stringify(json)))).toEqual(
      outcome(() => triggerFromJSON(json)),
    );
  });

  it('refuses a plain date in a zone that is none, each time', () => {
    const codec = createTriggerCodec();
    const text = JSON.stringify({ type: 'date', at: '2026-12-25T09:00:00.000Z', timezone: 'Nowhere' });
    expect([1, 2].map(() => codeOf(() => codec.decode(text)))).toEqual(['INVALID_TIMEZONE', 'INVALID_TIMEZONE']);
  });

  it('looks calendars up by name', () => {
    const codec = createTriggerCodec({ calendars: { holidays: ['2026-11-20'] } });
    expect(times(codec.decode(codec.encode(cron('0 9 * * *').excluding('holidays'))), 1)).toEqual(['2026-11-21T09:00']);
    const other = createTriggerCodec({ calendars: {} });
    expect(codeOf(() => other.decode(codec.encode(cron('0 9 * * *').excluding('holidays'))))).toBe('UNKNOWN_CALENDAR');
  });

  it('refuses a bare function, unless it serves memory jobs', () => {
    const weekends = anyOf(cron('0 9 * * *').excluding(({ weekday }) => weekday >= 5));
    expect(weekends.isSerializable).toBe(false);
    expect(refusal(() => createTriggerCodec().encode(weekends))).toMatch(/Register it, forRoot\({ calendars:/);
    const memory = createTriggerCodec({ keepsFunctions: true });
    expect(times(memory.decode(memory.encode(weekends)), 2)).toEqual(['2026-11-20T09:00', '2026-11-23T09:00']);
    expect(memory.encode(weekends)).toBe(memory.encode(weekends));
  });

  it.each(['', 'cron', '{', '5', 'null'])('refuses the text %p', (text) => {
    expect(codeOf(() => createTriggerCodec().decode(text))).toBe('INVALID_TRIGGER');
  });
});

describe('P34: triggers with equal rules share what they compiled and nothing else', () => {
  it('keeps heap per expression small', () => {
    const triggers = Array.from({ length: 1_000 }, () => new CronTrigger('0 9 * * 1-5', { timezone: 'Europe/Berlin' }));
    const rules = new Set(triggers.map((trigger) => (trigger as unknown as { compiled: object }).compiled));
    expect(rules.size).toBe(1);
    expect(times(triggers[7].withOptions({ timezone: 'UTC' }), 1)).not.toEqual(times(triggers[8], 1));
  });
});

describe('the text of a trigger that keeps it', () => {
  class Renamed extends CronTrigger {
    override toJSON() {
      return { ...super.toJSON(), note: 'own' };
    }
  }

  it.each<[string, CronTrigger]>([
    ['an expression', new CronTrigger('0 9 * * *')],
    ['the same in a zone', new CronTrigger('0 9 * * *', { timezone: 'Asia/Tokyo' })],
    ['the same in another zone', new CronTrigger('CRON_TZ=Europe/Berlin 0 9 * * *')],
    ['the same with a limit', new CronTrigger('0 9 * * *', { timezone: 'Asia/Tokyo', limit: 3 })],
    ['the same from a start on', new CronTrigger('0 9 * * *', { start: '2026-01-01T00:00Z' })],
    ['fields', new CronTrigger({ hour: 9 })],
    ['an H that waits for its job', new CronTrigger('H 9 * * *')],
    ['an H of one job', new CronTrigger('H 9 * * *').anchor({ now: 0, jobId: 'a', timezone: 'UTC' })],
    ['an H of another job', new CronTrigger('H 9 * * *').anchor({ now: 0, jobId: 'b', timezone: 'UTC' })],
    ['a class of its own', new Renamed('0 9 * * *')],
  ])('is that of its JSON: %s', (_name, trigger) => {
    const text = JSON.stringify(trigger.toJSON());
    expect([trigger.jsonText(), trigger.jsonText()]).toEqual([text, text]);
  });
});
