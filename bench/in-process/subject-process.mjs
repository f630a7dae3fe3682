// One subject, one number of jobs, one window of time, in a process of its own. Every job fires once in each period;
// the process answers how many did, how late, and at what cost.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { SUBJECTS } from './subjects.mjs';

/** Up to so many milliseconds before its second, a call counts as early and not as nearly a second late. */
const EARLY_MS = 20;
const BUCKETS_PER_MS = 10;

const [name, ...numbers] = process.argv.slice(2);
const [jobs, period, warmUp, seconds] = numbers.map(Number);

const lateness = new Uint32Array(1000 * BUCKETS_PER_MS);
let fired = 0;
let windowStart = Infinity;
let windowEnd = Infinity;

/** What every job does. Nothing a peer tells is trusted: only that it called, and when. */
function work() {
  const now = performance.timeOrigin + performance.now();
  if (now < windowStart || now >= windowEnd) return;
  fired++;
  const late = ((now + EARLY_MS) % 1000) - EARLY_MS;
  lateness[Math.max(0, Math.floor(late * BUCKETS_PER_MS))]++;
}

const subject = await SUBJECTS[name].load();
const heapBefore = heapNow();
const setUpStarted = performance.now();
await subject.setUp(jobs, period, work);
const setUpMs = performance.now() - setUpStarted;
const heapPerJob = (heapNow() - heapBefore) / jobs;
process.send({ note: 'set up' });

// First until the code is compiled and every job has fired, then the window, from just before a second to just before
// another.
await sleep(warmUp * 1000);
const now = Date.now();
windowStart = (Math.floor(now / 1000) + 1) * 1000 - EARLY_MS;
windowEnd = windowStart + seconds * 1000;
await sleep(windowStart - now);
const cpuBefore = process.cpuUsage();
const measuredFrom = performance.now();
await sleep(windowEnd - Date.now());
const cpu = process.cpuUsage(cpuBefore);
const elapsedMs = performance.now() - measuredFrom;

process.send({
  setUpMs,
  heapPerJob,
  share: fired / ((jobs * seconds) / period),
  p50: percentile(0.5),
  p99: percentile(0.99),
  cpuShare: (cpu.user + cpu.system) / 1000 / elapsedMs,
  cpuPerRunUs: fired === 0 ? null : (cpu.user + cpu.system) / fired,
});

function percentile(part) {
  let left = Math.ceil(fired * part);
  if (left === 0) return null;
  const bucket = lateness.findIndex((count) => (left -= count) <= 0);
  return bucket / BUCKETS_PER_MS;
}

function heapNow() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
