import { describe, expect, it } from '@jest/globals';
import {
  BUFFER_LIMIT,
  DEFAULT_POLICY,
  type JobPlan,
  type JobPolicy,
  type JobRecord,
  type RunRecord,
  type Trigger,
} from '../../lib/core/index.js';
import { admitRun, nextAfterClose, planRuns, StuckTriggerError } from '../../lib/engine/index.js';
import { at as date, cron, every } from '../../lib/triggers/index.js';
import { at } from './support/world.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

function anchored(trigger: Trigger): Trigger {
  return trigger.anchor({ now: at('00:00'), jobId: 'report', timezone: 'UTC' });
}

/** Every five minutes from 00:05 on. */
const grid = anchored(every({ minutes: 5 }));

function jobOf(policy: Partial<JobPolicy> = {}, more: Partial<JobRecord> = {}): JobRecord {
  const fireTime = more.fireTime === undefined ? at('00:05') : more.fireTime;
  return {
    id: 'report',
    name: null,
    description: null,
    tags: [],
    origin: 'code',
    task: 'report',
    args: [],
    trigger: '',
    timezone: 'UTC',
    policy: { ...DEFAULT_POLICY, ...policy },
    hooks: null,
    triggerFingerprint: '',
    restFingerprint: '',
    generation: 1,
    version: 1,
    status: 'active',
    statusReason: null,
    statusAt: null,
    pause: null,
    fireTime,
    dueAt: fireTime,
    runCount: 0,
    losses: 0,
    appVersion: '1.0.0',
    createdAt: at('00:00'),
    updatedAt: at('00:00'),
    ...more,
  };
}

let serial = 0;

function runOf(state: RunRecord['state'], fireTime: string, more: Partial<RunRecord> = {}): RunRecord {
  serial++;
  return {
    id: `run-${serial}`,
    jobId: 'report',
    jobGeneration: 1,
    task: 'report',
    kind: 'scheduled',
    fireTime: at(fireTime),
    firstFireTime: at(fireTime),
    count: 1,
    countIsExact: true,
    dueAt: at(fireTime),
    state,
    attempt: 1,
    token: 1,
    node: state === 'running' ? 'node-2' : null,
    leaseUntil: null,
    cancelRequested: false,
    forced: false,
    args: null,
    createdAt: at(fireTime),
    startedAt: null,
    settledAt: null,
    reason: null,
    detail: null,
    error: null,
    result: null,
    output: null,
    ...more,
  };
}

interface Case {
  readonly job?: JobRecord;
  readonly trigger?: Trigger;
  readonly unsettled?: readonly RunRecord[];
  readonly now: string;
  readonly until?: string;
  readonly before?: string;
}

function plan({ job = jobOf(), trigger = grid, unsettled = [], now, until = now, before }: Case): JobPlan | null {
  const window = { now: at(now), until: at(until) };
  return planRuns(job, trigger, unsettled, before === undefined ? window : { ...window, before: at(before) });
}

/** A plan in short: runs, skips and where the job goes on. */
function told(made: JobPlan | null) {
  if (made === null) return null;
  const { runs, skips, cancel, drop, promote, fireTime, finished } = made;
  const range = (it: { firstFireTime: number; fireTime: number; count: number; countIsExact: boolean }): string => {
    const first = it.firstFireTime === it.fireTime ? '' : `${clock(it.firstFireTime)}-`;
    return `${first}${clock(it.fireTime)} x${it.countIsExact ? '' : '>='}${it.count}`;
  };
  return {
    runs: runs.map((run) => `${range(run)}${run.isBuffered ? ' buffered' : ''}`),
    skips: skips.map((skip) => `${skip.reason} ${range(skip)}`),
    next: fireTime === null ? null : clock(fireTime),
    ...(cancel.length > 0 ? { cancel } : {}),
    ...(drop.length > 0 ? { drop } : {}),
    ...(promote.length > 0 ? { promote } : {}),
    ...(finished === null ? {} : { finished }),
  };
}

function clock(instant: number): string {
  return new Date(instant).toISOString().slice(11, 16);
}

describe('planRuns, 1: due fire times', () => {
  it('leaves a job alone before its fire time (P15)', () => {
    expect(planRuns(jobOf(), grid, [], { now: at('00:05') - 1, until: at('00:05') - 1 })).toBeNull();
  });

  it('makes one run at the fire time, and goes on from it, not from now', () => {
    expect(told(plan({ now: '00:07' }))).toEqual({ runs: ['00:05 x1'], skips: [], next: '00:10' });
  });

  it.each([
    ['a finished job', jobOf({}, { status: 'finished' })],
    ['an orphaned job', jobOf({}, { status: 'orphaned' })],
    ['a paused job', jobOf({}, { pause: { at: 0, by: null, reason: null, until: null } })],
    ['a job without a next fire time', jobOf({}, { fireTime: null })],
  ])('makes nothing of %s', (_name, job) => {
    expect(plan({ job, now: '00:07' })).toBeNull();
  });

  it('counts missed fire times exactly up to 1,000', () => {
    const job = jobOf({}, { fireTime: at('00:05') });
    const now = at('00:05') + 999 * 5 * MINUTE;
    const made = planRuns(job, grid, [], { now, until: now });
    expect(made?.runs[0]).toMatchObject({ count: 1_000, countIsExact: true, fireTime: now });
  });

  it('says "at least" beyond, and still finds the latest', () => {
    const now = at('00:05') + 1_000 * 5 * MINUTE + 1;
    const made = planRuns(jobOf(), grid, [], { now, until: now });
    expect(made?.runs[0]).toMatchObject({ count: 1_000, countIsExact: false, fireTime: now - 1 });
    expect(made?.fireTime).toBe(now - 1 + 5 * MINUTE);
  });

  it('finds the latest of a century of seconds in a few steps, without enumerating them (P5)', () => {
    const seconds = anchored(every({ seconds: 1 }));
    let steps = 0;
    const counted = countingSteps(seconds, () => steps++);
    const now = at('00:05') + 100 * 365 * DAY;
    const made = planRuns(jobOf(), counted, [], { now, until: now });
    expect(made?.runs[0].fireTime).toBe(now);
    expect(steps).toBeLessThan(1_100);
  });

  it('finds the same by bisection as by stepping, for irregular fire times with jitter', () => {
    const trigger = anchored(cron('*/7 8-17 * * 1-5', { timezone: 'Europe/Berlin', jitter: '6m' }));
    const first = trigger.next(at('00:00'))!;
    for (const days of [20, 33, 61, 200]) {
      const now = at('00:00') + days * DAY + 9 * 60 * MINUTE + 12_345;
      const made = planRuns(jobOf({}, { fireTime: first }), trigger, [], { now, until: now })!;
      expect(made.runs[0].dueAt).toBeLessThanOrEqual(now);
      expect(made.fireTime).toBe(trigger.next(made.runs[0].fireTime));
      expect(made.dueAt).toBeGreaterThan(now);
    }
  });

  it('refuses a trigger whose next fire time does not grow (P2)', () => {
    const stuck: Trigger = { ...methodsOf(grid), next: (after: number) => after };
    expect(() => planRuns(jobOf(), stuck, [], { now: at('00:05'), until: at('00:05') })).toThrow(StuckTriggerError);
  });
});

describe('planRuns, 1: look-ahead', () => {
  it('claims one future fire time', () => {
    expect(told(plan({ now: '00:04', until: '00:30' }))).toEqual({ runs: ['00:05 x1'], skips: [], next: '00:10' });
  });

  it('does not when a run is open', () => {
    expect(plan({ unsettled: [runOf('running', '00:01')], now: '00:04', until: '00:30' })).toBeNull();
    expect(plan({ unsettled: [runOf('waiting', '00:01')], now: '00:04', until: '00:30' })).toBeNull();
  });

  it('does not beside a run that is due now', () => {
    expect(told(plan({ now: '00:05', until: '00:30' }))).toEqual({ runs: ['00:05 x1'], skips: [], next: '00:10' });
  });

  it('does when all that was due was skipped', () => {
    const job = jobOf({ misfireGraceTime: 1_000 });
    expect(told(plan({ job, now: '00:09', until: '00:10' }))).toEqual({
      runs: ['00:10 x1'],
      skips: ['misfire 00:05 x1'],
      next: '00:15',
    });
  });

  it('never judges a future fire time late, coalesces it or skips it', () => {
    const job = jobOf({ misfireGraceTime: 1, coalesce: false, maxInstances: 1 });
    expect(told(plan({ job, now: '00:04', until: '00:20' }))).toEqual({ runs: ['00:05 x1'], skips: [], next: '00:10' });
  });
});

describe('planRuns, 1: an instant from which on fire times are left alone', () => {
  const before = '00:15';

  it('makes nothing of one that falls then, due or ahead, nor beside a run that is open', () => {
    const job = jobOf({ maxInstances: 3 }, { fireTime: at('00:15') });
    expect(plan({ job, now: '00:40', before })).toBeNull();
    expect(plan({ job, now: '00:14', until: '00:30', before })).toBeNull();
    expect(plan({ job, unsettled: [runOf('running', '00:10')], now: '00:40', before })).toBeNull();
  });

  it('makes one run of those before it, and skips what is too old of them alone', () => {
    expect(told(plan({ now: '00:40', before }))).toEqual({ runs: ['00:05-00:10 x2'], skips: [], next: '00:15' });
    const graceful = jobOf({ misfireGraceTime: 27 * MINUTE });
    expect(told(plan({ job: graceful, now: '00:37', before }))).toEqual({
      runs: ['00:10 x1'],
      skips: ['misfire 00:05 x1'],
      next: '00:15',
    });
    const late = jobOf({ misfireGraceTime: MINUTE });
    expect(told(plan({ job: late, now: '00:37', before }))).toEqual({
      runs: [],
      skips: ['misfire 00:05-00:10 x2'],
      next: '00:15',
    });
  });

  it('catches up on those before it alone', () => {
    const job = jobOf({ coalesce: false, catchUpLimit: 1 });
    expect(told(plan({ job, now: '00:40', before }))).toMatchObject({
      runs: ['00:10 x1'],
      skips: ['misfire 00:05 x1'],
      next: '00:15',
    });
  });

  it('counts one that falls before it and is due behind it, for its jitter', () => {
    const trigger = anchored(every({ minutes: 5 }, { jitter: '4m' }));
    const made = plan({ trigger, now: '00:14:59', before: '00:10:01' })!;
    expect([made.runs[0].fireTime, made.runs[0].count, made.fireTime]).toEqual([at('00:10'), 2, at('00:15')]);
    expect(made.runs[0].dueAt).toBeGreaterThan(at('00:10:01'));
  });

  it('finds the last one before it by bisection, too', () => {
    const seconds = anchored(every({ seconds: 1 }));
    const made = plan({ trigger: seconds, now: '23:00', before: '12:00' })!;
    expect([made.runs[0].fireTime, made.fireTime]).toEqual([at('12:00') - 1_000, at('12:00')]);
  });

  it('lets buffered runs go on, and no other', () => {
    const job = jobOf({ overlap: 'bufferAll' }, { fireTime: at('00:15') });
    const waiting = runOf('buffered', '00:10');
    expect(told(plan({ job, unsettled: [waiting], now: '00:40', before }))).toMatchObject({
      runs: [],
      skips: [],
      promote: [waiting.id],
      next: '00:15',
    });
  });

  it('leaves a pause that ended behind it to whoever judges all that the pause covers', () => {
    const pause = (until: string) => ({ at: 0, by: null, reason: null, until: at(until) });
    expect(plan({ job: jobOf({}, { pause: pause('00:22') }), now: '00:40', before })).toBeNull();
    expect(told(plan({ job: jobOf({}, { pause: pause('00:08') }), now: '00:40', before }))).toMatchObject({
      runs: ['00:10 x1'],
      next: '00:15',
    });
  });
});

describe('planRuns, 2: misfire grace time', () => {
  it('runs exactly at the grace, and not a millisecond later', () => {
    const job = jobOf({ misfireGraceTime: 2_000 });
    const late = (ms: number) => planRuns(job, grid, [], { now: at('00:05') + ms, until: at('00:05') + ms })!;
    expect(late(2_000).runs).toHaveLength(1);
    expect(late(2_001).runs).toHaveLength(0);
    expect(late(2_001).skips[0]).toMatchObject({
      reason: 'misfire',
      fireTime: at('00:05'),
      detail: '2 s late, more than the grace time of 2 s',
    });
  });

  it('runs however late without a grace time (P18, U17)', () => {
    expect(
      told(
        plan({ job: jobOf({}, { fireTime: at('00:05') }), trigger: anchored(date('2026-03-01T00:05Z')), now: '23:00' }),
      ),
    ).toEqual({
      runs: ['00:05 x1'],
      skips: [],
      next: null,
      finished: 'ended',
    });
  });

  it('records what is too old as one skip, and coalesces the rest', () => {
    const job = jobOf({ misfireGraceTime: 12 * MINUTE });
    expect(told(plan({ job, now: '00:31' }))).toEqual({
      runs: ['00:20-00:30 x3'],
      skips: ['misfire 00:05-00:15 x3'],
      next: '00:35',
    });
  });

  it('counts lateness from the due time, so jitter makes nothing late', () => {
    const job = jobOf({ misfireGraceTime: 1_000 }, { fireTime: at('00:05'), dueAt: at('00:05') + 90_000 });
    const trigger = anchored(every({ minutes: 5 }, { jitter: '2m' }));
    const now = at('00:05') + 91_000;
    expect(planRuns(job, trigger, [], { now, until: now })!.runs).toHaveLength(1);
  });
});

describe('planRuns, 3: coalesce and catching up', () => {
  it('makes one run, for the latest, that says how many it stands for', () => {
    expect(told(plan({ now: '00:31' }))).toEqual({ runs: ['00:05-00:30 x6'], skips: [], next: '00:35' });
  });

  it('without coalesce runs all of them, oldest first, one after another, whatever overlap says', () => {
    for (const overlap of ['skip', 'bufferOne', 'bufferAll', 'cancelOther', 'allowAll'] as const) {
      expect(told(plan({ job: jobOf({ coalesce: false, overlap, maxInstances: 3 }), now: '00:16' }))).toEqual({
        runs: ['00:05 x1', '00:10 x1 buffered', '00:15 x1 buffered'],
        skips: [],
        next: '00:20',
      });
    }
  });

  it('keeps the newest `catchUpLimit` and records the older ones as one skip', () => {
    expect(told(plan({ job: jobOf({ coalesce: false, catchUpLimit: 2 }), now: '00:31' }))).toEqual({
      runs: ['00:25 x1', '00:30 x1 buffered'],
      skips: ['misfire 00:05-00:20 x4'],
      next: '00:35',
    });
  });

  it('keeps the newest of a very long downtime without enumerating it (P5)', () => {
    const now = at('00:05') + 400 * DAY;
    const made = planRuns(jobOf({ coalesce: false, catchUpLimit: 3 }), grid, [], { now, until: now })!;
    expect(made.runs.map((run) => run.fireTime)).toEqual([now - 10 * MINUTE, now - 5 * MINUTE, now]);
    expect(made.skips).toHaveLength(1);
    expect(made.skips[0]).toMatchObject({ count: 1_000, countIsExact: false, fireTime: now - 15 * MINUTE });
  });

  it('treats a single fire time that is due like any other: overlap decides', () => {
    const open = runOf('running', '00:00');
    expect(told(plan({ job: jobOf({ coalesce: false }), unsettled: [open], now: '00:06' }))?.skips).toEqual([
      'overlap 00:05 x1',
    ]);
  });

  it('waits in line behind an open run when it catches up', () => {
    const made = told(plan({ job: jobOf({ coalesce: false }), unsettled: [runOf('running', '00:00')], now: '00:11' }));
    expect(made?.runs).toEqual(['00:05 x1 buffered', '00:10 x1 buffered']);
  });
});

describe('planRuns, 4: maxInstances and overlap', () => {
  const running = runOf('running', '00:01');
  const waiting = runOf('waiting', '00:02');
  const buffered = runOf('buffered', '00:03');

  it.each<[string, Partial<JobPolicy>, RunRecord[], object]>([
    ['skip', {}, [running], { runs: [], skips: ['overlap 00:05 x1'] }],
    ['skip, a run waiting for a retry', {}, [waiting], { runs: [], skips: ['overlap 00:05 x1'] }],
    ['room for one more', { maxInstances: 2 }, [running], { runs: ['00:05 x1'], skips: [] }],
    ['no room for a third', { maxInstances: 2 }, [running, waiting], { runs: [], skips: ['overlap 00:05 x1'] }],
    ['bufferOne', { overlap: 'bufferOne' }, [running], { runs: ['00:05 x1 buffered'], skips: [] }],
    ['bufferOne, taken', { overlap: 'bufferOne' }, [running, buffered], { runs: [], skips: ['overlap 00:05 x1'] }],
    ['bufferAll', { overlap: 'bufferAll' }, [running, buffered], { runs: ['00:05 x1 buffered'], skips: [] }],
    [
      'cancelOther',
      { overlap: 'cancelOther' },
      [waiting, running],
      { runs: ['00:05 x1 buffered'], skips: [], cancel: [running.id] },
    ],
    [
      'cancelOther, one buffered before',
      { overlap: 'cancelOther' },
      [running, buffered],
      { runs: ['00:05 x1 buffered'], skips: [], cancel: [running.id], drop: [buffered.id] },
    ],
    [
      'cancelOther, asked already',
      { overlap: 'cancelOther' },
      [{ ...running, cancelRequested: true }],
      { runs: ['00:05 x1 buffered'], skips: [] },
    ],
    ['allowAll', { overlap: 'allowAll' }, [running, waiting], { runs: ['00:05 x1'], skips: [] }],
  ])('%s', (_name, policy, unsettled, expected) => {
    expect(told(plan({ job: jobOf(policy), unsettled, now: '00:06' }))).toEqual({ ...expected, next: '00:10' });
  });

  it('names the run that stood in the way, and where it is (U9)', () => {
    expect(plan({ unsettled: [running], now: '00:06' })!.skips[0].detail).toBe(
      `run ${running.id} is running on node node-2`,
    );
  });

  it('covers a blocked range with one record', () => {
    expect(told(plan({ unsettled: [running], now: '00:21' }))?.skips).toEqual(['overlap 00:05-00:20 x4']);
  });

  it(`buffers ${BUFFER_LIMIT} runs at most`, () => {
    const full = Array.from({ length: BUFFER_LIMIT }, () => runOf('buffered', '00:03'));
    const made = plan({ job: jobOf({ overlap: 'bufferAll' }), unsettled: [running, ...full], now: '00:06' });
    expect(told(made)?.skips).toEqual(['overlap 00:05 x1']);
  });

  it('makes a buffered run due when nothing stands in its way', () => {
    expect(told(plan({ unsettled: [buffered], now: '00:04' }))).toEqual({
      runs: [],
      skips: [],
      next: '00:05',
      promote: [buffered.id],
    });
  });

  it('is no longer hindered by an open run that is older than the overlap expiry', () => {
    const job = jobOf({ overlapExpiry: 4 * MINUTE });
    expect(told(plan({ job, unsettled: [running], now: '00:05' }))?.runs).toEqual(['00:05 x1']);
    expect(told(plan({ job: jobOf({ overlapExpiry: 5 * MINUTE }), unsettled: [running], now: '00:05' }))?.runs).toEqual(
      [],
    );
  });
});

describe('planRuns, 5: advancing', () => {
  it('makes one plan for jobs that are due together and move alike, and another one where anything differs', () => {
    const once = anchored(date('2026-03-01T00:05Z'));
    const first = plan({ now: '00:05' });
    const others = [
      plan({ job: jobOf({}, { id: 'twin' }), now: '00:05' }),
      plan({ job: jobOf({}, { runCount: 7 }), now: '00:05' }),
      plan({ job: jobOf({}, { fireTime: at('00:10'), dueAt: at('00:10') }), now: '00:10' }),
      plan({ trigger: once, now: '00:05' }),
    ];

    expect(others.map((other) => other === first)).toEqual([true, false, false, false]);
    expect([first, ...others].map((made) => [...told(made)!.runs, told(made)!.next, made!.runCount])).toEqual([
      ['00:05 x1', '00:10', 1],
      ['00:05 x1', '00:10', 1],
      ['00:05 x1', '00:10', 8],
      ['00:10 x1', '00:15', 1],
      ['00:05 x1', null, 1],
    ]);
  });

  it('finishes a job whose trigger has ended, whether or not a run was made', () => {
    const trigger = anchored(every({ minutes: 5 }, { end: '2026-03-01T00:10Z' }));
    expect(told(plan({ trigger, now: '00:31' }))).toEqual({
      runs: ['00:05-00:10 x2'],
      skips: [],
      next: null,
      finished: 'ended',
    });
    expect(told(plan({ trigger, job: jobOf({ misfireGraceTime: 1 }), now: '00:31' }))).toEqual({
      runs: [],
      skips: ['misfire 00:05-00:10 x2'],
      next: null,
      finished: 'ended',
    });
  });

  it('finishes a job after its limit of runs made by the plan; skipped fire times do not count', () => {
    const trigger = anchored(every({ minutes: 5 }, { limit: 2 }));
    expect(told(plan({ trigger, now: '00:06' }))).toEqual({ runs: ['00:05 x1'], skips: [], next: '00:10' });
    expect(told(plan({ trigger, job: jobOf({}, { runCount: 1 }), now: '00:06' }))).toEqual({
      runs: ['00:05 x1'],
      skips: [],
      next: null,
      finished: 'limit',
    });
    const skipped = plan({ trigger, job: jobOf({ misfireGraceTime: 1 }, { runCount: 1 }), now: '00:06' })!;
    expect(skipped).toMatchObject({ finished: null, runCount: 1 });
  });

  it('records what a limit leaves of a catch-up', () => {
    const trigger = anchored(every({ minutes: 5 }, { limit: 2 }));
    expect(told(plan({ trigger, job: jobOf({ coalesce: false }), now: '00:21' }))).toEqual({
      runs: ['00:05 x1', '00:10 x1 buffered'],
      skips: ['limit 00:15-00:20 x2'],
      next: null,
      finished: 'limit',
    });
  });

  it('adds jitter to the next due time, the same each time it is asked, below the bound', () => {
    const trigger = anchored(every({ minutes: 5 }, { jitter: '30s' }));
    const made = plan({ trigger, now: '00:06' })!;
    expect(made.fireTime).toBe(at('00:10'));
    expect(made.dueAt! - made.fireTime!).toBeGreaterThan(0);
    expect(made.dueAt! - made.fireTime!).toBeLessThan(30_000);
    expect(plan({ trigger, now: '00:06' })).toEqual(made);
  });
});

describe('planRuns and fixedDelay', () => {
  const trigger = anchored(every({ minutes: 5 }, { fixedDelay: true }));

  it('has no next fire time while its run is open, and is not finished (U9)', () => {
    expect(told(plan({ trigger, now: '00:31' }))).toEqual({ runs: ['00:05 x1'], skips: [], next: null });
  });

  it('counts from now when the fire time made no run', () => {
    expect(told(plan({ trigger, job: jobOf({ misfireGraceTime: 1 }), now: '00:31' }))).toEqual({
      runs: [],
      skips: ['misfire 00:05 x1'],
      next: '00:36',
    });
  });

  it('gets its next fire time from the step that closes the run', () => {
    const job = jobOf({}, { fireTime: null });
    expect(nextAfterClose(job, trigger, at('00:42'))).toEqual({ fireTime: at('00:47'), dueAt: at('00:47') });
    expect(nextAfterClose(job, grid, at('00:42'))).toBeNull();
    expect(nextAfterClose({ ...job, status: 'finished' }, trigger, at('00:42'))).toBeNull();
    const ending = anchored(every({ minutes: 5 }, { fixedDelay: true, end: '2026-03-01T00:45Z' }));
    expect(nextAfterClose(job, ending, at('00:42'))).toEqual({ fireTime: null, dueAt: null, finished: 'ended' });
  });
});

describe('planRuns and a pause that ended by itself', () => {
  it('records once what was missed, and runs what is due since', () => {
    const job = jobOf({}, { pause: { at: at('00:00'), by: 'ann', reason: 'deploy', until: at('00:20') } });
    const made = plan({ job, now: '00:26' })!;
    expect(told(made)).toEqual({ runs: ['00:20-00:25 x2'], skips: ['paused 00:05-00:15 x3'], next: '00:30' });
    expect(made.skips[0].detail).toBe('paused by ann until 2026-03-01T00:20:00.000Z: deploy');
  });
});

describe('admitRun', () => {
  const manual = { jobId: 'report', kind: 'manual', fireTime: 0, dueAt: 0, forced: false, args: null } as const;
  const running = runOf('running', '00:01');

  it('obeys maxInstances and overlap', () => {
    expect(admitRun(jobOf(), [], manual, at('00:06'))).toEqual({ as: 'open' });
    expect(admitRun(jobOf(), [running], manual, at('00:06'))).toMatchObject({ as: 'skipped', reason: 'overlap' });
    expect(admitRun(jobOf({ overlap: 'bufferOne' }), [running], manual, at('00:06'))).toEqual({ as: 'buffered' });
    expect(admitRun(jobOf({ overlap: 'cancelOther' }), [running], manual, at('00:06'))).toEqual({
      as: 'buffered',
      cancel: [running.id],
      drop: [],
    });
  });

  it('obeys nothing when forced', () => {
    expect(admitRun(jobOf(), [running], { ...manual, forced: true }, at('00:06'))).toEqual({ as: 'open' });
  });

  it('lets backfilled runs wait for their turn, whatever overlap says', () => {
    expect(admitRun(jobOf(), [running], { ...manual, kind: 'backfill' }, at('00:06'))).toEqual({ as: 'buffered' });
  });
});

function countingSteps(trigger: Trigger, count: () => void): Trigger {
  return {
    ...methodsOf(trigger),
    next: (after: number) => {
      count();
      return trigger.next(after);
    },
  };
}

/** A trigger's getters live on its class: a copy needs them spelled out. */
function methodsOf(trigger: Trigger): Trigger {
  return {
    kind: trigger.kind,
    timezone: trigger.timezone,
    jitter: trigger.jitter,
    limit: trigger.limit,
    fixedDelay: trigger.fixedDelay,
    runOnStart: trigger.runOnStart,
    next: (after) => trigger.next(after),
    first: (now) => trigger.first(now),
    fireTimes: (from, count) => trigger.fireTimes(from, count),
    anchor: (context) => trigger.anchor(context),
    toJSON: () => trigger.toJSON(),
    toString: () => trigger.toString(),
    describe: () => trigger.describe(),
  };
}
