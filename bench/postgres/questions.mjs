// What is asked of each subject. Each answer is plain data.
import { setTimeout as sleep } from 'node:timers/promises';

const word = () => new Promise((resolve) => process.once('message', resolve));
const cpuMicros = (since) => {
  const { user, system } = process.cpuUsage(since);
  return user + system;
};

/** Fills the database and leaves the jobs there. */
async function fill(subject, { url, count, keepHistory }) {
  const opened = await subject.open(url);
  const started = performance.now();
  await subject.fill(opened, count, { now: Date.now(), keepHistory });
  return { perSecond: count / ((performance.now() - started) / 1_000) };
}

/**
 * Works off what is there, from its parent's word on, until its parent says that all is done. The first `warmUp` jobs are not
 * measured: a process that runs for long has compiled its code.
 */
async function drain(subject, { url, count, warmUp, keepHistory, isAlone }) {
  let called = 0;
  let [cpu, started] = [undefined, 0];
  let enough = () => undefined;
  const all = new Promise((resolve) => (enough = resolve));
  const opened = await subject.open(url);
  const work = () => {
    if (++called === warmUp) [cpu, started] = [process.cpuUsage(), performance.now()];
    if (called === count && isAlone) enough();
  };
  const report = globalThis.setInterval(() => process.send({ called }), 20);
  process.on('message', ({ isDone }) => isDone && enough());
  process.send({ isReady: true });
  await word();
  globalThis.gc?.();
  await subject.drain(opened, { work, keepHistory, until: () => all });
  const seconds = (performance.now() - started) / 1_000;
  globalThis.clearInterval(report);
  return { called, measured: called - warmUp, seconds, cpuMicros: cpuMicros(cpu) };
}

/** How late runs are at so many fire times a second, once everything is scheduled. */
async function lateness(subject, { url, perSecond, seconds }) {
  const lates = [];
  const scheduler = await subject.listen(url, (late) => lates.push(late));
  const count = perSecond * seconds;
  const from = Date.now() + Math.max(5_000, count);
  const dueAts = Array.from({ length: count }, (_, n) => Math.round(from + (n * 1_000) / perSecond));
  await scheduler.schedule(dueAts);
  if (Date.now() > from - 1_000) return { failure: 'could not schedule in time' };
  await sleep(from - Date.now());
  const cpu = process.cpuUsage();
  await sleep(seconds * 1_000 + 3_000);
  lates.sort((a, b) => a - b);
  const at = (share) => lates[Math.min(lates.length - 1, Math.floor(lates.length * share))];
  return { ran: lates.length, of: count, p50: at(0.5), p99: at(0.99), least: lates[0], cpuMicros: cpuMicros(cpu) };
}

/** A running scheduler with one job in an hour, and nothing to do; its parent counts transactions. */
async function idle(subject, { url }) {
  const scheduler = await subject.listen(url, () => undefined);
  await scheduler.schedule([Date.now() + 3_600_000]);
  await sleep(3_000);
  process.send({ isReady: true });
  await word();
  return {};
}

/** As when jobs are worked off, the first third is not measured: a process that runs for long has compiled its code. */
async function add(subject, { url, singles, bulk }) {
  const adding = await subject.adder(url);
  const rate = async (count, work) => {
    const warmUp = Math.floor(count / 3);
    await work(warmUp);
    const started = performance.now();
    await work(count - warmUp);
    return (count - warmUp) / ((performance.now() - started) / 1_000);
  };
  const addOneByOne = async (count) => {
    for (let n = 0; n < count; n++) await adding.one();
  };
  const single = await rate(singles, addOneByOne);
  const ten = await rate(singles * 5, (count) =>
    Promise.all(Array.from({ length: 10 }, () => addOneByOne(count / 10))),
  );
  const many = await rate(bulk, async (count) => {
    for (let n = 0; n < count; n += 10_000) await adding.many(Math.min(10_000, count - n));
  });
  return { single, ten, many };
}

/** Ours only: jobs that each fire once a minute, spread over it. */
async function recurring({ eachMinute, open, put, startScheduler }, { url, count, seconds }) {
  const store = await open(url);
  const from = Date.now() + 20_000;
  for (let n = 0; n < count; n += 10_000) {
    const size = Math.min(10_000, count - n);
    const dueAt = (at) => from + Math.floor(((n + at) * 60_000) / count);
    await put(
      store,
      Array.from({ length: size }, (_, at) => eachMinute(`each-${n + at}`, dueAt(at), Date.now())),
    );
  }
  const lates = [];
  const scheduler = await startScheduler(store, (...parameters) => {
    lates.push(Date.now() - parameters.at(-1).fireTime.getTime());
  });
  // The first minute makes the caches.
  await sleep(from + 60_000 - Date.now());
  lates.length = 0;
  process.send({ isReady: true });
  await word();
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  await sleep(seconds * 1_000);
  const elapsed = performance.now() - started;
  const used = cpuMicros(cpu);
  lates.sort((a, b) => a - b);
  const share = used / elapsed / 1_000;
  if (lates.length === 0) return { failure: 'no job ran' };
  const answer = { perSecond: lates.length / (elapsed / 1_000), share, p99: lates[Math.floor(lates.length * 0.99)] };
  await scheduler.stop();
  return answer;
}

/** Ours only: how long a claim of 100 takes among so many scheduled jobs. */
async function claims({ oneOff, open, put }, { url, counts }) {
  const store = await open(url);
  const answer = [];
  let there = 0;
  const soon = Date.now() - 1_000;
  for (const count of counts) {
    for (; there < count; there += 10_000) {
      await put(
        store,
        Array.from({ length: 10_000 }, (_, n) => oneOff(`far-${there + n}`, soon + 3_600_000 + n, soon)),
      );
    }
    const times = [];
    for (let round = 0; round < 30; round++) {
      await put(
        store,
        Array.from({ length: 100 }, (_, n) => oneOff(`due-${count}-${round}-${n}`, soon, soon)),
      );
      const started = performance.now();
      const { claims: claimed } = await store.jobs.claimDue(requestAt(Date.now()), planOnce);
      times.push(performance.now() - started);
      if (claimed.length !== 100) return { failure: `${claimed.length} of 100 claimed` };
    }
    times.sort((a, b) => a - b);
    answer.push({ count, median: times[15] });
  }
  return answer;
}

const NONE = new Set();
const requestAt = (now) => ({
  node: 'bench',
  now,
  until: now,
  limit: 500,
  leaseUntil: now + 60_000,
  exceptTasks: NONE,
  exceptExecutors: NONE,
  isPaused: false,
  recoverBefore: now,
});

function planOnce(job) {
  const { fireTime, dueAt } = job;
  const run = {
    kind: 'scheduled',
    fireTime,
    firstFireTime: fireTime,
    count: 1,
    countIsExact: true,
    dueAt,
    isBuffered: false,
  };
  const nothing = { skips: [], cancel: [], drop: [], promote: [] };
  return { ...nothing, runs: [run], fireTime: null, dueAt: null, runCount: job.runCount + 1, finished: 'ended' };
}

/**
 * Ours only: prunes history that its parent has made, in steps of 1,000 as upkeep does; beside it a job falls due ten times a
 * second, and is claimed. `before`: the same claims while nothing is pruned.
 */
async function prune({ oneOff, open, put }, { url, rows }) {
  const store = await open(url);
  const before = claimsBeside(store, { oneOff, put });
  await sleep(5_000);
  const alone = await before();
  const beside = claimsBeside(store, { oneOff, put });
  const started = performance.now();
  let pruned = 0;
  const steps = [];
  for (;;) {
    const stepAt = performance.now();
    const at = Date.now();
    const now = await store.history.prune({ at, settledBefore: at - 3_600_000, keepPerJob: null, limit: 1_000 });
    pruned += now;
    if (now === 0) break;
    steps.push(performance.now() - stepAt);
  }
  const perSecond = pruned / ((performance.now() - started) / 1_000);
  if (pruned !== rows) return { failure: `${pruned} of ${rows} pruned` };
  const [tenth, last] = [steps.slice(0, steps.length / 10), steps.slice(-steps.length / 10)].map(quantiles);
  return { pruned, perSecond, steps: quantiles(steps), tenth, last, alone, beside: await beside() };
}

/** Claims one job that is due, ten times a second, until the answer is called: how long each claim took. */
function claimsBeside(store, { oneOff, put }) {
  const times = [];
  let isOver = false;
  const work = async () => {
    for (let n = 0; !isOver; n++) {
      const now = Date.now();
      await put(store, [oneOff(`beside-${now}-${n}`, now - 1_000, now)]);
      const started = performance.now();
      await store.jobs.claimDue(requestAt(Date.now()), planOnce);
      times.push(performance.now() - started);
      await sleep(100);
    }
  };
  const ended = work();
  return async () => {
    isOver = true;
    await ended;
    return quantiles(times);
  };
}

function quantiles(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return { p50: sorted[sorted.length >> 1], p99: sorted[Math.floor(sorted.length * 0.99)], longest: sorted.at(-1) };
}

/** Ours only: from nothing to claiming, with so many code jobs, each of a task of its own. */
async function startUp({ eachMinute, open, startScheduler }, { url, count }) {
  const started = performance.now();
  const store = await open(url);
  const now = Date.now();
  const jobs = Array.from({ length: count }, (_, n) => {
    const id = `Service${n}.run`;
    return { ...eachMinute(id, now + 3_600_000, now), origin: 'code', task: id, args: [] };
  });
  await store.jobs.put(jobs, { now: () => now, reconcile: () => null });
  const scheduler = await startScheduler(store, () => undefined);
  const seconds = (performance.now() - started) / 1_000;
  await scheduler.stop();
  return { seconds };
}

export const QUESTIONS = { fill, drain, lateness, idle, add, recurring, claims, startUp, prune };
