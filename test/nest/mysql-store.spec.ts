import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import {
  at,
  Interval,
  JobContext,
  SchedulerModule,
  SchedulerRegistry,
  Task,
  type SchedulerModuleOptions,
} from '../../lib/index.js';
import { describeOnServer, testServer, type Place } from '../support/servers/index.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const server = await testServer('mariadb');

let database: Place;
let apps: TestingModule[];
/** Fire times that were run, by any application of this process. */
let fired: number[];
let sent: [to: string, late: number][];

@Injectable()
class Reports {
  @Interval('1s', { id: 'report', store: 'db' }) send(job: JobContext) {
    fired.push(job.fireTime.getTime());
  }

  @Task() remind(to: string, job: JobContext) {
    sent.push([to, Date.now() - job.fireTime.getTime()]);
  }
}

const STORES = { db: { type: 'typeorm', tablePrefix: 'jobs_' } } as const;

/** The whole module on real time, over the application's own data source. */
async function start(options: SchedulerModuleOptions = {}): Promise<TestingModule> {
  const app = await Test.createTestingModule({
    imports: [
      TypeOrmModule.forRoot({ type: 'mariadb', url: database.url }),
      SchedulerModule.forRoot({ application: 'shop', log: 'silent', stores: STORES, ...options }),
    ],
    providers: [Reports],
  }).compile();
  apps.push(app);
  return await app.init();
}

describeOnServer(server, 'the module on MariaDB', () => {
  beforeAll(async () => {
    database = await server.makePlace();
  });
  afterAll(() => database.drop());
  beforeEach(() => {
    [apps, fired, sent] = [[], [], []];
    for (const level of ['log', 'warn'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation(() => undefined);
  });
  afterEach(async () => {
    for (const app of apps) await app.close();
    jest.restoreAllMocks();
  });

  it('runs a job of code once for each fire time, however many applications there are, and never early (U1)', async () => {
    const [first] = await Promise.all([start(), start()]);
    await until(() => fired.length >= 4);
    await Promise.all(apps.splice(0).map((app) => app.close()));
    void first;

    expect(new Set(fired).size).toBe(fired.length);
    const sorted = [...fired].sort((a, b) => a - b);
    expect(sorted[sorted.length - 1] - sorted[0]).toBe((sorted.length - 1) * 1_000);
  });

  it('runs what one application schedules for soon in the other, which finds it by polling, and never early', async () => {
    const web = await start({ role: 'client' });
    await start();
    const registry = web.get(SchedulerRegistry);
    const when = new Date(Date.now() + 1_500);
    await registry.schedule(Reports, 'remind', { id: 'ann', trigger: at(when), args: ['ann'], store: 'db' });

    await until(() => sent.length > 0);
    const [[to, late]] = sent;
    expect(to).toBe('ann');
    expect(late).toBeGreaterThanOrEqual(0);
    await until(async () => (await registry.history('ann')).runs[0]?.state === 'succeeded');
  });

  it('schedules within the caller’s transaction: at its commit, or never', async () => {
    const app = await start();
    const registry = app.get(SchedulerRegistry);
    const dataSource = app.get(DataSource);
    const remind = async (to: string, manager: DataSource['manager']) =>
      await registry.schedule(Reports, 'remind', { id: to, trigger: at(new Date()), args: [to], store: 'db', manager });
    const rolledBack = dataSource.transaction(async (manager) => {
      await remind('nobody', manager);
      throw new Error('no order after all');
    });
    await expect(rolledBack).rejects.toThrow('no order after all');
    await dataSource.transaction(async (manager) => {
      await remind('bob', manager);
      expect(await registry.has('bob')).toBe(false);
    });

    await until(() => sent.some(([to]) => to === 'bob'));
    expect(sent.map(([to]) => to)).toEqual(['bob']);
    expect(await registry.has('nobody')).toBe(false);
  });

  it('keeps the tables under the prefix of the options, and nothing is left behind after close', async () => {
    const app = await start();
    const ask = async <T>(text: string) => await probe.query<T[]>(text);
    const probe = new DataSource({ type: 'mariadb', url: database.url });
    await probe.initialize();
    const tables = await ask<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()`,
    );
    expect(tables.length).toBeGreaterThan(5);
    expect(tables.filter(({ name }) => !name.startsWith('jobs_'))).toEqual([]);
    await app.close();
    apps = [];

    const left = 'SELECT 1 FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()';
    await until(async () => (await ask(left)).length === 0);
    await probe.destroy();
  });
});
