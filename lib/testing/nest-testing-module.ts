import { Inject, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { SchedulerOptions } from '../engine/index.js';
import { MissingRootError, SCHEDULER_TEST_CLOCK, SCHEDULER_TEST_PACE } from '../nest/index.js';
import type { InstantInput } from '../nest/index.js';
import { toInstant } from '../triggers/index.js';
import { ManualClock } from './manual-clock.js';
import { KnownJobs } from './nest-known-jobs.js';
import { RunLog } from './nest-run-log.js';
import { SchedulerTester } from './nest-tester.js';

/**
 * Nobody else shares the store of a test; polls each second and upkeep each minute would be most of a year's work. A third
 * of the lease is the heartbeat, which may not be rarer than each five minutes: a job in no live node's code is orphaned
 * after that.
 */
const PACE: Partial<SchedulerOptions> = {
  pace: 60,
  lease: 870_000,
  poll: 21_600_000,
  idlePoll: 21_600_000,
  pollWithoutWake: 21_600_000,
};

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
  /** @throws {MissingRootError} it is imported without `forRoot` */
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    const own = [...modules.values()].filter(({ metatype }) => metatype === SchedulerTestingModule);
    if (!own.some(({ providers }) => providers.has(SchedulerTester))) {
      throw new MissingRootError('SchedulerTestingModule');
    }
    // Closed before the scheduler is stopped, which waits for time that only the tester lets pass.
    for (const module of own) module.distance = -2;
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
        { provide: SCHEDULER_TEST_PACE, useValue: PACE },
        KnownJobs,
        RunLog,
        SchedulerTester,
      ],
      exports: [ManualClock, SCHEDULER_TEST_CLOCK, SCHEDULER_TEST_PACE, SchedulerTester],
    };
  }
}
