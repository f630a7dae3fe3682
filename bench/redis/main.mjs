// Jobs on Redis: ours beside BullMQ and beside the least Lua that does it at all. Each measurement has a server and a process
// of its own; figures are of this run only. CPU time counts both sides, Node and Redis, and hardly varies with other load.
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { describeMachine } from '../shared/machine.mjs';
import { table } from '../shared/table.mjs';
import { startServer } from './server.mjs';
import { createRequire } from 'node:module';

const SUBJECT = new URL('subject-process.mjs', import.meta.url).pathname;
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    subject: { type: 'string', multiple: true },
    rounds: { type: 'string' },
  },
});
const many = options.quick ? 30_000 : 100_000;
const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));
const perSecond = 1_000;
const crons = 5_000;
const wanted = (part) => options.only === undefined || options.only.includes(part);

/** Name of the subject, what it is called, and how much it takes at a time. */
const SUBJECTS = {
  limit: { title: 'limit: take 500, delete them', batch: 500 },
  store: { title: 'ours, store: claim, plan, run, settle', batch: 500 },
  'store-without-history': { title: 'ours, store, keepHistory: false', batch: 500 },
  scheduler: { title: 'ours, the whole scheduler', batch: 500 },
  bullmq: { title: 'BullMQ, addBulk, one Worker, concurrency 200', batch: 200 },
};

const require = createRequire(import.meta.url);
const probe = await startServer();
console.log(describeMachine());
console.log(
  `peers:   bullmq ${require('bullmq/package.json').version}, ioredis ${require('ioredis/package.json').version}`,
);
console.log(
  `settings: Redis ${probe.version}, nothing on disk, no-op handler, ${rounds} round(s) in turn, the median\n`,
);
await probe.stop();

if (wanted('drain')) await drains();
if (wanted('lateness')) await latenesses();
if (wanted('crons')) await cronsEachSecond();
if (wanted('idle')) await idles();

async function drains() {
  const isAsked = (name) => options.subject === undefined || options.subject.includes(name);
  const results = new Map(
    Object.keys(SUBJECTS)
      .filter(isAsked)
      .map((name) => [name, []]),
  );
  const pairs = options.subject === undefined ? { store: [], scheduler: [], bullmq: [] } : {};
  for (let round = 0; round < rounds; round++) {
    for (const name of results.keys()) results.get(name).push(await drain(name, 1));
    for (const name of Object.keys(pairs)) pairs[name].push(await drain(name, 2));
  }
  const rows = [...results].map(([name, measured]) => drainRow(SUBJECTS[name].title, measured));
  for (const [name, measured] of Object.entries(pairs)) {
    rows.push(drainRow(`${SUBJECTS[name].title}, two processes`, measured));
  }
  console.log(
    `${many.toLocaleString('en')} one-off jobs, added in bulk and worked off; the first third of these is not measured\n`,
  );
  console.log(table(['', 'added/s', 'CPU an add, Node + Redis', 'jobs/s', 'CPU a job, Node + Redis'], rows), '\n');
}

async function drain(name, processes) {
  const { batch } = SUBJECTS[name];
  return await onServer(async (server) => {
    const before = await server.used();
    const fill = await ask(['fill', name, server.url, many, batch]).answer;
    const filled = await server.used();
    const share = Math.ceil(many / processes);
    const warmUp = Math.floor(share / 3);
    const nodes = Array.from({ length: processes }, () =>
      ask(['drain', name, server.url, share, batch, warmUp, processes]),
    );
    for (const node of nodes)
      node.onCall = () => nodes.reduce((sum, one) => sum + one.calls, 0) >= many && nodes.forEach((one) => one.over());
    await Promise.all(nodes.map((node) => node.ready));
    // What the server does before is not measured either, but for what reaches it until it is asked.
    const warm = Promise.all(nodes.map((node) => node.warm)).then(() => server.used());
    for (const node of nodes) node.go();
    const done = await Promise.all(nodes.map((node) => node.answer));
    const after = await server.used();
    const measured = done.reduce((sum, one) => sum + one.measured, 0);
    const micros = (ms, count = many) => (1_000 * ms) / count;
    return {
      added: fill.perSecond,
      addNode: micros(fill.cpuMs),
      addRedis: micros(filled.cpuMs - before.cpuMs),
      done: measured / Math.max(...done.map((one) => one.seconds)),
      node: micros(
        done.reduce((sum, one) => sum + one.cpuMs, 0),
        measured,
      ),
      redis: micros(after.cpuMs - (await warm).cpuMs, measured),
    };
  });
}

function drainRow(title, measured) {
  const of = (field) => median(measured.map((one) => one[field]));
  const cpu = (node, redis) => `${of(node).toFixed(1)} + ${of(redis).toFixed(1)} µs`;
  return [title, thousands(of('added')), cpu('addNode', 'addRedis'), thousands(of('done')), cpu('node', 'redis')];
}

async function latenesses() {
  const count = (options.quick ? 5 : 15) * perSecond;
  const rows = [];
  for (const name of ['scheduler', 'bullmq']) {
    const found = await onServer((server) => ask(['lateness', name, server.url, count, perSecond]).answer);
    const late = [found.earliest, found.p50, found.p99, found.longest].map((ms) => `${ms} ms`);
    rows.push([
      SUBJECTS[name].title,
      `${found.called} of ${count}`,
      ...late,
      `${((1_000 * found.cpuMs) / count).toFixed(0)} µs`,
    ]);
  }
  console.log(
    `${perSecond.toLocaleString('en')} one-off jobs a second, added before; how much later than its time each was called\n`,
  );
  console.log(table(['', 'called', 'earliest', 'p50', 'p99', 'longest', 'CPU a job, Node'], rows), '\n');
}

async function cronsEachSecond() {
  const rows = [];
  for (const name of ['scheduler', 'bullmq']) {
    const found = await onServer((server) => ask(['crons', name, server.url, crons, 0]).answer);
    const share = `${(100 * found.share).toFixed(0)} %`;
    const late = name === 'bullmq' ? '' : `${found.p50} ms / ${found.p99} ms`;
    rows.push([SUBJECTS[name].title, share, late, `${(found.cpuMs / 100).toFixed(0)} %`]);
  }
  console.log(`${crons.toLocaleString('en')} crons, each due every second, over ten seconds\n`);
  console.log(table(['', 'fired', 'late, p50 / p99', 'of a core, Node'], rows), '\n');
}

async function idles() {
  const rows = [];
  for (const name of ['scheduler', 'bullmq']) {
    const found = await onServer(async (server) => {
      const node = ask(['idle', name, server.url, 1_000, 0]);
      await node.ready;
      const before = await server.used();
      node.go();
      const { cpuMs } = await node.answer;
      const after = await server.used();
      return { cpuMs, redisMs: after.cpuMs - before.cpuMs, commands: after.commands - before.commands };
    });
    rows.push([
      SUBJECTS[name].title,
      found.commands.toFixed(0),
      `${found.cpuMs.toFixed(0)} + ${found.redisMs.toFixed(0)} ms`,
    ]);
  }
  console.log('1,000 jobs that are due in an hour: what waiting costs, over a minute\n');
  console.log(table(['', 'commands a minute', 'CPU in a minute, Node + Redis'], rows), '\n');
}

/** Commands that scripts call inside are counted too. */
async function onServer(work) {
  const server = await startServer();
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

/** A child process: ready for the word to go, where its mode waits for one, and its answer. */
function ask(args) {
  const child = fork(SUBJECT, args.map(String), {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let isReady;
  let isWarm;
  const ready = new Promise((resolve) => (isReady = resolve));
  const warm = new Promise((resolve) => (isWarm = resolve));
  const answer = new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (message.note !== undefined) return isReady();
      if (message.isWarm) return isWarm();
      if (message.so !== undefined) {
        node.calls = message.so;
        return node.onCall?.();
      }
      resolve(message);
      child.kill('SIGKILL');
    });
    child.on('exit', (code) => reject(new Error(`${args.slice(0, 2).join(' ')} ended with code ${code}`)));
  });
  const node = {
    ready,
    warm,
    answer,
    calls: 0,
    go: () => child.send('go'),
    over: () => child.connected && child.send('over'),
  };
  return node;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function thousands(value) {
  return `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)} k`;
}
