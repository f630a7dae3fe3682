// Ours, at two heights: the store alone, asked as the engine asks it (claim with the real plan, then settle), and the whole
// scheduler with its loop, slots, leases and settle queue.
import { runOne } from '../shared/one-run.mjs';

const lib = new URL(process.env.CARILLON_DIST ?? '../../dist/', import.meta.url).href;
const { DEFAULT_POLICY, SystemClock } = await import(`${lib}core/index.js`);
const { DEFAULT_SCHEDULER_OPTIONS, planRuns, Scheduler } = await import(`${lib}engine/index.js`);
const { AsyncExecutor } = await import(`${lib}executors/index.js`);
const { createRedisStore } = await import(`${lib}stores/redis/index.js`);
const { createTriggerCodec } = await import(`${lib}triggers/index.js`);

const LEASE = 10_000;
const NONE = new Set();
const SILENT = { log() {}, warn() {}, error() {}, debug() {} };
const clock = new SystemClock();

export async function openStore(url) {
  const store = createRedisStore({ alias: 'redis', application: 'bench', clock, url });
  await store.jobs.open();
  return store;
}

function newJob(id, now, fields) {
  return {
    id,
    aliases: [],
    name: null,
    description: null,
    tags: [],
    origin: 'runtime',
    task: 'Reminders.send',
    args: [],
    timezone: 'UTC',
    policy: DEFAULT_POLICY,
    hooks: null,
    triggerFingerprint: 'e3b0c44298fc1c149afbf4c8996fb924',
    restFingerprint: '27ae41e4649b934ca495991b7852b855',
    status: 'active',
    statusReason: null,
    statusAt: null,
    pause: null,
    dueAt: fields.fireTime,
    runCount: 0,
    losses: 0,
    appVersion: '1.0.0',
    createdAt: now,
    updatedAt: now,
    ...fields,
  };
}

export function oneOff(n, fireTime, now, policy = DEFAULT_POLICY) {
  const trigger = JSON.stringify({ type: 'date', at: new Date(fireTime).toISOString(), timezone: 'UTC' });
  return newJob(`reminder-${n}`, now, { args: [n], trigger, fireTime, policy });
}

export function everySecond(n, now) {
  const trigger = JSON.stringify({ type: 'cron', expression: '* * * * * *', timezone: 'UTC' });
  const fireTime = Math.ceil(now / 1_000) * 1_000 + 1_000;
  return newJob(`tick-${n}`, now, { args: [n], trigger, fireTime });
}

/** In batches, each on its way while the next one is made. */
export async function putAll(store, jobs) {
  const puts = [];
  for (let from = 0; from < jobs.length; from += 1_000) {
    puts.push(store.jobs.put(jobs.slice(from, from + 1_000), { now: () => Date.now(), reconcile: () => 'refuse' }));
    if (puts.length > 2) await puts[puts.length - 3];
  }
  await Promise.all(puts);
}

export async function fillStore(store, count, now, { keepHistory = true } = {}) {
  const policy = { ...DEFAULT_POLICY, keepHistory };
  const jobs = Array.from({ length: count }, (_, n) => oneOff(n + 1, now - count + n + 1, now, policy));
  const started = performance.now();
  await putAll(store, jobs);
  return count / ((performance.now() - started) / 1_000);
}

/** Works off everything that is due as the engine does: the next claim is on its way while outcomes are written. */
export async function drainStore(store, batch, node, work) {
  const codec = createTriggerCodec({});
  const plan = (job, unsettled, window) => planRuns(job, codec.decode(job.trigger), unsettled, window);
  const claim = () => {
    const now = clock.now();
    const request = { node, now, until: now, limit: batch, leaseUntil: now + LEASE, exceptTasks: NONE };
    return store.jobs.claimDue({ ...request, exceptExecutors: NONE, isPaused: false, recoverBefore: now }, plan);
  };
  let done = 0;
  let written = Promise.resolve([]);
  for (let asked = claim(); ;) {
    const { claims, hasMore } = await asked;
    if (claims.length === 0 && !hasMore) break;
    asked = claim();
    const settlements = claims.map((one) => runOne(one, work, clock));
    if ((await written).includes(false)) throw new Error('a settlement was refused');
    written = store.jobs.settle(settlements);
    done += claims.length;
  }
  if ((await written).includes(false)) throw new Error('a settlement was refused');
  return done;
}

/** The whole scheduler, started; `handler` gets arguments and context. */
export async function startScheduler(store, handler, { claimBatch = 500 } = {}) {
  const scheduler = new Scheduler({
    node: { id: `bench-${process.pid}`, host: 'bench', pid: process.pid },
    appVersion: '1.0.0',
    clock,
    stores: new Map([['default', store]]),
    executors: new Map([['default', new AsyncExecutor({ concurrency: 1_000 })]]),
    tasks: { resolve: () => handler, names: () => ['Reminders.send'] },
    triggers: createTriggerCodec({}),
    events: { wants: () => false, emit() {} },
    hooks: { of: () => null },
    logger: () => SILENT,
    options: { ...DEFAULT_SCHEDULER_OPTIONS, claimBatch },
  });
  await scheduler.open();
  await scheduler.putCode([]);
  await scheduler.start();
  return scheduler;
}
