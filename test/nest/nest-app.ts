import type { ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import { SCHEDULER_CLOCK, SchedulerModule, SchedulerRegistry, type SchedulerModuleOptions } from '../../lib/index.js';
import { ManualClock } from '../../lib/testing/index.js';

export interface NestApp {
  readonly app: TestingModule;
  readonly clock: ManualClock;
  readonly registry: SchedulerRegistry;
}

export interface NestAppOptions extends ModuleMetadata {
  readonly options?: SchedulerModuleOptions;
  readonly now?: string;
  readonly change?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

/** An application with the scheduler on memory, at 1 March 2026, 00:00 UTC, whose time the test moves; not started yet. */
export async function compileApp(given: NestAppOptions): Promise<NestApp> {
  const { options = {}, now = '2026-03-01T00:00Z', change = (it) => it, imports = [], ...metadata } = given;
  const clock = new ManualClock(now);
  const builder = Test.createTestingModule({
    ...metadata,
    // Last, for other global modules to come before it where that could matter.
    imports: [...imports, SchedulerModule.forRoot({ log: 'silent', ...options })],
  })
    .overrideProvider(SCHEDULER_CLOCK)
    .useValue(clock);
  const app = await change(builder).compile();
  return { app, clock, registry: app.get(SchedulerRegistry) };
}

export async function startApp(given: NestAppOptions): Promise<NestApp> {
  const started = await compileApp(given);
  await started.app.init();
  return started;
}
