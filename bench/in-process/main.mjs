// All jobs due each second, in one process: what share of them fires, how late, at what cost. Each subject and each number
// of jobs has a process of its own, one after another.
import { parseArgs } from 'node:util';
import { measureInChild } from '../shared/child.mjs';
import { describeMachine, describeVersions } from '../shared/machine.mjs';
import { digits, median, ratio, short, table } from '../shared/table.mjs';
import { SUBJECTS } from './subjects.mjs';

const SET_UP_LIMIT_MS = 70_000;
const HEAP_LIMIT_MB = 4_096;
const FIGURES = ['share', 'p50', 'p99', 'cpuShare', 'cpuPerRunUs', 'heapPerJob', 'setUpMs'];
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string' },
  },
});
const warmUp = options.quick ? 6 : 20;
const seconds = options.quick ? 4 : 10;
const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));
const names = Object.keys(SUBJECTS).filter((name) => options.only?.includes(name) ?? true);
const peers = names.filter((name) => SUBJECTS[name].role === 'peer');
const loads = [
  { jobs: 1_000, period: 1, rounds, names },
  { jobs: 10_000, period: 1, rounds, names },
  ...(options.quick
    ? []
    : [
        { jobs: 100_000, period: 1, rounds: 1, names },
        {
          jobs: 1_000_000,
          period: 10,
          rounds: 1,
          setUpMs: 300_000,
          names: names.filter((name) => !peers.includes(name)),
        },
      ]),
];

console.log(describeMachine());
console.log(describeVersions(Object.keys(SUBJECTS).filter((name) => SUBJECTS[name].role === 'peer')));
console.log(
  `settings: a process each, in turn; ${warmUp} s to warm up, ${seconds} s measured; up to 10 k jobs medians of ${rounds} ` +
    `${rounds === 1 ? 'round' : 'rounds'}; a set-up over ${SET_UP_LIMIT_MS / 1000} s or a heap over ${HEAP_LIMIT_MB / 1024} GB is given up\n`,
);
for (const load of loads) print(load, await measureAll(load));

/** name -> medians over the rounds, in which the subjects take turns; or why there are none. */
async function measureAll(load) {
  const results = new Map(load.names.map((name) => [name, []]));
  for (let round = 0; round < load.rounds; round++) {
    for (const [name, answers] of results) {
      if (answers.at(-1)?.failure === undefined) answers.push(await measure(name, load));
    }
  }
  return new Map([...results].map(([name, answers]) => [name, summary(answers)]));
}

function summary(answers) {
  const failed = answers.find((answer) => answer.failure !== undefined);
  return failed ?? Object.fromEntries(FIGURES.map((key) => [key, median(answers.map((answer) => answer[key] ?? 0))]));
}

function measure(name, { jobs, period, setUpMs = SET_UP_LIMIT_MS }) {
  const script = new URL('./subject-process.mjs', import.meta.url);
  return measureInChild(script, [name, jobs, period, warmUp, seconds].map(String), {
    setUpMs,
    timeoutMs: (warmUp + seconds + 30) * 1000,
    heapMb: HEAP_LIMIT_MB,
  });
}

function print({ jobs, period }, results) {
  const title = `${short(jobs)} jobs, ${period === 1 ? 'all due each second' : `each due every ${period} s`}`;
  const header = [title, 'fired', 'p50', 'p99', 'CPU', 'CPU per run', 'heap per job', 'set-up'];
  console.log(
    table(
      header,
      [...results].map(([name, result]) => row(name, result)),
    ),
  );
  const ours = results.get('ours');
  const ratios = [...results].filter(([name, result]) => name !== 'ours' && result.failure === undefined);
  if (ours !== undefined && ours.failure === undefined) {
    const lines = ratios.map(([name, theirs]) => [
      `ours / ${name}`,
      ...FIGURES.map((key) => ratio(ours[key], theirs[key])),
    ]);
    console.log(`\n${table(['ratio', ...header.slice(1)], lines)}`);
  }
  console.log();
}

function row(name, { failure, ...result }) {
  if (failure !== undefined) return [name, failure, '-', '-', '-', '-', '-', '-'];
  return [
    name,
    `${digits(result.share * 100)} %`,
    `${digits(result.p50 ?? 0)} ms`,
    `${digits(result.p99 ?? 0)} ms`,
    `${digits(result.cpuShare * 100)} %`,
    `${digits(result.cpuPerRunUs ?? 0)} µs`,
    `${digits(result.heapPerJob / 1000)} kB`,
    `${digits(result.setUpMs)} ms`,
  ];
}
