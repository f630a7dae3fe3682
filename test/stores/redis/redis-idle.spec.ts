import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JobRecord, Store } from '../../../lib/core/index.js';
import { ManualClock } from '../../../lib/testing/index.js';
import { every } from '../../../lib/triggers/index.js';
import { job, World } from '../../engine/support/world.js';
import { canStart, startThrowAway } from '../../support/servers/index.js';
import type { ThrowAwayServer } from '../../support/servers/index.js';
import { claim, LEASE, newJob, NOW, put } from '../typeorm/store-parts.js';
import { RedisPlace, until } from './redis-place.js';

const HOUR = 3_600_000;
/** Commands of the test itself. */
const OWN = ['info', 'ping', 'config|resetstat'];

// All commands of the server are counted: it must be one of this test's own, so redis-server must be installed.
const describeWithServer = canStart('redis') ? describe : describe.skip;

let server: ThrowAwayServer;
let place: RedisPlace;

/** Since the last reset, those inside of scripts too. */
async function commands(): Promise<Record<string, number>> {
  const facts = await place.client.info('commandstats');
  const counts = [...facts.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, calls]) => [name, Number(calls)]);
  return Object.fromEntries(counts.filter(([name]) => !OWN.includes(name as string))) as Record<string, number>;
}

function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** What was asked of the server meanwhile is answered. */
async function answered(): Promise<undefined> {
  for (let times = 0; times < 30; times++) await place.client.ping();
}

async function countsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
  await place.client.config('RESETSTAT');
  await work();
  return await commands();
}

describeWithServer('an idle store in Redis', () => {
  let clock: ManualClock;
  let one: Store;
  let other: Store;
  const idle = { until: NOW + 1_000, recoverBefore: NOW };

  beforeEach(async () => {
    server = await startThrowAway('redis');
    place = await RedisPlace.on(server.url);
    clock = new ManualClock(Date.now());
    [one, other] = [await place.openStore({ clock }), await place.openStore()];
  });
  afterEach(async () => {
    await place.clear();
    await server.throwAway();
  });

  const later = (id: string) => newJob(id, { fireTime: NOW + HOUR });

  it('is asked 50 commands a minute at most, of which a beat comes within each lease', async () => {
    await put(
      other,
      Array.from({ length: 1_000 }, (_, index) => newJob(`later-${index}`, { fireTime: Date.now() + 24 * HOUR })),
    );
    const world = await new World({ stores: [{ ...one, alias: 'default' }], clock })
      .handle('work')
      .startAsync(job('work', every({ days: 1 })));
    await until(async () => one.jobs.hasForeignWrites!() === false);
    await clock.advanceWith(60_000, answered);
    const counts = await countsOf(async () => await clock.advanceWith(300_000, answered));
    const stopped = world.scheduler.stop();
    await clock.advanceWith(1_000, answered);
    await stopped;

    expect(counts.hset).toBeGreaterThanOrEqual(5 * 6);
    // It is looked after all the while: claims of all kinds, and rounds of upkeep.
    expect(counts.get).toBeGreaterThan(5 * 10);
    expect(counts.hvals).toBeGreaterThanOrEqual(4);
    expect(total(counts) / 5).toBeLessThanOrEqual(50);
  }, 60_000);

  it('answers a claim by one command while nobody commits, and tells its time again after a minute', async () => {
    await put(other, [later('a')]);
    const first = await claim(one, idle);
    const counts = await countsOf(async () => {
      expect(await claim(one, idle)).toEqual({ ...first, storeNow: null });
    });
    expect(counts).toEqual({ get: 1 });
    await clock.advanceAsync(60_000);
    expect((await claim(one, idle)).storeNow).toEqual(expect.any(Number));
  });

  it('is looked at when an instant comes that was told, and when what was left out or asked for differs', async () => {
    await put(other, [later('a')]);
    await claim(one, idle);
    expect((await claim(one, { ...idle, recoverBefore: null })).storeNow).not.toBeNull();
    await claim(one, idle);
    expect((await claim(one, { ...idle, exceptExecutors: new Set(['x']) })).storeNow).not.toBeNull();
    await claim(one, idle);
    expect((await claim(one, { ...idle, until: NOW + HOUR })).claims.map((it) => it.jobId)).toEqual(['a']);
  });

  it('shows what another process added, though nobody was told', async () => {
    await put(other, [later('a')]);
    await claim(one, idle);
    await put(other, [newJob('b', { fireTime: NOW })]);
    expect((await claim(one, idle)).claims.map((it) => it.jobId)).toEqual(['b']);
  });

  it('tells of a lease that began after it was looked at, and of its end: the run of a dead node is taken over', async () => {
    await put(other, [newJob('a', { fireTime: NOW + 5_000 })]);
    expect((await claim(one, idle)).claims).toEqual([]);
    const taken = await claim(other, { node: 'dead', now: NOW + 5_000, until: NOW + 6_000, leaseUntil: NOW + LEASE });
    expect(taken.claims).toHaveLength(1);
    expect((await claim(one, idle)).nextDueAt).toBe(NOW + LEASE);
    const ended = { now: NOW + LEASE, recoverBefore: NOW + LEASE, until: NOW + LEASE, leaseUntil: NOW + 2 * LEASE };
    expect((await claim(one, ended)).claims).toMatchObject([{ jobId: 'a', cause: 'recovered' }]);
  });

  it('is looked at after it came back without its last commits', async () => {
    await put(other, [later('a')]);
    const before = (await place.client.get(place.key('changed')))!;
    await put(other, [later('b')]);
    await claim(one, idle);
    await place.client.set(place.key('changed'), before);
    expect((await claim(one, idle)).storeNow).not.toBeNull();
    await place.client.del(place.key('changed'));
    expect((await claim(one, idle)).storeNow).not.toBeNull();
  });

  it('remembers that no job matched only until the next commit', async () => {
    await put(other, [later('a')]);
    const asked = async (): Promise<readonly JobRecord[]> => await one.jobs.list({ status: ['orphaned'] });
    expect(await asked()).toEqual([]);
    expect(await countsOf(async () => expect(await asked()).toEqual([]))).toEqual({ mget: 1 });
    const status = { status: 'orphaned', statusReason: 'gone', statusAt: NOW } as const;
    await other.jobs.change({ ids: ['a'], now: () => NOW, decide: () => status });
    expect((await asked()).map((it) => it.id)).toEqual(['a']);
  });

  it('has its paused flag read again when a message came, and after 15 s without one', async () => {
    const node = { id: 'n1', host: 'here', pid: 1, appVersion: '1', startedAt: NOW, seenAt: NOW };
    const beat = async () => await one.nodes.beat({ ...node, jobsDigest: '', jobIds: [], tasks: [] });
    const pause = { at: NOW, by: 'ann', reason: 'deploy', until: null };
    let woken = 0;
    const stop = one.jobs.watch!(
      () => woken++,
      () => undefined,
    );
    await until(async () => woken === 1);
    expect(await beat()).toBeNull();
    expect(await countsOf(beat)).toEqual({ hset: 1 });
    await other.nodes.writePause(pause);
    await until(async () => woken === 2);
    expect(await beat()).toEqual(pause);
    // As if the message were lost.
    await place.client.del(place.key('pause'));
    await clock.advanceAsync(15_000);
    expect(await beat()).toBeNull();
    stop();
  });
});
