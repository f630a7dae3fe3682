// Processes of the sample: the same application several times, each with a name and a port of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MAIN = join(import.meta.dirname, 'dist/main.js');
const READY_WITHIN_MS = 30_000;
/** What Nest says of itself is not what this sample is about. */
const OF_INTEREST = /\b(node-\d|Scheduler|ERROR|WARN)\b/;

/** A process that has begun to listen. */
export async function startNode(number, { data, basePort, onLine = console.log }) {
  const name = `node-${number}`;
  const port = basePort + number;
  const env = { ...process.env, NODE_NAME: name, PORT: String(port), CLUSTER_DATA: data, NO_COLOR: '1' };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const node = { number, name, port, pid: child.pid, child, output: '', exit: once(child, 'exit') };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      node.output += text;
      const lines = String(text).split('\n');
      for (const line of lines) if (OF_INTEREST.test(line)) onLine(line.replace(/^.*?\b(LOG|WARN|ERROR)\b /, ''), node);
    });
  }
  await until(() => view(node), READY_WITHIN_MS, node);
  return node;
}

/** What the store knows of the cluster, asked from one of its processes. */
export async function view({ port }) {
  const response = await fetch(`http://localhost:${port}/cluster`, { signal: AbortSignal.timeout(3_000) });
  if (!response.ok) throw new Error(`GET /cluster answered ${response.status}: ${await response.text()}`);
  return await response.json();
}

/** The answer, once it is not false; asked again until then. */
export async function until(question, withinMs, node) {
  const deadline = Date.now() + withinMs;
  for (let failure; ; await sleep(100)) {
    try {
      const answer = await question();
      if (answer) return answer;
    } catch (error) {
      failure = error;
    }
    if (node !== undefined && node.child.exitCode !== null) throw new Error(`${node.name} ended:\n${node.output}`);
    if (Date.now() > deadline) throw failure ?? new Error(`still not so after ${withinMs} ms: ${question}`);
  }
}

/** The process that is in the middle of the job `index`, with its run. */
export async function whoIsIndexing(nodes) {
  const { runs } = await view(nodes[0]);
  const run = runs.find(({ job, state }) => job === 'index' && state === 'running');
  const node = nodes.find(({ pid }) => run !== undefined && pid === run.pid);
  const begun = node !== undefined && node.output.includes(`index of ${run.fireTime}, attempt ${run.attempt}, step 2`);
  return begun ? { node, run } : null;
}
