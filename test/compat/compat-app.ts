import type { ModuleMetadata, Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { jest } from '@jest/globals';
import { ScheduleModule, type ScheduleModuleOptions } from '../../lib/compat/index.js';

export interface CompatOptions extends ModuleMetadata {
  readonly options?: ScheduleModuleOptions;
}

/** UTC, whatever the machine's zone is; nothing logged but what a test asks for. */
export const QUIET: ScheduleModuleOptions = { scheduler: { timezone: 'UTC', log: 'silent' } };

const open: TestingModule[] = [];

export async function compile({ options = QUIET, imports = [], ...metadata }: CompatOptions): Promise<TestingModule> {
  const app = await Test.createTestingModule({
    imports: [ScheduleModule.forRoot(options), ...imports],
    ...metadata,
  }).compile();
  open.push(app);
  return app;
}

/** Fake timers come between the application's making and its start, as in the suite of @nestjs/schedule. */
export async function start(...providers: Type[]): Promise<TestingModule> {
  const app = await compile({ providers });
  fakeTime();
  await app.init();
  return app;
}

export function fakeTime(): void {
  jest.useFakeTimers({ now: new Date('2020-01-01T00:00:00.000Z') });
}

/** Closes what a test started; answers how many timers were left by then. */
export async function closeAll(): Promise<number> {
  for (const app of open.splice(0)) await app.close();
  const left = jest.isMockFunction(setTimeout) || 'clock' in setTimeout ? jest.getTimerCount() : 0;
  jest.useRealTimers();
  return left;
}
