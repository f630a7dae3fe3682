/** Decorators of the compat entry on a store that processes share: two applications on one SQLite file. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import driver from 'better-sqlite3';
import { CronJob } from 'cron';
import { SchedulerRegistry as CarillonRegistry } from '../../lib/index.js';
import { Cron, CronExpression, Interval, SchedulerRegistry, Timeout } from '../../lib/compat/index.js';
import { closeAll, compile } from './compat-app.js';
import { until } from '../support/until.js';
import type { TestingModule } from '@nestjs/testing';
import type { Type } from '@nestjs/common';

let folder: string;
let calls: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-compat-'));
});

afterEach(async () => {
  await closeAll();
  rmSync(folder, { recursive: true, force: true });
  calls = [];
});

/** Heartbeats come each second. */
async function startShared(host: Type): Promise<TestingModule> {
  const options = { type: 'better-sqlite3', database: join(folder, 'app.db'), driver } as const;
  const scheduler = { log: 'silent', lease: '3s', stores: { db: { type: 'typeorm', options } } } as const;
  const app = await compile({ providers: [host], options: { scheduler } });
  await app.init();
  return app;
}

const carillonOf = (app: TestingModule) => app.get(CarillonRegistry, { strict: false });

describe('two applications on one file', () => {
  it('U1: make one run for each fire time of a job with `store` or `onOneServer`, of every kind', async () => {
    @Injectable()
    class Shared {
      @Cron(CronExpression.EVERY_SECOND, { name: 'cron', store: 'db' }) cron() {
        calls.push('cron');
      }
      @Cron(CronExpression.EVERY_SECOND, { name: 'one', onOneServer: true }) one() {
        calls.push('one');
      }
      @Interval('interval', 1_000, { onOneServer: true }) interval() {
        calls.push('interval');
      }
      @Timeout('timeout', 500, { store: 'db' }) timeout() {
        calls.push('timeout');
      }
    }
    const carillon = carillonOf(await startShared(Shared));
    await startShared(Shared);
    expect((await carillon.list()).map(({ id, store }) => `${id} ${store}`)).toEqual([
      'cron db',
      'interval db',
      'one db',
      'timeout db',
    ]);
    const made = async (jobId: string) => (await carillon.runs({ jobId, state: 'succeeded' })).runs.length;
    for (const id of ['cron', 'one', 'interval']) await until(async () => (await made(id)) >= 3);
    await until(async () => (await made('timeout')) > 0);
    await closeAll();
    const reader = carillonOf(await startShared(class Reader {}));
    for (const id of ['cron', 'one', 'interval', 'timeout']) {
      const { runs } = await reader.runs({ jobId: id, state: 'succeeded' });
      const fireTimes = runs.map(({ fireTime }) => fireTime.getTime());
      expect(new Set(fireTimes).size).toBe(fireTimes.length);
      expect([id, calls.filter((call) => call === id).length]).toEqual([id, runs.length]);
    }
  }, 30_000);

  it('`maxInstances` counts over both of them', async () => {
    let open = 0;
    let most = 0;
    @Injectable()
    class Slow {
      @Cron(CronExpression.EVERY_SECOND, { name: 'slow', store: 'db', maxInstances: 1 }) async slow() {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 1_300));
        open--;
      }
    }
    const carillon = carillonOf(await startShared(Slow));
    await startShared(Slow);
    await until(async () => (await carillon.runs({ jobId: 'slow', reason: 'overlap' })).runs.length > 0);
    await until(async () => (await carillon.runs({ jobId: 'slow', state: 'succeeded' })).runs.length > 1);
    expect(most).toBe(1);
  }, 30_000);

  it('closing one of them leaves the jobs of the other as they are', async () => {
    @Injectable()
    class Shared {
      @Cron(CronExpression.EVERY_SECOND, { name: 'cron', store: 'db' }) cron() {}
      @Interval('interval', 1_000, { store: 'db' }) interval() {}
    }
    const first = await startShared(Shared);
    const second = carillonOf(await startShared(Shared));
    await first.close();
    expect((await second.list()).map(({ id, pause, status }) => [id, pause, status])).toEqual([
      ['cron', null, 'active'],
      ['interval', null, 'active'],
    ]);
  });

  it('deleteInterval and deleteCronJob pause the job for all', async () => {
    @Injectable()
    class Shared {
      @Cron(CronExpression.EVERY_HOUR, { name: 'cron', store: 'db' }) cron() {}
      @Interval('interval', 3_600_000, { store: 'db' }) interval() {}
    }
    const first = await startShared(Shared);
    const second = carillonOf(await startShared(Shared));
    first.get(SchedulerRegistry).deleteInterval('interval');
    first.get(SchedulerRegistry).deleteCronJob('cron');
    await until(async () => (await second.list()).every(({ pause }) => pause?.by === 'nest-carillon/compat'));
  });

  it('U23: pauseAll and resumeAll of one reach timers in the memory of the other', async () => {
    @Injectable()
    class Memory {
      @Interval('plain', 50) plain() {
        calls.push('plain');
      }
      @Cron(CronExpression.EVERY_SECOND, { name: 'cron' }) cron() {
        calls.push('cron');
      }
      @Interval('witness', 50, { evenInMaintenanceMode: true }) witness() {
        calls.push('witness');
      }
    }
    const first = carillonOf(await startShared(Memory));
    const second = carillonOf(await startShared(class Other {}));
    await until(() => calls.includes('plain') && calls.includes('cron'));
    await second.pauseAll({ reason: 'move' });
    const isQuiet = () => calls.length > 30 && calls.slice(-30).every((call) => call === 'witness');
    await until(isQuiet);
    await second.resumeAll();
    await until(() => !isQuiet() && calls.slice(-10).includes('plain'));
    await until(async () => (await first.runs({ jobId: 'plain', reason: 'paused' })).runs.length === 1);
    const [record] = (await first.runs({ jobId: 'plain', reason: 'paused' })).runs;
    expect(record).toMatchObject({ state: 'skipped', detail: 'paused: move' });
    expect(record?.count).toBeGreaterThan(10);
  }, 30_000);
});

describe('`onOneServer` without a shared store', () => {
  it('U1: is refused at the start, naming the method and what to configure', async () => {
    @Injectable()
    class Lonely {
      @Cron(CronExpression.EVERY_SECOND, { onOneServer: true }) run() {}
    }
    const app = await compile({ providers: [Lonely] });
    await expect(app.init()).rejects.toThrow(
      /Lonely\.run \(@Cron\).*onOneServer.*needs a shared store.*forRoot\(\{ stores/s,
    );
  });

  it('is refused beside a store of this process', async () => {
    @Injectable()
    class Lonely {
      @Interval('here', 1_000, { onOneServer: true, store: 'default' }) run() {}
    }
    await expect(startShared(Lonely)).rejects.toThrow(/onOneServer.*'default' lives in this process only/s);
  });
});

it('a cron job of elsewhere runs by itself where no store is of this process, and that is logged', async () => {
  const logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
  const options = { type: 'better-sqlite3', database: join(folder, 'app.db'), driver } as const;
  const app = await compile({
    options: { scheduler: { log: 'silent', stores: { default: { type: 'typeorm', options } } } },
  });
  await app.init();
  const job = new CronJob(CronExpression.EVERY_SECOND, () => void calls.push('alone'));
  app.get(SchedulerRegistry).addCronJob('alone', job);
  job.start();
  await until(() => calls.length > 0);
  expect(await carillonOf(app).list()).toEqual([]);
  expect(logged.mock.calls.flat().join()).toContain('Cron job "alone" runs by its own timer');
  logged.mockRestore();
});
