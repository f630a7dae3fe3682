// One subject in a process and a database of its own: fills it, works it off, and answers time and CPU. `late`: jobs fall due
// one after the other, and it answers how late they ran.
import { fillStore } from '../sqlite/ours.mjs';
import { drainLimit, fillLimit, openLimit } from './limit.mjs';
import { drainScheduler, drainStore, openStore } from './ours.mjs';
import { serverCpu, withDatabase } from './server.mjs';

const [name, count, batch] = process.argv.slice(2).map((text) => (/^\d+$/.test(text) ? Number(text) : text));
/** So many jobs compile the code first: they are not measured. */
const warmingUp = name === 'late' ? 0 : Math.floor(count / 3);
let called = 0;
const work = () => {
  if (++called === warmingUp) startMeasuring();
};

/** How long before the first of them falls due, in milliseconds. */
const AHEAD = 6_000;

const SUBJECTS = {
  limit: {
    open: (url) => openLimit(url),
    fill: (ask) => fillLimit(ask, count, Date.now()),
    drain: (ask) => drainLimit(ask, batch, Date.now(), work),
  },
  store: {
    open: openStore,
    fill: (store) => fillStore(store, count, Date.now()),
    drain: (store) => drainStore(store, batch, 'node', work),
  },
  'store-without-history': {
    open: openStore,
    fill: (store) => fillStore(store, count, Date.now(), { keepHistory: false }),
    drain: (store) => drainStore(store, batch, 'node', work),
  },
  scheduler: {
    open: openStore,
    fill: (store) => fillStore(store, count, Date.now()),
    drain: (store) => drainScheduler(store, count, work),
  },
  late: {
    open: openStore,
    // One each millisecond, from a few seconds on.
    fill: (store) => fillStore(store, count, Date.now() + AHEAD + count),
    drain: (store) => drainScheduler(store, count, work),
  },
};

const { open, fill, drain } = SUBJECTS[name];
const cpu = await serverCpu();

let measured;
function startMeasuring() {
  measured = { cpu: process.cpuUsage(), server: cpu.read(), started: performance.now() };
}

async function alone(url) {
  const opened = await open(url);
  const fillStarted = performance.now();
  await fill(opened);
  const addedPerSecond = count / ((performance.now() - fillStarted) / 1000);
  globalThis.gc?.();
  startMeasuring();
  const answer = await drain(opened);
  const seconds = (performance.now() - measured.started) / 1000;
  const { user, system } = process.cpuUsage(measured.cpu);
  const many = called - warmingUp;
  const micros = { cpuMicros: (user + system) / many, serverMicros: (cpu.read() - measured.server) / many };
  const late = name === 'late' ? percentiles(answer) : {};
  await opened.jobs?.close();
  return { seconds, perSecond: many / seconds, called, addedPerSecond, ...micros, ...late };
}

function percentiles(late) {
  const sorted = [...late].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { first: sorted[0], p50: at(0.5), p99: at(0.99), last: sorted[sorted.length - 1] };
}

process.send(await withDatabase(alone));
