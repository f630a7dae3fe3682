// Starts the cluster, kills the process that is in the middle of a run, and looks whether every run was made once, the
// killed one's too. Exit code 0: it was, and those that were left ended in good order.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode, until, view, whoIsIndexing } from './nodes.mjs';

const TICK_MS = 2_000;
const data = mkdtempSync(join(tmpdir(), 'carillon-cluster-sample-'));
/** Lines of the handlers, by job and fire time. */
const ticks = [];
let nodes = [];

try {
  const onLine = (line) => ticks.push(...(/tick of (\S+)/.exec(line)?.slice(1) ?? []));
  const place = { data, basePort: 20_000 + Math.floor(Math.random() * 10_000), onLine };
  nodes = await step('starts three nodes', () => Promise.all([1, 2, 3].map((number) => startNode(number, place))));
  await step('shows them', () => until(async () => (await view(nodes[0])).nodes.length === 3, 10_000));
  const { node, run } = await step('works', () => until(() => whoIsIndexing(nodes), 30_000));
  node.child.kill('SIGKILL');
  const alive = nodes.filter((it) => it !== node);
  const again = await step('takes over what was killed', () => until(() => succeeded(alive[0], run), 30_000));
  assert.equal(again.attempt, 2);
  assert.ok(
    alive.some(({ name }) => name === again.node),
    `${again.node} was killed`,
  );
  await step('shows a page', () => showsPage(alive[0]));
  await step('made each tick once', () => ticksAreWhole(alive[0]));
  await step('stops in good order', () => Promise.all(alive.map(stops)));
  console.log('cluster: ok');
} catch (error) {
  const outputs = nodes.map(({ name, output }) => `--- output of ${name}\n${output}`);
  console.error(`cluster: FAILED\n${error.stack}\n${outputs.join('\n')}`);
  process.exitCode = 1;
} finally {
  for (const { child } of nodes) child.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
}

async function step(name, work) {
  const started = Date.now();
  const result = await work();
  console.log(`cluster ${name}: ${Date.now() - started} ms`);
  return result;
}

async function succeeded(node, { id }) {
  const run = (await view(node)).runs.find((it) => it.id === id);
  return run.state === 'succeeded' ? run : null;
}

async function showsPage({ port, name }) {
  const response = await fetch(`http://localhost:${port}/`);
  assert.match(await response.text(), new RegExp(`<h1>${name}`));
}

/** Each of them ran on one node, and those in between are there: those that the killed node held, too. */
async function ticksAreWhole(node) {
  const { runs } = await view(node);
  const held = runs.filter(({ job, attempt }) => job === 'tick' && attempt > 1).map(({ fireTime }) => fireTime);
  const twice = ticks.filter((fireTime, index) => ticks.indexOf(fireTime) < index && !held.includes(fireTime));
  assert.deepEqual(twice, []);
  const times = runs.filter(({ job }) => job === 'tick').map(({ fireTime }) => Date.parse(fireTime));
  assert.ok(times.length >= 3);
  assert.ok(times.every((time) => (time - times[0]) % TICK_MS === 0));
  assert.equal(new Set(times).size, times.length);
}

async function stops({ child, exit, name }) {
  child.kill('SIGTERM');
  const [code, signal] = await exit;
  assert.ok(code === 0 || signal === 'SIGTERM', `${name} ended with code ${code}, signal ${signal}`);
}
