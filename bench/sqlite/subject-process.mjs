// One subject in a process of its own. `alone`: fills a new file, works it off, and answers time and CPU. `fill`, `drain`:
// the halves of that, for several processes on one file; `drain` waits for its parent's word, so that all start at once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drainLimit, fillLimit, openLimit } from './limit.mjs';
import { drainScheduler, drainStore, fillStore, openStore } from './ours.mjs';

const [mode, name, count, batch, givenFile] = process.argv
  .slice(2)
  .map((text) => (/^\d+$/.test(text) ? Number(text) : text));
let called = 0;
const work = () => called++;

const SUBJECTS = {
  limit: {
    open: (file) => openLimit(file),
    fill: (handle) => fillLimit(handle, count, Date.now()),
    drain: (handle) => drainLimit(handle, batch, Date.now(), work),
  },
  store: {
    open: openStore,
    fill: (store) => fillStore(store, count, Date.now()),
    drain: (store) => drainStore(store, batch, `node-${process.pid}`, work),
  },
  'store-without-history': {
    open: openStore,
    fill: (store) => fillStore(store, count, Date.now(), { keepHistory: false }),
    drain: (store) => drainStore(store, batch, `node-${process.pid}`, work),
  },
  scheduler: {
    open: openStore,
    fill: (store) => fillStore(store, count, Date.now()),
    drain: (store) => drainScheduler(store, count, work),
  },
};

const subject = SUBJECTS[name];

async function alone() {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'));
  try {
    const opened = await subject.open(join(folder, 'jobs.db'));
    const fillStarted = performance.now();
    await subject.fill(opened);
    const filled = count / ((performance.now() - fillStarted) / 1000);
    return { ...(await measured(() => subject.drain(opened))), addedPerSecond: filled };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(drain) {
  globalThis.gc?.();
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  await drain();
  const seconds = (performance.now() - started) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  return { seconds, perSecond: called / seconds, cpuMicros: (cpu.user + cpu.system) / called, called };
}

async function fill() {
  await subject.fill(await subject.open(givenFile));
  return { filled: count };
}

async function drain() {
  const opened = await subject.open(givenFile);
  process.send({ note: 'ready' });
  await new Promise((resolve) => process.once('message', resolve));
  return measured(() => subject.drain(opened));
}

process.send(await { alone, fill, drain }[mode]());
