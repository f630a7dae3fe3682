import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../lib/testing/manual-clock.js';

const START = Date.UTC(2026, 2, 1);
const DAY = 86_400_000;

function clockWithLog() {
  const clock = new ManualClock(START);
  const log: (string | number)[] = [];
  const note = (name: string) => () => log.push(name, clock.now() - START);
  return { clock, log, note };
}

describe('ManualClock', () => {
  it.each([
    ['2026-03-01T00:00Z', START],
    ['2026-03-01T00:00', START],
    ['2026-03-01 00:00', START],
    ['2026-03-01', START],
    ['2026-03-01T02:00+02:00', START],
    [START, START],
  ])('starts at %p, without an offset in UTC', (start, expected) => {
    expect(new ManualClock(start).now()).toBe(expected);
  });

  it.each([['yesterday'], [Number.NaN], ['2026-13-01']])('refuses the start %p', (start) => {
    expect(() => new ManualClock(start)).toThrow(expect.objectContaining({ code: 'INVALID_INSTANT' }));
  });

  it.each([[-1], [Number.NaN], [Number.POSITIVE_INFINITY], [{ minutes: -1 }]])(
    'refuses to advance by %p',
    (duration) => {
      expect(() => new ManualClock(START).advance(duration)).toThrow(
        expect.objectContaining({ code: 'INVALID_DURATION' }),
      );
    },
  );

  it('stands still until it is moved', () => {
    const { clock, log, note } = clockWithLog();
    clock.after(0, note('zero'));

    expect(log).toEqual([]);
    expect(clock.timerCount()).toBe(1);
  });

  it('fires timers in time order, each at its own time, equal ones as armed', () => {
    const { clock, log, note } = clockWithLog();
    clock.after(20, note('b'));
    clock.after(10, note('a'));
    clock.wakeAt(START + 20, note('c'));
    clock.after(31, note('later'));

    clock.advance(30);

    expect(log).toEqual(['a', 10, 'b', 20, 'c', 20]);
    expect([clock.now() - START, clock.monotonic(), clock.timerCount()]).toEqual([30, 30, 1]);
  });

  it('fires timers that callbacks arm within the same advance', () => {
    const { clock, log, note } = clockWithLog();
    clock.after(10, () => clock.after(5, note('inner')));

    clock.advance(20);

    expect(log).toEqual(['inner', 15]);
  });

  it('takes durations with units', () => {
    const clock = new ManualClock(START);

    clock.advance({ days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 });
    clock.advance('1h');

    expect(clock.now() - START).toBe(DAY + 2 * 3_600_000 + 61_001);
  });

  it('forgets cancelled timers, also when cancelled twice or late', () => {
    const { clock, log, note } = clockWithLog();
    const timers = [7, 3, 9, 1, 5, 8, 2, 6, 4].map((delay) => clock.after(delay, note(`${delay}`)));
    timers[0].cancel();
    timers[0].cancel();
    timers[2].cancel();

    clock.advance(100);
    timers[1].cancel();

    expect(log.filter((it) => typeof it === 'string')).toEqual(['1', '2', '3', '4', '5', '6', '8']);
    expect(clock.timerCount()).toBe(0);
  });

  it('fires a timer of the past or of no time at once when moved, even by 0', () => {
    const { clock, log, note } = clockWithLog();
    clock.wakeAt(START - DAY, note('past'));
    clock.after(Number.NaN, note('none'));

    clock.advance(0);

    expect(log).toEqual(['past', 0, 'none', 0]);
  });

  it('names a loop that lets no time pass instead of hanging', () => {
    const clock = new ManualClock(START);
    const again = (): void => void clock.after(0, again);
    again();

    expect(() => clock.advance(1)).toThrow(expect.objectContaining({ code: 'MANUAL_CLOCK_STUCK' }));
  });

  it('keeps a timer of 30 days whole', () => {
    const { clock, log, note } = clockWithLog();
    clock.after(30 * DAY, note('month'));

    clock.advance(30 * DAY - 1);
    expect(log).toEqual([]);
    clock.advance(1);

    expect(log).toEqual(['month', 30 * DAY]);
  });

  it('jumps over what was due, which then fires once, late', () => {
    const { clock, log, note } = clockWithLog();
    const tick = (): void => {
      note('tick')();
      clock.after(10, tick);
    };
    clock.after(10, tick);

    clock.jump(35);

    expect(log).toEqual(['tick', 35]);
    expect([clock.now() - START, clock.monotonic()]).toEqual([35, 35]);
  });

  it('travels through a year of minutes in well under a second', () => {
    const clock = new ManualClock(START);
    let ticks = 0;
    const tick = (): void => {
      ticks++;
      clock.wakeAt(clock.now() + 60_000, tick);
    };
    clock.wakeAt(START + 60_000, tick);

    clock.advance(365 * DAY);

    expect(ticks).toBe(365 * 1_440);
  });
});

describe('ManualClock.stepWall', () => {
  it('moves the wall clock alone and fires nothing by itself', () => {
    const { clock, log, note } = clockWithLog();
    clock.wakeAt(START + 10, note('wall'));

    clock.stepWall(DAY);

    expect(log).toEqual([]);
    expect([clock.now(), clock.monotonic()]).toEqual([START + DAY, 0]);
  });

  it.each([
    ['forward, far: at the next look, 30 s after it was armed', 60 * 60_000, 30_000],
    ['forward, not yet there: exactly then', 10 * 60_000, 50 * 60_000],
    ['backward: later by the step', -10 * 60_000, 70 * 60_000],
  ])('a wakeAt in an hour, stepped %s', (_name, step, elapsed) => {
    const clock = new ManualClock(START);
    let firedAt = -1;
    clock.wakeAt(START + 60 * 60_000, () => (firedAt = clock.monotonic()));

    clock.stepWall(step);
    clock.advance(3 * 60 * 60_000);

    expect(firedAt).toBe(elapsed);
  });

  it('keeps the rhythm of looks over several steps', () => {
    const clock = new ManualClock(START);
    let firedAt = -1;
    clock.wakeAt(START + DAY, () => (firedAt = clock.monotonic()));

    clock.advance(45_000);
    clock.stepWall(-1_000);
    clock.advance(1_000);
    clock.stepWall(DAY);
    clock.advance(60_000);

    expect(firedAt).toBe(60_000);
  });

  it('leaves timers of elapsed time alone', () => {
    const { clock, log, note } = clockWithLog();
    clock.after(10, note('after'));

    clock.stepWall(-DAY);
    clock.advance(10);

    expect(log).toEqual(['after', 10 - DAY]);
  });
});

describe('ManualClock.advanceAsync', () => {
  it('lets promises and I/O run between timers', async () => {
    const { clock, log, note } = clockWithLog();
    clock.after(10, () => {
      void (async () => {
        await Promise.resolve();
        await new Promise((resolve) => setImmediate(resolve));
        clock.after(5, note('after I/O'));
      })();
    });

    await clock.advanceAsync(20);

    expect(log).toEqual(['after I/O', 15]);
    expect(clock.now() - START).toBe(20);
  });

  it('jumps and lets promises run, too', async () => {
    const { clock, log, note } = clockWithLog();
    clock.after(10, () => void Promise.resolve().then(note('late')));

    await clock.jumpAsync(50);

    expect(log).toEqual(['late', 50]);
  });
});
