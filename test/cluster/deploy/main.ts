// A process of one version of an application, whose code is what its settings say.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, getStoreToken, Interval, JobContext, SchedulerModule, SchedulerRegistry } from '../../../lib/index.js';
import type { Store, StoreOptions } from '../../../lib/index.js';
import { Evidence } from '../node/evidence.js';

const { version, store, evidence: path } = JSON.parse(process.env.CARILLON_CLUSTER_NODE!) as DeploySettings;
const evidence = new Evidence(path);
const leave = (job: JobContext, method: string): void => {
  const run = { job: job.jobId, fireTime: job.fireTime.getTime(), run: job.runId, token: 0, attempt: 1 };
  evidence.write('start', run, method);
  process.send!({ hasBegun: run.run });
};

interface DeploySettings {
  readonly version: '1.0.0' | '2.0.0';
  readonly store: StoreOptions;
  readonly evidence: string;
}

@Injectable()
class VersionOne {
  @Interval('1s', { id: 'sync', onOneServer: true })
  synchronise(job: JobContext): void {
    leave(job, 'synchronise');
  }

  @Cron('0 3 * * *', { id: 'nightly', onOneServer: true })
  nightly(): void {}

  @Interval('1h', { id: 'gone', onOneServer: true })
  gone(): void {}

  @Interval('1s', { id: 'slow', onOneServer: true, withoutOverlapping: true })
  async slow(job: JobContext): Promise<void> {
    await slowly(job);
  }
}

@Injectable()
class VersionTwo {
  /** It was `synchronise`, and its job `sync`. */
  @Interval('1s', { id: 'sync-orders', aliases: ['sync'], onOneServer: true })
  synchroniseOrders(job: JobContext): void {
    leave(job, 'synchroniseOrders');
  }

  @Cron('0 5 * * *', { id: 'nightly', onOneServer: true })
  nightly(): void {}

  @Interval('1s', { id: 'slow', onOneServer: true, withoutOverlapping: true })
  async slow(job: JobContext): Promise<void> {
    await slowly(job);
  }
}

async function slowly(job: JobContext): Promise<void> {
  leave(job, 'slow');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  evidence.write('end', { job: job.jobId, fireTime: 0, run: job.runId, token: 0, attempt: 1 });
}

@Module({
  imports: [
    SchedulerModule.forRoot({ application: 'deploy', version, stores: { db: store }, log: 'silent', lease: '3s' }),
  ],
  providers: [version === '1.0.0' ? VersionOne : VersionTwo],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'fatal'] });
const registry = app.get(SchedulerRegistry);
const rows = app.get<Store>(getStoreToken('db'), { strict: false });

process.on('message', ({ id }: { id: number }) => void answer(id));
process.on('SIGTERM', () => void app.close().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(3));
process.send!({ id: 0, answer: 'ready' });

async function answer(id: number): Promise<void> {
  const jobs = await rows.jobs.list();
  const nodes = await registry.nodes();
  process.send!({
    id,
    answer: {
      nodes: nodes.length,
      jobs: jobs.map(({ id: job, status, task, trigger, generation, createdAt }) => ({
        id: job,
        status,
        task,
        trigger,
        generation,
        createdAt,
      })),
    },
  });
}
