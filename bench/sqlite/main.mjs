// One-off jobs worked off from a SQLite file at synchronous = FULL: ours beside the least code that does it at all. Subjects
// take turns, each in a process of its own; figures are medians of the rounds of this run.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureInChild } from '../shared/child.mjs';
import { describeMachine, describeVersions } from '../shared/machine.mjs';
import { table } from '../shared/table.mjs';

const SUBJECT = join(import.meta.dirname, 'subject-process.mjs');
const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const rounds = options.quick ? 3 : 7;
const many = options.quick ? 50_000 : 100_000;
const few = options.quick ? 1_000 : 3_000;
const timeoutMs = 300_000;

const ROWS = [
  { title: 'limit: select 500, mark them done', subject: 'limit', count: many, batch: 500 },
  { title: 'ours, store: claim, plan, run, settle', subject: 'store', count: many, batch: 500 },
  { title: 'ours, store, keepHistory: false', subject: 'store-without-history', count: many, batch: 500 },
  { title: 'ours, the whole scheduler', subject: 'scheduler', count: many, batch: 500 },
  { title: 'limit, one job a transaction', subject: 'limit', count: few, batch: 1, base: 4 },
  { title: 'ours, store, one job a claim', subject: 'store', count: few, batch: 1, base: 4 },
];

console.log(describeMachine());
console.log(describeVersions(['better-sqlite3', 'typeorm']));
console.log(
  `settings: WAL, synchronous = FULL, ${many} one-off jobs due, no-op handler, median of ${rounds} rounds in turn; each process warm\n`,
);

const results = ROWS.map(() => []);
for (let round = 0; round < rounds; round++) {
  for (const [index, { subject, count, batch }] of ROWS.entries()) {
    const result = await measureInChild(SUBJECT, ['alone', subject, String(count), String(batch)], { timeoutMs });
    if (result.failure === undefined && result.called !== count) result.failure = `${result.called} of ${count} ran`;
    results[index].push(result);
  }
}
const pairs = [];
for (let round = 0; round < rounds; round++) pairs.push(await twoProcesses());

const rows = ROWS.map(({ title, base = 0 }, index) => rowOf(title, results[index], results[base]));
rows.splice(4, 0, rowOf('ours, store, two processes on one file', pairs, results[0]));
console.log(table(['', 'jobs/s', 'of the limit', 'CPU a job', 'added/s'], rows));

function rowOf(title, measured, base) {
  const failure = measured.find((result) => result.failure !== undefined)?.failure;
  if (failure !== undefined) return [title, failure, '', '', ''];
  const perSecond = median(measured, 'perSecond');
  const share = `${((100 * perSecond) / median(base, 'perSecond')).toFixed(0)} %`;
  const added = measured[0].addedPerSecond === undefined ? '' : thousands(median(measured, 'addedPerSecond'));
  return [title, thousands(perSecond), share, `${median(measured, 'cpuMicros').toFixed(1)} µs`, added];
}

function median(measured, field) {
  const sorted = measured.map((result) => result[field] ?? Number.NaN).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function thousands(perSecond) {
  return `${(perSecond / 1000).toFixed(perSecond < 10_000 ? 1 : 0)} k`;
}

/** Both open the file, then start at one word. Each job must have run once between them. */
async function twoProcesses() {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'));
  const file = join(folder, 'jobs.db');
  try {
    await measureInChild(SUBJECT, ['fill', 'store', String(many), '500', file], { timeoutMs });
    const children = [1, 2].map(() => fork(SUBJECT, ['drain', 'store', String(many), '500', file]));
    await Promise.all(children.map(answerOf));
    const answers = children.map(answerOf);
    for (const child of children) child.send('go');
    const measured = await Promise.all(answers);
    for (const child of children) child.kill('SIGKILL');
    const failed = measured.find((one) => one.failure !== undefined);
    if (failed !== undefined) return failed;
    const called = measured.reduce((sum, one) => sum + one.called, 0);
    if (called !== many) return { failure: `${called} of ${many} ran` };
    const seconds = Math.max(...measured.map((one) => one.seconds));
    const cpuMicros = measured.reduce((sum, one) => sum + one.cpuMicros * one.called, 0) / called;
    return { perSecond: called / seconds, cpuMicros };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The child's next message; one that ended before has failed. */
function answerOf(child) {
  return new Promise((resolve) => {
    const ended = (code) => resolve({ failure: `ended with code ${code}` });
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}
