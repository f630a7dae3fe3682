import { Inject, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { SCHEDULER_TEST_CLOCK } from '../nest/index.js';
import type { InstantInput } from '../nest/index.js';
import { toInstant } from '../triggers/index.js';
import { ManualClock } from './manual-clock.js';
import { RunLog } from './nest-run-log.js';
import { SchedulerTester } from './nest-tester.js';

export interface SchedulerTestingOptions {
  /** What the clock shows when the test begins. Text without offset is UTC. */
  readonly now: InstantInput;
}

/**
 * Puts the time of an application's scheduler under a test's control. Import it beside the application's root module; it
 * replaces the clock and provides `SchedulerTester`. The rest of the application keeps its own time.
 *
 * @example
 * ```ts
 * const app = await Test.createTestingModule({
 *   imports: [AppModule, SchedulerTestingModule.forRoot({ now: '2026-11-20T00:00Z' })],
 * }).compile();
 * await app.init();
 * await app.get(SchedulerTester).travel('90m');
 * ```
 */
@Module({})
export class SchedulerTestingModule {
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    // Closed before the scheduler is stopped, which waits for time that only the tester lets pass.
    for (const module of modules.values()) if (module.metatype === SchedulerTestingModule) module.distance = -2;
  }

  /** @throws {InvalidInstantError} `now` is no point in time */
  static forRoot({ now }: SchedulerTestingOptions): DynamicModule {
    const start = toInstant(now, 'UTC', 'now of SchedulerTestingModule.forRoot()');
    return {
      module: SchedulerTestingModule,
      global: true,
      providers: [
        { provide: ManualClock, useFactory: () => new ManualClock(start) },
        { provide: SCHEDULER_TEST_CLOCK, useExisting: ManualClock },
        RunLog,
        SchedulerTester,
      ],
      exports: [ManualClock, SCHEDULER_TEST_CLOCK, SchedulerTester],
    };
  }
}
