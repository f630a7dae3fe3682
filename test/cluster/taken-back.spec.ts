import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeOnServer, testServer } from '../support/servers/index.js';
import type { Place } from '../support/servers/index.js';
import { CompiledCode } from './harness/compiled-code.js';
import { Member } from './harness/member.js';
import { ENGINES, STORE_ON, storeIn } from './harness/store-settings.js';
import type { EvidenceLine } from './node/evidence.js';
import type { NodeSettings, RecurringJob } from './node/settings.js';

/** Most of their fire times are claimed ahead; each change takes one back, often just when it falls due. */
const JOBS = 20;
const CHANGES_OF_EACH = 4;
const RUNS = 150;

let code: CompiledCode;
let folder: string;
let members: Member[];

beforeAll(() => {
  code = new CompiledCode('test/cluster/node');
});
afterAll(() => code.clear());
beforeEach(() => {
  members = [];
  folder = mkdtempSync(join(tmpdir(), 'carillon-taken-back-'));
  writeFileSync(join(folder, 'evidence.jsonl'), '');
});
afterEach(async () => {
  for (const member of members) await member.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function start(store: object, role: NodeSettings['role']): Promise<Member> {
  const settings = { role, store, evidence: join(folder, 'evidence.jsonl'), recurring: [] };
  const member = new Member(code.file('test/cluster/node/main.ts'), settings);
  members.push(member);
  await member.ready();
  return member;
}

function jobsFrom(start: number): RecurringJob[] {
  return Array.from({ length: JOBS }, (_, n) => ({
    ...{ id: `job-${n}`, everyMs: 200 + 10 * n, start: start + 7 * n, end: start + 3_600_000, workMs: 0 },
    policy: {},
  }));
}

/** Evidence of starts, by job and fire time. */
function starts(): Map<string, EvidenceLine[]> {
  const lines = readFileSync(join(folder, 'evidence.jsonl'), 'utf8').split('\n').slice(0, -1);
  const byRun = new Map<string, EvidenceLine[]>();
  for (const line of lines.map((text) => JSON.parse(text) as EvidenceLine)) {
    const run = `${line[3]} at ${line[4]}`;
    if (line[0] === 'start') byRun.set(run, [...(byRun.get(run) ?? []), line]);
  }
  return byRun;
}

async function runsEachFireTimeOnce(store: object): Promise<void> {
  const client = await start(store, 'client');
  await Promise.all([start(store, 'all'), start(store, 'all')]);
  const jobs = jobsFrom(Date.now() + 500);
  await client.ask('addRecurring', jobs);
  for (let n = 0; n < CHANGES_OF_EACH || starts().size < RUNS; n++) await client.ask('changeAll', jobs);
  await Promise.all(members.map((member) => member.leave()));

  expect([...starts().values()].filter((lines) => lines.length > 1)).toEqual([]);
  expect(new Set([...starts().values()].map(([line]) => line[3])).size).toBe(JOBS);
}

const SENTENCE = 'a run that falls due while its claim is taken back is not made twice (P7)';

describe('two processes on SQLite, and one that changes their jobs', () => {
  it(SENTENCE, async () => await runsEachFireTimeOnce(storeIn(folder)), 240_000);
});

for (const engine of ENGINES) {
  const server = await testServer(engine);
  describeOnServer(server, `two processes on ${server.title}, and one that changes their jobs`, () => {
    let place: Place;

    beforeAll(async () => {
      place = await server.makePlace();
    });
    afterAll(async () => {
      await place.drop();
    });

    it(SENTENCE, async () => await runsEachFireTimeOnce(STORE_ON[engine](place)), 240_000);
  });
}
