// One subject in a process of its own: `subject-process.mjs <mode> <subject> <url> <count> <batch>`. Modes: `alone` fills
// and works off; `fill` and `drain` are its halves, for several processes; `lateness`, `crons`, `idle` measure over time.
import { drainLimit, fillLimit, openLimit } from './limit.mjs';
import { drainStore, everySecond, fillStore, oneOff, openStore, putAll, startScheduler } from './ours.mjs';
import { fillQueue, openQueue, startWorker } from './bullmq.mjs';

const [mode, name, url, ...numbers] = process.argv.slice(2);
const [count, batch, warmUp = 0, processes = 1] = numbers.map(Number);
const isAlone = processes === 1;
let isOver = false;
let called = 0;
/** As of the last call that is not measured. */
let from = { cpu: undefined, at: 0 };
const work = () => {
  if (++called !== warmUp) return;
  from = here();
  process.send({ isWarm: true });
};
const here = () => ({ cpu: process.cpuUsage(), at: performance.now() });
const until = async (isDone, every = 1) => {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, every));
};

const SUBJECTS = {
  limit: {
    async fill() {
      const client = await openLimit(url);
      const started = performance.now();
      await fillLimit(client, count, Date.now());
      client.disconnect();
      return count / ((performance.now() - started) / 1_000);
    },
    async prepare() {
      const client = await openLimit(url);
      return () => drainLimit(client, batch, Date.now(), work);
    },
  },
  store: {
    fill: async () => await fillStore(await openStore(url), count, Date.now()),
    async prepare() {
      const store = await openStore(url);
      return () => drainStore(store, batch, `node-${process.pid}`, work);
    },
  },
  'store-without-history': {
    fill: async () => await fillStore(await openStore(url), count, Date.now(), { keepHistory: false }),
    async prepare() {
      const store = await openStore(url);
      return () => drainStore(store, batch, `node-${process.pid}`, work);
    },
  },
  scheduler: {
    fill: async () => await fillStore(await openStore(url), count, Date.now()),
    async prepare() {
      const store = await openStore(url);
      return async () => {
        const scheduler = await startScheduler(store, work, { claimBatch: batch });
        // Of two, one may work off more than its share: the parent counts for both.
        await until(() => isOver || (isAlone && called >= count));
        await scheduler.idle();
      };
    },
    async lateness(fireTimes, told) {
      const store = await openStore(url);
      const scheduler = await startScheduler(store, ([n]) => told(n));
      await putAll(
        store,
        fireTimes.map((fireTime, n) => oneOff(n, fireTime, Date.now())),
      );
      return () => scheduler.stop();
    },
    async crons(told) {
      const store = await openStore(url);
      await putAll(
        store,
        Array.from({ length: count }, (_, n) => everySecond(n, Date.now() + 2_000)),
      );
      await startScheduler(store, (args, job) => told(job.fireTime.getTime()));
    },
    async idle() {
      const store = await openStore(url);
      const later = Date.now() + 3_600_000;
      await putAll(
        store,
        Array.from({ length: count }, (_, n) => oneOff(n, later + n, Date.now())),
      );
      await startScheduler(store, work);
    },
  },
  bullmq: {
    fill: async () => await fillQueue(await openQueue(url), count),
    async prepare() {
      return async () => {
        const worker = await startWorker(url, work, batch);
        let isDrained = false;
        worker.on('drained', () => (isDrained = true));
        await until(() => called >= count || isDrained);
      };
    },
    async lateness(fireTimes, told) {
      const queue = await openQueue(url);
      await startWorker(url, (job) => told(job.data[0]), 100);
      const now = Date.now();
      const jobs = fireTimes.map((fireTime, n) => ({ name: 'send', data: [n], opts: { delay: fireTime - now } }));
      for (let from = 0; from < jobs.length; from += 1_000) await queue.addBulk(jobs.slice(from, from + 1_000));
    },
    async crons(told) {
      const queue = await openQueue(url);
      for (let from = 0; from < count; from += 500) {
        await Promise.all(
          Array.from({ length: Math.min(500, count - from) }, (_, n) =>
            queue.upsertJobScheduler(
              `tick-${from + n}`,
              { pattern: '* * * * * *' },
              { name: 'tick', data: [from + n] },
            ),
          ),
        );
      }
      await startWorker(url, (job) => told(job.opts.prevMillis ?? Date.now()), 200);
    },
    async idle() {
      const queue = await openQueue(url);
      for (let from = 0; from < count; from += 1_000) {
        await queue.addBulk(
          Array.from({ length: 1_000 }, (_, n) => ({ name: 'send', data: [from + n], opts: { delay: 3_600_000 + n } })),
        );
      }
      await startWorker(url, work, 100);
    },
  },
};

const subject = SUBJECTS[name];

/**
 * Time and CPU of this process while `action` runs, from the last call that only warms up: a process that runs for long has
 * compiled its code.
 */
async function measured(action) {
  globalThis.gc?.();
  from = here();
  await action();
  const cpu = process.cpuUsage(from.cpu);
  const seconds = (performance.now() - from.at) / 1_000;
  return { seconds, cpuMs: (cpu.user + cpu.system) / 1_000, called, measured: called - warmUp };
}

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const MODES = {
  async fill() {
    const cpuBefore = process.cpuUsage();
    const perSecond = await subject.fill();
    const cpu = process.cpuUsage(cpuBefore);
    return { perSecond, cpuMs: (cpu.user + cpu.system) / 1_000 };
  },
  /** Waits for its parent's word, so that several start at once. */
  async drain() {
    const drain = await subject.prepare();
    process.send({ note: 'ready' });
    await new Promise((resolve) => process.once('message', resolve));
    process.on('message', () => (isOver = true));
    const report = globalThis.setInterval(() => process.send({ so: called }), 20);
    const answer = await measured(drain);
    globalThis.clearInterval(report);
    return answer;
  },
  /** `count` jobs, `batch` a second; how much later than its time each was called. */
  async lateness() {
    const first = Date.now() + 4_000;
    const fireTimes = Array.from({ length: count }, (_, n) => first + Math.floor((n * 1_000) / batch));
    const late = [];
    await subject.lateness(fireTimes, (n) => late.push(Date.now() - fireTimes[n]));
    process.send({ note: 'ready' });
    const cpuBefore = process.cpuUsage();
    const deadline = fireTimes[count - 1] + 30_000;
    // Looking each millisecond would cost more than the jobs.
    await until(() => late.length >= count || Date.now() > deadline, 100);
    const cpu = process.cpuUsage(cpuBefore);
    late.sort((a, b) => a - b);
    const at = (share) => late[Math.min(late.length - 1, Math.floor(share * late.length))];
    return {
      ...{ called: late.length, earliest: late[0], p50: at(0.5), p99: at(0.99), longest: late[late.length - 1] },
      cpuMs: (cpu.user + cpu.system) / 1_000,
    };
  },
  /** `count` jobs due each second: the share that was called within a window of ten. */
  async crons() {
    let fired = 0;
    const late = [];
    await subject.crons((fireTime) => {
      fired++;
      late.push(Date.now() - fireTime);
    });
    process.send({ note: 'ready' });
    await rest(8_000 - (Date.now() % 1_000));
    fired = 0;
    late.length = 0;
    const cpuBefore = process.cpuUsage();
    await rest(10_000);
    const cpu = process.cpuUsage(cpuBefore);
    late.sort((a, b) => a - b);
    const result = {
      share: fired / (10 * count),
      p50: late[late.length >> 1],
      p99: late[Math.floor(0.99 * late.length)],
    };
    return { ...result, cpuMs: (cpu.user + cpu.system) / 1_000 };
  },
  async idle() {
    await subject.idle();
    // Past what a start sets going.
    await rest(15_000);
    process.send({ note: 'ready' });
    await new Promise((resolve) => process.once('message', resolve));
    return await measured(() => rest(count > 0 ? 60_000 : 0));
  },
};

process.send(await MODES[mode]());
