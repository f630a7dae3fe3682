import { afterEach, describe, expect, it } from '@jest/globals';
import { Global, Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { runMinute } from '../../lib/cli/run-once.js';
import { RunWatch } from '../../lib/cli/run-watch.js';
import { coloursFor } from '../../lib/cli/terminal.js';
import { Cron, type JobContext, SchedulerModule } from '../../lib/index.js';
import { Assembly, SCHEDULER_START_MODE, SCHEDULER_TEST_CLOCK } from '../../lib/nest/index.js';
import { ManualClock } from '../../lib/testing/index.js';

const MINUTE = 60_000;
const BEGIN = Date.parse('2026-03-01T12:06:00Z');

/** What the command tells the application's modules, on a clock that the test moves. */
function startOf(clock: ManualClock) {
  @Global()
  @Module({
    providers: [
      { provide: SCHEDULER_TEST_CLOCK, useValue: clock },
      { provide: SCHEDULER_START_MODE, useValue: { wholeMinute: true } },
    ],
    exports: [SCHEDULER_TEST_CLOCK, SCHEDULER_START_MODE],
  })
  class StartModule {}
  return StartModule;
}

const applications: TestingModule[] = [];
afterEach(async () => {
  for (const application of applications.splice(0)) await application.close();
});

/** A call of `schedule:run --once`, up to the end of what it waits for. */
async function call(clock: ManualClock, fired: string[], name: string): Promise<{ hasEnded: boolean }> {
  @Injectable()
  class Work {
    @Cron('* * * * *', { id: 'long', maxInstances: 5 })
    async long(job: JobContext): Promise<void> {
      fired.push(`${name} ${job.fireTime.toISOString().slice(11, 16)}`);
      await new Promise<void>((resolve) => void clock.after(75_000, resolve));
    }
  }
  const root = SchedulerModule.forRoot({ application: 'minutes', log: 'silent' });
  const application = await Test.createTestingModule({ imports: [startOf(clock), root], providers: [Work] }).compile();
  applications.push(application);
  await application.init();
  const assembly = application.get(Assembly, { strict: false });
  const terminal = { out: () => undefined, err: () => undefined, isInteractive: false, columns: 80 };
  const watch = new RunWatch(assembly, { terminal: { ...terminal, colours: coloursFor(false) }, asJson: false });
  const state = { hasEnded: false };
  void runMinute(assembly, watch, new Set()).then(() => (state.hasEnded = true));
  return state;
}

describe('schedule:run --once in each minute, and a job that takes longer', () => {
  it('fires each minute once, by the call of that minute, which ends with its run', async () => {
    const clock = new ManualClock(BEGIN + 1_000);
    const fired: string[] = [];
    const first = await call(clock, fired, 'first');
    await clock.advanceAsync(MINUTE);
    const second = await call(clock, fired, 'second');
    expect(first.hasEnded).toBe(false);
    await clock.advanceAsync(MINUTE);
    expect([first.hasEnded, second.hasEnded]).toEqual([true, false]);
    await clock.advanceAsync(MINUTE);
    expect(second.hasEnded).toBe(true);
    expect(fired).toEqual(['first 12:06', 'second 12:07']);
  });
});
