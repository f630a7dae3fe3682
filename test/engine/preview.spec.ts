import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { at as date, every, IntervalTrigger } from '../../lib/triggers/index.js';
import { job, START, World } from './support/world.js';

const YEAR = 365 * 86_400_000;

afterEach(() => {
  jest.restoreAllMocks();
});

describe('preview', () => {
  it('of many jobs over a year computes little more than it answers, and says that there is more', async () => {
    const jobs = Array.from({ length: 2_000 }, (_, index) =>
      job(`job-${String(index).padStart(4, '0')}`, every({ seconds: 1_000 + (index % 1_000) }), {}, { task: 'work' }),
    );
    const world = new World({ options: { enabled: false } }).handle('work').start(...jobs);
    const next = jest.spyOn(IntervalTrigger.prototype, 'next');

    const fires = await world.scheduler.preview(START, START + YEAR);

    expect(fires).toHaveLength(10_000);
    expect(fires.isCut).toBe(true);
    expect(JSON.stringify(fires.slice(0, 1))).toBe(
      JSON.stringify([{ jobId: 'job-0000', fireTime: START + 1_000_000, dueAt: START + 1_000_000 }]),
    );
    expect(next.mock.calls.length).toBeLessThan(15_000);
  });

  it('answers in the order of fire times, then of ids, as all of them sorted', async () => {
    const lengths = [7, 3, 5, 3, 11, 2, 7];
    const jobs = lengths.map((minutes, index) => job(`job-${index}`, every({ minutes }), {}, { task: 'work' }));
    const world = new World().handle('work').start(...jobs, job('once', date('2026-03-01T00:06Z')));

    const fires = await world.scheduler.preview(START, START + 3_600_000);

    const expected = lengths.flatMap((minutes, index) =>
      Array.from({ length: Math.floor(60 / minutes) }, (_, count): [number, string] => [
        (count + 1) * minutes,
        `job-${index}`,
      ]),
    );
    expected.push([6, 'once']);
    expected.sort(([a, one], [b, other]) => a - b || (one < other ? -1 : 1));
    expect(fires.map(({ fireTime, jobId }) => [(fireTime - START) / 60_000, jobId])).toEqual(expected);
    expect(fires.isCut).toBe(false);
  });

  it('is not cut when it holds all of exactly as many as it may', async () => {
    const world = new World().start(job('work', every({ seconds: 1 }, { limit: 10_000 })));
    const all = await world.scheduler.preview(START, START + YEAR);
    expect([all.length, all.isCut]).toEqual([10_000, false]);
    const some = await world.scheduler.preview(START + 2_000, START + YEAR);
    expect(some[0].fireTime).toBe(START + 2_000);
  });
});
