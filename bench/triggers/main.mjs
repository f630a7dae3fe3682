// How many fire times a second of CPU finds, for each expression of the table and each subject, in turn and in rounds.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { describeMachine, describeVersions } from '../shared/machine.mjs';
import { digits, median, ratio, short, table } from '../shared/table.mjs';
import { EXPRESSIONS } from './expressions.mjs';
import { SUBJECTS } from './subjects.mjs';

const HEAP_EXPRESSIONS = 10_000;
const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const rounds = options.quick ? 3 : 7;
const cpuMs = options.quick ? 60 : 250;
const names = Object.keys(SUBJECTS);
const peers = names.filter((name) => SUBJECTS[name].role === 'peer');

console.log(describeMachine());
console.log(describeVersions(peers));
console.log(
  `settings: ${rounds} rounds, subjects in turn, ${cpuMs} ms of CPU each; medians; heap over ${HEAP_EXPRESSIONS}\n`,
);

const processes = new Map();
for (const name of names) processes.set(name, await start(name));
const speeds = await measureSpeeds();
const heaps = new Map();
for (const name of names) heaps.set(name, await ask(name, { heapOf: HEAP_EXPRESSIONS }));
for (const child of processes.values()) child.kill();
print();

async function start(name) {
  const child = fork(new URL('./subject-process.mjs', import.meta.url), [name], { execArgv: ['--expose-gc'] });
  await once(child, 'message');
  return child;
}

async function ask(name, request) {
  const child = processes.get(name);
  child.send(request);
  const [answer] = await once(child, 'message');
  return answer;
}

/** name -> one entry an expression: `{ value, last }` or `{ failure }`. */
async function measureSpeeds() {
  const measured = new Map(names.map((name) => [name, EXPRESSIONS.map(() => [])]));
  for (let round = 0; round < rounds; round++) {
    for (const [index, { expression, timezone, steps }] of EXPRESSIONS.entries()) {
      for (const name of names) measured.get(name)[index].push(await ask(name, { expression, timezone, steps, cpuMs }));
    }
  }
  return new Map([...measured].map(([name, columns]) => [name, columns.map(summary)]));
}

function summary(answers) {
  const failure = answers.find((answer) => answer.failure !== undefined);
  return failure ?? { value: median(answers.map((answer) => answer.value)), last: answers[0].last };
}

function print() {
  const rows = names.map((name) => [
    name,
    ...speeds.get(name).map((answer) => (answer.failure ? 'throws' : short(answer.value))),
    heapText(heaps.get(name)),
  ]);
  console.log(
    table(['operations per CPU second', ...EXPRESSIONS.map(({ title }) => title), 'heap per expression'], rows),
  );
  console.log();
  console.log(table(['ratio', ...EXPRESSIONS.map(({ title }) => title), 'heap per expression'], ratios()));
  console.log(remarks());
}

function ratios() {
  const valuesOf = (name) => speeds.get(name).map((answer) => answer.value);
  const best = EXPRESSIONS.map((_, index) => maximum(peers.map((name) => valuesOf(name)[index])));
  const bestHeap = -maximum(peers.map((name) => -heaps.get(name).value));
  const row = (title, speedsOfOther, heap) => [
    title,
    ...valuesOf('ours').map((value, index) => ratio(value, speedsOfOther[index])),
    ratio(heaps.get('ours').value, heap),
  ];
  return [row('ours / best peer', best, bestHeap), row('ours / limit', valuesOf('limit'), heaps.get('limit').value)];
}

function maximum(values) {
  const known = values.filter((value) => Number.isFinite(value));
  return known.length === 0 ? undefined : Math.max(...known);
}

function heapText({ value, failure }) {
  if (failure !== undefined) return 'throws';
  return value < 1000 ? `${value.toFixed(0)} B` : `${digits(value / 1000)} kB`;
}

/** Failures in full, and every subject whose walk ends elsewhere than the limit's. */
function remarks() {
  const lines = names.flatMap((name) =>
    speeds.get(name).flatMap(({ failure, last }, index) => {
      const expected = speeds.get('limit')[index].last;
      const where = `${name}, "${EXPRESSIONS[index].expression}"`;
      if (failure !== undefined) return [`${where}: throws "${failure}"`];
      return last === expected ? [] : [`${where}: the walk ends at ${iso(last)}, the limit's at ${iso(expected)}`];
    }),
  );
  return lines.length === 0 ? '\nAll walks end at the same instant.' : `\n${lines.join('\n')}`;
}

function iso(instant) {
  return new Date(instant).toISOString();
}
