import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { at, cron, Interval, JobContext, SchedulerModule, SchedulerRegistry, Task } from '../../../lib/index.js';
import type { RedisStoreOptions } from '../../../lib/index.js';
import { describeOnServer, testServer } from '../../support/servers/index.js';
import { RedisPlace, until } from './redis-place.js';

const server = await testServer('redis');

let place: RedisPlace;
let apps: TestingModule[];
const runs: { readonly id: string; readonly fireTime: number; readonly late: number }[] = [];
const mails: string[] = [];

@Injectable()
class Reports {
  @Interval('1s', { id: 'report', store: 'redis' })
  send(job: JobContext) {
    runs.push({ id: job.jobId, fireTime: job.fireTime.getTime(), late: Date.now() - job.fireTime.getTime() });
  }

  @Task()
  mail(to: string, job: JobContext) {
    mails.push(`${to} ${job.jobId}`);
  }
}

beforeEach(async () => {
  jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  if (server.url !== undefined) place = await RedisPlace.on(server.url);
  apps = [];
  runs.length = 0;
  mails.length = 0;
});
afterEach(async () => {
  for (const app of apps) await app.close();
  if (server.url !== undefined) await place.clear();
  jest.restoreAllMocks();
});

async function start(store: Partial<RedisStoreOptions> = {}): Promise<SchedulerRegistry> {
  const { hostname: host, port } = new URL(server.url!);
  const address = store.client === undefined ? { host, port: Number(port) } : {};
  const redis = { type: 'redis', keyPrefix: place.prefix, ...address, ...store } as const;
  const options = { application: 'shop', log: 'silent', stores: { redis } } as const;
  const module = Test.createTestingModule({ imports: [SchedulerModule.forRoot(options)], providers: [Reports] });
  const app = await module.compile();
  await app.init();
  apps.push(app);
  return app.get(SchedulerRegistry);
}

describeOnServer(server, 'an application with a Redis store', () => {
  it('runs each fire time once in two of its processes, on time', async () => {
    await start();
    await start();
    await until(async () => runs.length >= 3);
    const fireTimes = runs.map((run) => run.fireTime);

    expect(new Set(fireTimes).size).toBe(fireTimes.length);
    expect(runs.every((run) => run.late >= 0)).toBe(true);
  }, 30_000);

  it('adds, runs, pauses and removes jobs through the registry; what is paused stays so after a restart', async () => {
    const registry = await start();
    await registry.add({
      id: 'now',
      trigger: at(Date.now() + 20),
      task: [Reports, 'mail'],
      args: ['ann'],
      store: 'redis',
    });
    await until(async () => mails.includes('ann now'));
    await registry.add({
      id: 'later',
      trigger: cron('0 9 * * *'),
      task: [Reports, 'mail'],
      args: ['bob'],
      store: 'redis',
    });
    await registry.runNow('later');
    await until(async () => mails.includes('bob later'));
    await registry.pause('later');
    await apps.pop()!.close();
    const again = await start();

    expect((await again.get('later'))!.pause).not.toBeNull();
    expect((await again.history('later')).runs.map((run) => run.state)).toEqual(['succeeded']);
    await again.remove('later');
    expect(await again.has('later')).toBe(false);
  }, 30_000);

  it('uses a client that the application has, and leaves it open', async () => {
    const client = new Redis(server.url!);
    const registry = await start({ client });
    expect((await registry.list()).map((job) => job.id)).toEqual(['report']);
    await apps.pop()!.close();

    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  }, 30_000);

  it('does not start where nobody answers, and no error shows the password', async () => {
    const error = await start({ port: 1, password: 'very-secret' }).then(
      () => undefined,
      (it: unknown) => it,
    );

    expect(error).toMatchObject({ code: 'REDIS_UNREACHABLE' });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/very-secret/);
  }, 30_000);
});
