// Ours, at two heights: the store alone, asked as the engine asks it (the next claim goes while outcomes are written), and
// the whole scheduler with its loop, slots, leases and settle queue.
import { SystemClock } from '../../dist/core/index.js';
import { DEFAULT_SCHEDULER_OPTIONS, planRuns, Scheduler } from '../../dist/engine/index.js';
import { AsyncExecutor } from '../../dist/executors/index.js';
import { createTypeOrmStore } from '../../dist/stores/typeorm/index.js';
import { createTriggerCodec } from '../../dist/triggers/index.js';
import { runOne } from '../shared/one-run.mjs';

const LEASE = 10_000;
const NONE = new Set();
const SILENT = { log() {}, warn() {}, error() {}, debug() {} };
const clock = new SystemClock();

export async function openStore(url) {
  const options = { type: 'mariadb', url };
  const store = createTypeOrmStore({ alias: 'db', application: 'bench', clock, options });
  await store.jobs.open();
  return store;
}

/** Works off everything that is due. Answers the ids. */
export async function drainStore(store, batch, node, work) {
  const codec = createTriggerCodec({});
  const plan = (job, unsettled, window) => planRuns(job, codec.decode(job.trigger), unsettled, window);
  const done = [];
  let settling = [];
  for (;;) {
    const now = clock.now();
    const request = { node, now, until: now, limit: batch, leaseUntil: now + LEASE, exceptTasks: NONE };
    const [{ claims, hasMore }, answers] = await Promise.all([
      store.jobs.claimDue({ ...request, exceptExecutors: NONE, isPaused: false, recoverBefore: now }, plan),
      store.jobs.settle(settling),
    ]);
    if (answers.includes(false)) throw new Error('a settlement was refused');
    settling = claims.map((claim) => runOne(claim, work, clock));
    for (const { jobId } of claims) done.push(jobId);
    if (claims.length === 0 && !hasMore) return done;
  }
}

/** The whole scheduler; ends when `count` handlers were called and their outcomes are on disk. Answers each lateness. */
export async function drainScheduler(store, count, work) {
  const late = [];
  const handler = (args, job) => {
    late.push(Date.now() - (job.fireTime?.getTime?.() ?? job.run?.fireTime ?? job.fireTime));
    work(args);
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
  while (late.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
  await scheduler.idle();
  await scheduler.stop();
  return late;
}
