import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { inspect } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { SystemClock } from '../../../lib/core/index.js';
import type { Claim, Store } from '../../../lib/core/index.js';
import { createRedisStore } from '../../../lib/stores/redis/index.js';
import type { RedisStoreOptions } from '../../../lib/stores/redis/index.js';
import { canStart, startThrowAway } from '../../support/servers/index.js';
import type { ThrowAwayServer } from '../../support/servers/index.js';
import { claim, newJob, newJobs, NOW, planMinutes, put, succeeded } from '../typeorm/store-parts.js';
import { faultyClient, RedisPlace, until } from './redis-place.js';

// The server is stopped and filled up: it must be one of this test's own, so redis-server must be installed.
const describeWithServer = canStart('redis') ? describe : describe.skip;

let server: ThrowAwayServer;
let place: RedisPlace;

async function startServer(settings: Record<string, string> = {}): Promise<void> {
  server = await startThrowAway('redis', { settings });
  place = await RedisPlace.on(server.url);
}

/** A server that the test cuts, stops and fills up. */
function onServer(settings?: Record<string, string>): void {
  beforeEach(async () => await startServer(settings));
  afterEach(async () => {
    await place.clear();
    await server.throwAway();
  });
}

const ids = (claims: readonly Claim[]): string[] => claims.map((it) => it.jobId).sort();

/** Everything that somebody might print of an error. */
const printed = (error: unknown): string => inspect(error, { depth: 9, showHidden: true });

async function failure(work: Promise<unknown>): Promise<Error & { code: string }> {
  return await work.then(
    () => {
      throw new Error('It should have failed.');
    },
    (error: Error & { code: string }) => error,
  );
}

describeWithServer('a Redis server that forgets its scripts, or loses connections', () => {
  onServer();

  it('is given the scripts again', async () => {
    const store = await place.openStore();
    await put(store, [newJob('a')]);
    await place.client.script('FLUSH');
    const { claims } = await claim(store);
    await place.client.script('FLUSH');

    expect(await store.jobs.settle(claims.map((it) => succeeded(it)))).toEqual([true]);
  });

  it('gets each job run once, none lost, while connections are cut again and again', async () => {
    const store = await place.openStore();
    await put(store, newJobs(400));
    const done: string[] = [];
    let cuts = 0;
    const work = (async () => {
      while (done.length < 400) {
        const { claims } = await claim(store, { limit: 7, now: Date.now(), leaseUntil: Date.now() + 60_000 });
        const answers = await store.jobs.settle(claims.map((it) => succeeded(it)));
        done.push(...claims.filter((_, index) => answers[index]).map((it) => it.jobId));
      }
    })();
    const cutting = (async () => {
      while (done.length < 400) {
        cuts += await server.engine.cutConnections(server.url, place.prefix);
        await wait(15);
      }
    })();
    await Promise.all([work, cutting]);

    expect(cuts).toBeGreaterThan(3);
    expect(new Set(done).size).toBe(400);
    const { runs } = await store.history.page({ limit: 1_000 });
    expect([runs.length, new Set(runs.map((run) => run.state))]).toEqual([400, new Set(['succeeded'])]);
    // A claim whose answer was lost is asked again, and answered as the first time: nothing hangs until its lease ends.
    expect(runs.every((run) => run.attempt === 1)).toBe(true);
  }, 60_000);

  it('answers a step that is asked again, since its answer was lost, as the first time', async () => {
    let isCut = false;
    const client = losingAnswers(() => isCut);
    const store = await place.openStore({ client });
    isCut = true;
    const results = await store.jobs.put([newJob('a'), newJob('b')], { now: () => NOW, reconcile: () => null });
    expect(results.map((it) => it.kind)).toEqual(['added', 'added']);

    const { claims } = await claim(store);
    expect(ids(claims)).toEqual(['a', 'b']);
    const [first, second] = claims.map((it) => succeeded(it));
    expect(await store.jobs.settle([first, { ...second, keepHistory: false } as typeof second])).toEqual([true, true]);
    expect((await store.history.page({ limit: 9 })).runs.map((run) => run.jobId)).toEqual([claims[0].jobId]);
    client.disconnect();
  });

  it('is waited for: what a node asks meanwhile is answered when it is back', async () => {
    const store = await place.openStore();
    await put(store, [newJob('a')]);
    await server.end('crash');
    const listed = store.jobs.list();
    await server.start();

    // Nothing was kept on disk.
    expect(await listed).toEqual([]);
  }, 30_000);

  it('makes an error with code and advice when it stays away, within the time limit', async () => {
    const store = await place.openStore({ commandTimeout: 300 });
    await server.end('crash');
    const error = await failure(Promise.resolve(store.jobs.list()));

    expect(error).toMatchObject({ code: 'REDIS_UNREACHABLE' });
    expect(error.message).toMatch(/Store "redis" cannot reach Redis at 127\.0\.0\.1:\d+.*ECONNREFUSED/);
  }, 30_000);
});

/** Each script is carried out, and its first answer never comes. */
function losingAnswers(isOn: () => boolean): Redis {
  const client = faultyClient(server.url, () => undefined);
  const send = client.evalsha.bind(client) as (...args: unknown[]) => Promise<unknown>;
  const lost = new Set<unknown>();
  const evalsha = async (...args: unknown[]): Promise<unknown> => {
    const answer = await send(...args);
    const asked = args.map(String).join();
    if (!isOn() || lost.has(asked)) return answer;
    lost.add(asked);
    throw new Error('Connection is closed.');
  };
  return Object.assign(client, { evalsha });
}

describeWithServer('a Redis server with appendonly and appendfsync always', () => {
  onServer({ appendonly: 'yes', appendfsync: 'always' });

  it('has everything that was accepted after it was killed (U1)', async () => {
    const store = await place.openStore();
    await put(store, newJobs(50));
    const { claims } = await claim(store, { limit: 20 });
    await store.jobs.settle(claims.slice(0, 10).map((it) => succeeded(it)));
    await store.nodes.writePause({ at: NOW, by: 'ann', reason: null, until: null });
    const before = [await store.jobs.list(), await store.history.page({ limit: 100 })];
    await server.end('crash');
    await server.start();

    expect([await store.jobs.list(), await store.history.page({ limit: 100 })]).toEqual(before);
    expect(await store.nodes.readPause()).toMatchObject({ by: 'ann' });
    expect(await store.jobs.settle(claims.slice(10).map((it) => succeeded(it)))).toEqual(Array(10).fill(true));
    expect((await claim(store)).claims).toHaveLength(30);
  }, 30_000);
});

describeWithServer('a Redis server that takes no writes', () => {
  onServer();
  let store: Store;
  beforeEach(async () => {
    store = await place.openStore();
    await put(store, newJobs(3));
  });

  it('since its memory is full: the step leaves no trace, and goes through when there is room', async () => {
    await place.client.config('SET', 'maxmemory', '1');
    for (const step of [() => claim(store), () => put(store, [newJob('x')])]) {
      const error = await failure(step());
      expect(error).toMatchObject({ code: 'REDIS_FULL' });
      expect(error.message).toMatch(/Raise maxmemory/);
    }
    // What only reads is answered.
    expect(await store.jobs.list()).toHaveLength(3);
    await place.client.config('SET', 'maxmemory', '0');

    expect((await claim(store)).claims).toHaveLength(3);
  });

  it('since it is a replica', async () => {
    await place.client.replicaof('127.0.0.1', 1);
    const error = await failure(claim(store));
    await place.client.replicaof('NO', 'ONE');

    expect(error).toMatchObject({ code: 'REDIS_NOT_WRITABLE' });
    expect((await until(async () => await claim(store).catch(() => undefined))).claims).toHaveLength(3);
  });

  it('since it has too few replicas', async () => {
    await place.client.config('SET', 'min-replicas-to-write', '1');
    expect(await failure(claim(store))).toMatchObject({ code: 'REDIS_NOT_WRITABLE' });
  });
});

describeWithServer('opening a store', () => {
  onServer();

  it('says who refuses access, and never shows a password', async () => {
    await place.client.config('SET', 'requirepass', 'right-secret');
    const url = new URL(server.url);
    url.password = 'wrong-secret';
    const error = await failure(place.openStore({ url: url.href }));
    await place.client.config('SET', 'requirepass', '');

    expect(error).toMatchObject({ code: 'REDIS_ACCESS' });
    expect(error.message).toMatch(/WRONGPASS/);
    expect(printed(error)).not.toMatch(/secret/);
  });

  it('says that a password is needed', async () => {
    await place.client.config('SET', 'requirepass', 'right-secret');
    const error = await failure(place.openStore());
    await place.client.config('SET', 'requirepass', '');

    expect(error).toMatchObject({ code: 'REDIS_ACCESS' });
  });

  it('says that nobody answers at the address, and can be tried again', async () => {
    await server.end('crash');
    const store = place.store();
    const error = await failure(Promise.resolve(store.jobs.open()));
    await server.start();

    expect(error).toMatchObject({ code: 'REDIS_UNREACHABLE' });
    expect(error.message).toMatch(/ECONNREFUSED/);
    await store.jobs.open();
  });

  it('refuses a server older than 7', async () => {
    const client = faultyClient(server.url, () => undefined);
    const info = client.info.bind(client) as (...args: unknown[]) => Promise<string>;
    const old = async (...args: unknown[]) => (args.length > 0 ? await info(...args) : 'redis_version:6.2.14\r\n');
    Object.assign(client, { info: old });
    const error = await failure(place.openStore({ client }));
    client.disconnect();

    expect(error).toMatchObject({ code: 'REDIS_TOO_OLD', version: '6.2.14' });
  });

  it('warns of a server that evicts keys when its memory is full', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: string) => warnings.push(warning);
    await place.openStore({ onWarning });
    await place.client.config('SET', 'maxmemory', '100mb');
    await place.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await place.openStore({ onWarning });

    expect(warnings).toEqual([expect.stringMatching(/allkeys-lru.*Set maxmemory-policy to noeviction/)]);
  });

  it('is needed before anything else, and works again after a close', async () => {
    const store = place.store();
    expect(await failure(Promise.resolve(store.jobs.list()))).toMatchObject({ code: 'REDIS_STORE_CLOSED' });
    await store.jobs.open();
    await put(store, [newJob('a')]);
    await store.jobs.close();
    expect(await failure(Promise.resolve(store.jobs.list()))).toMatchObject({ code: 'REDIS_STORE_CLOSED' });
    await store.jobs.open();

    expect(await store.jobs.list()).toHaveLength(1);
  });

  it('leaves a client of the application open', async () => {
    const client = faultyClient(server.url, () => undefined);
    const store = await place.openStore({ client });
    await store.jobs.close();

    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });
});

describe('options of the Redis store', () => {
  const make = (fields: Partial<RedisStoreOptions>) => () =>
    createRedisStore({ alias: 'redis', application: 'shop', clock: new SystemClock(), ...fields });

  it.each<[string, Partial<RedisStoreOptions>, RegExp]>([
    ['no address', {}, /exactly one of "client", "url" and "connection"/],
    ['two addresses', { url: 'redis://a', connection: { host: 'b' } }, /exactly one/],
    ['a URL without a scheme', { url: 'localhost:6379' }, /"url" cannot be used/],
    ['a URL of something else', { url: 'http://localhost' }, /"url" cannot be used/],
    ['a database that is no number', { url: 'redis://localhost/jobs' }, /number of a database/],
    ['braces in the prefix', { url: 'redis://localhost', keyPrefix: 'a{b}' }, /braces/],
  ])('refuses %s', (_, fields, message) => {
    expect(make(fields)).toThrow(expect.objectContaining({ code: 'REDIS_STORE_OPTIONS' }));
    expect(make(fields)).toThrow(message);
  });

  it('never shows the password of a URL that cannot be used', () => {
    const tries = ['http://me:secret@localhost', 'me:secret@localhost', 'redis://me:secret@localhost/x'];
    for (const url of tries) expect(printed(failureOf(make({ url })))).not.toMatch(/secret/);
  });
});

function failureOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describeWithServer('messages between nodes', () => {
  onServer();

  it('wake the others when jobs change, and not the one that changed them', async () => {
    const [one, other] = [await place.openStore(), await place.openStore()];
    const woken = { one: 0, other: 0 };
    const stop = [
      one.jobs.watch!(
        () => woken.one++,
        () => undefined,
      ),
      other.jobs.watch!(
        () => woken.other++,
        () => undefined,
      ),
    ];
    await until(async () => woken.one > 0 && woken.other > 0);
    expect(other.jobs.hasForeignWrites!()).toBe(false);
    const before = { ...woken };
    await put(one, [newJob('a')]);
    await until(async () => woken.other > before.other);

    expect(woken.one).toBe(before.one);
    stop.forEach((end) => end());
  });

  it('are missed while the connection is cut: claims are not trusted then, and the node is woken when it hears again', async () => {
    const store = await place.openStore();
    let woken = 0;
    const stop = store.jobs.watch!(
      () => woken++,
      () => undefined,
    );
    await until(async () => woken === 1);
    await server.end('crash');
    await until(async () => store.jobs.hasForeignWrites!());
    await server.start();
    await until(async () => woken >= 2);

    expect(store.jobs.hasForeignWrites!()).toBe(false);
    stop();
  }, 30_000);

  it('tell of a claim that was taken back ahead of its time: its owner finds it gone when it renews', async () => {
    const [one, other] = [await place.openStore(), await place.openStore()];
    let woken = 0;
    const stop = one.jobs.watch!(
      () => woken++,
      () => undefined,
    );
    await until(async () => woken === 1);
    const dueAt = Date.now() + 60_000;
    await put(one, [newJob('a', { fireTime: dueAt })]);
    const { claims } = await claim(one, { now: dueAt - 1_000, until: dueAt }, planMinutes);
    await other.jobs.change({ ids: ['a'], now: () => Date.now(), decide: () => ({ withdraw: true }) });
    await until(async () => woken >= 2);

    expect(await one.jobs.renew(claims, dueAt)).toEqual([{ held: false, cancelRequested: false }]);
    stop();
  });

  it('come too late for a claim that fell due while it was taken back: it has begun, and is left', async () => {
    const [one, other] = [await place.openStore(), await place.openStore()];
    const dueAt = Date.now() + 300;
    await put(one, [newJob('a', { fireTime: dueAt })]);
    const { claims } = await claim(one, { now: dueAt - 1_000, until: dueAt }, planMinutes);
    const asked: number[] = [];
    const now = (): number => {
      asked.push(Date.now());
      // The step takes so long.
      while (Date.now() < dueAt + 1);
      return asked.at(-1)!;
    };
    const [{ before, after }] = await other.jobs.change({ ids: ['a'], now, decide: () => ({ withdraw: true }) });

    expect(asked.map((at) => at < dueAt)).toEqual([true, false]);
    expect(after!.fireTime).toBe(before.fireTime);
    expect(await one.jobs.renew(claims, dueAt + 60_000)).toEqual([{ held: true, cancelRequested: false }]);
  });

  it('take their time: a claim that falls due right after it was taken back has begun, and is left', async () => {
    const [one, other] = [await place.openStore(), await place.openStore()];
    const dueAt = Date.now() + 500;
    await put(one, [newJob('a', { fireTime: dueAt })]);
    const { claims } = await claim(one, { now: dueAt - 1_000, until: dueAt }, planMinutes);
    let tries = 0;
    const now = (): number => {
      tries++;
      const asked = Date.now();
      // The step takes so long.
      while (Date.now() < dueAt - 50);
      return asked;
    };
    await other.jobs.change({ ids: ['a'], now, decide: () => ({ withdraw: true }) });

    expect(tries).toBe(2);
    expect(await one.jobs.renew(claims, dueAt + 60_000)).toEqual([{ held: true, cancelRequested: false }]);
  });

  it('do not hold up a long step of which some claim falls due at any time', async () => {
    const store = await place.openStore();
    const start = Date.now() + 200;
    await put(
      store,
      newJobs(150, (n) => ({ fireTime: start + 20 * n })),
    );
    const ahead = { now: start - 1_000, until: start + 3_000, limit: 150, leaseUntil: start + 60_000 };
    const { claims } = await claim(store, ahead, planMinutes);
    let tries = 0;
    const decide = (): { withdraw: true } => {
      for (const end = Date.now() + 1; Date.now() < end;);
      return { withdraw: true };
    };
    const ids = claims.map((it) => it.jobId);
    await store.jobs.change({ ids, now: () => (tries++, Date.now()), decide });

    expect(ids).toHaveLength(150);
    expect(tries).toBeLessThanOrEqual(3);
  });
});
