// Ours, at two heights: the store alone, asked as the engine asks it (claim with the real plan, then settle), and the whole
// scheduler with its loop, slots, leases and settle queue.
import { DEFAULT_POLICY, SystemClock } from '../../dist/core/index.js';
import { DEFAULT_SCHEDULER_OPTIONS, planRuns, Scheduler } from '../../dist/engine/index.js';
import { AsyncExecutor } from '../../dist/executors/index.js';
import { createTypeOrmStore } from '../../dist/stores/typeorm/index.js';
import { createTriggerCodec } from '../../dist/triggers/index.js';
import { runOne } from '../shared/one-run.mjs';

const LEASE = 10_000;
const NONE = new Set();
const clock = new SystemClock();

export async function openStore(file) {
  const options = { type: 'better-sqlite3', database: file };
  const store = createTypeOrmStore({ alias: 'db', application: 'bench', clock, options });
  await store.jobs.open();
  return store;
}

function oneOff(n, fireTime, now, policy) {
  return {
    id: `reminder-${n}`,
    aliases: [],
    name: null,
    description: null,
    tags: [],
    origin: 'runtime',
    task: 'Reminders.send',
    args: [n],
    trigger: JSON.stringify({ type: 'date', at: new Date(fireTime).toISOString(), timezone: 'UTC' }),
    timezone: 'UTC',
    policy,
    hooks: null,
    triggerFingerprint: 'e3b0c44298fc1c149afbf4c8996fb924',
    restFingerprint: '27ae41e4649b934ca495991b7852b855',
    status: 'active',
    statusReason: null,
    statusAt: null,
    pause: null,
    fireTime,
    dueAt: fireTime,
    runCount: 0,
    losses: 0,
    appVersion: '1.0.0',
    createdAt: now,
    updatedAt: now,
  };
}

export async function fillStore(store, count, now, { keepHistory = true } = {}) {
  const policy = { ...DEFAULT_POLICY, keepHistory };
  for (let from = 1; from <= count; from += 5_000) {
    const jobs = [];
    for (let n = from; n < from + 5_000 && n <= count; n++) jobs.push(oneOff(n, now - count + n, now, policy));
    await store.jobs.put(jobs, { now: () => now, reconcile: () => 'refuse' });
  }
}

/** Works off everything that is due as the engine does: claims, runs, and writes the outcomes with the next claim. Answers the ids. */
export async function drainStore(store, batch, node, work) {
  const codec = createTriggerCodec({});
  const plan = (job, unsettled, window) => planRuns(job, codec.decode(job.trigger), unsettled, window);
  const done = [];
  for (let settlements = []; ;) {
    const now = clock.now();
    const request = { node, now, until: now, limit: batch, leaseUntil: now + LEASE, exceptTasks: NONE, settlements };
    const result = store.jobs.claimDue(
      { ...request, exceptExecutors: NONE, isPaused: false, recoverBefore: now },
      plan,
    );
    const { claims, settled = [], hasMore } = result instanceof Promise ? await result : result;
    if (settled.length !== settlements.length || settled.includes(false)) throw new Error('a settlement was refused');
    settlements = claims.map((claim) => runOne(claim, work, clock));
    for (const { jobId } of claims) done.push(jobId);
    if (claims.length === 0 && !hasMore) return done;
  }
}

const SILENT = { log() {}, warn() {}, error() {}, debug() {} };

/** The whole scheduler; ends when `count` handlers were called and their outcomes are on disk. */
export async function drainScheduler(store, count, work) {
  let called = 0;
  const handler = (args) => {
    work(args);
    called++;
  };
  const scheduler = new Scheduler({
    node: { id: 'bench', host: 'bench', pid: process.pid },
    appVersion: '1.0.0',
    clock,
    stores: new Map([['default', store]]),
    executors: new Map([['default', new AsyncExecutor({ concurrency: 1_000 })]]),
    tasks: { resolve: () => handler, names: () => ['Reminders.send'] },
    triggers: createTriggerCodec({}),
    events: { wants: () => false, emit() {} },
    hooks: { of: () => null },
    logger: () => SILENT,
    options: { ...DEFAULT_SCHEDULER_OPTIONS, claimBatch: 500 },
  });
  await scheduler.open();
  await scheduler.putCode([]);
  await scheduler.start();
  while (called < count) await new Promise((resolve) => setTimeout(resolve, 1));
  await scheduler.idle();
  await scheduler.stop();
  return called;
}
