import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { at, getStoreToken, SchedulerModule, SchedulerRegistry, Task } from '../../lib/index.js';
import type { Store, StoreOptions } from '../../lib/index.js';
import { carillonMigrations } from '../../lib/stores/typeorm/index.js';
import { describeOnServer, hasPgBouncer, startPgBouncer, testServer, type Place } from '../support/servers/index.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const server = await testServer('postgres');
let place: Place;
let app: TestingModule;

@Injectable()
class Orders {
  @Task() remind(_order: number) {
    return 'reminded';
  }
}

async function start(stores: Record<string, StoreOptions>): Promise<TestingModule> {
  const imports = [SchedulerModule.forRoot({ application: 'shop', log: 'silent', stores })];
  app = await Test.createTestingModule({ imports, providers: [Orders] }).compile();
  return await app.init();
}

// docs/guides/postgres.md
describeOnServer(server, 'the guide to PostgreSQL', () => {
  beforeAll(async () => {
    place = await server.makePlace();
  });
  afterEach(() => app.close());
  afterAll(() => place.drop());

  it('opens a store by its URL, and schedules within a transaction of the application', async () => {
    const { url } = place;
    const stores = {
      db: { type: 'typeorm', options: { type: 'postgres', url }, schema: 'jobs' },
    } as const;
    const registry = (await start(stores)).get(SchedulerRegistry);
    const dataSource = await new DataSource({ type: 'postgres', url }).initialize();
    await dataSource.query('CREATE TABLE orders (id serial)');
    const when = new Date(Date.now() + 3_600_000);
    await dataSource.transaction(async (manager) => {
      const order = await manager.query<{ id: number }[]>('INSERT INTO orders DEFAULT VALUES RETURNING id');
      await registry.schedule(Orders, 'remind', { trigger: at(when), args: [order[0].id], store: 'db', manager });
    });
    await dataSource.destroy();

    expect((await registry.list()).map((job) => job.args)).toEqual([[1]]);
  });

  it('leaves the tables to the application’s migrations', async () => {
    const { url } = place;
    const dataSource = new DataSource({ type: 'postgres', url, migrations: [...carillonMigrations()] });
    await dataSource.initialize();
    await dataSource.runMigrations();
    const stores = {
      db: { type: 'typeorm', options: { type: 'postgres', url }, runMigrations: false },
    } as const;
    await start(stores);
    await dataSource.destroy();

    expect(await app.get(SchedulerRegistry).list()).toEqual([]);
  });

  // Not asked for where it is not installed: apt install pgbouncer.
  (hasPgBouncer() ? describe : describe.skip)('behind PgBouncer', () => {
    it('listens straight to the server', async () => {
      const bouncer = await startPgBouncer(place.url);
      const [throughPgBouncer, straightToTheServer] = [bouncer.through(place.url), place.url];
      const stores = {
        db: { type: 'typeorm', options: { type: 'postgres', url: throughPgBouncer }, listen: straightToTheServer },
      } as const;
      await start(stores);
      const { jobs } = app.get<Store>(getStoreToken('db'));
      await until(() => jobs.hasForeignWrites?.() === false);

      expect(await jobs.list()).toEqual([]);
      await app.close();
      await bouncer.end();
    });
  });
});
