import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cron, Interval, SchedulerModule, SchedulerRegistry, at } from '../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../lib/testing/index.js';

@Injectable()
class Work {
  readonly calls: string[] = [];

  @Cron('0 9 * * *', { id: 'daily' })
  async daily() {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.calls.push('daily');
  }

  @Interval('90m', { id: 'often' })
  often() {}

  remind(name: string) {
    this.calls.push(`remind ${name}`);
  }
}

let folder: string;
let app: TestingModule | undefined;

async function start(now: string): Promise<SchedulerTester> {
  const options = { type: 'better-sqlite3', database: join(folder, 'jobs.db') };
  app = await Test.createTestingModule({
    imports: [
      SchedulerModule.forRoot({ application: 'tester', stores: { default: { type: 'typeorm', options } } }),
      SchedulerTestingModule.forRoot({ now }),
    ],
    providers: [Work],
  }).compile();
  app.useLogger(false);
  await app.init();
  return app.get(SchedulerTester);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-tester-'));
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  rmSync(folder, { recursive: true });
});

describe('SchedulerTester on SQLite', () => {
  it('owns the time of the statements too (U22)', async () => {
    const tester = await start('2026-01-01');
    await tester.travel({ days: 1 });
    tester.expectRan('daily').once().withOutcome('succeeded');
    tester.expectRan('often').times(16);
    const [first] = await tester.runsOf('daily');
    expect(first).toMatchObject({
      fireTime: new Date('2026-01-01T09:00Z'),
      startedAt: new Date('2026-01-01T09:00Z'),
      settledAt: new Date('2026-01-01T09:00Z'),
    });
    expect(await tester.runJob('daily')).toMatchObject({ state: 'succeeded', kind: 'manual' });
  });

  it('goes on in the next process where this one ended', async () => {
    let tester = await start('2026-01-01');
    await app!.get(SchedulerRegistry).schedule(Work, 'remind', { id: 'r', trigger: at('2026-01-02'), args: ['ada'] });
    await app!.get(SchedulerRegistry).pause('daily', { by: 'ada', reason: 'away' });
    await tester.travel({ hours: 4 });
    const next = await tester.nextFires('often', 1);
    await app!.close();

    tester = await start('2026-01-01T04:00:10Z');
    expect(await tester.nextFires('often', 1)).toEqual(next);
    await tester.travelTo('2026-01-02T00:00');
    expect(app!.get(Work).calls).toEqual(['remind ada']);
    expect((await app!.get(SchedulerRegistry).get('daily'))?.pause).toMatchObject({ by: 'ada', reason: 'away' });
  });

  it('knows a job that only its history tells of', async () => {
    let tester = await start('2026-01-01');
    const registry = app!.get(SchedulerRegistry);
    for (const id of ['gone', 'kept']) {
      await registry.schedule(Work, 'remind', { id, trigger: at('2027-01-01'), args: ['ada'] });
    }
    await tester.runJob('gone');
    await registry.remove('gone');
    await app!.close();

    tester = await start('2026-01-02');
    tester.expectRan('gone').never();
    tester.expectRan('kept').never();
    expect(await tester.runsOf('gone')).toHaveLength(1);
    expect(() => tester.expectRan('nobody')).toThrow(expect.objectContaining({ code: 'UNKNOWN_JOB' }));
  });
});
