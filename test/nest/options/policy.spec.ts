import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY } from '../../../lib/core/index.js';
import type { JobPolicy } from '../../../lib/core/index.js';
import { toPolicy } from '../../../lib/nest/options/index.js';
import type { JobOptions, PolicyOptions } from '../../../lib/nest/options/index.js';

describe('the policy of a job', () => {
  it('without options is that of SEMANTICS section 4', () => {
    expect(toPolicy({})).toEqual(DEFAULT_POLICY);
  });

  it.each<[string, JobOptions, PolicyOptions, Partial<JobPolicy>]>([
    [
      'durations in milliseconds',
      { misfireGraceTime: '5m', timeout: { hours: 1 }, abortGrace: 0 },
      {},
      { misfireGraceTime: 300_000, timeout: 3_600_000, abortGrace: 0 },
    ],
    [
      'defaults of the module',
      {},
      { maxInstances: 3, misfireGraceTime: '60s' },
      { maxInstances: 3, misfireGraceTime: 60_000 },
    ],
    ['own options before the defaults', { maxInstances: 1 }, { maxInstances: 3 }, { maxInstances: 1 }],
    [
      'null undoes a default',
      { misfireGraceTime: null, timeout: null },
      { misfireGraceTime: '60s', timeout: '1h' },
      { misfireGraceTime: null, timeout: null },
    ],
    ['undefined does not', { misfireGraceTime: undefined }, { misfireGraceTime: '60s' }, { misfireGraceTime: 60_000 }],
    ['preset skip', { misfire: 'skip' }, {}, { coalesce: true, misfireGraceTime: 10_000 }],
    [
      'preset runOnce',
      { misfire: 'runOnce' },
      { misfireGraceTime: '60s', coalesce: false },
      { coalesce: true, misfireGraceTime: null },
    ],
    ['preset runAll', { misfire: 'runAll' }, { misfireGraceTime: '60s' }, { coalesce: false, misfireGraceTime: null }],
    [
      'one part of a default preset undone',
      { coalesce: false },
      { misfire: 'skip' },
      { coalesce: false, misfireGraceTime: 10_000 },
    ],
    [
      'withoutOverlapping',
      { withoutOverlapping: true },
      { maxInstances: 5, overlap: 'allowAll' },
      { overlap: 'skip', maxInstances: 1, overlapExpiry: 1_440 * 60_000 },
    ],
    ['withoutOverlapping in minutes', { withoutOverlapping: 120 }, {}, { overlapExpiry: 120 * 60_000 }],
    ['runInBackground', { runInBackground: true }, { executor: 'threads' }, { executor: 'background' }],
    [
      'retry, merged field by field',
      { retry: { attempts: 5 } },
      { retry: { backoff: 'exponential', delay: '10s' } },
      { retry: { attempts: 5, backoff: 'exponential', delay: 10_000, maxDelay: 3_600_000, jitter: 0 } },
    ],
    [
      'a long delay raises the longest one',
      { retry: { attempts: 2, delay: '2h' } },
      {},
      { retry: { attempts: 2, backoff: 'fixed', delay: 7_200_000, maxDelay: 7_200_000, jitter: 0 } },
    ],
    ['history', { history: { count: 5 } }, { history: { age: '7d' } }, { history: { age: 604_800_000, count: 5 } }],
  ])('%s', (_, options, jobDefaults, expected) => {
    expect(toPolicy(options, jobDefaults)).toEqual({ ...DEFAULT_POLICY, ...expected });
  });

  it('is one object, which cannot be changed, for all jobs that say the same', () => {
    const defaults = { maxInstances: 3 };
    const one = toPolicy({ retry: { attempts: 2 }, coalesce: false, name: 'a' }, defaults);
    expect(toPolicy({ name: 'b', coalesce: false, retry: { attempts: 2 } }, defaults)).toBe(one);
    expect(toPolicy({ name: 'c' }, defaults)).toBe(toPolicy({}, defaults));
    expect(toPolicy({}, defaults)).not.toBe(toPolicy({}, { maxInstances: 3 }));
    expect([one, toPolicy({}, defaults)].every(Object.isFrozen)).toBe(true);
  });
});
