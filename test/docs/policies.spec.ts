/** Samples of docs/guides/policies.md, retries.md and conditions-and-hooks.md. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Cron, Interval, JobContext, SchedulerModule } from '../../lib/index.js';
import { startGuide, type GuideApp } from './guide-app.js';

let guide: GuideApp | undefined;
afterEach(async () => {
  await guide?.app.close();
  guide = undefined;
});

const start = async (providers: (new (...args: never[]) => unknown)[], now?: string) => {
  guide = await startGuide({ imports: [SchedulerModule.forRoot()], providers }, now);
  return guide;
};

describe('policies guide', () => {
  it('late', async () => {
    @Injectable()
    class Mornings {
      @Cron('0 9 * * *', { misfireGraceTime: '5m' })
      sendMail() {}
    }

    const { tester } = await start([Mornings], '2026-11-20T08:59:00Z');
    tester.clock.jump(10 * 60_000);
    await tester.travel('1s');
    expect((await tester.runsOf('Mornings.sendMail')).map((run) => run.reason)).toEqual(['misfire']);
  });

  it('missed', async () => {
    @Injectable()
    class Imports {
      @Interval({ minutes: 10 }) // one run for the latest of the missed times; `job.count` tells how many
      importAll(job: JobContext) {
        counts.push(job.count);
      }

      @Interval({ minutes: 10 }, { misfire: 'runAll' }) // one run for each, one after another
      importEach() {}

      @Interval({ minutes: 10 }, { misfire: 'skip' }) // what is more than 10 s late is left out
      importFresh() {}
    }
    const counts: number[] = [];

    const { tester } = await start([Imports]);
    tester.clock.jump(35 * 60_000);
    await tester.travel('1s');
    expect(counts).toEqual([3]);
    expect(await tester.runsOf('Imports.importEach')).toHaveLength(3);
    expect((await tester.runsOf('Imports.importFresh')).map((run) => run.state)).toEqual(['skipped']);
  });

  it('overlap', async () => {
    let release!: () => void;
    const work = new Promise<void>((resolve) => (release = resolve));
    @Injectable()
    class Sync {
      @Interval('1m', { maxInstances: 1, overlap: 'bufferOne' })
      async pull() {
        await work;
      }
    }

    const { tester } = await start([Sync]);
    await tester.travel('3m');
    expect((await tester.runsOf('Sync.pull')).map((run) => run.state).sort()).toEqual([
      'buffered',
      'running',
      'skipped',
    ]);
    release();
  });

  it('withoutOverlapping', async () => {
    @Injectable()
    class Nightly {
      @Cron('0 2 * * *', { withoutOverlapping: 120 }) // minutes; after them an open run stands in the way no longer
      rebuild() {}
    }

    const { tester } = await start([Nightly]);
    await tester.travel('3h');
    expect(await tester.runsOf('Nightly.rebuild')).toHaveLength(1);
  });
});

describe('retries guide', () => {
  it('retry', async () => {
    @Injectable()
    class Payments {
      @Cron('0 4 * * *', {
        retry: { attempts: 5, backoff: 'exponential', delay: '10s', maxDelay: '10m', jitter: '1s' },
      })
      settle(job: JobContext) {
        if (job.attempt < 3) throw new Error('bank is closed');
      }
    }

    const { tester } = await start([Payments]);
    await tester.travelTo('2026-11-20T04:05:00Z');
    const [run] = await tester.runsOf('Payments.settle');
    expect([run.state, run.attempt]).toEqual(['succeeded', 3]);
  });

  it('timeout', async () => {
    @Injectable()
    class Probe {
      @Interval('1m', { timeout: '5s' })
      async check(job: JobContext) {
        await untilAborted(job.signal); // pass the signal on: fetch(url, { signal: job.signal })
      }
    }
    const untilAborted = (signal: AbortSignal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

    const { tester } = await start([Probe]);
    await tester.travel('70s');
    expect((await tester.runsOf('Probe.check')).map((run) => run.state)).toEqual(['timedOut']);
  });
});

describe('conditions and hooks guide', () => {
  it('when and skip', async () => {
    @Injectable()
    class Calendar {
      isOpen() {
        return true;
      }
    }
    @Injectable()
    class Orders {
      @Interval('5m', { when: [Calendar, 'isOpen'], skip: (_job, ref) => ref.get(Maintenance).isOn })
      fetchOrders() {}
    }
    @Injectable()
    class Maintenance {
      isOn = false;
    }

    const { tester, app } = await start([Calendar, Orders, Maintenance]);
    await tester.travel('5m');
    app.get(Maintenance).isOn = true;
    await tester.travel('5m');
    expect((await tester.runsOf('Orders.fetchOrders')).map((run) => run.state).sort()).toEqual([
      'skipped',
      'succeeded',
    ]);
  });

  it('hooks', async () => {
    const told: string[] = [];
    @Injectable()
    class Pager {
      alert(job: JobContext) {
        told.push(`page: ${job.jobId}`);
      }
    }
    @Injectable()
    class Backups {
      @Cron('0 2 * * *', {
        before: () => told.push('before'),
        after: (_job, _ref, outcome) => told.push(`after: ${outcome.outcome}`),
        onSuccess: () => told.push('success'),
        onFailure: [Pager, 'alert'],
      })
      run() {
        throw new Error('disk full');
      }
    }

    const { tester } = await start([Pager, Backups]);
    await tester.travel('3h');
    expect(told).toEqual(['before', 'page: Backups.run', 'after: failed']);
  });
});
