// Ours: the whole scheduler with its loop, slots, leases, settle queue and history, over the store that applications use.
import { DEFAULT_POLICY, SystemClock } from '../../../dist/core/index.js';
import { DEFAULT_SCHEDULER_OPTIONS, Scheduler } from '../../../dist/engine/index.js';
import { AsyncExecutor } from '../../../dist/executors/index.js';
import { createTypeOrmStore } from '../../../dist/stores/typeorm/index.js';
import { at, createTriggerCodec, every } from '../../../dist/triggers/index.js';

const clock = new SystemClock();
const triggers = createTriggerCodec({});
const SILENT = { log() {}, warn() {}, error() {}, debug() {} };
const REFUSE = { reconcile: () => 'refuse' };

export const name = 'ours';

export async function open(url) {
  const options = { type: 'postgres', url };
  const store = createTypeOrmStore({ alias: 'db', application: 'bench', clock, options });
  await store.jobs.open();
  return store;
}

export function oneOff(id, dueAt, now, { keepHistory = true } = {}) {
  return job(id, now, {
    keepHistory,
    dueAt,
    trigger: at(new Date(dueAt), { timezone: 'UTC' }),
  });
}

export function eachMinute(id, dueAt, now) {
  const trigger = every('1m', { start: new Date(dueAt), timezone: 'UTC' });
  return job(id, now, { keepHistory: true, dueAt, trigger });
}

const policies = new Map();

function policyOf(keepHistory) {
  if (!policies.has(keepHistory)) policies.set(keepHistory, { ...DEFAULT_POLICY, keepHistory });
  return policies.get(keepHistory);
}

function job(id, now, { keepHistory, dueAt, trigger }) {
  return {
    id,
    aliases: [],
    name: null,
    description: null,
    tags: [],
    origin: 'runtime',
    task: 'Reminders.send',
    args: [id],
    trigger: triggers.encode(trigger),
    timezone: 'UTC',
    policy: policyOf(keepHistory),
    hooks: null,
    triggerFingerprint: 'e3b0c44298fc1c149afbf4c8996fb924',
    restFingerprint: '27ae41e4649b934ca495991b7852b855',
    status: 'active',
    statusReason: null,
    statusAt: null,
    pause: null,
    fireTime: dueAt,
    dueAt,
    runCount: 0,
    losses: 0,
    appVersion: '1.0.0',
    createdAt: now,
    updatedAt: now,
  };
}

export async function put(store, jobs) {
  await store.jobs.put(jobs, { now: () => Date.now(), ...REFUSE });
}

export async function fill(store, count, { now, keepHistory, dueAt = (n) => now - count + n }) {
  for (let from = 0; from < count; from += 10_000) {
    const size = Math.min(10_000, count - from);
    const jobs = Array.from({ length: size }, (_, n) =>
      oneOff(`job-${from + n}`, dueAt(from + n), now, { keepHistory }),
    );
    await put(store, jobs);
  }
}

/** A running scheduler; `handle` gets the context of each run. */
export async function startScheduler(store, handle, { node = `node-${process.pid}`, slots = 1_000 } = {}) {
  const scheduler = new Scheduler({
    node: { id: node, host: 'bench', pid: process.pid },
    appVersion: '1.0.0',
    clock,
    stores: new Map([['default', store]]),
    executors: new Map([['default', new AsyncExecutor({ concurrency: slots })]]),
    tasks: { resolve: () => handle, names: () => ['Reminders.send'] },
    triggers,
    events: { wants: () => false, emit() {} },
    hooks: { of: () => null },
    logger: () => SILENT,
    options: DEFAULT_SCHEDULER_OPTIONS,
  });
  await scheduler.open();
  await scheduler.putCode([]);
  await scheduler.start();
  return scheduler;
}

export async function drain(store, { work, until }) {
  const scheduler = await startScheduler(store, (args) => work(args));
  await until();
  await scheduler.idle();
  return () => scheduler.stop();
}

export const close = () => undefined;

/** Calls `late` with how late each run is, in milliseconds; goes on until the answer is called. */
export async function listen(url, late) {
  const store = await open(url);
  const scheduler = await startScheduler(store, (...parameters) => {
    const context = parameters.at(-1);
    late(Date.now() - context.fireTime.getTime());
  });
  // Jobs come from another process, say: a store that is given them behind its scheduler's back tells that nothing.
  const elsewhere = await open(url);
  return {
    schedule: async (dueAts) =>
      put(
        elsewhere,
        dueAts.map((dueAt, n) => oneOff(`late-${n}`, dueAt, Date.now())),
      ),
    stop: async () => {
      await scheduler.stop();
      await elsewhere.jobs.close();
    },
  };
}

/** Adds one-off jobs that are due in an hour. */
export async function adder(url) {
  const store = await open(url);
  let n = 0;
  const dueAt = Date.now() + 3_600_000;
  const next = () => oneOff(`added-${n++}`, dueAt + n, Date.now());
  return {
    one: () => put(store, [next()]),
    many: (count) => put(store, Array.from({ length: count }, next)),
    stop: () => store.jobs.close(),
  };
}
