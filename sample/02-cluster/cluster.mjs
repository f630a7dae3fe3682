// Three processes on one database. In the middle of its work one of them is killed: watch who takes it over.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startNode, until, view, whoIsIndexing } from './nodes.mjs';

const data = process.env.CLUSTER_DATA ?? join(import.meta.dirname, 'data');
const place = { data, basePort: Number(process.env.PORT ?? 3000) };
if (process.env.CLUSTER_DATA === undefined) rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

const nodes = await Promise.all([1, 2, 3].map((number) => startNode(number, place)));
process.once('SIGINT', leave);
process.once('SIGTERM', leave);
say(`three nodes: ${nodes.map(({ port }) => `http://localhost:${port}`).join(', ')}. Ctrl+C ends them.`);

const { node, run } = await until(() => whoIsIndexing(nodes), 60_000);
say(`kill -9 ${node.pid}: ${node.name} is in the middle of index of ${run.fireTime}`);
node.child.kill('SIGKILL');
const witness = nodes.find((it) => it !== node);
const settled = await until(async () => {
  const found = (await view(witness)).runs.find(({ id }) => id === run.id);
  return found.state === 'succeeded' ? found : null;
}, 60_000);
say(`${settled.node} has taken it over: attempt ${settled.attempt} of the same run succeeded`);
await sleep(1_000);
nodes[nodes.indexOf(node)] = await startNode(node.number, place);
say(`${node.name} is back, as process ${nodes.find(({ name }) => name === node.name).pid}`);

function say(text) {
  console.log(`\n*** ${text}\n`);
}

/** Ctrl+C reaches the whole group of processes; any other signal has to be passed on. */
async function leave() {
  for (const { child } of nodes) child.kill('SIGTERM');
  await Promise.all(nodes.map(({ exit }) => exit));
  process.exit(0);
}
