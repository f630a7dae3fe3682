// One process of the cluster: a Nest application without HTTP, as a user would write it, that answers its parent.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SchedulerModule } from '../../../lib/index.js';
import type { ConfiguredJob, StoreOptions } from '../../../lib/index.js';
import { Client, taskOf } from './client.js';
import { Evidence } from './evidence.js';
import type { Command, NodeSettings, RecurringJob } from './settings.js';
import { Work } from './work.js';

const settings = JSON.parse(process.env.CARILLON_CLUSTER_NODE!) as NodeSettings;
const evidence = new Evidence(settings.evidence);

@Module({
  imports: [
    SchedulerModule.forRoot({
      application: 'cluster',
      version: '1.0.0',
      role: settings.role,
      stores: { db: settings.store as unknown as StoreOptions },
      jobDefaults: { store: 'db' },
      jobs: Object.fromEntries(settings.recurring.map((job) => [job.id, configured(job)])),
      lease: '10s',
      shutdownTimeout: '15s',
      log: 'failures',
    }),
  ],
  providers: [Work, Client, { provide: Evidence, useValue: evidence }],
})
class ClusterModule {}

const app = await NestFactory.createApplicationContext(ClusterModule, { logger: ['error', 'fatal'] });
const client = app.get(Client);
if (settings.role !== 'client') evidence.watchLoop();

process.on('message', (command: Command) => void answer(command));
process.on('SIGTERM', () => void leave());
process.on('disconnect', () => process.exit(3));
process.send!({ id: 0, answer: 'ready' });

async function answer({ id, name, jobs }: Command): Promise<void> {
  try {
    process.send!({ id, answer: await client[name](jobs as never) });
  } catch (error) {
    process.send!({ id, error: (error as Error).stack });
  }
}

/** In good order: what runs may end, and nothing keeps the process once the application is closed. */
async function leave(): Promise<void> {
  await app.close();
  process.exit(0);
}

function configured({ everyMs, start, end, workMs, policy }: RecurringJob): ConfiguredJob {
  return { ...policy, ...taskOf(workMs), every: { milliseconds: everyMs }, start, end };
}
