// One-off jobs worked off from MariaDB (or MySQL): ours beside the least SQL that does it at all, and how late jobs run that
// fall due one each millisecond. Subjects take turns, each in a process of its own; figures are medians of this run's rounds.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureInChild } from '../shared/child.mjs';
import { describeMachine, describeVersions } from '../shared/machine.mjs';
import { table } from '../shared/table.mjs';
import { serverCpu } from './server.mjs';

const SUBJECT = join(import.meta.dirname, 'subject-process.mjs');
const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string' } },
});
const rounds = Number(options.rounds ?? (options.quick ? 1 : 5));
const many = options.quick ? 30_000 : 100_000;
const timeoutMs = 300_000;

const ROWS = [
  { title: 'limit: lock 500, mark them done', subject: 'limit' },
  { title: 'ours, store: claim, plan, run, settle', subject: 'store' },
  { title: 'ours, store, keepHistory: false', subject: 'store-without-history' },
  { title: 'ours, the whole scheduler', subject: 'scheduler' },
];

console.log(describeMachine());
console.log(describeVersions(['mysql2', 'typeorm']));
console.log(`server:  ${(await serverCpu()).version}, as it is configured`);
console.log(
  `settings: ${many} one-off jobs due, the first third not measured, 500 a batch, no-op handler, median of ${rounds} in turn\n`,
);

const results = ROWS.map(() => []);
for (let round = 0; round < rounds; round++) {
  for (const [index, { subject }] of ROWS.entries()) {
    results[index].push(await measureInChild(SUBJECT, [subject, String(many), '500'], { timeoutMs }));
  }
}
const rows = ROWS.map(({ title }, index) => rowOf(title, results[index]));
console.log(table(['', 'jobs/s', 'of the limit', 'CPU a job: Node', 'server', 'added/s'], rows));

const late = await measureInChild(SUBJECT, ['late', options.quick ? '5000' : '20000', '500'], { timeoutMs });
const head = ['1,000 fire times a second', 'earliest', 'p50', 'p99', 'latest'];
const lateRow = [late.first, late.p50, late.p99, late.last].map((ms) => `${ms} ms`);
console.log(
  `\n${table(head, [['ours, the whole scheduler', ...(late.failure ? [late.failure, '', '', ''] : lateRow)]])}`,
);

function rowOf(title, measured) {
  const failure = measured.find((result) => result.failure !== undefined || result.called !== many);
  if (failure !== undefined) return [title, failure.failure ?? `${failure.called} of ${many} ran`, '', '', '', ''];
  const perSecond = median(measured, 'perSecond');
  const share = `${((100 * perSecond) / median(results[0], 'perSecond')).toFixed(0)} %`;
  const micros = ['cpuMicros', 'serverMicros'].map((field) => `${median(measured, field).toFixed(1)} µs`);
  return [title, thousands(perSecond), share, ...micros, thousands(median(measured, 'addedPerSecond'))];
}

function median(measured, field) {
  const sorted = measured.map((result) => result[field] ?? Number.NaN).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function thousands(perSecond) {
  return `${(perSecond / 1000).toFixed(perSecond < 10_000 ? 1 : 0)} k`;
}
