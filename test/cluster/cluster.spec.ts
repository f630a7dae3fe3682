import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeSync } from 'node:fs';
import {
  faultsHappened,
  fireTimesCovered,
  instancesLimited,
  recoveredInTime,
  settledOnce,
  zombiesAborted,
} from './checks/index.js';
import { runCluster } from './harness/cluster-run.js';
import type { Story } from './harness/cluster-run.js';
import { CompiledCode } from './harness/compiled-code.js';
import type { LoadSize } from './harness/load.js';
import { STORES } from './stores/index.js';

/** `npm run test:cluster`; without it the same in short. */
const WHOLE: LoadSize = { oneOffs: 20_000, recurring: 500, windowMs: 60_000, isFitted: false };
const SHORT: LoadSize = { oneOffs: 3_000, recurring: 100, windowMs: 20_000, isFitted: true };
const size = process.env.CARILLON_CLUSTER === 'whole' ? WHOLE : SHORT;
const seed = Number(process.env.CARILLON_CLUSTER_SEED ?? Date.now() % 1_000_000);

let code: CompiledCode;
beforeAll(() => {
  code = new CompiledCode('test/cluster/node');
});
afterAll(() => code.clear());

describe.each(STORES)('a cluster of four processes on $title, while they are killed, stopped and cut off', (store) => {
  let story: Story;
  beforeAll(async () => {
    story = await runCluster({ store, script: code.file('test/cluster/node/main.ts'), size, seed });
    writeSync(1, `${summary(store.title, story)}\n`);
  }, 600_000);

  it('suffers what it was to suffer', () => {
    expect(faultsHappened(story)).toEqual([]);
  });

  it('settles every run once, by the process that held it last (P7, U1)', () => {
    expect(settledOnce(story)).toEqual([]);
  });

  it('gives every fire time its run, or its reason, and none early', () => {
    expect(fireTimesCovered(story)).toEqual([]);
  });

  it('never has more runs of a job at once than maxInstances', () => {
    expect(instancesLimited(story)).toEqual([]);
  });

  it('aborts what a stopped process was doing when it wakes (P7)', () => {
    expect(zombiesAborted(story)).toEqual([]);
  });

  // On SQLite a process that is stopped inside a write stops all writers: how soon its runs are taken over says nothing.
  (store.title === 'SQLite' ? it.skip : it)('takes over what was killed within a lease and a second (P16, U32)', () => {
    expect(recoveredInTime(story)).toEqual([]);
  });

  it('loses no process by itself, and all leave in good order', () => {
    expect(story.deserters).toEqual([]);
  });
});

/** Its seed makes the same jobs and faults again: `CARILLON_CLUSTER_SEED=… npm run test:cluster`. */
function summary(title: string, { chronicle, evidence, results, drainedMs, oneOffs, recurring }: Story): string {
  const counts = [
    `${oneOffs.length} one-off and ${recurring.length} recurring jobs`,
    `${evidence.of('start').length} attempts of ${results.runs.length} runs`,
    `${chronicle.kills.length} kills`,
    `${chronicle.freezes.length} stops`,
    `${chronicle.cuts.length} cuts`,
    `drained ${drainedMs} ms after the window`,
  ];
  return `cluster on ${title}, seed ${seed}: ${counts.join(', ')}`;
}
