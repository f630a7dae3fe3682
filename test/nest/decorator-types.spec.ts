/** Checked by the compiler: `npm run typecheck` fails when an expected error is none, or when something else is one. */
import { describe, expect, it } from '@jest/globals';
import {
  anyOf,
  At,
  Cron,
  cron,
  every,
  Interval,
  JobContext,
  OnSchedulerEvent,
  Scheduled,
  SchedulerEvent,
  SchedulerModule,
  Task,
  Timeout,
  type SchedulerModuleOptions,
} from '../../lib/index.js';

class Config {
  get(_key: string): string {
    return '* * * * *';
  }
}

class Right {
  @Cron('0 9 * * 1-5', { id: 'report', store: 'db', misfireGraceTime: '5m', jitter: '30s', limit: 3 })
  @Cron({ dayOfWeek: 'mon-fri', hour: '9-17', minute: '*/30' })
  @Cron((ref) => ref.get(Config).get('REPORT_CRON'), { timezone: 'Europe/Berlin' })
  @Cron('@daily', (ref) => ({ id: ref.get(Config).get('ID') }))
  async send(job: JobContext) {
    await Promise.resolve(job);
  }

  @Interval(900_000)
  @Interval('15m', { fixedDelay: true, initialDelay: '5s' })
  @Interval({ minutes: 15 }, { when: (job, ref) => ref.get(Config).get(job.jobId) !== '' })
  @Interval(() => ({ minutes: 5 }))
  sync() {}

  @At()
  @At({ id: 'once' })
  @At('2026-12-25T09:00')
  @At(new Date(0), { id: 'epoch' })
  @At(() => new Date(0), () => ({ id: 'other' }))
  @At({ toMillis: () => 0 })
  launch() {}

  @Timeout('30s')
  @Timeout({ seconds: 30 }, { onFailure: [Right, 'launch'] })
  @Scheduled(anyOf(cron({ hour: 9 }), every({ hours: 3 })), { retry: { attempts: 3, backoff: 'exponential' } })
  @Scheduled(() => every('1h'))
  flexible() {}

  @Task() work(userId: string, job: JobContext) {
    return [userId, job];
  }

  @OnSchedulerEvent('run.failed')
  @OnSchedulerEvent(['job.paused', 'job.resumed'])
  @OnSchedulerEvent('*')
  hear(event: SchedulerEvent) {
    return [event.job?.id, event.run?.error?.message, event.at.toISOString()];
  }
}

// Never called: decorators that are refused at run time too.
export const wrong = () => [
  // @ts-expect-error a cron is text or fields
  Cron(5),
  // @ts-expect-error one instant is @At
  Cron(new Date()),
  // @ts-expect-error the spelling of a neighbour
  Cron('* * * * *', { timeZone: 'Europe/Berlin' }),
  // @ts-expect-error the spelling of a neighbour
  Cron('* * * * *', { misfire_grace_time: 60 }),
  // @ts-expect-error no such field
  Cron({ dayOfMonth: 1 }),
  // @ts-expect-error only an interval has it
  Cron('* * * * *', { fixedDelay: true }),
  // @ts-expect-error the length comes first
  Interval('name', 5_000),
  // @ts-expect-error no such unit
  Interval({ fortnights: 1 }),
  // @ts-expect-error a trigger is needed
  Scheduled('* * * * *'),
  // @ts-expect-error no such event
  OnSchedulerEvent('run.fialed'),
  // @ts-expect-error no such overlap
  Cron('* * * * *', { overlap: 'queue' }),
  // @ts-expect-error threads come later
  SchedulerModule.forRoot({ executors: { threads: { type: 'threads', maxWorkers: 20 } } }),
];

export const options: SchedulerModuleOptions = {
  timezone: 'America/New_York',
  jobDefaults: { coalesce: true, maxInstances: 3, misfireGraceTime: '60s' },
  stores: { default: { type: 'memory' }, db: { type: 'typeorm' } },
  executors: { default: { type: 'async', concurrency: 50 } },
  jobs: { a: 'A.b', b: { task: 'A.b', cron: { hour: 9, day_of_week: 'mon' } } },
};

describe('the types of decorators and options', () => {
  it('accept the spellings of the guides', () => {
    expect(Right).toBeDefined();
  });
});
