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
    runs.delete('a');
    runs.delete('a');
    runs.set('c', c);

    expect([runs.get('a'), runs.get('b'), runs.get('c'), runs.size]).toEqual([undefined, b, c, 2]);
    expect(new Set(runs.values())).toEqual(new Set([b, c]));
  });

  it('puts a new run of one id in the place of the former', () => {
    const runs = new LiveRuns();
    const [first, second] = [run('1'), run('2')];
    runs.set('a', first);
    runs.set('a', second);

    expect([...runs.values()]).toEqual([second]);
    expect(runs.size).toBe(1);
  });

  it('lets runs leave while they are read', () => {
    const runs = new LiveRuns();
    for (const id of ['a', 'b', 'c']) runs.set(id, run(id));
    const seen: LiveRun[] = [];
    for (const it of runs.values()) {
      seen.push(it);
      runs.delete('b');
    }

    expect(seen).toHaveLength(2);
  });
});
