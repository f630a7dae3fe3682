import { Injectable, type Provider } from '@nestjs/common';
import type { DefinesSchedule, Run, Schedule, SchedulerModuleOptions } from '../../lib/index.js';
import { seedApp, type SeedApp } from './seed-app.js';

export type Define = (schedule: Schedule) => unknown;

/** An application whose kernel schedules these tasks. Friday 20 November 2026, 00:00 UTC. */
export async function kernelApp(
  define: Define,
  options: SchedulerModuleOptions = {},
  providers: Provider[] = [],
): Promise<SeedApp> {
  @Injectable()
  class Kernel implements DefinesSchedule {
    defineSchedule(schedule: Schedule) {
      define(schedule);
    }
  }
  return await seedApp([Kernel, ...providers], options);
}

/** The newest run of a job, when it has settled: processes, files and mail take their own time, whatever the test's clock says. */
export async function settledRun({ registry }: SeedApp, id: string): Promise<Run> {
  for (;;) {
    const [run] = (await registry.history(id, { limit: 1 })).runs;
    if (run?.settledAt) return run;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
