import type { INestApplicationContext, Provider, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SchedulerModule, SchedulerRegistry, type SchedulerModuleOptions } from '../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../lib/testing/index.js';

export interface SeedApp {
  readonly app: INestApplicationContext;
  readonly tester: SchedulerTester;
  readonly registry: SchedulerRegistry;
  /** ISO texts of a job's next fire times. */
  next(jobId: string, count: number): Promise<string[]>;
  /** ISO texts of the fire times that made successful runs, oldest first. */
  ran(jobId: string): Promise<string[]>;
}

/** An application with these providers on the memory store, with its time under control. Friday 20 November 2026. */
export async function seedApp(
  providers: Provider[],
  options: SchedulerModuleOptions = {},
  now = '2026-11-20T00:00:00Z',
): Promise<SeedApp> {
  return seedModules([], providers, options, now);
}

export async function seedModules(
  imports: Type[],
  providers: Provider[],
  options: SchedulerModuleOptions = {},
  now = '2026-11-20T00:00:00Z',
): Promise<SeedApp> {
  const app = await Test.createTestingModule({
    imports: [SchedulerModule.forRoot(options), SchedulerTestingModule.forRoot({ now }), ...imports],
    providers,
  }).compile();
  await app.init();
  const tester = app.get(SchedulerTester);
  return {
    app,
    tester,
    registry: app.get(SchedulerRegistry),
    next: async (jobId, count) => (await tester.nextFires(jobId, count)).map((fire) => fire.toISOString()),
    ran: async (jobId) =>
      (await tester.runsOf(jobId))
        .filter((run) => run.state === 'succeeded')
        .map((run) => run.fireTime.toISOString())
        .sort(),
  };
}

/** A value that a test opens by hand, so that a handler stays at work for as long as the test wants. */
export class Gate {
  private release!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.release = resolve));

  open(): void {
    this.release();
  }
}
