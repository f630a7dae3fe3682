import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import type { TestingModule } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import { At, Cron, Interval, SchedulerModule, SchedulerRegistry, Task } from '../../lib/index.js';
import type { JobContext, SchedulerModuleOptions } from '../../lib/index.js';
import {
  ManualClock,
  NoRunError,
  RunExpectationError,
  SchedulerTester,
  SchedulerTestingModule,
} from '../../lib/testing/index.js';

const realTimeout = globalThis.setTimeout;
const realImmediate = globalThis.setImmediate;
let app: TestingModule | undefined;

async function start(
  provider: Type,
  options: SchedulerModuleOptions = {},
  now = '2026-01-01',
): Promise<SchedulerTester> {
  app = await Test.createTestingModule({
    imports: [SchedulerModule.forRoot(options), SchedulerTestingModule.forRoot({ now })],
    providers: [provider],
  }).compile();
  app.useLogger(false);
  await app.init();
  return app.get(SchedulerTester);
}

afterEach(async () => {
  jest.useRealTimers();
  await app?.close();
  app = undefined;
});

const turn = () => new Promise<void>((resolve) => realImmediate(resolve));
const isoOf = (runs: readonly { fireTime: Date }[]) => runs.map((run) => run.fireTime.toISOString());

@Injectable()
class Work {
  readonly calls: string[] = [];
  gate: Promise<unknown> = Promise.resolve();

  @Cron('0 9 * * *', { id: 'daily', timezone: 'Europe/Berlin' })
  daily(job: JobContext) {
    this.calls.push(job.fireTime.toISOString());
  }

  @Interval({ hours: 1 }, { id: 'slow' })
  async slow() {
    this.calls.push('slow begins');
    for (let step = 0; step < 20; step++) await Promise.resolve();
    for (let step = 0; step < 5; step++) await turn();
    this.calls.push('slow ends');
  }

  @Interval({ hours: 1 }, { id: 'next' })
  next() {
    this.calls.push('next');
  }

  @Task()
  async byHand(name: string) {
    await this.gate;
    this.calls.push(`by hand for ${name}`);
    if (name === 'nobody') throw new Error('no such user');
    return name.length;
  }
}

@Injectable()
class Year {
  readonly fires: Date[] = [];

  @Cron('30 2 * * *', { id: 'nightly', timezone: 'Europe/Berlin' })
  nightly(job: JobContext) {
    this.fires.push(job.fireTime);
  }

  @Cron('*/30 9-17 * * 1-5', { id: 'office' })
  async office() {}

  @Interval({ hours: 6 }, { id: 'sync' })
  async sync() {
    await Promise.resolve();
  }
}

describe('SchedulerTester', () => {
  it('travels a whole year of a schedule in a moment', async () => {
    const tester = await start(Year);
    const before = process.cpuUsage();

    await tester.travel({ days: 365 });

    const { user, system } = process.cpuUsage(before);
    tester.expectRan('nightly').times(365).withOutcome('succeeded');
    tester.expectRan('office').times(261 * 18);
    tester.expectRan('sync').times(365 * 4);
    // Both daylight saving changes are in it: 02:30 on 29 March does not exist, on 25 October it comes twice.
    const { fires } = app!.get(Year);
    expect(fires.filter((at) => at.toISOString().startsWith('2026-03-29')).map((at) => at.toISOString())).toEqual([
      '2026-03-29T01:00:00.000Z',
    ]);
    // Time of the processor, in microseconds: other processes may have taken theirs meanwhile.
    expect(user + system).toBeLessThan(15_000_000);
  });

  it('lets time stand until the handlers of an instant have ended', async () => {
    const tester = await start(Work);
    await tester.travel('2h');
    const { calls } = app!.get(Work);
    const hour = ['next', 'slow begins', 'slow ends'];
    expect([calls.slice(0, 3).sort(), calls.slice(3).sort()]).toEqual([hour, hour]);
    expect(calls[2]).toBe('slow ends');
  });

  it('shows each handler the clock of its fire time', async () => {
    const seen: string[] = [];
    @Injectable()
    class Looks {
      constructor(readonly clock: ManualClock) {}
      @Interval('20m', { id: 'looks' })
      async looks() {
        await turn();
        seen.push(new Date(this.clock.now()).toISOString());
      }
    }
    const tester = await start(Looks);
    await tester.travel('1h');
    expect(seen).toEqual(['2026-01-01T00:20:00.000Z', '2026-01-01T00:40:00.000Z', '2026-01-01T01:00:00.000Z']);
    expect(new Date(tester.clock.now()).toISOString()).toBe('2026-01-01T01:00:00.000Z');
  });

  it('waits in real time for work outside of the process', async () => {
    @Injectable()
    class Outside {
      @Interval('1h', { id: 'outside' })
      async outside() {
        await new Promise((resolve) => realTimeout(resolve, 20));
      }
    }
    const tester = await start(Outside);
    await tester.travel('3h');
    tester.expectRan('outside').times(3).withOutcome('succeeded');
  });

  it('waits for such work, too, where it began before the tester looked', async () => {
    @Injectable()
    class Slow {
      @Interval('1h', { id: 'slow' })
      async slow() {
        await new Promise((resolve) => realTimeout(resolve, 150));
      }
    }
    const tester = await start(Slow);
    await app!.get(SchedulerRegistry).runNow('slow');
    tester.clock.advance(0);
    await tester.travel('1s');
    tester.expectRan('slow').times(1).withOutcome('succeeded');
  });

  it('waits for many small steps on files, although files were at work before', async () => {
    @Injectable()
    class Files {
      @Interval('1h', { id: 'files' })
      async files() {
        const end = performance.now() + 150;
        while (performance.now() < end) await readFile(import.meta.filename, 'utf8');
      }
    }
    const tester = await start(Files);
    await readFile(import.meta.filename, 'utf8');
    expect(await tester.runJob('files')).toMatchObject({ state: 'succeeded' });
  });

  it('goes on past a handler that waits for time, which a timeout then ends', async () => {
    @Injectable()
    class Stuck {
      @Interval('1h', { id: 'stuck', timeout: '10m' })
      async stuck(job: JobContext) {
        await new Promise((_, reject) =>
          job.signal.addEventListener('abort', () => reject(job.signal.reason as Error)),
        );
      }
    }
    const tester = await start(Stuck);
    const before = performance.now();
    await tester.travel('90m');
    expect(performance.now() - before).toBeLessThan(15_000);
    tester.expectRan('stuck').once().withOutcome('timedOut');
  });

  it('travels to an instant, what is due then included, and never back', async () => {
    const tester = await start(Work, { timezone: 'Europe/Berlin' });
    await tester.travelTo('2026-01-02 09:00');
    tester.expectRan('daily').at('2026-01-01T08:00Z', '2026-01-02T08:00Z');
    await expect(tester.travelTo('2026-01-01')).rejects.toMatchObject({ code: 'TRAVEL_BACK' });
  });

  it('runs a job by hand, with arguments, and answers how it ended', async () => {
    const tester = await start(Work);
    await app!.get(SchedulerRegistry).addAt({ id: 'later', task: 'Work.byHand', args: ['ada'], at: '2027-01-01' });

    expect(await tester.runJob('later')).toMatchObject({ state: 'succeeded', kind: 'manual', result: 3 });
    expect(await tester.runJob('later', ['bob!'])).toMatchObject({ state: 'succeeded', result: 4 });
    expect(await tester.runJob('later', ['nobody'])).toMatchObject({
      state: 'failed',
      error: { message: 'no such user' },
    });
    expect(app!.get(Work).calls).toEqual(['by hand for ada', 'by hand for bob!', 'by hand for nobody']);
    await expect(tester.runJob('letter')).rejects.toMatchObject({ code: 'UNKNOWN_JOB' });
  });

  it('answers runs of a job, the oldest fire time first', async () => {
    const tester = await start(Work);
    await tester.travel({ days: 3 });
    const runs = await tester.runsOf('daily');
    expect(isoOf(runs)).toEqual(['2026-01-01T08:00:00.000Z', '2026-01-02T08:00:00.000Z', '2026-01-03T08:00:00.000Z']);
  });

  it('waits for a run that ends while time stands', async () => {
    const tester = await start(Work);
    await app!.get(SchedulerRegistry).addAt({ id: 'later', task: 'Work.byHand', args: ['ada'], at: '2027-01-01' });
    let open: (value?: unknown) => void = () => undefined;
    app!.get(Work).gate = new Promise((resolve) => (open = resolve));
    realTimeout(open, 20);
    await app!.get(SchedulerRegistry).runNow('later');

    expect(await tester.waitForRun('later')).toMatchObject({ state: 'succeeded' });
    await expect(tester.waitForRun('later', 50)).rejects.toThrow(NoRunError);
    await expect(tester.waitForRun('later', 50)).rejects.toThrow(
      /No further run of job "later" has ended.*travel\('1h'\)/s,
    );
  });

  it('tells the next fire times, none while the job is paused', async () => {
    const tester = await start(Work);
    expect((await tester.nextFires('daily', 2)).map((at) => at.toISOString())).toEqual([
      '2026-01-01T08:00:00.000Z',
      '2026-01-02T08:00:00.000Z',
    ]);
    await app!.get(SchedulerRegistry).pause('daily');
    expect(await tester.nextFires('daily', 2)).toEqual([]);
  });

  it('sees a process that slept, and a clock that was set', async () => {
    const tester = await start(Work);
    tester.clock.jump({ hours: 10 });
    await tester.travel('1s');
    tester.expectRan('next').once();
    expect((await tester.runsOf('next')).map((run) => run.count)).toEqual([10]);
  });

  it('works beside fake timers (U8)', async () => {
    jest.useFakeTimers({ now: new Date('2020-01-01') });
    const tester = await start(Work);
    await tester.travel('2h');
    expect(await tester.runJob('daily')).toMatchObject({ state: 'succeeded' });
    tester.expectRan('slow').times(2).withOutcome('succeeded');
    expect(new Date().toISOString()).toBe('2020-01-01T00:00:00.000Z');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind after close', async () => {
    const tester = await start(Work);
    await tester.travel('1h');
    await app!.close();
    expect(tester.clock.timerCount()).toBe(0);
    app = undefined;
  });

  it('gives every application a clock of its own', async () => {
    const first = await start(Work);
    const other = await Test.createTestingModule({
      imports: [SchedulerModule.forRoot(), SchedulerTestingModule.forRoot({ now: '2030-01-01' })],
    }).compile();
    expect(other.get(SchedulerTester).clock).not.toBe(first.clock);
    await other.close();
  });

  it('is refused where its module is imported without a start', async () => {
    const imports = [SchedulerModule.forRoot(), SchedulerTestingModule];
    await expect(Test.createTestingModule({ imports }).compile()).rejects.toMatchObject({
      code: 'MISSING_ROOT',
      message: expect.stringMatching(/^SchedulerTestingModule is imported without .*SchedulerTestingModule\.forRoot\(/),
    });
  });

  it('refuses a start that is no time', () => {
    expect(() => SchedulerTestingModule.forRoot({ now: 'soon' })).toThrow(
      /now of SchedulerTestingModule\.forRoot\(\) cannot be 'soon'/,
    );
  });
});

describe('expectations', () => {
  @Injectable()
  class Job {
    @Interval('10m', { id: 'open' })
    async open() {
      await new Promise(() => undefined);
    }
    @At('2026-01-01T00:30', { id: 'once' }) once() {}
    @At('2027-01-01', { id: 'later' }) later() {}
  }

  it('hold, and can be chained', async () => {
    const tester = await start(Job);
    await tester.travel('1h');
    tester.expectRan('once').once().at('2026-01-01T00:30Z').withOutcome('succeeded');
    tester.expectSkipped('open').because('overlap');
    tester.expectRan('open').never();
    tester.forget();
    tester.expectRan('once').never();
  });

  it.each<[string, (tester: SchedulerTester) => unknown, RegExp]>([
    [
      'times',
      (t) => t.expectRan('once').times(2),
      /Expected job "once" to have run 2 times, not once\. Its 1 runs:\n {2}2026-01-01T00:30:00\.000Z succeeded/,
    ],
    ['never', (t) => t.expectRan('once').never(), /to have run never, not once/],
    ['once', (t) => t.expectRan('later').once(), /to have run once, not never\. It has no runs/],
    [
      'at',
      (t) => t.expectRan('once').at('2026-01-01T00:31Z'),
      /at 2026-01-01T00:31:00\.000Z, not at 2026-01-01T00:30:00\.000Z/,
    ],
    ['withOutcome', (t) => t.expectRan('once').withOutcome('failed'), /with the outcome failed each time/],
    ['withOutcome of none', (t) => t.expectRan('later').withOutcome('failed'), /It has no runs/],
    [
      'because',
      (t) => t.expectSkipped('open').because('misfire'),
      /skipped because of misfire each time.*\(overlap\)/s,
    ],
  ])('say what was expected and what became of it: %s', async (_, check, message) => {
    const tester = await start(Job);
    await tester.travel('1h');
    expect(() => check(tester)).toThrow(RunExpectationError);
    expect(() => check(tester)).toThrow(message);
  });
});

describe('an id that no job has', () => {
  @Injectable()
  class Job {
    @At('2026-01-01T00:30', { id: 'once' }) once() {}
    @At('2026-01-01T00:30', { id: 'off', enabled: false }) off() {}
  }

  it.each<[string, (tester: SchedulerTester) => unknown]>([
    ['expectRan', (t) => t.expectRan('onec').never()],
    ['expectSkipped', (t) => t.expectSkipped('onec').never()],
    ['runsOf', (t) => t.runsOf('onec')],
    ['nextFires', (t) => t.nextFires('onec', 2)],
    ['waitForRun', (t) => t.waitForRun('onec', 10)],
    ['runJob', (t) => t.runJob('onec')],
  ])('is an error: %s', async (_, ask) => {
    const tester = await start(Job);
    await expect((async () => ask(tester))()).rejects.toMatchObject({ code: 'UNKNOWN_JOB', jobId: 'onec' });
  });

  it.each([
    ['is switched off', 'off', {}],
    ['is switched off with all others', 'once', { enabled: false }],
  ])('is not that of one that %s', async (_, id, options) => {
    const tester = await start(Job, options);
    tester.expectRan(id).never();
    tester.expectSkipped(id).never();
    expect(await tester.runsOf(id)).toEqual([]);
  });

  it('is not that of one that was added later, and not that of one that was removed', async () => {
    const tester = await start(Job);
    const registry = app!.get(SchedulerRegistry);
    await registry.addAt({ id: 'later', task: 'Job.once', at: '2027-01-01' });
    tester.expectRan('later').never();
    await registry.remove('later');
    tester.expectRan('later').never();
    expect(await tester.nextFires('later', 1)).toEqual([]);
  });

  it('is not that of one that is finished', async () => {
    const tester = await start(Job);
    await tester.travel('1h');
    tester.forget();
    tester.expectRan('once').never();
    expect(await tester.runsOf('once')).toHaveLength(1);
    expect(await tester.nextFires('once', 1)).toEqual([]);
  });
});
