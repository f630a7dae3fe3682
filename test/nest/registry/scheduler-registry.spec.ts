import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { allOf, anyOf, at, calendar, cron, every, JobContext, Run, Job } from '../../../lib/index.js';
import type { SchedulerRegistry } from '../../../lib/index.js';
import { REGISTRY_PARTS } from '../../../lib/nest/index.js';
import type { RegistryParts } from '../../../lib/nest/index.js';
import type { SchedulerTester } from '../../../lib/testing/index.js';
import { iso, Reports, startRegistry } from './registry-app.js';
import type { RegistryApp } from './registry-app.js';

let it_: RegistryApp;
let scheduler: SchedulerRegistry;
let tester: SchedulerTester;
let reports: Reports;

beforeEach(async () => {
  it_ = await startRegistry();
  ({ scheduler, tester, reports } = it_);
});
afterEach(() => it_.app.close());

const args = ['ada', 1] as [string, number];
const later = { task: 'Reports.plain', trigger: at('2026-12-01') };

describe('adding jobs', () => {
  it('answers the job as it was stored', async () => {
    const job = await scheduler.add({
      id: 'mail',
      name: 'Mail',
      task: 'Reports.send',
      args,
      trigger: cron('30 9 * * 1-5', { timezone: 'Europe/Berlin' }),
      misfireGraceTime: '5m',
      retry: { attempts: 3 },
    });

    expect(job).toBeInstanceOf(Job);
    expect(job).toMatchObject({
      id: 'mail',
      name: 'Mail',
      origin: 'runtime',
      task: 'Reports.send',
      args,
      status: 'active',
      store: 'default',
      enabled: true,
      pause: null,
      misfireGraceTime: 300_000,
      maxInstances: 1,
      retry: { attempts: 3, backoff: 'fixed' },
    });
    expect(iso(job.nextFireTime)).toBe('2026-11-20T08:30:00.000Z');
    expect(await scheduler.get('mail')).toEqual(job);
  });

  it('gives a job without id a new one', async () => {
    const job = await scheduler.add({ ...later, name: 'a label' });
    expect(job.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(job.name).toBe('a label');
  });

  it('by cron, interval and instant, in text, fields and objects', async () => {
    const jobs = [
      await scheduler.addCron({
        id: 'a',
        task: 'Reports.plain',
        expression: '0 2 * * *',
        timezone: 'America/New_York',
      }),
      await scheduler.addCron({ id: 'b', task: 'Reports.plain', fields: { dayOfWeek: 'mon', hour: 9 }, limit: 3 }),
      await scheduler.addInterval({ id: 'c', task: [Reports, 'plain'], every: { minutes: 5 }, initialDelay: '10s' }),
      await scheduler.addInterval({ id: 'd', task: [Reports, 'plain'], every: 60_000 }),
      await scheduler.addAt({ id: 'e', task: 'cleanup', at: '2026-12-31 23:59' }),
      await scheduler.addAt({ id: 'f', task: 'cleanup', at: '2026-12-31 23:59', timezone: 'Europe/Berlin' }),
      await scheduler.addAt({ id: 'g', task: 'cleanup', at: { toMillis: () => Date.UTC(2027, 0, 1) } }),
    ];
    expect(jobs.map((job) => iso(job.nextFireTime))).toEqual([
      '2026-11-21T07:00:00.000Z',
      '2026-11-23T09:00:00.000Z',
      '2026-11-20T08:00:10.000Z',
      '2026-11-20T08:01:00.000Z',
      '2026-12-31T23:59:00.000Z',
      '2026-12-31T22:59:00.000Z',
      '2027-01-01T00:00:00.000Z',
    ]);
    expect(jobs[1]?.trigger).toMatchObject({ kind: 'cron', limit: 3, fields: { dayOfWeek: 'mon', hour: 9 } });
  });

  it('at an instant that is past, or at none, runs at once', async () => {
    await scheduler.addAt({ id: 'past', task: 'Reports.plain', at: '2020-01-01' });
    await scheduler.addAt({ id: 'now', task: 'Reports.plain' });
    await tester.travel(0);
    tester.expectRan('past').once();
    tester.expectRan('now').once();
  });

  it('for a method, with its arguments and then the context', async () => {
    const job = await scheduler.schedule(Reports, 'send', { id: 'typed', trigger: at(), args: ['ada', 2] });
    await tester.travel(0);
    expect(job.task).toBe('Reports.send');
    expect(reports.calls).toEqual([['ada', 2, 'typed']]);
    expect((await tester.runsOf('typed'))[0]?.result).toEqual({ to: 'ada', count: 2 });
  });

  it('for a function, called with the arguments and the context, in a memory store', async () => {
    const seen: unknown[] = [];
    const greet = (name: string, job: JobContext) => {
      seen.push([name, job.jobId, JobContext.current()?.runId === job.runId]);
    };
    const job = await scheduler.addAt({ id: 'fn', task: greet, args: ['ada'] });
    await tester.travel(0);
    expect(job.task).toMatch(/^greet\b/);
    expect(seen).toEqual([['ada', 'fn', true]]);
  });

  it('with conditions and hooks, as methods and as functions with the injector', async () => {
    const told: unknown[] = [];
    await scheduler.addInterval({
      id: 'hooked',
      task: 'Reports.plain',
      every: '1h',
      when: [Reports, 'isBusinessTime'],
      skip: (_job, ref) => ref.get(Reports).failure !== null,
      after: (job, _ref, outcome) => told.push([job.jobId, outcome.outcome]),
    });
    await tester.travel('1h');
    reports.isOpen = false;
    await tester.travel('1h');
    tester.expectRan('hooked').once();
    tester.expectSkipped('hooked').once().because('condition');
    expect(told).toEqual([['hooked', 'succeeded']]);
    expect((await scheduler.get('hooked'))?.hooks.when).toEqual(['Reports.isBusinessTime']);
  });

  it('refuses the id of another job, naming both places, and answers an identical one', async () => {
    const first = await scheduler.add({ id: 'one', ...later });
    const again = await scheduler.add({ id: 'one', ...later });
    expect(again.createdAt).toEqual(first.createdAt);
    await expect(scheduler.addCron({ id: 'one', task: 'Reports.plain', expression: '@daily' })).rejects.toMatchObject({
      code: 'DUPLICATE_JOB',
      message: expect.stringMatching(/"one".*SchedulerRegistry/s),
    });
    await expect(scheduler.add({ id: 'report', ...later })).rejects.toMatchObject({ code: 'CODE_JOB' });
  });

  it.each(['5 minuts', 'every minute', '', 0, 5, NaN, -1, { minuets: 5 }])(
    'refuses the interval %p instead of running without end (U35)',
    async (every_) => {
      await expect(
        scheduler.addInterval({ id: 'tight', task: 'Reports.plain', every: every_ as number }),
      ).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
      await tester.travel('1h');
      expect(await scheduler.has('tight')).toBe(false);
    },
  );

  it('replaces all of a job with replaceExisting, its function and its pause too', async () => {
    const calls: string[] = [];
    const fn = (name: string) => Object.assign(() => void calls.push(name), {});
    await scheduler.addAt({ id: 'one', task: fn('old'), at: '2026-12-01', description: 'old' });
    await scheduler.pause('one');
    const job = await scheduler.addAt({ id: 'one', task: fn('new'), replaceExisting: true });
    await tester.travel(0);
    expect(job).toMatchObject({ description: null, pause: null });
    expect(calls).toEqual(['new']);
  });

  it('keeps the function of a job when another with its id is refused', async () => {
    const calls: string[] = [];
    await scheduler.addAt({ id: 'one', task: () => void calls.push('mine'), at: '2026-12-01' });
    const other = () => void calls.push('other');
    await expect(scheduler.addAt({ id: 'one', task: other, at: '2026-12-02' })).rejects.toThrow(/"one"/);
    await tester.runJob('one');
    expect(calls).toEqual(['mine']);
  });

  it('adds many or none', async () => {
    const jobs = await scheduler.addMany([
      { id: 'm1', ...later },
      { id: 'm2', ...later },
    ]);
    expect(jobs.map((job) => job.id)).toEqual(['m1', 'm2']);
    const wrong = [
      { id: 'm3', ...later },
      { id: 'm1', ...later, maxInstances: 5 },
    ];
    await expect(scheduler.addMany(wrong)).rejects.toMatchObject({ code: 'DUPLICATE_JOB' });
    expect(await scheduler.has('m3')).toBe(false);
    expect(await scheduler.addMany(wrong, { replaceExisting: true })).toHaveLength(2);
  });

  it('shows each of many jobs as a single one is shown', async () => {
    const triggers = [cron('0 9 * * *'), cron('0 9 * * *'), cron('30 8 * * 1'), every('5m', { start: '2027-01-01' })];
    const jobs = await scheduler.addMany(
      triggers.map((trigger, index) => ({ id: `many-${index}`, task: later.task, trigger })),
    );
    const single = await Promise.all(jobs.map(({ id }) => scheduler.get(id)));
    expect(jobs).toEqual(single);
    expect(JSON.stringify(jobs)).toEqual(JSON.stringify(single));
    expect(jobs.map((job) => job.trigger.description)).toEqual([
      'At 09:00',
      'At 09:00',
      'At 08:30, only on Monday',
      'Every 5 minutes',
    ]);
    expect(jobs[0].trigger.text).toBe('cron 0 9 * * * (UTC)');
  });

  it('takes the options of the module for those left out', async () => {
    await it_.app.close();
    it_ = await startRegistry({ timezone: 'Europe/Berlin', jobDefaults: { maxInstances: 3, misfireGraceTime: '60s' } });
    const job = await it_.scheduler.addCron({ task: 'cleanup', expression: '0 12 * * *' });
    expect(job).toMatchObject({ timezone: 'Europe/Berlin', maxInstances: 3, misfireGraceTime: 60_000 });
    expect(iso(job.nextFireTime)).toBe('2026-11-20T11:00:00.000Z');
  });
});

describe('reading jobs', () => {
  it('answers null for an id that no job has', async () => {
    expect(await scheduler.get('nobody')).toBeNull();
    expect(await scheduler.has('nobody')).toBe(false);
    expect(await scheduler.has('report')).toBe(true);
  });

  it('shows jobs of the code, and those that are switched off (U8)', async () => {
    expect((await scheduler.list()).map(({ id, enabled, origin }) => ({ id, enabled, origin }))).toEqual([
      { id: 'off', enabled: false, origin: 'code' },
      { id: 'report', enabled: true, origin: 'code' },
    ]);
    expect(await scheduler.get('off')).toMatchObject({ enabled: false, nextFireTime: null, createdAt: null });
    await expect(scheduler.pause('off')).rejects.toMatchObject({ code: 'JOB_NOT_ENABLED' });
  });

  it('shows all jobs as not enabled when the module is', async () => {
    await it_.app.close();
    it_ = await startRegistry({ enabled: false });
    expect((await it_.scheduler.list()).map((job) => job.enabled)).toEqual([false, false]);
    await it_.tester.travel({ days: 2 });
    it_.tester.expectRan('report').never();
  });

  it.each<[string, Parameters<SchedulerRegistry['list']>[0], string[]]>([
    ['ids', { ids: ['b', 'c', 'x'] }, ['b', 'c']],
    ['origin', { origin: 'runtime' }, ['a', 'b', 'c']],
    ['tag', { tag: 'mail' }, ['b', 'off', 'report']],
    ['task', { task: 'cleanup' }, ['c']],
    ['task as a method', { task: [Reports, 'plain'] }, ['a', 'b']],
    ['paused', { paused: true }, ['a']],
    ['status', { status: 'finished' }, ['c']],
    ['statuses', { status: ['finished', 'active'], origin: 'runtime' }, ['a', 'b', 'c']],
    ['enabled', { enabled: true }, ['a', 'b', 'c', 'report']],
    ['not enabled', { enabled: false }, ['off']],
    ['store', { store: 'default', tag: 'mail' }, ['b', 'off', 'report']],
    ['a page', { limit: 2 }, ['a', 'b']],
    ['the next page', { limit: 2, after: 'b' }, ['c', 'off']],
  ])('filters lists by %s', async (_, filter, ids) => {
    await scheduler.add({ id: 'a', ...later });
    await scheduler.add({ id: 'b', ...later, tags: ['mail', 'x'] });
    await scheduler.addAt({ id: 'c', task: 'cleanup' });
    await tester.travel(0);
    await scheduler.pause('a');
    expect((await scheduler.list(filter)).map((job) => job.id)).toEqual(ids);
  });

  it('turns jobs and runs into plain JSON', async () => {
    const job = await scheduler.get('report');
    const json = JSON.parse(JSON.stringify(job));
    expect(json).toMatchObject({ id: 'report', nextFireTime: '2026-11-20T09:00:00.000Z', description: 'Daily report' });
    expect(json.trigger).toMatchObject({ kind: 'cron', expression: '0 9 * * *', fields: { hour: 9, minute: 0 } });
    const run = await tester.runJob('report');
    expect(run).toBeInstanceOf(Run);
    expect(JSON.parse(JSON.stringify(run))).toMatchObject({
      jobId: 'report',
      kind: 'manual',
      state: 'succeeded',
      outcome: 'succeeded',
      startedAt: '2026-11-20T08:00:00.000Z',
      durationMs: 0,
    });
  });

  it.each([
    [cron({ hour: 0, minute: '*/30' }), { kind: 'cron', expression: null, fields: { hour: 0, minute: '*/30' } }],
    [every('15m', { fixedDelay: true }), { kind: 'interval', every: 900_000, fixedDelay: true }],
    [
      every('1h', { start: '2027-01-01', end: '2028-01-01', jitter: '5s' }),
      { start: new Date('2027-01-01'), jitter: 5_000 },
    ],
    [at('2027-01-01'), { kind: 'date', at: new Date('2027-01-01') }],
    [calendar({ months: 1, start: '2026-12-31' }), { kind: 'calendar', rule: expect.objectContaining({ months: 1 }) }],
    [anyOf(cron({ hour: 9 }), every('3h')), { kind: 'or', triggers: [{ kind: 'cron' }, { kind: 'interval' }] }],
    [allOf(cron({ dayOfWeek: 'mon-fri' }), cron({ hour: '9-17' })), { kind: 'and', triggers: [{ kind: 'cron' }, {}] }],
    [
      cron({ hour: 9 }).excluding('2026-12-24'),
      { kind: 'filtered', trigger: { kind: 'cron' }, filters: { excluding: ['2026-12-24'] } },
    ],
    [cron('@reboot'), { kind: 'never', runOnStart: true }],
  ])('shows the trigger %s', async (trigger, expected) => {
    const job = await scheduler.add({ task: 'Reports.plain', trigger });
    expect(job.trigger).toMatchObject({ text: expect.any(String), description: expect.any(String), ...expected });
  });
});

describe('managing jobs', () => {
  it('pauses with who, why and until when, and resumes by itself (U23)', async () => {
    const job = await scheduler.pause('report', { by: 'ada', reason: 'moving', until: '2026-11-22 10:00' });
    expect(job.pause).toEqual({
      at: new Date('2026-11-20T08:00Z'),
      by: 'ada',
      reason: 'moving',
      until: new Date('2026-11-22T10:00Z'),
    });
    await tester.travelTo('2026-11-23T12:00Z');
    tester.expectRan('report').at('2026-11-23T09:00Z');
  });

  it('reads the end of a pause in the zone of the job', async () => {
    await scheduler.addCron({ id: 'ny', task: 'cleanup', expression: '@daily', timezone: 'America/New_York' });
    const { pause } = await scheduler.pause('ny', { until: '2026-12-01 00:00' });
    expect(iso(pause?.until ?? null)).toBe('2026-12-01T05:00:00.000Z');
  });

  it('resumes with the next fire time, or makes up for what was missed', async () => {
    await scheduler.pause('report');
    await tester.travel({ days: 3 });
    expect((await scheduler.resume('report')).pause).toBeNull();
    await tester.travel('1s');
    tester.expectRan('report').never();
    expect((await tester.runsOf('report')).map((run) => [run.reason, run.count])).toEqual([['paused', 3]]);
    await scheduler.pause('report');
    await tester.travel({ days: 3 });
    await scheduler.resume('report', { catchUp: true });
    await tester.travel('1s');
    tester.expectRan('report').once();
  });

  it('pauses and resumes the whole application', async () => {
    await scheduler.pauseAll({ by: 'ada', reason: 'maintenance' });
    expect(await scheduler.pauseOfAll()).toMatchObject({ by: 'ada', reason: 'maintenance' });
    await tester.travel({ days: 2 });
    tester.expectRan('report').never();
    await scheduler.resumeAll();
    expect(await scheduler.pauseOfAll()).toBeNull();
    await tester.travel({ days: 1 });
    expect(reports.calls.length).toBeGreaterThan(0);
  });

  it('reschedules, in another zone when one is given, and leaves a pause as it is (U25)', async () => {
    await scheduler.pause('report', { by: 'ada' });
    const job = await scheduler.reschedule('report', cron('0 9 * * *'), { timezone: 'America/New_York' });
    expect(job).toMatchObject({ timezone: 'America/New_York', pause: { by: 'ada' } });
    expect(iso(job.nextFireTime)).toBe('2026-11-20T14:00:00.000Z');
  });

  it('modifies options and nothing else', async () => {
    const before = await scheduler.get('report');
    const job = await scheduler.modify('report', { description: 'new', maxInstances: 2, retry: { attempts: 5 } });
    expect(job).toMatchObject({ description: 'new', maxInstances: 2, tags: ['mail'], coalesce: true });
    expect(job.retry).toEqual({ ...before?.retry, attempts: 5 });
    expect(job.nextFireTime).toEqual(before?.nextFireTime);
    expect((await scheduler.modify('report', { retry: { delay: '10s' } })).retry).toMatchObject({
      attempts: 5,
      delay: 10_000,
    });
  });

  it('modifies the trigger when it is given', async () => {
    const job = await scheduler.modify('report', { trigger: every('6h') });
    expect(iso(job.nextFireTime)).toBe('2026-11-20T14:00:00.000Z');
  });

  it('modifies conditions, as functions too', async () => {
    await scheduler.addInterval({ id: 'c', task: 'Reports.plain', every: '1h' });
    await scheduler.modify('c', { when: () => false });
    await tester.travel('1h');
    tester.expectSkipped('c').once().because('condition');
  });

  it('lets go of the functions of a job that is removed', async () => {
    const { functions } = it_.app.get<RegistryParts>(REGISTRY_PARTS);
    const job = await scheduler.addAt({ id: 'fn', task: () => 1, at: '2027-01-01', when: () => true });
    const [when] = job.hooks.when ?? [];
    expect([functions.task(job.task), functions.hook(when)]).toEqual([expect.any(Function), expect.any(Function)]);
    await scheduler.remove('fn');
    expect([functions.task(job.task), functions.hook(when)]).toEqual([null, null]);
  });

  it('removes what was added at run time, and not what code defines', async () => {
    await scheduler.add({ id: 'one', ...later });
    expect((await scheduler.remove('one')).id).toBe('one');
    expect(await scheduler.get('one')).toBeNull();
    await expect(scheduler.remove('one')).rejects.toMatchObject({ code: 'UNKNOWN_JOB' });
    await expect(scheduler.remove('report')).rejects.toMatchObject({
      code: 'CODE_JOB',
      message: expect.stringMatching(/pause/),
    });
  });
});

describe('runs', () => {
  it('are made by hand, of a paused job too, with arguments of their own', async () => {
    await scheduler.add({ id: 'send', task: 'Reports.send', args, trigger: at('2027-01-01') });
    await scheduler.pause('send');
    expect(await scheduler.runNow('send')).toMatchObject({ kind: 'manual', args: null });
    await scheduler.runNow('send', { args: ['bob', 2], force: true });
    await tester.travel(0);
    expect(reports.calls).toEqual([
      ['ada', 1, 'send'],
      ['bob', 2, 'send'],
    ]);
  });

  it('can be tried again and cancelled', async () => {
    await scheduler.add({ id: 'send', task: 'Reports.send', args, trigger: at('2027-01-01') });
    reports.failure = 'no route';
    const failed = await tester.runJob('send');
    reports.failure = null;
    expect(failed).toMatchObject({ state: 'failed', error: { message: 'no route' } });
    const again = await scheduler.retry(failed.id);
    await tester.travel(0);
    expect((await scheduler.run(again.id))?.state).toBe('succeeded');

    await scheduler.addAt({ id: 'long', task: 'Reports.untilAborted' });
    await tester.travel(0);
    const [open] = (await scheduler.runs({ state: 'running' })).runs;
    await scheduler.cancel(open.id, 'not needed');
    await tester.travel('10s');
    expect(await scheduler.run(open.id)).toMatchObject({
      state: 'cancelled',
      detail: expect.stringContaining('not needed'),
    });
  });

  it('are backfilled for a past window, in the zone of the job', async () => {
    const runs = await scheduler.backfill('report', { from: '2026-11-16', to: '2026-11-19 09:00' });
    expect(runs.map((run) => [run.kind, iso(run.fireTime)])).toEqual([
      ['backfill', '2026-11-16T09:00:00.000Z'],
      ['backfill', '2026-11-17T09:00:00.000Z'],
      ['backfill', '2026-11-18T09:00:00.000Z'],
      ['backfill', '2026-11-19T09:00:00.000Z'],
    ]);
    expect(await scheduler.backfill('report', { from: '2026-11-19', to: '2026-11-19 12:00' })).toEqual([]);
  });

  it('are read in pages, newest first, and filtered', async () => {
    await tester.travel({ days: 5 });
    const first = await scheduler.history('report', { limit: 2 });
    const second = await scheduler.history('report', { limit: 2, cursor: first.cursor! });
    const third = await scheduler.history('report', { limit: 2, cursor: second.cursor! });
    const days = [first, second, third].map(({ runs }) => runs.map((run) => run.fireTime.getUTCDate()));
    expect(days).toEqual([[24, 23], [22, 21], [20]]);
    expect(third.cursor).toBeNull();
    const found = await scheduler.runs({
      jobId: 'report',
      state: ['succeeded'],
      from: '2026-11-22',
      to: '2026-11-23 23:00',
    });
    expect(found.runs.map((run) => run.fireTime.getUTCDate())).toEqual([23, 22]);
    expect((await scheduler.runs({ kind: 'manual' })).runs).toEqual([]);
    expect(await scheduler.run('nobody')).toBeNull();
  });

  it('to come are previewed, in order', async () => {
    await scheduler.addInterval({ id: 'often', task: 'cleanup', every: '12h', tags: ['x'] });
    const fires = await scheduler.preview('2026-11-20', '2026-11-22');
    expect(fires.map(({ jobId, fireTime }) => `${jobId} ${iso(fireTime)}`)).toEqual([
      'report 2026-11-20T09:00:00.000Z',
      'often 2026-11-20T20:00:00.000Z',
      'often 2026-11-21T08:00:00.000Z',
      'report 2026-11-21T09:00:00.000Z',
      'often 2026-11-21T20:00:00.000Z',
    ]);
    expect(await scheduler.preview('2026-11-20', '2026-11-21', { tag: 'x' })).toHaveLength(1);
    const misnamed = { jobId: 'often' } as object;
    await expect(scheduler.preview('2026-11-20', '2026-11-21', misnamed)).rejects.toThrow(/write ids: \['often'\]/);
  });

  it('that were or were not made are explained', async () => {
    await tester.travel({ days: 1 });
    expect(await scheduler.why('report', '2026-11-20 09:00')).toMatchObject({
      verdict: 'ran',
      runs: [{ state: 'succeeded' }],
    });
    expect(await scheduler.why('report', '2026-11-20 09:01')).toMatchObject({ verdict: 'notAFireTime' });
    expect(await scheduler.why('report', '2026-11-22 09:00')).toMatchObject({ verdict: 'notYet' });
    expect(await scheduler.why('nobody', '2026-11-22 09:00')).toMatchObject({ verdict: 'unknownJob' });
  });

  it('belong to nodes', async () => {
    const nodes = await scheduler.nodes();
    for (const node of nodes) expect(node.startedAt).toBeInstanceOf(Date);
  });
});
