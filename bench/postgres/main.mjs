// One-off jobs, lateness, recurring jobs and adding on PostgreSQL: ours beside the least SQL that does it at all, and its
// peers at their best settings. Subjects take turns on one server, each in processes of its own on the same Node; figures are
// medians of the rounds of this run.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { describeMachine, describeVersions } from '../shared/machine.mjs';
import { median, short, table } from '../shared/table.mjs';
import { askChild, Child } from './child.mjs';
import { ask, freshDatabase, startServer } from './server.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    rows: { type: 'string' },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));
const many = options.quick ? 30_000 : 100_000;
const few = options.quick ? 1_000 : 3_000;
const PEERS = ['ours', 'graphile-worker', 'pg-boss', 'agenda'];

const DRAINS = [
  { title: 'limit, row deleted', subject: 'limit', keepHistory: false, two: true },
  { title: 'limit, row kept as done', subject: 'limit', keepHistory: true, two: true },
  { title: 'ours, history kept', subject: 'ours', keepHistory: true, two: true },
  { title: 'ours, keepHistory: false', subject: 'ours', keepHistory: false, two: true },
  { title: 'graphile-worker (deletes)', subject: 'graphile-worker', two: true },
  { title: 'pg-boss (keeps)', subject: 'pg-boss', two: true },
  { title: 'agenda (keeps)', subject: 'agenda', count: few, two: false },
];

const server = await startServer();
try {
  await describe();
  const parts = { throughput, lateness, idle, adding, recurring, claims, startUp, prune };
  for (const [name, part] of Object.entries(parts)) {
    if (options.only === undefined || options.only.split(',').includes(name)) await part();
  }
} finally {
  await server.stop();
}

async function describe() {
  const node = execFileSync(join(import.meta.dirname, 'node_modules/node/bin/node'), ['-v'], {
    encoding: 'utf8',
  }).trim();
  const [{ version }] = await ask(server.url, 'SELECT version()');
  const [{ settings }] = await ask(
    server.url,
    `SELECT string_agg(name || ' = ' || setting, ', ' ORDER BY name) AS settings FROM pg_settings
     WHERE name IN ('fsync', 'synchronous_commit', 'shared_buffers', 'full_page_writes')`,
  );
  console.log(describeMachine());
  console.log(describeVersions(['graphile-worker', 'pg-boss', 'agenda', 'typeorm', 'pg'], import.meta.url));
  console.log(`server:  ${version.split(',')[0]}; ${settings}; subjects on Node ${node}; median of ${rounds} rounds\n`);
}

async function throughput() {
  const results = DRAINS.map(() => ({ one: [], two: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const [index, drain] of DRAINS.entries()) {
      results[index].one.push(await drained(drain, 1));
      if (drain.two) results[index].two.push(await drained(drain, 2));
    }
  }
  const rows = DRAINS.map(({ title }, index) => {
    const [one, two] = [middle(results[index].one), middle(results[index].two)];
    const cpu = one.failure ? '' : `${micros(one.server)} + ${micros(one.node)}`;
    return [title, rate(one), rate(two), cpu, one.added ? `${short(one.added)}/s` : ''];
  });
  console.log(`${many} one-off jobs due (agenda: ${few}), the first third not measured`);
  console.log(table(['', '1 process', '2 processes', 'CPU a job, server + Node', 'added'], rows), '\n');
}

/** Filled by one process, then worked off by others that start at one word. */
async function drained({ subject, keepHistory = true, count = many }, processes) {
  const url = await freshDatabase(server.url);
  const filled = await askChild({ question: 'fill', subject, url, count, keepHistory });
  if (filled.failure) return filled;
  await ask(url, 'CHECKPOINT').catch(() => undefined);
  const warmUp = Math.floor(count / 3 / processes);
  const terms = { question: 'drain', subject, url, count, warmUp, keepHistory, isAlone: processes === 1 };
  const children = Array.from({ length: processes }, () => new Child(terms));
  await Promise.all(children.map((child) => child.ready));
  const cpu = server.cpu();
  for (const child of children) child.say('go');
  const isOver = Promise.race([sleep(300_000, 'late', { ref: false }), allOf(children, count)]);
  if ((await isOver) === 'late') {
    for (const child of children) await child.end();
    return { failure: 'over 300 s' };
  }
  for (const child of children) child.say({ isDone: true });
  const answers = await Promise.all(children.map((child) => child.answer));
  const used = server.cpu();
  for (const child of children) await child.end();
  const failed = answers.find((answer) => answer.failure);
  if (failed) return failed;
  const called = answers.reduce((sum, answer) => sum + answer.called, 0);
  if (called !== count) return { failure: `${called} of ${count} ran` };
  const measured = answers.reduce((sum, answer) => sum + answer.measured, 0);
  return {
    perSecond: measured / Math.max(...answers.map((answer) => answer.seconds)),
    server: cpu === undefined ? undefined : (used - cpu) / called,
    node: answers.reduce((sum, answer) => sum + answer.cpuMicros, 0) / measured,
    added: filled.perSecond,
  };
}

async function allOf(children, count) {
  let isOver = false;
  const ended = Promise.race(children.map((child) => child.answer)).then(() => (isOver = true));
  while (!isOver && children.reduce((sum, child) => sum + child.calls, 0) < count)
    await Promise.race([sleep(5), ended]);
}

async function lateness() {
  const rows = [];
  for (const subject of PEERS) {
    for (const perSecond of subject === 'agenda' ? [100, 1_000] : [1_000]) {
      const url = await freshDatabase(server.url);
      const seconds = options.quick ? 5 : 10;
      const answer = await askChild({ question: 'lateness', subject, url, perSecond, seconds }, { limitMs: 180_000 });
      const { failure, ran, of, p50, p99, least } = answer;
      rows.push([subject, `${perSecond}`, ...(failure ? [failure, '', '', ''] : [`${ran}/${of}`, p50, p99, least])]);
    }
  }
  console.log('lateness in milliseconds, everything scheduled beforehand');
  console.log(table(['', 'fire times/s', 'ran', 'p50', 'p99', 'least'], rows), '\n');
}

async function idle() {
  const rows = [];
  for (const subject of PEERS) {
    const url = await freshDatabase(server.url);
    const seconds = options.quick ? 30 : 60;
    let count = 0;
    const whenReady = async (child) => {
      const before = await commits(url);
      await sleep(seconds * 1_000);
      count = (await commits(url)) - before;
      child.say('enough');
    };
    const { failure } = await askChild({ question: 'idle', subject, url }, { whenReady });
    rows.push([subject, failure ?? ((count * 60) / seconds).toFixed(0)]);
  }
  console.log('transactions a minute with one job to come in an hour');
  console.log(table(['', 'a minute'], rows), '\n');
}

async function commits(url) {
  const name = new URL(url).pathname.slice(1);
  const text = 'SELECT xact_commit + xact_rollback AS n FROM pg_stat_database WHERE datname = $1';
  // Processes report what they did after a while, and asking from elsewhere adds nothing here.
  await sleep(1_500);
  const [{ n }] = await ask(server.url, text, [name]);
  return Number(n);
}

/** The first on a new server waits for files that later ones find: in each round another one is it. */
async function adding() {
  const results = new Map(PEERS.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    for (const subject of [...PEERS.slice(round % PEERS.length), ...PEERS.slice(0, round % PEERS.length)]) {
      const url = await freshDatabase(server.url);
      const bulk = subject === 'agenda' ? few : many;
      results.get(subject).push(await askChild({ question: 'add', subject, url, singles: few, bulk }));
    }
  }
  const rows = [...results].map(([subject, answers]) => {
    const failed = answers.find(({ failure }) => failure);
    if (failed) return [subject, failed.failure, '', ''];
    return [subject, ...['single', 'ten', 'many'].map((name) => `${short(median(answers.map((it) => it[name])))}/s`)];
  });
  console.log('adding one-off jobs, the first third not measured');
  console.log(table(['', 'single caller', '10 callers', 'bulk'], rows), '\n');
}

async function recurring() {
  const url = await freshDatabase(server.url);
  const count = options.quick ? 10_000 : 100_000;
  let share = 0;
  const seconds = options.quick ? 20 : 60;
  const whenReady = async (child) => {
    const before = server.cpu();
    child.say('go');
    await child.answer;
    share = before === undefined ? 0 : (server.cpu() - before) / (seconds * 1e6);
  };
  const answer = await askChild({ question: 'recurring', subject: 'ours', url, count, seconds }, { whenReady });
  const cells = answer.failure
    ? [answer.failure, '', '', '']
    : [`${answer.perSecond.toFixed(0)}/s`, `${answer.p99} ms`, percent(answer.share), percent(share)];
  console.log(`${count} recurring jobs, each once a minute, one process`);
  console.log(table(['', 'ran', 'p99 late', 'Node, of a core', 'server, of a core'], [['ours', ...cells]]), '\n');
}

async function claims() {
  const url = await freshDatabase(server.url);
  const counts = options.quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000];
  const answer = await askChild({ question: 'claims', subject: 'ours', url, counts });
  const rows = answer.failure
    ? [[answer.failure, '']]
    : answer.map(({ count, median }) => [short(count), `${median.toFixed(1)} ms`]);
  console.log('a claim of 100 jobs that are due, among so many that are not');
  console.log(table(['scheduled', 'median'], rows), '\n');
}

/** 10,000 code jobs that are there already, as at each start of an application but the first. */
async function startUp() {
  const url = await freshDatabase(server.url);
  const count = 10_000;
  const first = await askChild({ question: 'startUp', subject: 'ours', url, count });
  const again = await askChild({ question: 'startUp', subject: 'ours', url, count });
  const cell = ({ failure, seconds }) => failure ?? `${seconds.toFixed(2)} s`;
  console.log(`start with ${count} code jobs`);
  console.log(table(['first', 'again'], [[cell(first), cell(again)]]), '\n');
}

async function prune() {
  const url = await freshDatabase(server.url);
  const rows = Number(options.rows ?? (options.quick ? 100_000 : 10_000_000));
  await askChild({ question: 'fill', subject: 'ours', url, count: 1_000, keepHistory: true });
  await ask(
    url,
    `INSERT INTO carillon_runs (run_key, job_key, generation, fire_time, created_at, settled_at, app_key, shape_key, count,
       attempt, token, kind, state, slot, is_count_exact, is_cancel_requested, is_forced, has_texts)
     SELECT n, j.job_key, 1, n, n, n, j.app_key, j.shape_key, 1, 1, 1, 0, 3, 0, true, false, false, false
     FROM generate_series(1, $1::bigint) n JOIN (SELECT row_number() OVER () - 1 AS at, * FROM carillon_jobs) j
       ON j.at = n % 1000`,
    [rows],
  );
  await ask(url, 'VACUUM ANALYZE carillon_runs');
  const answer = await askChild({ question: 'prune', subject: 'ours', url, rows }, { limitMs: 3_600_000 });
  if (answer.failure) return console.log(`pruning ${short(rows)} rows of history: ${answer.failure}\n`);
  const cells = (title, { p50, p99, longest }) => [title, ...[p50, p99, longest].map((ms) => `${ms.toFixed(1)} ms`)];
  console.log(
    `pruning ${short(answer.pruned)} rows of history by age, in steps of 1,000: ${short(answer.perSecond)}/s`,
  );
  const steps = [
    cells('a step of 1,000 rows', answer.steps),
    cells('the first tenth of the steps', answer.tenth),
    cells('the last tenth of the steps', answer.last),
  ];
  const claimed = [cells('a claim, nothing pruned', answer.alone), cells('a claim, while pruning', answer.beside)];
  console.log(table(['', 'p50', 'p99', 'longest'], [...steps, ...claimed]), '\n');
}

function middle(results) {
  const failed = results.find((result) => result.failure);
  if (failed || results.length === 0) return failed ?? { isNone: true };
  return [...results].sort((a, b) => a.perSecond - b.perSecond)[results.length >> 1];
}

function rate({ perSecond, failure, isNone }) {
  return isNone ? '' : (failure ?? `${short(perSecond)}/s`);
}

function micros(value) {
  return value === undefined ? '?' : `${value.toFixed(value < 100 ? 1 : 0)} µs`;
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}
