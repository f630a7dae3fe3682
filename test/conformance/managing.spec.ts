/** SEMANTICS section 2, "Managing", and the registry of DESIGN section 1, sentence by sentence, through the public entries. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  at,
  At,
  Cron,
  cron,
  every,
  Interval,
  JobContext,
  OnSchedulerEvent,
  SchedulerModule,
  SchedulerRegistry,
  Task,
  type JobInput,
  type SchedulerEvent,
  type SchedulerModuleOptions,
  type WhyAnswer,
} from '../../lib/index.js';
import { Gate, seedApp, type SeedApp } from '../seeds/seed-app.js';

const NOW = '2026-11-20T00:00:00Z';
let seed: SeedApp | undefined;
const gates: Gate[] = [];
afterEach(async () => {
  for (const gate of gates.splice(0)) gate.open();
  await seed?.app.close();
  seed = undefined;
});
type Class = new (...args: never[]) => object;

@Injectable()
class Work {
  readonly calls: unknown[][] = [];
  readonly events: SchedulerEvent[] = [];
  @Cron('0 9 * * *', { id: 'code', description: 'kept' }) daily(...args: unknown[]) {
    this.calls.push(args.slice(0, -1));
  }
  @Task() say(...args: unknown[]) {
    this.calls.push(args.slice(0, -1));
  }
  @Task() fail() {
    throw new Error('no');
  }
  @Task() async wait(job: JobContext) {
    const gate = new Gate();
    gates.push(gate);
    await Promise.race([
      gate.opened,
      new Promise((_resolve, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason as Error))),
    ]);
  }
  @OnSchedulerEvent('*') note(event: SchedulerEvent) {
    this.events.push(event);
  }
}

const start = async (providers: Class[] = [], options: SchedulerModuleOptions = {}) => {
  seed = await seedApp([Work, ...providers], { log: 'silent', ...options }, NOW);
  const { registry, tester, app } = seed;
  const work = app.get(Work);
  const add = (id: string, more: Partial<JobInput> = {}) =>
    registry.add({ id, task: 'Work.say', trigger: every('1m'), ...more });
  const next = async (id: string) => (await registry.get(id))!.nextFireTime?.toISOString().slice(11, 19) ?? null;
  const runs = async (id: string) =>
    (await tester.runsOf(id)).map((run) => `${run.fireTime.toISOString().slice(11, 16)} ${run.reason ?? run.state}`);
  return { ...seed, work, add, nextOf: next, runs };
};
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'no error',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

describe('pause and resume', () => {
  it('pause stops producing runs; resume goes on with next(now); what was missed is not made up for', async () => {
    const { tester, registry, add, runs, nextOf } = await start();
    await add('x');
    await tester.travel('1m');
    await registry.pause('x', { by: 'ada', reason: 'moving' });
    await tester.travel('210s');
    const { pause } = (await registry.get('x'))!;
    expect(pause).toEqual({ at: new Date('2026-11-20T00:01:00Z'), by: 'ada', reason: 'moving', until: null });
    expect(await runs('x')).toEqual(['00:01 succeeded']);
    expect((await registry.resume('x')).pause).toBeNull();
    expect(await nextOf('x')).toBe('00:05:00');
    await tester.travel('30s');
    expect(await runs('x')).toEqual(['00:01 succeeded', '00:04 paused', '00:05 succeeded']);
  });

  it('paused is written once, at resume, for the whole range', async () => {
    const { tester, registry, add } = await start();
    await add('x');
    await registry.pause('x');
    await tester.travel('30s');
    await tester.travel({ minutes: 10 });
    await registry.resume('x');
    const [record, ...others] = await tester.runsOf('x');
    expect(others).toEqual([]);
    expect(record).toMatchObject({ state: 'skipped', reason: 'paused', count: 10, attempt: 0 });
  });

  it('catchUp makes up for what was missed, as after a downtime', async () => {
    const { tester, registry, add, runs } = await start();
    await add('one');
    await add('all', { misfire: 'runAll' });
    for (const id of ['one', 'all']) await registry.pause(id);
    await tester.travel('210s');
    for (const id of ['one', 'all']) await registry.resume(id, { catchUp: true });
    await tester.travel('1ms');
    expect(await runs('one')).toEqual(['00:03 succeeded']);
    expect(await runs('all')).toEqual(['00:01 succeeded', '00:02 succeeded', '00:03 succeeded']);
  });

  it('until resumes by itself', async () => {
    const { tester, registry, add, runs } = await start();
    await add('x');
    await registry.pause('x', { until: '2026-11-20T00:03:30Z' });
    await tester.travel('5m');
    expect((await runs('x')).filter((run) => run.endsWith('succeeded'))).toEqual([
      '00:04 succeeded',
      '00:05 succeeded',
    ]);
    expect((await registry.get('x'))!.pause).toBeNull();
  });

  it('until in the past is refused', async () => {
    const { registry, add } = await start();
    await add('x');
    expect(await codeOf(registry.pause('x', { until: '2026-11-19' }))).toBe('INVALID_OPTIONS');
    expect((await registry.get('x'))!.pause).toBeNull();
  });

  it('open, retrying and buffered runs of a paused job go on', async () => {
    const { tester, registry, add, runs } = await start();
    await add('retrying', { task: 'Work.fail', retry: { attempts: 2, delay: '30s' } });
    await add('open', { task: 'Work.wait', overlap: 'bufferOne' });
    await tester.travel('2m');
    await registry.pause('retrying');
    await registry.pause('open');
    for (const gate of gates.splice(0)) gate.open();
    await tester.travel('1m');
    for (const gate of gates.splice(0)) gate.open();
    await tester.travel('1s');
    expect(await runs('open')).toEqual(['00:01 succeeded', '00:02 succeeded']);
    expect((await runs('retrying')).slice(0, 2)).toEqual(['00:01 failed', '00:02 failed']);
  });

  it('pauseAll stops all but evenInMaintenanceMode', async () => {
    const { tester, registry, add, runs } = await start();
    await add('x');
    await add('always', { evenInMaintenanceMode: true });
    await registry.pauseAll({ by: 'ada', reason: 'moving' });
    expect(await registry.pauseOfAll()).toMatchObject({ by: 'ada', reason: 'moving' });
    await tester.travel('150s');
    expect((await registry.get('x'))!.pause).toBeNull();
    expect(await runs('x')).toEqual([]);
    expect(await runs('always')).toHaveLength(2);
    await registry.resumeAll();
    expect(await registry.pauseOfAll()).toBeNull();
    await tester.travel('30s');
    expect(await runs('x')).toContain('00:03 succeeded');
  });

  it('pauseAll until an instant ends by itself', async () => {
    const { tester, registry, add, runs } = await start();
    await add('x');
    await registry.pauseAll({ until: '2026-11-20T00:02:30Z' });
    await tester.travel('150s');
    expect(await registry.pauseOfAll()).toBeNull();
    await tester.travel('90s');
    expect((await runs('x')).slice(-2)).toEqual(['00:03 succeeded', '00:04 succeeded']);
  });

  it('resumeAll does not make up for what was missed, as resume does not', async () => {
    const { tester, registry, add, runs } = await start();
    await add('x');
    await registry.pauseAll();
    await tester.travel('150s');
    await registry.resumeAll();
    await tester.travel('30s');
    expect(await runs('x')).toEqual(['00:02 paused', '00:03 succeeded']);
  });

  it('a job added while all are paused does not run', async () => {
    const { tester, registry, add, runs } = await start();
    await registry.pauseAll();
    await add('x', { trigger: at() });
    await tester.travel('1m');
    expect(await runs('x')).toEqual([]);
  });
});

describe('reschedule and modify', () => {
  it('reschedule goes on with next(now) and leaves a pause as it is', async () => {
    const { tester, registry, add, nextOf } = await start();
    await add('x');
    await registry.pause('x');
    await tester.travel('90s');
    const job = await registry.reschedule('x', every('10m'));
    expect(job.trigger).toMatchObject({ kind: 'interval', every: 600_000 });
    expect(job.pause).not.toBeNull();
    await registry.resume('x');
    expect(await nextOf('x')).toBe('00:11:30');
  });

  it('reschedule to a wall time in another zone', async () => {
    const { registry, add } = await start();
    await add('x');
    const job = await registry.reschedule('x', cron('0 9 * * *'), { timezone: 'Asia/Tokyo' });
    expect(job).toMatchObject({ timezone: 'Asia/Tokyo', nextFireTime: new Date('2026-11-21T00:00Z') });
  });

  it('reschedule brings a finished job back', async () => {
    const { tester, registry, add, nextOf } = await start();
    await add('x', { trigger: at() });
    await tester.travel('1s');
    expect((await registry.get('x'))!.status).toBe('finished');
    expect((await registry.reschedule('x', cron('0 1 * * *'))).status).toBe('active');
    expect(await nextOf('x')).toBe('01:00:00');
  });

  it('modify changes options and moves no next fire time', async () => {
    const { tester, registry, add, nextOf } = await start();
    await add('x');
    await tester.travel('30s');
    const job = await registry.modify('x', {
      maxInstances: 4,
      description: 'new',
      args: ['new'],
      tags: ['t'],
      timeout: '9s',
    });
    expect(job).toMatchObject({ maxInstances: 4, description: 'new', args: ['new'], tags: ['t'], timeout: 9_000 });
    expect(await nextOf('x')).toBe('00:01:00');
  });

  it('modify with a trigger, or a zone, moves it', async () => {
    const { registry, add, nextOf } = await start();
    await add('x', { trigger: cron('0 9 * * *') });
    await registry.modify('x', { timezone: 'Asia/Tokyo' });
    expect(await nextOf('x')).toBe('00:00:00');
    await registry.modify('x', { trigger: cron('0 10 * * *') });
    expect(await nextOf('x')).toBe('01:00:00');
  });

  it.each([
    { id: 'y' },
    { store: 'db' },
    { maxInstances: 0 },
    { nonsense: 1 },
    { task: 'Work.daily' },
    { args: [undefined] },
  ])('modify with %j is refused and changes nothing', async (changes) => {
    const { registry, add } = await start();
    const before = JSON.stringify(await add('x'));
    expect(await codeOf(registry.modify('x', changes as never))).toMatch(/INVALID_OPTIONS|INVALID_ARGUMENTS/);
    expect(JSON.stringify(await registry.get('x'))).toBe(before);
  });

  it('the call after a change takes it (U25)', async () => {
    const { tester, registry, add, work } = await start();
    await add('x', { args: [1] });
    await tester.travel('1m');
    await registry.modify('x', { args: [2] });
    await tester.travel('1m');
    expect(work.calls).toEqual([[1], [2]]);
  });
});

describe('runNow, retry, cancel, backfill', () => {
  it('runNow makes a manual run beside the schedule, with its own args', async () => {
    const { tester, registry, add, work, nextOf } = await start();
    await add('x', { args: [1] });
    const run = await registry.runNow('x', { args: [2, 'b'] });
    expect(run).toMatchObject({ kind: 'manual', args: [2, 'b'], jobId: 'x' });
    await tester.travel('1m');
    expect(work.calls).toEqual([[2, 'b'], [1]]);
    expect((await registry.run(run.id))!.state).toBe('succeeded');
    expect(await nextOf('x')).toBe('00:02:00');
  });

  it('runNow works on paused and finished jobs, and while all is paused', async () => {
    const { tester, registry, add, work } = await start();
    await add('paused');
    await registry.pause('paused');
    await add('finished', { trigger: at() });
    await tester.travel('1s');
    work.calls.length = 0;
    await registry.pauseAll();
    for (const id of ['paused', 'finished', 'code']) await registry.runNow(id);
    await tester.travel('1s');
    expect(work.calls).toHaveLength(3);
    expect((await registry.get('finished'))!.status).toBe('finished');
  });

  it('runNow asks conditions and obeys maxInstances and overlap, unless forced', async () => {
    const { tester, registry, add, work } = await start();
    await add('no', { when: () => false });
    await add('busy', { task: 'Work.wait' });
    await tester.travel('1m');
    const [asked, forced] = [await registry.runNow('no'), await registry.runNow('no', { force: true })];
    const [second, third] = [await registry.runNow('busy'), await registry.runNow('busy', { force: true })];
    await tester.travel('1ms');
    const states = await Promise.all([asked, forced, second, third].map(async ({ id }) => (await registry.run(id))!));
    expect(states.map(({ state, reason }) => reason ?? state)).toEqual([
      'condition',
      'succeeded',
      'overlap',
      'running',
    ]);
    expect(work.calls).toHaveLength(1);
  });

  it('runNow ignores grace and limit', async () => {
    const { tester, registry, add } = await start();
    await add('x', { limit: 1, misfireGraceTime: '1s' });
    await tester.travel('2m');
    const run = await registry.runNow('x');
    tester.clock.jump('1h');
    await tester.travel('1s');
    expect((await registry.run(run.id))!.state).toBe('succeeded');
  });

  it('retry tries a settled run again with its arguments; an open one is refused', async () => {
    const { tester, registry, add, work } = await start();
    const manual = await (await add('x'), registry.runNow('x', { args: [7] }));
    await tester.travel('1s');
    const again = await registry.retry(manual.id);
    await tester.travel('1s');
    expect(work.calls).toEqual([[7], [7]]);
    expect((await registry.run(again.id))!.state).toBe('succeeded');
    await add('busy', { task: 'Work.wait' });
    await tester.travel('1m');
    const [open] = await tester.runsOf('busy');
    expect(await codeOf(registry.retry(open.id))).toBe('RUN_NOT_SETTLED');
  });

  it('backfill makes the runs of a past window but those that are there', async () => {
    const { tester, registry, add, runs } = await start();
    await add('x');
    await tester.travel('90s');
    const made = await registry.backfill('x', { from: '2026-11-19T23:58:00Z', to: '2026-11-20T00:01:00Z' });
    await tester.travel('1ms');
    expect(made.map(({ kind }) => kind)).toEqual(made.map(() => 'backfill'));
    const all = await runs('x');
    expect(new Set(all).size).toBe(all.length);
    expect(all).toContain('00:01 succeeded');
  });

  it('backfill of a cron runs them one after another, in their order', async () => {
    const { tester, registry, add, runs } = await start();
    await add('x', { trigger: cron('0 * * * *'), args: [1] });
    await registry.backfill('x', { from: '2026-11-19 20:00', to: '2026-11-19 23:00' });
    await tester.travel('1s');
    expect(await runs('x')).toEqual(['20:00 succeeded', '21:00 succeeded', '22:00 succeeded', '23:00 succeeded']);
    expect(await registry.backfill('x', { from: '2026-11-19 20:00', to: '2026-11-19 23:00' })).toEqual([]);
  });

  it('backfill of a window that ends before it begins, or is too large, is refused', async () => {
    const { registry, add } = await start();
    await add('x', { trigger: cron('* * * * *') });
    expect(await codeOf(registry.backfill('x', { from: '2026-11-19', to: '2026-11-18' }))).toBe('INVALID_OPTIONS');
    expect(await codeOf(registry.backfill('x', { from: '2026-01-01', to: '2026-11-19' }))).toBe('BACKFILL_TOO_LARGE');
    expect((await registry.runs()).runs).toEqual([]);
  });
});

describe('add, replace, remove', () => {
  it('add with the id of another job is refused, both places named, and changes nothing', async () => {
    const { registry, add, nextOf } = await start();
    await add('x');
    const again = registry.addCron({ id: 'x', task: 'Work.say', expression: '0 5 * * *' });
    await expect(again).rejects.toMatchObject({ code: 'DUPLICATE_JOB' });
    await expect(again).rejects.toThrow(/"x".*the registry.*addCron/s);
    const ofCode = add('code');
    await expect(ofCode).rejects.toThrow(/Work\.daily/);
    expect(await nextOf('x')).toBe('00:01:00');
  });

  it('an identical definition answers the existing job and moves nothing', async () => {
    const { tester, add, registry } = await start();
    const first = await add('x', { args: [{ a: 1 }], trigger: cron('0 9 * * *') });
    await registry.pause('x');
    await tester.travel('10s');
    const again = await add('x', { args: [{ a: 1 }], trigger: cron('0 9 * * *') });
    expect(again).toMatchObject({ createdAt: first.createdAt, nextFireTime: first.nextFireTime });
    expect(again.pause).not.toBeNull();
  });

  it('so it is with an interval, whose start was filled in, and with at()', async () => {
    const { tester, add } = await start();
    const one = await add('i');
    const date = await add('a', { trigger: at() });
    await tester.travel('10s');
    expect((await add('i')).nextFireTime).toEqual(one.nextFireTime);
    expect((await add('a', { trigger: at() })).createdAt).toEqual(date.createdAt);
    expect(await tester.runsOf('a')).toHaveLength(1);
  });

  it('replaceExisting replaces all of it: trigger, options, pause', async () => {
    const { registry, add, nextOf } = await start();
    await add('x', { description: 'old', maxInstances: 5 });
    await registry.pause('x');
    const job = await add('x', { trigger: cron('0 9 * * *'), replaceExisting: true });
    expect(job).toMatchObject({ description: null, maxInstances: 1, pause: null, runCount: 0 });
    expect(await nextOf('x')).toBe('09:00:00');
  });

  it('replaceExisting in another store moves it there', async () => {
    const { registry, add } = await start([], { stores: { other: { type: 'memory' } } });
    await add('x');
    const answer = await codeOf(add('x', { store: 'other', replaceExisting: true }));
    const jobs = (await registry.list({ ids: ['x'] })).map(({ store }) => store);
    // Either moved or refused; never in both.
    expect([['other'], ['default']]).toContainEqual(jobs);
    expect(answer).toMatch(/no error|DUPLICATE_JOB/);
  });

  it('a job of the code is neither replaced nor removed; the advice is to pause it', async () => {
    const { registry, add } = await start();
    expect(await codeOf(add('code', { replaceExisting: true }))).toMatch(/CODE_JOB|DUPLICATE_JOB/);
    const removed = registry.remove('code');
    await expect(removed).rejects.toMatchObject({ code: 'CODE_JOB' });
    await expect(removed).rejects.toThrow(/pause/);
  });

  it('remove takes the job and what has not started; open runs go on', async () => {
    const { tester, registry, add } = await start();
    await add('x', { task: 'Work.wait', overlap: 'bufferOne' });
    await tester.travel('2m');
    const [open, buffered] = await tester.runsOf('x');
    expect((await registry.remove('x')).id).toBe('x');
    expect(await registry.get('x')).toBeNull();
    for (const gate of gates.splice(0)) gate.open();
    await tester.travel('5m');
    expect((await registry.run(open.id))?.state ?? 'gone').toMatch(/succeeded|gone/);
    expect((await registry.run(buffered.id))?.state ?? 'gone').not.toBe('succeeded');
    expect(await codeOf(registry.remove('x'))).toBe('UNKNOWN_JOB');
  });

  it('P28: removed and added again under one id is a new job', async () => {
    const { tester, registry, add, runs } = await start();
    await add('x');
    await tester.travel('30s');
    await registry.remove('x');
    await add('x', { trigger: every('50s') });
    await tester.travel('1m');
    expect(await runs('x')).toEqual(['00:01 succeeded']);
  });

  it('addMany adds all or nothing, in one call, and answers in order', async () => {
    const { registry } = await start();
    const job = (id: string, more = {}): JobInput => ({ id, task: 'Work.say', trigger: every('1m'), ...more });
    expect((await registry.addMany([job('b'), job('a')])).map(({ id }) => id)).toEqual(['b', 'a']);
    for (const bad of [
      job('d', { maxInstances: -1 }),
      job('d', { task: 'No.thing' }),
      job('a', { name: 'other' }),
      job('c'),
    ]) {
      expect(await codeOf(registry.addMany([job('c'), bad]))).not.toBe('no error');
      expect(await registry.has('c')).toBe(false);
    }
  });

  it('schedule() calls the method with its arguments', async () => {
    @Injectable()
    class Reminders {
      readonly sent: string[] = [];
      send(user: string, times: number) {
        this.sent.push(user.repeat(times));
      }
    }
    const { tester, registry, app } = await start([Reminders]);
    const job = await registry.schedule(Reminders, 'send', {
      id: 'r',
      trigger: at('2026-11-20T00:01Z'),
      args: ['ab', 2],
    });
    expect(job.task).toBe('Reminders.send');
    await tester.travel('2m');
    expect(app.get(Reminders).sent).toEqual(['abab']);
  });

  it.each(['pause', 'resume', 'remove', 'runNow', 'modify', 'reschedule', 'backfill', 'history'] as const)(
    '%s of an unknown job is UNKNOWN_JOB, of a wrong id INVALID_OPTIONS',
    async (method) => {
      const { registry } = await start();
      const more = { modify: {}, reschedule: every('1m'), backfill: { from: NOW, to: NOW } }[method as 'modify'];
      const call = (id: unknown) => (registry[method] as (id: unknown, more?: unknown) => Promise<unknown>)(id, more);
      if (method !== 'history') expect(await codeOf(call('nobody'))).toBe('UNKNOWN_JOB');
      for (const id of ['', undefined, 7, {}]) expect(await codeOf(call(id))).toBe('INVALID_OPTIONS');
    },
  );

  it.each(['retry', 'cancel'] as const)('%s of an unknown run is UNKNOWN_RUN; run() answers null', async (method) => {
    const { registry } = await start();
    expect(await codeOf(registry[method]('nothing'))).toBe('UNKNOWN_RUN');
    expect(await registry.run('nothing')).toBeNull();
  });

  it('get of an unknown job is null, has is false', async () => {
    const { registry } = await start();
    expect([await registry.get('nobody'), await registry.has('nobody'), await registry.has('code')]).toEqual([
      null,
      false,
      true,
    ]);
  });

  it('works in onModuleInit of any provider, identically at each start', async () => {
    @Injectable()
    class Early {
      constructor(private readonly registry: SchedulerRegistry) {}
      async onModuleInit() {
        for (let time = 0; time < 2; time++) {
          await this.registry.add({ id: 'early', task: 'Work.say', trigger: every('1m') });
        }
      }
    }
    const { tester, runs } = await start([Early]);
    await tester.travel('1m');
    expect(await runs('early')).toEqual(['00:01 succeeded']);
  });
});

describe('list, runs, history, preview, nodes', () => {
  it('list filters are ANDed', async () => {
    const { tester, registry, add } = await start([], { stores: { other: { type: 'memory' } } });
    await add('a', { tags: ['red'], trigger: at() });
    await add('b', { tags: ['red', 'blue'], store: 'other' });
    await add('c', { task: 'Work.fail' });
    await registry.pause('c');
    await tester.travel('1s');
    const ids = async (filter: object) => (await registry.list(filter)).map(({ id }) => id).join();
    expect(await ids({})).toBe('a,b,c,code');
    expect(await ids({ ids: ['c', 'a', 'nobody'] })).toBe('a,c');
    expect(await ids({ tag: 'red' })).toBe('a,b');
    expect(await ids({ tag: 'red', store: 'other' })).toBe('b');
    expect(await ids({ origin: 'code' })).toBe('code');
    expect(await ids({ status: 'finished' })).toBe('a');
    expect(await ids({ status: ['finished', 'active'], origin: 'runtime' })).toBe('a,b,c');
    expect(await ids({ task: [Work, 'fail'] })).toBe('c');
    expect(await ids({ task: 'Work.daily' })).toBe('code');
    expect(await ids({ paused: true })).toBe('c');
    expect(await ids({ paused: false })).toBe('a,b,code');
    expect(await ids({ limit: 2 })).toBe('a,b');
    expect(await ids({ limit: 2, after: 'b' })).toBe('c,code');
    expect(await codeOf(registry.list({ tags: 'red' } as never))).toBe('INVALID_OPTIONS');
  });

  it('runs filters are ANDed, newest fire time first, in pages that lose and repeat nothing', async () => {
    const { tester, registry, add } = await start();
    await add('a');
    await add('b', { task: 'Work.fail' });
    await registry.runNow('a');
    await tester.travel('10m');
    const count = async (filter: object) => (await registry.runs({ limit: 1_000, ...filter })).runs.length;
    expect(await count({})).toBe(21);
    expect(await count({ jobId: 'a' })).toBe(11);
    expect(await count({ state: 'failed' })).toBe(10);
    expect(await count({ state: ['failed', 'succeeded'], jobId: 'b' })).toBe(10);
    expect(await count({ kind: 'manual' })).toBe(1);
    expect(await count({ from: '2026-11-20T00:03:00Z', to: '2026-11-20T00:05:00Z' })).toBe(6);
    expect(await count({ reason: 'overlap' })).toBe(0);
    expect(await count({ store: 'default' })).toBe(21);
    const [node] = await registry.nodes();
    expect(await count({ node: node.id })).toBe(21);
    const seen: string[] = [];
    for (let cursor: string | undefined, page = 0; page < 20; page++) {
      const answer = await registry.runs({ limit: 4, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...answer.runs.map(({ id }) => id));
      if (answer.cursor === null) break;
      cursor = answer.cursor;
    }
    expect(seen).toHaveLength(21);
    expect(new Set(seen).size).toBe(21);
    const times = (await registry.runs({ limit: 1_000 })).runs.map(({ fireTime }) => fireTime.getTime());
    expect(times).toEqual([...times].sort((one, other) => other - one));
    // One that was not made by a page reads as none.
    expect((await registry.runs({ cursor: 'nonsense' })).runs).toHaveLength(21);
    expect(await codeOf(registry.runs({ limit: 0 }))).toBe('INVALID_OPTIONS');
  });

  it('pages go over several stores', async () => {
    const { tester, registry, add } = await start([], { stores: { other: { type: 'memory' } } });
    await add('a');
    await add('b', { store: 'other' });
    await tester.travel('5m');
    const one = await registry.runs({ limit: 7 });
    const two = await registry.runs({ limit: 7, cursor: one.cursor! });
    expect(new Set([...one.runs, ...two.runs].map(({ id }) => id)).size).toBe(10);
    expect([one.runs.length, two.runs.length, two.cursor]).toEqual([7, 3, null]);
    expect((await registry.runs({ cursor: 'nonsense' })).runs).toHaveLength(10);
  });

  it('preview lists fire times to come in order, with due times, both ends included', async () => {
    const { registry, add } = await start();
    await add('a', { trigger: cron('0 1 * * *') });
    await add('b', { trigger: cron('0 1,2 * * *'), tags: ['t'] });
    await add('paused');
    await registry.pause('paused');
    await add('few', { trigger: every('10m', { limit: 2 }) });
    await add('delay', { trigger: every('20m', { fixedDelay: true }) });
    const of = async (filter = {}) =>
      (await registry.preview('2026-11-20 00:00', '2026-11-20 02:00', filter)).map(
        ({ jobId, fireTime }) => `${jobId} ${fireTime.toISOString().slice(11, 16)}`,
      );
    expect(await of()).toEqual(['few 00:10', 'delay 00:20', 'few 00:20', 'a 01:00', 'b 01:00', 'b 02:00']);
    expect(await of({ ids: ['a'] })).toEqual(['a 01:00']);
    expect(await of({ tag: 't' })).toEqual(['b 01:00', 'b 02:00']);
    expect(await codeOf(registry.preview('2026-11-21', '2026-11-20'))).toBe('INVALID_OPTIONS');
  });

  it('nodes tells this process', async () => {
    const { registry } = await start();
    const [node, ...others] = await registry.nodes();
    expect(others).toEqual([]);
    expect(node).toMatchObject({ pid: process.pid, jobIds: ['code'] });
    expect(node.startedAt).toBeInstanceOf(Date);
  });
});

describe('why', () => {
  const cases: [
    WhyAnswer['verdict'],
    string,
    (app: Awaited<ReturnType<typeof start>>) => Promise<unknown>,
    string,
    RegExp,
  ][] = [
    ['ran', 'x', async ({ tester }) => tester.travel('5m'), '00:02', /succeeded/],
    [
      'running',
      'x',
      async ({ tester, registry }) => (await registry.modify('x', {}), tester.travel('1m')),
      '00:01',
      /running/,
    ],
    ['skipped', 'x', async ({ tester }) => tester.travel('5m'), '00:03', /overlap/],
    [
      'paused',
      'x',
      async ({ registry, tester }) => (await registry.pause('x', { reason: 'moving' }), tester.travel('5m')),
      '00:02',
      /moving/,
    ],
    ['notYet', 'x', async () => undefined, '00:02', /next fire time/],
    ['notAFireTime', 'x', async () => undefined, '00:02:30', /no fire time/],
    ['finished', 'once', async ({ tester }) => tester.travel('5m'), '00:02', /finished|no fire time/],
    ['notKept', 'forgetful', async ({ tester }) => tester.travel('5m'), '00:02', /history/],
    ['unknownJob', 'nobody', async () => undefined, '00:02', /nobody/],
  ];
  it.each(cases)('%s', async (verdict, id, prepare, time, text) => {
    const app = await start();
    await app.add('x', { task: ['running', 'skipped'].includes(verdict) ? 'Work.wait' : 'Work.say' });
    await app.add('once', { trigger: every('1m', { end: '2026-11-20T00:01:30Z' }) });
    await app.add('forgetful', { keepHistory: false });
    await prepare(app);
    const answer = await app.registry.why(id, `2026-11-20 ${time}`);
    expect(answer.verdict === verdict || (verdict === 'finished' && answer.verdict === 'notAFireTime')).toBe(true);
    expect(answer.text).toMatch(text);
  });

  it('a coalesced fire time is told by the run that stands for it', async () => {
    const { tester, registry, add } = await start();
    await add('x');
    tester.clock.jump(5.5 * 60_000);
    await tester.travel('1ms');
    const answer = await registry.why('x', '2026-11-20 00:02');
    expect(answer.verdict).toBe('ran');
    expect(answer.runs[0]).toMatchObject({ count: 5 });
  });

  it('every fire time without a run has an answer (M7)', async () => {
    const { tester, registry, add } = await start();
    await add('x', { when: () => false });
    await tester.travel('5m');
    for (let minute = 1; minute <= 5; minute++) {
      expect(await registry.why('x', `2026-11-20 00:0${minute}`)).toMatchObject({ verdict: 'skipped' });
    }
  });
});

describe('enabled and role', () => {
  const before = { ...process.env };
  afterEach(() => {
    for (const name of ['CARILLON_ENABLED', 'CARILLON_ROLE']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  it.each<[string, SchedulerModuleOptions, Record<string, string>]>([
    ['enabled: false', { enabled: false }, {}],
    ['CARILLON_ENABLED=false', {}, { CARILLON_ENABLED: 'false' }],
    ['role: client', { role: 'client' }, {}],
    ['role: worker', { role: 'worker' }, {}],
    ['CARILLON_ROLE=client', { role: 'all' }, { CARILLON_ROLE: 'client' }],
  ])('%s: no claim, no timer, jobs listed, the registry works', async (_name, options, environment) => {
    Object.assign(process.env, environment);
    const { tester, registry, add, runs } = await start([], options);
    await add('x');
    await tester.travel('1d');
    expect(tester.clock.timerCount()).toBe(0);
    expect(await runs('x')).toEqual([]);
    expect((await registry.list()).map(({ id }) => id)).toEqual(['code', 'x']);
    if (!/role/i.test(_name)) expect((await registry.get('code'))!.enabled).toBe(false);
    expect(await registry.nodes()).toEqual([]);
  });

  it('CARILLON_ENABLED and CARILLON_ROLE with nonsense are refused', async () => {
    Object.assign(process.env, { CARILLON_ENABLED: 'maybe', CARILLON_ROLE: 'boss' });
    await expect(start()).rejects.toThrow(/CARILLON_ENABLED.*CARILLON_ROLE|CARILLON_ROLE.*CARILLON_ENABLED/s);
  });

  it('enabled: false and environments of a job: listed as not enabled, never claimed, managing it is refused', async () => {
    @Injectable()
    class Off {
      @Interval('1m', { id: 'off', enabled: false }) a() {}
      @Interval('1m', { id: 'elsewhere', environments: ['production'] }) b() {}
      @Interval('1m', { id: 'here', environments: ['staging', 'production'] }) c() {}
    }
    const { tester, registry, runs } = await start([Off], { environment: 'staging' });
    await tester.travel('5m');
    for (const id of ['off', 'elsewhere']) {
      expect(await registry.get(id)).toMatchObject({ enabled: false, nextFireTime: null });
      expect(await runs(id)).toEqual([]);
      expect(await codeOf(registry.pause(id))).toBe('JOB_NOT_ENABLED');
    }
    expect(await runs('here')).toHaveLength(5);
    expect((await registry.list({ enabled: false })).map(({ id }) => id)).toEqual(['elsewhere', 'off']);
  });
});

describe('R10 the life of an application', () => {
  it('registers before other modules, starts after their bootstrap, stops before they close', async () => {
    const order: string[] = [];
    @Injectable()
    class Other {
      constructor(private readonly registry: SchedulerRegistry) {}
      async onModuleInit() {
        order.push(`init ${await this.registry.has('now')}`);
      }
      async onApplicationBootstrap() {
        await Promise.resolve();
        order.push('bootstrap');
      }
      onModuleDestroy() {
        order.push('destroy');
      }
      @At({ id: 'now' }) run() {
        order.push('run');
      }
      @OnSchedulerEvent('scheduler.stopped') stopped() {
        order.push('stopped');
      }
    }
    const { tester, app } = await start([Other]);
    await tester.travel('1s');
    seed = undefined;
    await app.close();
    expect(order).toEqual(['init true', 'bootstrap', 'run', 'stopped', 'destroy']);
  });

  describe('with the real clock', () => {
    let app: TestingModule | undefined;
    afterEach(async () => {
      await app?.close();
      app = undefined;
    });
    const real = async (provider: Class, options: SchedulerModuleOptions = {}) => {
      app = await Test.createTestingModule({
        imports: [SchedulerModule.forRoot({ log: 'silent', ...options })],
        providers: [provider],
      }).compile();
      await app.init();
      return app;
    };
    const handles = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

    it('close waits for a 2-second handler, whose run succeeds; no timer is left (U7)', async () => {
      const before = handles();
      const ended: string[] = [];
      const begun = new Gate();
      @Injectable()
      class Slow {
        @At({ id: 'slow' }) async run() {
          begun.open();
          await new Promise((resolve) => setTimeout(resolve, 2_000));
          ended.push('handler');
        }
        @OnSchedulerEvent('run.succeeded') note() {
          ended.push('succeeded');
        }
      }
      const started = await real(Slow);
      await begun.opened;
      const began = Date.now();
      await started.close();
      expect(ended).toEqual(['handler', 'succeeded']);
      expect(Date.now() - began).toBeGreaterThan(1_500);
      expect(Date.now() - began).toBeLessThan(15_000);
      expect(handles()).toBe(before);
    }, 30_000);

    it('a stuck handler is aborted at the deadline and its run recorded', async () => {
      const events: SchedulerEvent[] = [];
      let aborted: unknown;
      const begun = new Gate();
      @Injectable()
      class Stuck {
        @At({ id: 'stuck', abortGrace: '200ms' }) async run(job: JobContext) {
          job.signal.addEventListener('abort', () => (aborted = job.signal.reason));
          begun.open();
          await new Promise(() => undefined);
        }
        @OnSchedulerEvent('*') note(event: SchedulerEvent) {
          events.push(event);
        }
      }
      const started = await real(Stuck, { shutdownTimeout: 1_000 });
      await begun.opened;
      const began = Date.now();
      await started.close();
      expect(Date.now() - began).toBeLessThan(15_000);
      expect((aborted as { code: string }).code).toBe('SCHEDULER_STOPPED');
      const end = events.find(({ type, run }) => type.startsWith('run.') && run?.outcome === 'cancelled');
      expect(end?.type).toBe('run.cancelled');
      expect(events.map(({ type }) => type)).toContain('run.abandoned');
      expect(events.at(-1)!.type).toBe('scheduler.stopped');
    }, 30_000);

    it('close before anything was due leaves nothing', async () => {
      const before = handles();
      @Injectable()
      class Far {
        @Interval({ days: 30 }) run() {}
      }
      const started = await real(Far);
      expect(handles()).toBeGreaterThanOrEqual(before);
      await started.close();
      expect(handles()).toBe(before);
    });
  });

  it('a call after close is refused, or answers; it never hangs', async () => {
    const { app, registry } = await start();
    seed = undefined;
    await app.close();
    const answer = await codeOf(registry.runNow('code'));
    expect(typeof answer).toBe('string');
  });
});

describe('T1 under the fake timers of jest', () => {
  it('one application beside another: each has its own time', async () => {
    jest.useFakeTimers({ now: Date.parse(NOW) });
    try {
      let calls = 0;
      @Injectable()
      class Ticks {
        @Cron('* * * * * *') run() {
          calls++;
        }
      }
      const app = await Test.createTestingModule({
        imports: [SchedulerModule.forRoot({ log: 'silent' })],
        providers: [Ticks],
      }).compile();
      await app.init();
      jest.advanceTimersByTime(3_000);
      expect(calls).toBe(3);
      await app.close();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});
