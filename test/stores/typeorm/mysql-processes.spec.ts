import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { SCHEMA_STEPS } from '../../../lib/stores/typeorm/migrations/index.js';
import { describeOnServer } from '../../support/servers/index.js';
import { CompiledLib } from './compiled-lib.js';
import { NodeProcess } from './node-process.js';
import { MySqlPlace, server } from './mysql-place.js';
import { claim, LEASE, newJobs, NOW, put, succeeded } from './store-parts.js';

jest.setTimeout(120_000);

/** Packets of one claim and its settlement are fewer than this. */
const STEPS = 8;

const SCRIPT = join(import.meta.dirname, 'mysql-process-main.mjs');

let lib: CompiledLib;
let place: MySqlPlace;
let processes: NodeProcess[];

async function start(...nodes: string[]): Promise<NodeProcess[]> {
  const where = JSON.stringify({ url: place.url });
  const started = nodes.map((node) => new NodeProcess(lib.folder, where, node, SCRIPT));
  // Before they are waited for: one that is left behind would keep the test run from ending.
  processes.push(...started);
  await Promise.all(started.map((it) => it.ready()));
  return started;
}

describeOnServer(server, 'several processes on one MariaDB database', () => {
  beforeAll(() => {
    lib = new CompiledLib();
  });
  afterAll(() => lib.clear());
  beforeEach(async () => {
    place = new MySqlPlace();
    await place.make();
    processes = [];
  });
  afterEach(async () => {
    for (const it of processes) await it.kill();
    await place.clear();
  });

  it('make the tables once when they start at the same moment', async () => {
    await start('n1', 'n2', 'n3');

    expect(await place.ask('SELECT name FROM carillon_migrations')).toHaveLength(SCHEMA_STEPS.length);
  });

  it('put the same jobs at the same moment, and each is there once (P12)', async () => {
    const nodes = await start('n1', 'n2');
    const kinds = await Promise.all(nodes.map((node) => node.ask('put', { jobs: newJobs(50) })));

    expect(kinds.flat().filter((kind) => kind === 'added')).toHaveLength(50);
    expect(kinds.flat().filter((kind) => kind === 'unchanged')).toHaveLength(50);
  });

  it('run each job once between them: none doubled, none lost (P20, P33)', async () => {
    const store = await place.open();
    await put(store, newJobs(3_000));
    const nodes = await start('n1', 'n2');
    const drain = async (fields: object) =>
      await Promise.all(nodes.map((node) => node.ask('drain', { now: NOW, lease: LEASE, limit: 40, ...fields })));
    // Each gets its first batch; from there on the quicker one may take more.
    const done = [...(await drain({ batches: 1 })), ...(await drain({})), ...(await drain({}))];

    expect([done.flat().length, new Set(done.flat()).size]).toEqual([3_000, 3_000]);
    const { runs } = await store.history.page({ limit: 4_000, states: ['succeeded'] });
    expect([runs.length, new Set(runs.map((run) => run.jobId)).size]).toEqual([3_000, 3_000]);
    expect(runs.every((run) => run.token === 1 && run.attempt === 1)).toBe(true);
  });

  it('take over, after its lease, what a process held that was killed; its outcomes and losses are kept (P16, P22, U32)', async () => {
    const store = await place.open();
    await put(store, newJobs(20));
    const [node] = await start('n1');
    expect(await node.ask('claimAndDie', { now: NOW, lease: LEASE, limit: 20 })).toBe('died');

    const early = { node: 'n2', now: NOW + LEASE - 1, recoverBefore: NOW + LEASE - 1 };
    expect((await claim(store, early)).claims).toEqual([]);
    const { claims } = await claim(store, { node: 'n2', now: NOW + LEASE, recoverBefore: NOW + LEASE });
    expect(claims.map((it) => [it.cause, it.token, it.run.attempt, it.job.losses])).toEqual(
      Array(10).fill(['recovered', 2, 2, 1]),
    );
    await store.jobs.settle(claims.map((it) => succeeded(it)));
    const { runs } = await store.history.page({ limit: 100, states: ['succeeded'] });
    expect(new Set(runs.map((run) => run.jobId)).size).toBe(20);
  });

  it('lose and double nothing when one is killed between any two statements (U1)', async () => {
    const store = await place.open();
    await put(store, newJobs(STEPS));
    for (let first = 1; first <= STEPS; first += 4) {
      const steps = [first, first + 1, first + 2, first + 3];
      const nodes = await start(...steps.map((step) => `n${step}`));
      const window = { now: NOW, lease: LEASE, limit: 1 };
      await Promise.all(nodes.map((node, index) => node.ask('dieAtStep', { step: steps[index], ...window })));
      await Promise.all(nodes.map((node) => node.kill()));
    }
    const done: string[] = [];
    // The server may hold what a killed process had for a moment longer.
    while (done.length < STEPS) {
      const { claims } = await claim(store, { now: NOW + LEASE, recoverBefore: NOW + LEASE });
      await store.jobs.settle(claims.map((it) => succeeded(it)));
      const { runs } = await store.history.page({ limit: 100, states: ['succeeded'] });
      done.splice(0, done.length, ...runs.map((run) => run.jobId));
    }

    const { runs } = await store.history.page({ limit: 100 });
    expect(runs.map((run) => run.jobId).sort()).toEqual(
      newJobs(STEPS)
        .map((job) => job.id)
        .sort(),
    );
    expect(new Set(runs.map((run) => run.state))).toEqual(new Set(['succeeded']));
    expect(await place.ask('SELECT 1 FROM carillon_open_runs')).toEqual([]);
  });
});
