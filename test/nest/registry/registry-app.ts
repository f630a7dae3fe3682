import { Injectable, Module } from '@nestjs/common';
import type { ModuleMetadata } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import { Cron, SchedulerModule, SchedulerRegistry } from '../../../lib/index.js';
import type { JobContext, SchedulerModuleOptions } from '../../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../../lib/testing/index.js';

@Injectable()
export class Reports {
  readonly calls: unknown[][] = [];
  failure: string | null = null;
  isOpen = true;

  @Cron('0 9 * * *', { id: 'report', description: 'Daily report', tags: ['mail'] })
  report() {
    this.calls.push(['report']);
  }

  @Cron('0 9 * * *', { id: 'off', enabled: false, tags: ['mail'] })
  never() {}

  async send(userId: string, count: number, job?: JobContext) {
    this.calls.push([userId, count, job?.jobId]);
    await Promise.resolve();
    if (this.failure !== null) throw new Error(this.failure);
    return { to: userId, count };
  }

  async untilAborted(job: JobContext) {
    await new Promise((_, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason as Error)));
  }

  plain(..._args: unknown[]) {
    this.calls.push(['plain']);
  }

  isBusinessTime() {
    return this.isOpen;
  }
}

@Module({ imports: [SchedulerModule.forFeature({ tasks: { cleanup: () => 'clean' } })] })
class Feature {}

export interface RegistryApp {
  readonly app: TestingModule;
  readonly scheduler: SchedulerRegistry;
  readonly tester: SchedulerTester;
  readonly reports: Reports;
}

/** An application at Friday 20 November 2026, 08:00 UTC, with time under control. */
export async function startRegistry(
  options: SchedulerModuleOptions = {},
  metadata: ModuleMetadata = {},
): Promise<RegistryApp> {
  const app = await Test.createTestingModule({
    imports: [
      SchedulerModule.forRoot(options),
      SchedulerTestingModule.forRoot({ now: '2026-11-20T08:00Z' }),
      Feature,
      ...(metadata.imports ?? []),
    ],
    providers: [Reports, ...(metadata.providers ?? [])],
  }).compile();
  app.useLogger(false);
  await app.init();
  return {
    app,
    scheduler: app.get(SchedulerRegistry),
    tester: app.get(SchedulerTester),
    reports: app.get(Reports),
  };
}

export const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
