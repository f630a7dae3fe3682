/** Samples of docs/guides/managing-jobs.md, history.md and events.md. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  at,
  Cron,
  every,
  Interval,
  JobContext,
  OnSchedulerEvent,
  SchedulerModule,
  SchedulerRegistry,
  type SchedulerEvent,
} from '../../lib/index.js';
import { startGuide, type GuideApp } from './guide-app.js';

let guide: GuideApp | undefined;
afterEach(async () => {
  await guide?.app.close();
  guide = undefined;
});

@Injectable()
class ReminderService {
  readonly sent: string[] = [];

  send(userId: string, text: string, job: JobContext) {
    this.sent.push(`${userId}: ${text} (${job.jobId})`);
  }
}

@Injectable()
class Reports {
  @Cron('0 9 * * *', { id: 'report' })
  send() {}
}

const start = async (providers: (new (...args: never[]) => unknown)[]) => {
  guide = await startGuide({ imports: [SchedulerModule.forRoot()], providers });
  return { ...guide, scheduler: guide.registry };
};

describe('managing guide', () => {
  it('adding', async () => {
    @Injectable()
    class Reminders {
      constructor(private readonly scheduler: SchedulerRegistry) {}

      async remind(userId: string, when: Date) {
        await this.scheduler.add({
          id: `reminder-${userId}`,
          trigger: at(when),
          task: 'ReminderService.send',
          args: [userId, 'Time to go'],
          replaceExisting: true,
        });
      }

      async remindTyped(userId: string, when: Date) {
        // The compiler checks `args` against the parameters of `send`.
        await this.scheduler.schedule(ReminderService, 'send', { trigger: at(when), args: [userId, 'Time to go'] });
      }
    }

    const { app, tester } = await start([ReminderService, Reminders]);
    await app.get(Reminders).remind('ada', new Date('2026-11-20T10:00:00Z'));
    await app.get(Reminders).remindTyped('bob', new Date('2026-11-20T11:00:00Z'));
    await tester.travel('12h');
    expect(app.get(ReminderService).sent[0]).toBe('ada: Time to go (reminder-ada)');
    expect(app.get(ReminderService).sent[1]).toMatch(/^bob: Time to go \([0-9a-f-]{36}\)$/);
  });

  it('short forms', async () => {
    const { scheduler } = await start([ReminderService]);

    await scheduler.addCron({
      id: 'nightly',
      task: 'ReminderService.send',
      args: ['ops', 'hi'],
      expression: '0 2 * * *',
    });
    await scheduler.addInterval({ id: 'check', task: [ReminderService, 'send'], args: ['ops', 'hi'], every: '5m' });
    await scheduler.addAt({ task: 'ReminderService.send', args: ['ops', 'bye'], at: '2026-12-31 23:59' });

    expect(await scheduler.list()).toHaveLength(3);
  });

  it('changing', async () => {
    const { scheduler, tester } = await start([Reports]);

    await scheduler.pause('report', { by: 'ada', reason: 'moving the database', until: '2026-11-25T00:00Z' });
    await scheduler.resume('report');
    await scheduler.reschedule('report', every({ hours: 6 }));
    await scheduler.modify('report', { description: 'Four times a day', maxInstances: 2 });
    const run = await scheduler.runNow('report');
    await scheduler.pauseAll({ by: 'ada', reason: 'maintenance' });
    await scheduler.resumeAll();

    await tester.travel('1s');
    expect((await scheduler.run(run.id))!.state).toBe('succeeded');
    expect(await scheduler.get('report')).toMatchObject({ description: 'Four times a day', maxInstances: 2 });
  });

  it('adding many', async () => {
    const { scheduler } = await start([ReminderService]);

    await scheduler.addMany(
      ['ada', 'bob'].map((user) => ({
        task: 'ReminderService.send',
        args: [user, 'now'],
        trigger: at('2026-12-31T23:59Z'),
      })),
    );

    expect(await scheduler.list()).toHaveLength(2);
  });

  it('backfill and prune', async () => {
    const { scheduler } = await start([Reports]);

    const made = await scheduler.backfill('report', { from: '2026-11-01', to: '2026-11-08' });
    const deleted = await scheduler.prune();

    expect(made).toHaveLength(7);
    expect(deleted).toBe(0);
  });

  it('reading', async () => {
    const { scheduler, tester } = await start([Reports]);
    await tester.travel('12h');

    const job = await scheduler.get('report'); // null when there is none
    const page = await scheduler.history('report', { limit: 20 });
    const failed = await scheduler.runs({ state: 'failed', limit: 50 });
    const coming = await scheduler.preview('2026-11-21', '2026-11-28');
    const answer = await scheduler.why('report', '2026-11-20T09:00Z');

    expect(job!.nextFireTime!.toISOString()).toBe('2026-11-21T09:00:00.000Z');
    expect(page.runs.map((run) => run.state)).toEqual(['succeeded']);
    expect(failed.runs).toEqual([]);
    expect(coming).toHaveLength(7);
    expect(answer.verdict).toBe('ran');
  });
});

describe('events guide', () => {
  it('listeners', async () => {
    @Injectable()
    class Alerts {
      readonly lines: string[] = [];

      @OnSchedulerEvent('run.failed')
      onFailure(event: SchedulerEvent) {
        this.lines.push(`${event.job!.id} failed: ${event.run!.error!.message}`);
      }

      @OnSchedulerEvent(['job.paused', 'job.resumed'])
      onPause(event: SchedulerEvent) {
        this.lines.push(`${event.job!.id}: ${event.type}`);
      }
    }
    @Injectable()
    class Orders {
      @Interval('1m', { id: 'orders' })
      fetch() {
        throw new Error('no route');
      }
    }

    const { app, tester, scheduler } = await start([Alerts, Orders]);
    await tester.travel('1m');
    await scheduler.pause('orders');
    expect(app.get(Alerts).lines).toEqual(['orders failed: no route', 'orders: job.paused']);
  });

  it('the context of a run (U14)', async () => {
    const seen: string[] = [];
    @Injectable()
    class Audit {
      note(what: string) {
        const job = JobContext.current(); // anywhere inside the run, also after an await
        seen.push(`${what} by ${job?.jobId} for ${job?.fireTime.toISOString()}`);
      }
    }
    @Injectable()
    class Invoices {
      constructor(private readonly audit: Audit) {}

      @Cron('0 1 * * *', { id: 'invoices' })
      async write(job: JobContext) {
        job.logger.log('writing');
        job.progress(0.5, 'half of them');
        await Promise.resolve();
        this.audit.note('written');
      }
    }

    const { tester } = await start([Audit, Invoices]);
    await tester.travel('2h');
    expect(seen).toEqual(['written by invoices for 2026-11-20T01:00:00.000Z']);
  });
});
