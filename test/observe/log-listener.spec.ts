import { beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY, EVENT_TYPES } from '../../lib/core/index.js';
import type { EventType, JobRecord, RunRecord, SchedulerFact } from '../../lib/core/index.js';
import { EventBus, LogListener } from '../../lib/observe/index.js';
import type { LogLevel } from '../../lib/observe/index.js';
import { newJob, T0 } from '../../lib/testing/job-store/store-world.js';

const SECRET = 'hunter2';
const job: JobRecord = { ...newJob('report', { args: [SECRET] }), policy: DEFAULT_POLICY, generation: 1, version: 1 };
const run = {
  id: 'run-7',
  jobId: 'report',
  count: 1,
  countIsExact: true,
  fireTime: T0,
  firstFireTime: T0,
  dueAt: T0,
  attempt: 2,
  startedAt: T0 + 100,
  settledAt: T0 + 1_600,
  reason: null,
  detail: null,
  error: null,
  args: [SECRET],
} as unknown as RunRecord;

let lines: string[];
let stacks: (string | undefined)[];
let bus: EventBus;

function listen(level: LogLevel, isDebugEnabled?: () => boolean): () => void {
  const write = (name: string) => (line: string, stack?: string) => {
    lines.push(`${name} ${line}`);
    stacks.push(stack);
  };
  const writer = {
    log: write('log'),
    warn: write('warn'),
    error: write('error'),
    debug: write('debug'),
    isDebugEnabled,
  };
  return new LogListener(writer, level).listenTo(bus);
}

function tell(type: EventType, fields: Partial<SchedulerFact> = {}): void {
  bus.emit({ type, at: T0, node: 'n', store: 'default', job, run, detail: null, error: null, data: null, ...fields });
}

beforeEach(() => {
  lines = [];
  stacks = [];
  bus = new EventBus((error) => lines.push(`reported ${String(error)}`));
});

const ERROR = new TypeError('no\nluck');
const SKIPPED = { ...run, reason: 'overlap', detail: 'run 6 is open', attempt: 0 } as RunRecord;
const RANGE = { ...SKIPPED, count: 12, countIsExact: false, firstFireTime: T0 - 60_000 } as RunRecord;

const LINES: readonly (readonly [EventType, Partial<SchedulerFact>, string])[] = [
  [
    'run.failed',
    { error: ERROR },
    'error Job "report", run run-7: failed in attempt 2 after 1.5 s: TypeError: no luck',
  ],
  ['run.failed', { error: 'just text' }, 'error Job "report", run run-7: failed in attempt 2 after 1.5 s: just text'],
  ['run.timedOut', { error: null }, 'error Job "report", run run-7: timed out in attempt 2 after 1.5 s'],
  ['run.lost', { detail: 'its lease ended' }, 'error Job "report", run run-7: lost: its lease ended'],
  ['run.abandoned', {}, 'error Job "report", run run-7: given up, but its handler still runs'],
  [
    'run.retrying',
    { error: ERROR, data: { dueAt: T0 + 5_000 } },
    'warn Job "report", run run-7: attempt 2 failed: TypeError: no luck; tried again at 2026-03-01T00:00:05.000Z',
  ],
  [
    'run.skipped',
    { run: SKIPPED },
    'warn Job "report", run run-7: skipped, overlap, fire time 2026-03-01T00:00:00.000Z: run 6 is open',
  ],
  [
    'run.skipped',
    { run: RANGE },
    'warn Job "report", run run-7: skipped, overlap, at least 12 fire times from 2026-02-28T23:59:00.000Z ' +
      'to 2026-03-01T00:00:00.000Z: run 6 is open',
  ],
  ['run.succeeded', {}, 'debug Job "report", run run-7: succeeded after 1.5 s'],
  ['run.cancelled', { detail: 'by ann' }, 'debug Job "report", run run-7: cancelled: by ann'],
  ['lease.lost', { detail: 'taken over' }, 'warn Job "report", run run-7: this node no longer holds it: taken over'],
  [
    'job.quarantined',
    { run: null, detail: 'lost three times' },
    'error Job "report": paused by quarantine; resume it when the cause is mended: lost three times',
  ],
  ['job.unresolved', { run: null }, 'error Job "report": no live node knows its task; it is kept and not run'],
  ['job.orphaned', { run: null }, 'warn Job "report": no longer in the code of any live node; it is kept and not run'],
  ['job.paused', { run: null, detail: 'by ann' }, 'debug Job "report": paused: by ann'],
  ['job.added', { run: null }, 'debug Job "report": added'],
  ['job.finished', { run: null, detail: 'limit' }, 'debug Job "report": finished: limit'],
  [
    'store.failed',
    { job: null, run: null, error: ERROR },
    'error Store "default" failed: TypeError: no luck. It is tried again; jobs go on when it answers.',
  ],
  ['store.recovered', { job: null, run: null }, 'log Store "default" answers again.'],
  ['scheduler.stopped', { job: null, run: null }, 'log The scheduler was stopped.'],
  ['scheduler.stopped', { job: null, run: null, data: { hasStarted: false } }, 'log The scheduler did not start.'],
  ['scheduler.paused', { job: null, run: null, detail: 'deploy' }, 'log The scheduler was paused: deploy.'],
];

describe('LogListener', () => {
  it.each(LINES)('writes %s as one line that names job and run', (type, fields, line) => {
    listen('all');
    tell(type, fields);

    expect(lines).toEqual([line]);
  });

  it.each([
    [
      { jobs: 12, nextFireTime: T0, nextJobId: 'report' },
      'with 12 jobs. Next fire time: 2026-03-01T00:00:00.000Z, job "report".',
    ],
    [{ jobs: 1, nextFireTime: null }, 'with 1 job.'],
    [{ jobs: 3, isPassive: true }, 'with 3 jobs; this process runs none of them.'],
    [
      { jobs: 3, isPassive: true, role: 'worker' },
      "with 3 jobs; this process runs none of them: a worker serves an executor for a fleet, and no kind of executor here has one yet. Use role 'all' or 'scheduler' to run jobs, 'client' to manage them.",
    ],
  ])('writes one line at start: %j', (data, rest) => {
    listen('all');
    tell('scheduler.started', { job: null, run: null, data });

    expect(lines).toEqual([`log The scheduler was started ${rest}`]);
  });

  it('tells in a line of its own what a start changed in stores that outlive the process', () => {
    listen('all');
    const moved = { id: 'digest', what: ['trigger'], fireTimeBefore: T0, fireTimeAfter: T0 + 3_600_000 };
    const ended = { id: 'bell', what: ['trigger', 'options'], fireTimeBefore: T0, fireTimeAfter: null };
    const updated = { id: 'mail', what: ['options'], fireTimeBefore: T0, fireTimeAfter: T0 };
    const changes = {
      added: Array.from({ length: 12 }, (_, index) => `job-${index}`),
      changed: [moved, ended, updated],
      orphaned: ['old'],
      unresolved: ['lost'],
      refused: ['taken\nline'],
    };
    tell('scheduler.started', { job: null, run: null, data: { jobs: 1, changes } });

    expect(lines).toEqual([
      'log The scheduler was started with 1 job.',
      'log Since the last start: added: "job-0", "job-1", "job-2", "job-3", "job-4", "job-5", "job-6", "job-7", ' +
        '"job-8", "job-9" and 2 more; ' +
        'changed: "digest" (trigger, next fire time 2026-03-01T01:00:00.000Z, was 2026-03-01T00:00:00.000Z), ' +
        '"bell" (trigger and options, next fire time none, was 2026-03-01T00:00:00.000Z), "mail" (options); ' +
        'no longer in the code, kept, and not run once no live node has had it for 5 min: "old"; ' +
        'kept and not run, for no live node knows their task: "lost"; ' +
        'refused, for a job added at run time has the id: "taken line".',
    ]);
  });

  it('says nothing of changes when a start made none', () => {
    listen('all');
    const changes = { added: [], changed: [], orphaned: [], unresolved: [], refused: [] };
    tell('scheduler.started', { job: null, run: null, data: { changes } });

    expect(lines).toEqual(['log The scheduler was started.']);
  });

  it('writes nothing when silent, and wants nothing', () => {
    listen('silent');

    expect(EVENT_TYPES.filter((type) => bus.wants(type))).toEqual([]);
  });

  it('writes failures and skips alone at the level failures', () => {
    listen('failures');
    for (const type of ['run.succeeded', 'job.added', 'scheduler.started'] as const)
      expect(bus.wants(type)).toBe(false);
    tell('run.failed');
    tell('run.skipped');

    expect(lines.map((line) => line.split(' ')[0])).toEqual(['error', 'warn']);
  });

  it.each(['run.claimed', 'run.started', 'run.progress'] as const)(
    'leaves %s unwanted: it comes with each run',
    (type) => {
      listen('all');

      expect(bus.wants(type)).toBe(false);
    },
  );

  it('writes a skip of a job at most once a minute, and then how many there were', () => {
    listen('failures');
    for (const at of [0, 1_000, 59_999, 60_000, 61_000, 120_000]) tell('run.skipped', { at: T0 + at, run: SKIPPED });

    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/\(and 2 more skips since the last line\)$/);
    expect(lines[2]).toMatch(/\(and 1 more skip since the last line\)$/);
  });

  it('counts the minute for each job by itself, and again after the clock was set back', () => {
    listen('failures');
    tell('run.skipped', { run: SKIPPED });
    tell('run.skipped', { run: SKIPPED, job: { ...job, id: 'other' } });
    tell('run.skipped', { run: SKIPPED, at: T0 - 3_600_000 });

    expect(lines).toHaveLength(3);
  });

  it('gives the stack of a failure beside the line, of the error or of the row', () => {
    listen('all');
    tell('run.failed', { error: ERROR });
    tell('run.failed', { run: { ...run, error: { name: 'E', message: 'm', stack: 'at row', code: null } } });

    expect([stacks[0], stacks[1]]).toEqual([ERROR.stack, 'at row']);
  });

  it('never writes arguments (U6)', () => {
    listen('all');
    for (const type of EVENT_TYPES) tell(type, { error: ERROR });

    expect(lines.join('\n')).not.toContain(SECRET);
  });

  it('keeps foreign text short and on one line', () => {
    listen('all');
    const text = `x\r\n\u2028\u0000ERROR forged ${'y'.repeat(5_000)}`;
    tell('run.failed', { error: new Error(text), job: { ...job, id: text } });

    expect(lines[0].length).toBeLessThan(1_300);
    expect(lines[0]).not.toMatch(/[\r\n\u2028]/);
  });

  it('makes no debug line that nobody would see', () => {
    listen('all', () => false);
    tell('run.succeeded');

    expect(lines).toEqual([]);
  });

  it('ends when it is told to', () => {
    const stop = listen('all');
    stop();
    tell('run.failed');

    expect(lines).toEqual([]);
    expect(bus.wants('run.failed')).toBe(false);
  });
});
