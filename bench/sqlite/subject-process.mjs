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
    close: (handle) => handle.close(),
    fill: (handle, jobs = count) => fillLimit(handle, jobs, Date.now()),
    drain: (handle) => drainLimit(handle, batch, Date.now(), work),
  },
  store: {
    open: openStore,
    close: (store) => store.jobs.close(),
    fill: (store, jobs = count) => fillStore(store, jobs, Date.now()),
    drain: (store) => drainStore(store, batch, `node-${process.pid}`, work),
  },
  'store-without-history': {
    open: openStore,
    close: (store) => store.jobs.close(),
    fill: (store, jobs = count) => fillStore(store, jobs, Date.now(), { keepHistory: false }),
    drain: (store) => drainStore(store, batch, `node-${process.pid}`, work),
  },
  scheduler: {
    open: openStore,
    close: (store) => store.jobs.close(),
    fill: (store, jobs = count) => fillStore(store, jobs, Date.now()),
    drain: (store, jobs = count) => drainScheduler(store, jobs, work),
  },
};

const subject = SUBJECTS[name];
/** Jobs that are worked off before those that count: many at a time, as few as there are else. */
const WARM_UP = Math.min(count, 30_000);

async function alone() {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'));
  try {
    await warmUp(join(folder, 'warm.db'));
    const opened = await subject.open(join(folder, 'jobs.db'));
    const fillStarted = performance.now();
    await subject.fill(opened);
    const filled = count / ((performance.now() - fillStarted) / 1000);
    return { ...(await measured(() => subject.drain(opened))), addedPerSecond: filled };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In a file of its own: code is compiled in the first second of a process, and a scheduler runs for weeks. */
async function warmUp(file) {
  const opened = await subject.open(file);
  await subject.fill(opened, WARM_UP);
  await subject.drain(opened, WARM_UP);
  await subject.close(opened);
  called = 0;
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
  const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'));
  await warmUp(join(folder, 'warm.db'));
  rmSync(folder, { recursive: true, force: true });
  const opened = await subject.open(givenFile);
  process.send({ note: 'ready' });
  await new Promise((resolve) => process.once('message', resolve));
  return measured(() => subject.drain(opened));
}

process.send(await { alone, fill, drain }[mode]());
