import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SchedulerRegistry } from '../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../lib/testing/index.js';

export interface GuideApp {
  readonly app: INestApplicationContext;
  readonly tester: SchedulerTester;
  readonly registry: SchedulerRegistry;
}

/** A module of a guide, started on Friday 20 November 2026, 00:00 UTC, with its time under control. */
export async function startGuide(metadata: ModuleMetadata, now = '2026-11-20T00:00:00Z'): Promise<GuideApp> {
  const imports = [...(metadata.imports ?? []), SchedulerTestingModule.forRoot({ now })];
  const app = await Test.createTestingModule({ ...metadata, imports }).compile();
  await app.init();
  return { app, tester: app.get(SchedulerTester), registry: app.get(SchedulerRegistry) };
}

export const iso = (dates: readonly Date[]) => dates.map((date) => date.toISOString());
