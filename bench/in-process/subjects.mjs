// Each subject: `load()` imports it (not measured) and gives `{ setUp(jobs, period, work) }`, which leaves `jobs` cron jobs
// that each fire once in a period of seconds. Every subject is used as its own documentation shows it.
import { expressionOf } from './expressions.mjs';

async function limit() {
  const { LimitScheduler } = await import('./limit-scheduler.mjs');
  return {
    setUp(jobs, period, work) {
      const scheduler = new LimitScheduler();
      const now = Date.now();
      for (let n = 0; n < jobs; n++) scheduler.add(expressionOf(n, period), () => work(n), now);
      scheduler.start();
    },
  };
}

async function nestSchedule() {
  await import('reflect-metadata');
  const [{ NestFactory }, { Injectable, Module }, schedule, { CronJob }] = await Promise.all([
    import('@nestjs/core'),
    import('@nestjs/common'),
    import('@nestjs/schedule'),
    import('cron'),
  ]);
  return {
    async setUp(jobs, period, work) {
      class Ticker {
        tick() {
          work();
        }
      }
      Injectable()(Ticker);
      class AppModule {}
      Module({ imports: [schedule.ScheduleModule.forRoot()], providers: [Ticker] })(AppModule);
      const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
      const ticker = app.get(Ticker);
      const registry = app.get(schedule.SchedulerRegistry);
      for (let n = 0; n < jobs; n++) {
        const job = new CronJob(expressionOf(n, period), () => ticker.tick());
        registry.addCronJob(`job-${n}`, job);
        job.start();
      }
    },
  };
}

async function croner() {
  const { Cron } = await import('croner');
  return {
    setUp(jobs, period, work) {
      for (let n = 0; n < jobs; n++) new Cron(expressionOf(n, period), () => work());
    },
  };
}

async function nodeCron() {
  const { schedule } = await import('node-cron');
  return {
    setUp(jobs, period, work) {
      for (let n = 0; n < jobs; n++) schedule(expressionOf(n, period), () => work());
    },
  };
}

async function nodeSchedule() {
  const { scheduleJob } = (await import('node-schedule')).default;
  return {
    setUp(jobs, period, work) {
      for (let n = 0; n < jobs; n++) scheduleJob(`job-${n}`, expressionOf(n, period), () => work());
    },
  };
}

async function toadScheduler() {
  const { CronJob, Task, ToadScheduler } = await import('toad-scheduler');
  return {
    setUp(jobs, period, work) {
      const scheduler = new ToadScheduler();
      for (let n = 0; n < jobs; n++) {
        const task = new Task(`task-${n}`, () => work());
        scheduler.addCronJob(new CronJob({ cronExpression: expressionOf(n, period) }, task, { id: `job-${n}` }));
      }
    },
  };
}

export const SUBJECTS = {
  limit: { load: limit, role: 'limit' },
  ours: { load: async () => (await import('./ours.mjs')).load(), role: 'ours' },
  '@nestjs/schedule': { load: nestSchedule, role: 'peer' },
  croner: { load: croner, role: 'peer' },
  'node-cron': { load: nodeCron, role: 'peer' },
  'node-schedule': { load: nodeSchedule, role: 'peer' },
  'toad-scheduler': { load: toadScheduler, role: 'peer' },
};
