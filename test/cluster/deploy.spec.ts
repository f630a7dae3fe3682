import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeOnServer, testServer } from '../support/servers/index.js';
import { CompiledCode } from './harness/compiled-code.js';
import { Member } from './harness/member.js';
import { ENGINES, STORE_ON, storeIn } from './harness/store-settings.js';
import type { Place } from '../support/servers/index.js';
import type { EvidenceLine } from './node/evidence.js';

let code: CompiledCode;
let folder: string;
let members: Member[];
let told: EventEmitter;

beforeAll(() => {
  code = new CompiledCode('test/cluster/node', 'test/cluster/deploy');
});
afterAll(() => code.clear());
beforeEach(() => {
  members = [];
  told = new EventEmitter();
  folder = mkdtempSync(join(tmpdir(), 'carillon-deploy-'));
  writeFileSync(join(folder, 'evidence.jsonl'), '');
});
afterEach(async () => {
  for (const member of members) await member.kill();
  rmSync(folder, { recursive: true, force: true });
});

const sqlite = () => storeIn(folder);

async function start(version: '1.0.0' | '2.0.0', store: object = sqlite()): Promise<Member> {
  const settings = { version, store, evidence: join(folder, 'evidence.jsonl') };
  const member = new Member(code.file('test/cluster/deploy/main.ts'), settings);
  members.push(member);
  member.onBegun(() => told.emit('begun'));
  await member.ready();
  return member;
}

function evidence(): EvidenceLine[] {
  const text = readFileSync(join(folder, 'evidence.jsonl'), 'utf8').trimEnd();
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as EvidenceLine);
}

/** Fire times that ran, of jobs by any of these ids. */
function ranAt(...ids: string[]): number[] {
  return evidence()
    .filter(([kind, , , job]) => kind === 'start' && ids.includes(job))
    .map((line) => line[4]);
}

/** Looks at the evidence when a process tells that a handler has begun. */
async function until(isSo: () => boolean): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  while (!isSo()) {
    await once(told, 'begun', { signal }).catch((cause: unknown) => {
      throw new Error(`Still not so: ${String(isSo)}`, { cause });
    });
  }
}

async function stateOf(member: Member): Promise<{ nodes: number; jobs: Record<string, any> }> {
  const { nodes, jobs } = await member.ask('results');
  return { nodes, jobs: Object.fromEntries(jobs.map((job: { id: string }) => [job.id, job])) };
}

async function runsOnceAndNeverOverlaps(store: object): Promise<void> {
  const [one] = await Promise.all([start('1.0.0', store), start('1.0.0', store)]);
  expect((await stateOf(one)).nodes).toBe(2);
  await until(() => ranAt('sync').length >= 6 && ranAt('slow').length >= 3);

  const times = ranAt('sync');
  expect(new Set(times).size).toBe(times.length);
  let open = 0;
  for (const [kind, , , job] of evidence().filter((line) => line[3] === 'slow')) {
    open += kind === 'start' ? 1 : -1;
    expect([job, open <= 1]).toEqual(['slow', true]);
  }
}

const SENTENCE = 'run each fire time of an onOneServer job once, and never overlap one withoutOverlapping (U1)';

describe('two processes of one application on SQLite', () => {
  it(SENTENCE, async () => await runsOnceAndNeverOverlaps(sqlite()), 120_000);
});

for (const engine of ENGINES) {
  const server = await testServer(engine);
  describeOnServer(server, `two processes of one application on ${server.title}`, () => {
    let place: Place;

    beforeAll(async () => {
      place = await server.makePlace();
    });
    afterAll(async () => {
      await place.drop();
    });

    it(SENTENCE, async () => await runsOnceAndNeverOverlaps(STORE_ON[engine](place)), 120_000);
  });
}

describe('a deploy, while the old version still runs', () => {
  it('renames a job with its grid, changes a cron, keeps what is gone, and the old version changes nothing back (P9, P11, P14)', async () => {
    const old = await start('1.0.0');
    await until(() => ranAt('sync').length >= 2);
    const before = (await stateOf(old)).jobs;
    const fresh = await start('2.0.0');
    const { nodes, jobs } = await stateOf(fresh);

    expect(nodes).toBe(2);
    expect(Object.keys(jobs).sort()).toEqual(['gone', 'nightly', 'slow', 'sync-orders']);
    expect(jobs['sync-orders']).toMatchObject({ createdAt: before.sync.createdAt });
    expect(jobs.nightly.trigger).not.toBe(before.nightly.trigger);
    // Its class has another name now; when it runs next, and that it is the same job, has not changed.
    expect(jobs.slow).toEqual({ ...before.slow, task: 'VersionTwo.slow' });
    // Another one of the old version, as when a supervisor starts it again in the middle of the deploy.
    await start('1.0.0');
    expect((await stateOf(fresh)).jobs.nightly.trigger).toBe(jobs.nightly.trigger);
  }, 120_000);

  it('gives each fire time of a renamed job one run, on the grid that it had', async () => {
    const old = await start('1.0.0');
    await until(() => ranAt('sync').length >= 2);
    await start('2.0.0');
    await until(() => ranAt('sync-orders').length >= 2);
    await old.leave();
    const count = ranAt('sync-orders').length;
    await until(() => ranAt('sync-orders').length >= count + 3);

    const times = ranAt('sync', 'sync-orders').sort((a, b) => a - b);
    expect(new Set(times).size).toBe(times.length);
    expect(new Set(times.map((time) => time % 1_000)).size).toBe(1);
  }, 120_000);
});
