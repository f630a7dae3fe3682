import { describe, expect, it } from '@jest/globals';
import type { LiveRun } from '../../lib/engine/live-run.js';
import { LiveRuns } from '../../lib/engine/live-runs.js';

const run = (name: string): LiveRun => ({ name }) as unknown as LiveRun;

describe('LiveRuns', () => {
  it('finds runs by id until they are deleted', () => {
    const runs = new LiveRuns();
    const [a, b, c] = ['a', 'b', 'c'].map(run);
    runs.set('a', a);
    runs.set('b', b);
    runs.delete('a', a);
    runs.delete('a', a);
    runs.set('c', c);

    expect([runs.get('a'), runs.get('b'), runs.get('c'), runs.size]).toEqual([undefined, b, c, 2]);
    expect(new Set(runs.values())).toEqual(new Set([b, c]));
  });

  it('puts a new run of one id in the place of the former', () => {
    const runs = new LiveRuns();
    const [first, second] = [run('1'), run('2')];
    expect(runs.set('a', first)).toBeUndefined();
    expect(runs.set('a', second)).toBe(first);
    runs.delete('a', first);

    expect([...runs.values()]).toEqual([second]);
    expect(runs.size).toBe(1);
  });

  it('lets runs leave while they are read', () => {
    const runs = new LiveRuns();
    const b = run('b');
    for (const it of [run('a'), b, run('c')]) runs.set((it as unknown as { name: string }).name, it);
    const seen: LiveRun[] = [];
    for (const it of runs.values()) {
      seen.push(it);
      runs.delete('b', b);
    }

    expect(seen).toHaveLength(2);
  });
});
