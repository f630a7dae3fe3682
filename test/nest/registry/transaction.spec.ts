import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { at, SchedulerModule, SchedulerRegistry } from '../../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../../lib/testing/index.js';

@Injectable()
class Reminders {
  readonly sent: string[] = [];

  send(userId: string) {
    this.sent.push(userId);
  }
}

let folder: string;
let app: TestingModule;
let scheduler: SchedulerRegistry;
let source: DataSource;
const reminder = { trigger: at('2026-12-01'), args: ['ada'] as [string], store: 'db' };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-transaction-'));
  app = await Test.createTestingModule({
    imports: [
      TypeOrmModule.forRoot({ type: 'better-sqlite3', database: join(folder, 'app.db') }),
      SchedulerModule.forRoot({ application: 'tests', stores: { db: { type: 'typeorm' } } }),
      SchedulerTestingModule.forRoot({ now: '2026-11-30T23:00Z' }),
    ],
    providers: [Reminders],
  }).compile();
  app.useLogger(false);
  await app.init();
  scheduler = app.get(SchedulerRegistry);
  source = app.get(DataSource);
  await source.query('CREATE TABLE note (text TEXT)');
});
afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

describe("a job in the caller's transaction", () => {
  it('is there when it commits, together with the rest, and runs', async () => {
    await source.transaction(async (manager) => {
      await manager.query(`INSERT INTO note VALUES ('hello')`);
      await scheduler.schedule(Reminders, 'send', { id: 'r', ...reminder, manager });
      expect(await scheduler.get('r')).toBeNull();
    });
    expect((await scheduler.get('r'))?.status).toBe('active');
    await app.get(SchedulerTester).travel('2h');
    expect(app.get(Reminders).sent).toEqual(['ada']);
  });

  it('is gone when it is rolled back, together with the rest', async () => {
    const act = source.transaction(async (manager) => {
      await manager.query(`INSERT INTO note VALUES ('hello')`);
      await scheduler.add({ id: 'r', task: 'Reminders.send', ...reminder, manager });
      throw new Error('changed my mind');
    });
    await expect(act).rejects.toThrow('changed my mind');
    expect(await scheduler.get('r')).toBeNull();
    expect(await source.query('SELECT * FROM note')).toEqual([]);
    await app.get(SchedulerTester).travel('2h');
    expect(app.get(Reminders).sent).toEqual([]);
  });

  it('needs an open transaction', async () => {
    const add = scheduler.schedule(Reminders, 'send', { id: 'r', ...reminder, manager: source.manager });
    await expect(add).rejects.toThrow(/EntityManager of an open transaction/);
    expect(await scheduler.has('r')).toBe(false);
  });
});
