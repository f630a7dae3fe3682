import { describe, expect, it } from '@jest/globals';
import { StoreTime } from '../../lib/engine/store-time.js';
import { ManualClock } from '../../lib/testing/index.js';

const AHEAD = 3_600_000;

/** A claim whose store read its clock that long after it was sent. */
function measure(time: StoreTime, clock: ManualClock, { there, back, ahead = AHEAD, asked = 1 }: Trip): void {
  const startedAt = clock.monotonic();
  clock.advance(there);
  const storeNow = clock.now() + ahead;
  clock.advance(back);
  time.measured(asked, storeNow, startedAt);
}

interface Trip {
  readonly there: number;
  readonly back: number;
  readonly ahead?: number;
  /** 0: a claim that only measures. */
  readonly asked?: number;
}

function started(first: Trip): { time: StoreTime; clock: ManualClock; error: () => number } {
  const clock = new ManualClock('2026-03-01T00:00:00Z');
  const time = new StoreTime(clock);
  measure(time, clock, { ...first, asked: 0 });
  return { time, clock, error: () => time.now() - clock.now() - AHEAD };
}

describe('the time of a store elsewhere', () => {
  it('is taken from the middle of a round trip', () => {
    expect(started({ there: 20, back: 20 }).error()).toBe(0);
    expect(started({ there: 40, back: 0 }).error()).toBe(20);
  });

  it('is not made worse by a claim that took long and read its clock at the end (P15)', () => {
    const { time, clock, error } = started({ there: 2, back: 2 });
    measure(time, clock, { there: 800, back: 0 });

    expect(Math.abs(error())).toBeLessThanOrEqual(2);
  });

  it('is made better by a quicker round trip', () => {
    const { time, clock, error } = started({ there: 500, back: 0 });
    measure(time, clock, { there: 3, back: 1 });

    expect(Math.abs(error())).toBeLessThanOrEqual(2);
  });

  it('follows a clock that drifts', () => {
    const { time, clock } = started({ there: 2, back: 2 });
    let ahead = AHEAD;
    for (let minute = 0; minute < 600; minute++) {
      clock.advance(60_000);
      measure(time, clock, { there: 2, back: 2, ahead: (ahead += 3) });
    }

    expect(Math.abs(time.now() - clock.now() - ahead)).toBeLessThanOrEqual(5);
  });

  it.each([-60_000, 60_000])('follows a clock that was set by %d ms', (step) => {
    const { time, clock, error } = started({ there: 2, back: 2 });
    measure(time, clock, { there: 2, back: 2, ahead: AHEAD + step });

    expect(error()).toBe(step);
  });

  it('is taken from when the store looked, where it says so: not from the whole of a long claim', () => {
    const { time, clock, error } = started({ there: 500, back: 0 });
    const startedAt = clock.monotonic();
    clock.advance(30);
    const from = clock.monotonic();
    clock.advance(1);
    const storeNow = clock.now() + AHEAD;
    clock.advance(1);
    const to = clock.monotonic();
    clock.advance(200);
    time.measured(1, storeNow, startedAt, { from, to });

    expect(Math.abs(error())).toBeLessThanOrEqual(1);
  });

  it('heeds no reading of a store that goes by another clock', () => {
    const { time, clock, error } = started({ there: 2, back: 2 });
    const startedAt = clock.monotonic();
    clock.advance(4);
    time.measured(1, clock.now() + AHEAD, startedAt, { from: startedAt - 100_000, to: startedAt - 90_000 });

    expect(Math.abs(error())).toBeLessThanOrEqual(2);
  });
});
