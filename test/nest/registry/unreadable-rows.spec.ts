import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cron, cron, type SchedulerModuleOptions } from '../../../lib/index.js';
import { startApp, type NestApp } from '../nest-app.js';

const started: NestApp[] = [];
const start = async (options: SchedulerModuleOptions) => {
  const app = await startApp({ providers: [Reports], options });
  started.push(app);
  return app;
};

afterEach(async () => {
  for (const { app } of started.splice(0)) await app.close();
});

@Injectable()
class Reports {
  @Cron('0 1 * * *', { id: 'nightly' }) send() {}
}

describe('P23: a job whose trigger this version cannot read', () => {
  it('is listed as such and can be removed, and the others are listed, previewed and linted', async () => {
    const database = join(mkdtempSync(join(tmpdir(), 'carillon-unreadable-')), 'jobs.db');
    const stores = { default: { type: 'typeorm', options: { type: 'better-sqlite3', database } } } as const;
    const before = await start({ stores, calendars: { holidays: ['2026-12-25'] } });
    const trigger = cron('0 5 * * *').excluding('holidays');
    await before.registry.add({ id: 'workdays', task: [Reports, 'send'], trigger });
    await started.pop()!.app.close();

    // The calendar has gone from the code; the job has not.
    const { registry } = await start({ stores });
    expect((await registry.list()).map(({ id, trigger }) => [id, trigger.kind])).toEqual([
      ['nightly', 'cron'],
      ['workdays', 'unreadable'],
    ]);
    expect((await registry.get('workdays'))!.trigger.description).toContain('holidays');
    const fires = await registry.preview('2026-03-01T00:00Z', '2026-03-02T00:00Z');
    expect(fires.map(({ jobId }) => jobId)).toEqual(['nightly']);
    expect(await registry.lint()).toEqual([]);
    await registry.remove('workdays');
    expect((await registry.list()).map(({ id }) => id)).toEqual(['nightly']);
  });
});
