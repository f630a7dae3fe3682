import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { describeOnServer, testServer } from '../../support/servers/index.js';
import { CompiledLib } from '../typeorm/compiled-lib.js';
import { NodeProcess } from '../typeorm/node-process.js';
import { claim, LEASE, newJobs, NOW, put, succeeded } from '../typeorm/store-parts.js';
import { RedisPlace } from './redis-place.js';

const server = await testServer('redis');
const SCRIPT = join(import.meta.dirname, 'redis-process-main.mjs');
/** Scripts of one claim and its settlement, and one more. */
const STEPS = 4;

let lib: CompiledLib;
let place: RedisPlace;
let processes: NodeProcess[];

beforeAll(() => {
  lib = new CompiledLib('stores/redis');
});
afterAll(() => lib.clear());
beforeEach(async () => {
  if (server.url === undefined) return;
  place = await RedisPlace.on(server.url);
  processes = [];
});
afterEach(async () => {
  if (server.url === undefined) return;
  for (const it of processes) await it.kill();
  await place.clear();
});

async function start(...nodes: string[]): Promise<NodeProcess[]> {
  const started = nodes.map((node) => new NodeProcess(lib.folder, `${place.url}#${place.prefix}`, node, SCRIPT));
  // Before they are waited for: one that is left behind would keep the test run from ending.
  processes.push(...started);
  await Promise.all(started.map((it) => it.ready()));
  return started;
}

/** What a process that died had taken comes back after 5 s; here at once. */
async function endTheWait(): Promise<number> {
  const taken = await place.client.zrange(place.key('taken'), 0, -1);
  for (const batch of taken) await place.client.zadd(place.key('taken'), 0, batch);
  return taken.length;
}

describeOnServer(server, 'several processes on one Redis', () => {
  it('put the same jobs at the same moment, and each is there once (P12)', async () => {
    const nodes = await start('n1', 'n2');
    const kinds = await Promise.all(nodes.map((node) => node.ask('put', { jobs: newJobs(50) })));

    expect(kinds.flat().filter((kind) => kind === 'added')).toHaveLength(50);
    expect(kinds.flat().filter((kind) => kind === 'unchanged')).toHaveLength(50);
  }, 60_000);

  it('run each job once between them: none doubled, none lost (P20, P33)', async () => {
    const store = await place.openStore();
    await put(store, newJobs(3_000));
    const nodes = await start('n1', 'n2');
    const drain = async (fields: object) =>
      await Promise.all(nodes.map((node) => node.ask('drain', { now: NOW, lease: LEASE, limit: 40, ...fields })));
    // Each gets its first batch; from there on the quicker one may take more.
    const done = [...(await drain({ batches: 1 })), ...(await drain({}))];

    expect([done.flat().length, new Set(done.flat()).size]).toEqual([3_000, 3_000]);
    const { runs } = await store.history.page({ limit: 4_000, states: ['succeeded'] });
    expect([runs.length, new Set(runs.map((run) => run.jobId)).size]).toEqual([3_000, 3_000]);
    expect(runs.every((run) => run.token === 1 && run.attempt === 1)).toBe(true);
  }, 60_000);

  it('lose nothing when one is killed between the two scripts of a claim: what it had taken comes back (P8)', async () => {
    const store = await place.openStore();
    await put(store, newJobs(20));
    const [node] = await start('n1');
    expect(await node.ask('dieAtStep', { step: 2, now: NOW, lease: LEASE, limit: 20 })).toBe('died');

    const meanwhile = await claim(store, { node: 'n2' });
    expect(meanwhile.claims).toEqual([]);
    // A node that looks now knows when to look again.
    expect(meanwhile.nextDueAt! - NOW).toBeLessThanOrEqual(5_000);
    expect(await endTheWait()).toBe(1);
    const { claims } = await claim(store, { node: 'n2' });
    expect(claims.map((it) => [it.cause, it.token]).slice(0, 1)).toEqual([['planned', 1]]);
    expect(new Set(claims.map((it) => it.jobId)).size).toBe(20);
  }, 60_000);

  it('lose and double nothing when one is killed between any two scripts (U1)', async () => {
    const store = await place.openStore();
    await put(store, newJobs(2 * STEPS));
    const nodes = await start(...Array.from({ length: STEPS }, (_, index) => `n${index}`));
    const window = { now: NOW, lease: LEASE, limit: 1 };
    await Promise.all(nodes.map((node, index) => node.ask('dieAtStep', { step: index + 1, ...window })));
    await Promise.all(nodes.map((node) => node.kill()));
    await endTheWait();
    const late = { now: NOW + LEASE, recoverBefore: NOW + LEASE };
    const { claims } = await claim(store, late);
    await store.jobs.settle(claims.map((it) => succeeded(it)));

    const { runs } = await store.history.page({ limit: 100 });
    const ids = newJobs(2 * STEPS).map((job) => job.id);
    expect(runs.map((run) => run.jobId).sort()).toEqual(ids.sort());
    expect(new Set(runs.map((run) => run.state))).toEqual(new Set(['succeeded']));
    expect(await claim(store, late)).toMatchObject({ claims: [], hasMore: false, nextDueAt: null });
  }, 60_000);
});
