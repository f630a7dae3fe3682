// graphile-worker 0.18 with the settings that its own performance page recommends: a local queue, and completions in batches.
import { makeWorkerUtils, run } from 'graphile-worker';

const quiet = { scope: () => quiet, error() {}, warn() {}, info() {}, debug() {} };

const preset = (connectionString, more = {}) => ({
  worker: {
    connectionString,
    maxPoolSize: 10,
    pollInterval: 2_000,
    preparedStatements: true,
    concurrentJobs: 24,
    localQueue: { size: 500, refetchDelay: { durationMs: 5, maxAbortThreshold: 10_000 } },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    logger: quiet,
    ...more,
  },
});

export const name = 'graphile-worker';

export async function open(url) {
  const utils = await makeWorkerUtils({ connectionString: url, logger: quiet });
  await utils.migrate();
  return { url, utils };
}

export async function fill({ utils }, count, { dueAt }) {
  for (let from = 0; from < count; from += 10_000) {
    const size = Math.min(10_000, count - from);
    const specs = Array.from({ length: size }, (_, n) => ({
      identifier: 'send',
      payload: [from + n],
      ...(dueAt ? { runAt: new Date(dueAt(from + n)) } : {}),
    }));
    await utils.addJobs(specs);
  }
}

export async function drain({ url }, { work, until }) {
  const runner = await run({
    preset: preset(url),
    taskList: { send: (payload) => work(payload) },
    noHandleSignals: true,
  });
  await until();
  await runner.stop();
}

export const close = () => undefined;

export async function listen(url, late) {
  const opened = await open(url);
  const taskList = { send: (payload) => late(Date.now() - payload.dueAt) };
  const runner = await run({ preset: preset(url), taskList, noHandleSignals: true });
  return {
    schedule: (dueAts) =>
      opened.utils.addJobs(dueAts.map((dueAt) => ({ identifier: 'send', payload: { dueAt }, runAt: new Date(dueAt) }))),
    stop: () => runner.stop(),
  };
}

export async function adder(url) {
  const { utils } = await open(url);
  const runAt = new Date(Date.now() + 3_600_000);
  return {
    one: () => utils.addJob('send', [1], { runAt }),
    many: (count) => utils.addJobs(Array.from({ length: count }, () => ({ identifier: 'send', payload: [1], runAt }))),
    stop: () => utils.release(),
  };
}
