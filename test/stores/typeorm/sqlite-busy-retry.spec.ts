import { describe, expect, it } from '@jest/globals';
import { BusyRetry } from '../../../lib/stores/typeorm/dialects/sqlite/busy-retry.js';
import { ManualClock } from '../../../lib/testing/index.js';

/** A step that finds the file locked until then, and when it was tried, in milliseconds. */
function locked(until: number) {
  const clock = new ManualClock('2026-03-01T00:00Z');
  const retry = new BusyRetry({ clock, limit: 10_000, store: 'db', file: 'app.db' });
  const tries: number[] = [];
  const ended = retry.run(() => {
    tries.push(clock.monotonic());
    if (clock.monotonic() < until) throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
    return 'written';
  });
  return { clock, tries, ended };
}

describe('a step on a file that others write to', () => {
  it('is tried more often once it has waited for a second, so that its turn comes', async () => {
    const { clock, tries, ended } = locked(4_000);
    await clock.advanceAsync(5_000);
    expect(await ended).toBe('written');
    const within = (from: number): number => tries.filter((at) => at >= from && at < from + 1_000).length;
    expect(within(0)).toBeLessThan(100);
    expect(within(2_000)).toBeGreaterThan(150);
  });

  it('is given up after its limit, with an error that says how long it has waited', async () => {
    const { clock, ended } = locked(Infinity);
    const failed = expect(ended).rejects.toMatchObject({ code: 'STORE_BUSY' });
    await clock.advanceAsync(10_100);
    await failed;
  });
});
