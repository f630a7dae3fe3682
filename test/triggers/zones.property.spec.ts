import { describe, expect, it } from '@jest/globals';
import type { CronFields } from '../../lib/triggers/index.js';
import { calendar, CronTrigger } from '../../lib/triggers/index.js';
import { processorTime } from '../support/processor-time.js';

/**
 * Every zone that Intl knows and each of its changes between two years, against a walk over the minutes of the wall
 * clock that shares nothing with the library.
 */
const FIRST = Date.UTC(2004, 0, 1) / 60_000;
const LAST = Date.UTC(2034, 0, 1) / 60_000;
const DAY = 1_440;
const PROBE = 6 * DAY; // shorter than the shortest time between two changes of a zone

interface Change {
  /** First minute of the new offset. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

function changesOf(zone: string): Change[] {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const offsetAt = (minute: number) => {
    const [, sign, hours = 0, minutes = 0] = /GMT(?:([+-])(\d+):(\d+))?/.exec(format.format(minute * 60_000)) as any;
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  };
  const changes: Change[] = [];
  for (let from = FIRST, before = offsetAt(FIRST); from < LAST; from += PROBE) {
    const after = offsetAt(from + PROBE);
    if (after === before) continue;
    let [low, high] = [from, from + PROBE];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    changes.push({ at: high, before, after });
    before = after;
  }
  return changes;
}

/** Where a daily job at a minute of the day fires around a change: the first minute that shows the time or a later one. */
function dailyAround({ at, before, after }: Change, minuteOfDay: number, days: number): number[] {
  const fires: number[] = [];
  const first = Math.floor((at + before) / DAY) - days;
  for (let date = first; date <= first + 2 * days; date++) {
    const wall = date * DAY + minuteOfDay;
    if (wall - before < at) fires.push(wall - before);
    else if (wall - after >= at) fires.push(wall - after);
    else if (after - before < DAY) fires.push(at);
  }
  return [...new Set(fires)];
}

/** Minutes around a change whose wall clock shows a multiple of `every`, as a job fires that has them in every hour. */
function everyAround({ at, before, after }: Change, every: number, span: number): number[] {
  const fires: number[] = [];
  for (let minute = at - span; minute <= at + span; minute++) {
    if ((minute + (minute < at ? before : after)) % every === 0) fires.push(minute);
  }
  return fires;
}

const zones = Intl.supportedValuesOf('timeZone');
const changes = new Map(zones.map((zone) => [zone, changesOf(zone)]));

/** What the trigger fires around each change of each zone against what it should, the first few disagreements. */
function disagreements(rule: string | CronFields, expected: (change: Change) => number[]): string[] {
  const found: string[] = [];
  for (const [zone, list] of changes) {
    const trigger = new CronTrigger(rule, { timezone: zone });
    for (const change of list) {
      const wanted = expected(change);
      const got = trigger.fireTimes(wanted[0] * 60_000 - 1, wanted.length).map((time) => time / 60_000);
      if (got.join() === wanted.join() || found.length > 5) continue;
      const text = (minutes: number[]) => minutes.map((minute) => new Date(minute * 60_000).toISOString()).join(' ');
      found.push(`${JSON.stringify(rule)} in ${zone}: wanted ${text(wanted)}, got ${text(got)}`);
    }
  }
  return found;
}

describe('P1, P2, U19: every zone and each of its changes', () => {
  it('has changes to look at', () => {
    expect(zones.length).toBeGreaterThan(400);
    expect([...changes.values()].flat().length).toBeGreaterThan(5_000);
  });

  it.each([0, 1, 30, 90, 119, 120, 150, 179, 180, 210, 1_410, 1_439])(
    'fires a daily job at minute %i of the day once a day, nothing lost and nothing twice',
    (minuteOfDay) => {
      const rule = `${minuteOfDay % 60} ${Math.floor(minuteOfDay / 60)} * * *`;
      expect(disagreements(rule, (change) => dailyAround(change, minuteOfDay, 3))).toEqual([]);
    },
  );

  it('fires a daily field rule as the expression', () => {
    expect(disagreements({ hour: 0, minute: 30 }, (change) => dailyAround(change, 30, 3))).toEqual([]);
  });

  it.each([1, 15, 20, 30])(
    'fires a job each %i minutes at every such minute of the wall clock, in both passes',
    (every) => {
      expect(disagreements(`*/${every} * * * *`, (change) => everyAround(change, every, 200))).toEqual([]);
    },
  );

  it('fires an hourly job whenever the wall clock shows a full hour', () => {
    expect(disagreements('0 * * * *', (change) => everyAround(change, 60, 300))).toEqual([]);
  });

  it('fires a calendar interval of a day as a daily cron', () => {
    const found: string[] = [];
    for (const [zone, list] of changes) {
      const trigger = calendar({ days: 1, hour: 2, minute: 30 }, { timezone: zone, start: '2003-01-01' });
      for (const change of list) {
        const wanted = dailyAround(change, 150, 2);
        const got = trigger.fireTimes(wanted[0] * 60_000 - 1, wanted.length).map((time) => time / 60_000);
        if (got.join() !== wanted.join()) found.push(`${zone} ${new Date(change.at * 60_000).toISOString()}`);
      }
    }
    expect(found).toEqual([]);
  });
});

describe('P2, P3: any rule from any instant', () => {
  /** A small seeded generator, so that a failure is found again. */
  function numbers(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
  }

  function randomField(next: (below: number) => number, min: number, max: number): string {
    const value = () => min + next(max - min + 1);
    const [a, b] = [value(), value()].sort((left, right) => left - right);
    return [`*`, `*`, `${a}`, `${a}-${b}`, `*/${1 + next(max - min)}`, `${a}-${b}/${1 + next(3)}`, `${a},${b}`][
      next(7)
    ];
  }

  it('answers in bounded time with a later instant or null, and never passes over its own answer', () => {
    const next = numbers(20_261_120);
    let slowest = 0;
    for (let round = 0; round < 3_000; round++) {
      const rule = [
        randomField(next, 0, 59),
        randomField(next, 0, 23),
        randomField(next, 1, 28),
        randomField(next, 1, 12),
        randomField(next, 0, 6),
      ].join(' ');
      const trigger = new CronTrigger(rule, { timezone: zones[next(zones.length)] });
      const after = Date.UTC(1970 + next(150), next(12), 1 + next(28), next(24), next(60), next(60), next(1_000));
      const spent = processorTime();
      const first = trigger.next(after);
      slowest = Math.max(slowest, spent());
      expect(first).toBeGreaterThan(after);
      expect([trigger.next(first! - 1), trigger.next(after + Math.floor((first! - after) / 2))]).toEqual([
        first,
        first,
      ]);
    }
    expect(slowest).toBeLessThan(2_000); // the first use of a zone asks Intl for its changes
  });

  it.each([
    NaN,
    Infinity,
    -Infinity,
    8.64e15,
    -8.64e15,
    1e300,
    -1e300,
    0.5,
    -0.5,
    Number.MAX_SAFE_INTEGER,
    Date.UTC(9999, 11, 31),
  ])('is total for %p', (after) => {
    for (const rule of ['* * * * *', '0 0 29 2 1', '0 0 30W 2 *', '0 0 0 1 1 * 9999', '0 0 L * *', '30 2 * * 0']) {
      for (const timezone of ['UTC', 'Europe/Berlin', 'Pacific/Apia']) {
        const spent = processorTime();
        const answer = new CronTrigger(rule, { timezone }).next(after);
        expect(answer === null || answer > after || Number.isNaN(after)).toBe(true);
        expect(spent()).toBeLessThan(2_000);
      }
    }
  });

  it('P6, U18: reaches over a month, a year and eight years in one step', () => {
    const after = Date.UTC(2096, 1, 29, 12);
    expect(new CronTrigger('0 0 29 2 *', { timezone: 'Europe/Berlin' }).next(after)).toBe(Date.UTC(2104, 1, 28, 23));
    expect(new CronTrigger('0 0 0 1 1 * 9999', { timezone: 'Europe/Berlin' }).next(after)).toBe(
      Date.UTC(9998, 11, 31, 23),
    );
  });
});
