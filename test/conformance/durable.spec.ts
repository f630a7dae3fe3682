/** DESIGN section 2, "Start", and SEMANTICS 1 and 2 on a SQLite file across restarts, through the public entries. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import driver from 'better-sqlite3';
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
  type DecoratorOptions,
  type SchedulerEvent,
  type SchedulerModuleOptions,
} from '../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../lib/testing/index.js';

let folder: string;
let current: TestingModule | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-durable-'));
  jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  ran.length = 0;
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
  jest.restoreAllMocks();
});

type Class = new (...args: never[]) => object;
const ran: string[] = [];
/** Starts the application on the file, as at a time of 20 November 2026; the one before is stopped first. */
async function start(time: string, providers: Class[], options: SchedulerModuleOptions = {}) {
  await stop();
  const file = { type: 'better-sqlite3', database: join(folder, 'jobs.db'), driver };
  current = await Test.createTestingModule({
    imports: [
      SchedulerModule.forRoot({
        log: 'silent',
        stores: { db: { type: 'typeorm', options: file } },
        jobDefaults: { store: 'db' },
        ...options,
      }),
      SchedulerTestingModule.forRoot({ now: time.includes('T') ? time : `2026-11-20T${time}Z` }),
    ],
    providers,
  }).compile();
  await current.init();
  const [tester, registry] = [current.get(SchedulerTester), current.get(SchedulerRegistry)];
  const next = async (id: string) => (await registry.get(id))?.nextFireTime?.toISOString().slice(11, 19) ?? null;
  return { app: current, tester, registry, next };
}
async function stop() {
  const app = current;
  current = undefined;
  await app?.close();
}
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'no error',
    ({ code }: { code: string }) => code,
  );

/** One deploy of a class `Jobs` with the method `run` under this decorator. */
function deploy(decorator: MethodDecorator): Class {
  class Jobs {
    run(job: JobContext) {
      ran.push(`${job.jobId} ${job.fireTime.toISOString().slice(11, 19)} ${job.count}`);
    }
  }
  decorator(Jobs.prototype, 'run', Object.getOwnPropertyDescriptor(Jobs.prototype, 'run')!);
  Injectable()(Jobs);
  return Jobs;
}
const interval = (options: DecoratorOptions = {}) => deploy(Interval('10m', { id: 'x', ...options }));

@Injectable()
class Tasks {
  @Task() say(word: string) {
    ran.push(word);
  }
}

describe('K3 a restart', () => {
  it('moves no next fire time, keeps pause and history, and makes up for what was missed by the policy (P13, U21, U27)', async () => {
    const first = await start('00:00:00', [interval()]);
    await first.tester.travel('11m');
    const second = await start('00:15:00', [interval()]);
    expect(await second.next('x')).toBe('00:20:00');
    expect((await second.registry.history('x')).runs).toHaveLength(1);
    await second.registry.pause('x', { by: 'ada', reason: 'why not' });
    const third = await start('00:16:00', [interval()]);
    expect((await third.registry.get('x'))!.pause).toMatchObject({ by: 'ada', reason: 'why not' });
    await third.tester.travel('10m');
    expect(ran).toEqual(['x 00:10:00 1']);
    await third.registry.resume('x');
    expect(await third.next('x')).toBe('00:30:00');
    const late = await start('01:05:00', [interval()]);
    await late.tester.travel('1s');
    expect(ran).toEqual(['x 00:10:00 1', 'x 01:00:00 4']);
  });

  it('changed options are updated and move nothing', async () => {
    await start('00:00:00', [interval({ maxInstances: 1 })]);
    const { registry, next } = await start('00:05:00', [interval({ maxInstances: 3, description: 'new' })]);
    expect(await registry.get('x')).toMatchObject({ maxInstances: 3, description: 'new' });
    expect(await next('x')).toBe('00:10:00');
  });

  it('a changed trigger is computed anew, is told, and keeps a pause', async () => {
    const first = await start('00:00:00', [interval()]);
    await first.registry.pause('x');
    const events: SchedulerEvent[] = [];
    @Injectable()
    class Listener {
      @OnSchedulerEvent('job.changed') note(event: SchedulerEvent) {
        events.push(event);
      }
    }
    const { registry, next } = await start('00:05:00', [deploy(Cron('0 9 * * *', { id: 'x' })), Listener]);
    expect(await next('x')).toBe('09:00:00');
    expect((await registry.get('x'))!.pause).not.toBeNull();
    expect(events[0].data).toMatchObject({
      fireTimeBefore: Date.parse('2026-11-20T00:10Z'),
      fireTimeAfter: Date.parse('2026-11-20T09:00Z'),
    });
  });

  it('a changed zone moves it too (U30)', async () => {
    await start('00:00:00', [deploy(Cron('0 9 * * *', { id: 'x' }))]);
    const { next } = await start('00:05:00', [deploy(Cron('0 9 * * *', { id: 'x', timezone: 'Europe/Berlin' }))]);
    expect(await next('x')).toBe('08:00:00');
  });

  it('a fire time that is due already stays due when the trigger changed', async () => {
    await start('00:00:00', [interval()]);
    const { tester, next } = await start('00:12:00', [deploy(Cron('0 9 * * *', { id: 'x' }))]);
    await tester.travel('1s');
    expect(ran).toEqual(['x 00:10:00 1']);
    expect(await next('x')).toBe('09:00:00');
  });

  it('a run-time change of a code job survives restarts until its code changes', async () => {
    const first = await start('00:00:00', [interval()]);
    await first.registry.reschedule('x', cron('0 7 * * *'));
    await first.registry.modify('x', { description: 'by hand' });
    const second = await start('00:05:00', [interval()]);
    expect(await second.next('x')).toBe('07:00:00');
    expect((await second.registry.get('x'))!.description).toBe('by hand');
    const third = await start('00:06:00', [deploy(Cron('0 8 * * *', { id: 'x' }))]);
    expect(await third.next('x')).toBe('08:00:00');
  });

  it('a lower version never changes a definition; a higher one does (U28)', async () => {
    await start('00:00:00', [deploy(Cron('0 8 * * *', { id: 'x' }))], { version: '1.10.0' });
    const old = await start('00:01:00', [deploy(Cron('0 7 * * *', { id: 'x' }))], { version: '1.9.0' });
    expect(await old.next('x')).toBe('08:00:00');
    const newer = await start('00:02:00', [deploy(Cron('0 6 * * *', { id: 'x' }))], { version: '1.11.0' });
    expect(await newer.next('x')).toBe('06:00:00');
  });

  it('an alias renames the row, and nothing else moves', async () => {
    const first = await start('00:00:00', [interval()]);
    await first.tester.travel('11m');
    const { registry, next } = await start('00:15:00', [interval({ id: 'y', aliases: ['x'] })]);
    expect(await registry.get('x')).toBeNull();
    expect(await next('y')).toBe('00:20:00');
    expect((await registry.history('y')).runs).toHaveLength(1);
  });

  it('retries and runtime jobs survive, with their arguments', async () => {
    const first = await start('00:00:00', [Tasks]);
    await first.registry.addAt({ id: 'once', task: 'Tasks.say', at: '2026-11-20 00:30', args: ['hello'] });
    const second = await start('00:10:00', [Tasks]);
    expect(await second.registry.get('once')).toMatchObject({ origin: 'runtime', args: ['hello'] });
    await second.tester.travel('21m');
    expect(ran).toEqual(['hello']);
    expect((await second.registry.get('once'))!.status).toBe('finished');
  });

  it('a retry is a stored row: it is made by the next process', async () => {
    let isBroken = true;
    @Injectable()
    class Fragile {
      @Cron('0 1 * * *', { id: 'f', retry: { attempts: 2, delay: '10m' } }) run(job: JobContext) {
        if (isBroken) throw new Error('broken');
        ran.push(`attempt ${job.attempt}`);
      }
    }
    const first = await start('00:59:00', [Fragile]);
    await first.tester.travel('2m');
    isBroken = false;
    const second = await start('01:05:00', [Fragile]);
    await second.tester.travel('6m');
    expect(ran).toEqual(['attempt 2']);
    expect((await second.registry.history('f')).runs.map(({ state }) => state)).toEqual(['succeeded']);
  });

  it('@At() runs once, not at each start; a past @At is finished, reason past', async () => {
    const once = () => deploy(At({ id: 'x' }));
    const first = await start('00:00:00', [once()]);
    await first.tester.travel('1s');
    const second = await start('00:10:00', [once()]);
    await second.tester.travel('1m');
    expect(ran).toHaveLength(1);
    const third = await start('00:11:00', [deploy(At('2024-12-31', { id: 'past' }))]);
    expect(await third.registry.get('past')).toMatchObject({ status: 'finished', statusReason: 'past' });
  });

  it('runOnStart adds a run when no other node is live', async () => {
    const first = await start('00:00:00', [deploy(Interval('1h', { id: 'x', runOnStart: true }))]);
    await first.tester.travel('1s');
    const second = await start('00:10:00', [deploy(Interval('1h', { id: 'x', runOnStart: true }))]);
    await second.tester.travel('1s');
    expect(ran).toHaveLength(2);
    expect(await second.next('x')).toBe('01:00:00');
  });

  it('pauseAll stays', async () => {
    const first = await start('00:00:00', [interval()]);
    await first.registry.pauseAll({ reason: 'moving' });
    const second = await start('00:05:00', [interval()]);
    await second.tester.travel('30m');
    expect(ran).toEqual([]);
    expect(await second.registry.pauseOfAll()).toMatchObject({ reason: 'moving' });
  });
});

describe('K3 code that is gone', () => {
  it('a removed job is orphaned after 5 minutes: kept, shown, not fired, and goes on when it is back', async () => {
    await start('00:00:00', [interval()]);
    const second = await start('00:05:00', [Tasks]);
    await second.tester.travel('30m');
    expect(ran).toEqual([]);
    expect(await second.registry.get('x')).toMatchObject({ status: 'orphaned' });
    expect((await second.registry.why('x', '2026-11-20 00:20')).verdict).toBe('orphaned');
    const third = await start('00:45:00', [interval()]);
    expect((await third.registry.get('x'))!.status).toBe('active');
    await third.tester.travel('20m');
    expect(ran.at(-1)).toMatch(/^x 01:00:00/);
  });

  it('a runtime job whose task nobody knows is unresolved after 10 minutes: kept and not claimed', async () => {
    const first = await start('00:00:00', [Tasks]);
    await first.registry.add({ id: 'r', task: 'Tasks.say', trigger: every('1m'), args: ['hi'] });
    const second = await start('00:00:30', [interval()]);
    await second.tester.travel('20m');
    expect(await second.registry.get('r')).toMatchObject({ status: 'unresolved', args: ['hi'] });
    const third = await start('00:30:00', [Tasks]);
    await third.tester.travel('2m');
    expect((await third.registry.get('r'))!.status).toBe('active');
    expect(ran.filter((word) => word === 'hi').length).toBeGreaterThanOrEqual(1);
  });

  it('a job that is switched off is listed as not enabled, and not fired', async () => {
    await start('00:00:00', [interval()]);
    const { tester, registry } = await start('00:05:00', [interval({ enabled: false })]);
    await tester.travel('30m');
    expect(ran).toEqual([]);
    expect((await registry.list()).map(({ id, enabled }) => [id, enabled])).toContainEqual(['x', false]);
  });
});

describe('a shared store', () => {
  it.each<[string, (app: Awaited<ReturnType<typeof start>>) => Promise<unknown>]>([
    ['a function as task', ({ registry }) => registry.add({ id: 'x', task: () => 1, trigger: every('1m') })],
    [
      'a function as condition',
      ({ registry }) => registry.add({ id: 'x', task: 'Tasks.say', trigger: every('1m'), when: () => true }),
    ],
    [
      'a predicate as calendar',
      ({ registry }) => registry.add({ id: 'x', task: 'Tasks.say', trigger: cron('0 9 * * *').excluding(() => false) }),
    ],
  ])('refuses %s, with advice, and keeps nothing', async (_name, call) => {
    const app = await start('00:00:00', [Tasks]);
    expect(await codeOf(call(app))).toBe('FUNCTION_NOT_STORABLE');
    expect(await app.registry.list()).toEqual([]);
  });

  it('refuses a second id-less job of one method, asking for an id', async () => {
    @Injectable()
    class Twice {
      @Cron('0 1 * * *') @Cron('0 2 * * *') run() {}
    }
    await expect(start('00:00:00', [Twice])).rejects.toThrow(/Twice\.run.*id/s);
  });

  it('refuses :memory:, with advice', async () => {
    const stores = {
      db: { type: 'typeorm', options: { type: 'better-sqlite3', database: ':memory:', driver } },
    } as const;
    await expect(start('00:00:00', [interval()], { stores })).rejects.toThrow(/:memory:/);
  });

  it('without onOneServer’s store the start is refused', async () => {
    const options = { stores: { default: { type: 'memory' } }, jobDefaults: {} } as const;
    await expect(start('00:00:00', [interval({ onOneServer: true })], options)).rejects.toThrow(/onOneServer/);
  });

  it('applications in one file see only their own jobs', async () => {
    await start('00:00:00', [interval()], { application: 'one' });
    const { registry, tester } = await start('00:01:00', [Tasks], { application: 'two' });
    await tester.travel('1h');
    expect(await registry.list()).toEqual([]);
    expect(await codeOf(registry.runNow('x'))).toBe('UNKNOWN_JOB');
    expect(ran).toEqual([]);
  });

  it('an identical add in every node’s start moves nothing (U29, U34)', async () => {
    @Injectable()
    class Early {
      constructor(private readonly registry: SchedulerRegistry) {}
      async onModuleInit() {
        await this.registry.addInterval({ id: 'r', task: 'Tasks.say', every: '10m', args: ['r'] });
      }
    }
    await start('00:00:00', [Tasks, Early]);
    const { next } = await start('00:07:00', [Tasks, Early]);
    expect(await next('r')).toBe('00:10:00');
  });

  it('a client adds for others and never claims', async () => {
    const client = await start('00:00:00', [Tasks], { role: 'client' });
    await client.registry.add({ id: 'r', task: 'Tasks.say', trigger: at('2026-11-20T00:01Z'), args: ['hi'] });
    await client.tester.travel('5m');
    expect(ran).toEqual([]);
    expect(await client.registry.nodes()).toEqual([]);
    const worker = await start('00:06:00', [Tasks]);
    await worker.tester.travel('1s');
    expect(ran).toEqual(['hi']);
  });
});
