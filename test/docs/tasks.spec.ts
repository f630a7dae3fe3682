/** Samples of docs/guides/tasks.md, executors.md, several-processes.md and retries.md. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type ModuleMetadata, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Cron, every, Interval, JobContext, SchedulerModule, Task } from '../../lib/index.js';
import { iso, startGuide, type GuideApp } from './guide-app.js';

let guide: GuideApp | undefined;
const folder = mkdtempSync(join(tmpdir(), 'carillon-guide-'));
const database = join(folder, 'app.db');
afterEach(async () => {
  await guide?.app.close();
  guide = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const start = async (metadata: ModuleMetadata): Promise<GuideApp> => (guide = await startGuide(metadata));
const startWith = (...providers: Type[]) => start({ imports: [SchedulerModule.forRoot()], providers });

describe('tasks guide', () => {
  it('methods, functions by name, functions', async () => {
    const lines: string[] = [];
    const purge = (table: string) => lines.push(`purged ${table}`);

    @Injectable()
    class MailService {
      @Task() // may be named in configuration
      send(to: string, job: JobContext) {
        lines.push(`${to}: ${job.jobId}`);
      }
    }

    const { registry, tester } = await start({
      imports: [
        SchedulerModule.forRoot({
          jobs: { welcome: { task: 'MailService.send', every: '1h', args: ['ada'] } },
        }),
        SchedulerModule.forFeature({ tasks: { purge: (table: string) => purge(table) } }),
      ],
      providers: [MailService],
    });

    await registry.addInterval({ id: 'a', task: 'purge', every: '1h', args: ['sessions'] });
    await registry.addInterval({ id: 'b', task: [MailService, 'send'], every: '1h', args: ['bob'] });
    await registry.addInterval({ id: 'c', task: () => purge('cache'), every: '1h' }); // memory store only

    await tester.travel('1h');
    expect(lines.sort()).toEqual(['ada: welcome', 'bob: b', 'purged cache', 'purged sessions']);
  });
});

describe('executors guide', () => {
  it('slots, and slots of their own', async () => {
    const started: string[] = [];
    @Injectable()
    class Work {
      @Interval('1m', { runInBackground: true }) // the executor `background`: slow work takes no slot of the others
      async rebuildIndex(job: JobContext) {
        await untilAborted(job.signal);
      }

      @Interval('1m', { executor: 'mail' }) // one at a time, whichever job it is of
      send(job: JobContext) {
        started.push(job.jobId);
      }
    }

    const untilAborted = (signal: AbortSignal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)));

    const { registry, tester } = await start({
      imports: [
        SchedulerModule.forRoot({
          executors: {
            default: { type: 'async', concurrency: 50 },
            mail: { type: 'async', concurrency: 1 },
          },
        }),
      ],
      providers: [Work],
    });

    await tester.travel('1m');
    expect(started).toEqual(['Work.send']);
    const [open] = await tester.runsOf('Work.rebuildIndex');
    expect(open.state).toBe('running');
    await registry.cancel(open.id);
  });
});

describe('several processes guide', () => {
  it('once in the cluster, and a renamed job', async () => {
    @Injectable()
    class Billing {
      @Cron('0 1 * * *', { id: 'billing', onOneServer: true }) // in the first shared store
      charge() {}

      @Interval('10m', { id: 'import-orders', aliases: ['import'], store: 'db' }) // was called `import` once
      importOrders() {}

      @Interval('30s') // in memory: in every process
      refreshCache() {}
    }

    const { registry } = await start({
      imports: [
        TypeOrmModule.forRoot({ type: 'better-sqlite3', database }),
        SchedulerModule.forRoot({ application: 'shop', stores: { db: { type: 'typeorm' } } }),
      ],
      providers: [Billing],
    });

    const stores = Object.fromEntries((await registry.list()).map((job) => [job.id, job.store]));
    expect(stores).toEqual({ billing: 'db', 'import-orders': 'db', 'Billing.refreshCache': 'default' });
    const nodes = await registry.nodes(); // who is running, and what each can run
    expect(nodes.map((node) => node.tasks.length)).toEqual([3]);
  });
});

describe('retries guide', () => {
  it('a timed-out attempt is tried again', async () => {
    const asked: number[] = [];
    const answers = (signal: AbortSignal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

    @Injectable()
    class Rates {
      @Cron('0 6 * * *', { timeout: '5s', retry: { attempts: 3, delay: '1m' } })
      async fetchRates(job: JobContext) {
        asked.push(job.attempt);
        if (job.attempt < 3) await answers(job.signal); // too late: attempts 1 and 2 are timed out
      }
    }

    const { tester } = await startWith(Rates);
    await tester.travelTo('2026-11-20T06:05:00Z');
    expect(asked).toEqual([1, 2, 3]);
    expect((await tester.runsOf('Rates.fetchRates')).map((run) => run.state)).toEqual(['succeeded']);
  });

  it('cancel and retry by hand', async () => {
    let failures = 1;
    @Injectable()
    class Exports {
      @Cron('0 6 * * *', { id: 'export' })
      write() {
        if (failures-- > 0) throw new Error('no space');
      }
    }

    const { registry, tester, app } = await startWith(Exports);
    app.useLogger(false);
    await tester.travelTo('2026-11-20T06:00:00Z');

    const failed = await registry.runs({ state: 'failed', jobId: 'export' });
    await registry.retry(failed.runs[0].id); // a new run, by hand, with the arguments of that one

    await tester.travel('1s');
    expect((await tester.runsOf('export')).map((run) => [run.kind, run.state])).toEqual([
      ['scheduled', 'failed'],
      ['manual', 'succeeded'],
    ]);
  });
});

describe('triggers guide: the first fire time of an interval', () => {
  it('initialDelay', async () => {
    @Injectable()
    class Warmth {
      @Interval('1h', { initialDelay: '10s' }) // 10 s after the start, then each hour
      warmUp() {}
    }

    const { tester } = await startWith(Warmth);
    expect(iso(await tester.nextFires('Warmth.warmUp', 2))).toEqual([
      '2026-11-20T00:00:10.000Z',
      '2026-11-20T01:00:10.000Z',
    ]);
    expect(every('1h').next(0)).toBe(3_600_000);
  });
});
