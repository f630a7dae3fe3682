import { jest } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { Journal } from './journal.module.js';
import { AdminService } from './runtime.modules.js';

/** Two hours of the application, with an operator at work in it, and all that can be seen of them. */
export async function observe(app: Type): Promise<object> {
  const testing = await Test.createTestingModule({ imports: [app] }).compile();
  testing.useLogger(false);
  jest.useFakeTimers({ now: new Date('2020-01-01T00:00:00.000Z') });
  await testing.init();
  const admin = testing.get(AdminService, { strict: false });
  const registry = testing.get(SchedulerRegistry, { strict: false });
  const before = admin.overview();
  await jest.advanceTimersByTimeAsync(1_800_000);
  admin.startSync();
  await jest.advanceTimersByTimeAsync(1_800_000);
  admin.rearrange();
  // No cleaning is open then: this scheduler would wait for it.
  await jest.advanceTimersByTimeAsync(3_600_000 - 75_000);
  const after = admin.overview();
  await testing.close();
  const left = { timers: jest.getTimerCount(), jobs: registry.getCronJobs().size, intervals: registry.getIntervals() };
  const { entries } = testing.get(Journal, { strict: false });
  jest.useRealTimers();
  return { entries, before, after, left };
}
