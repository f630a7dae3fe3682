// One subject in a process of its own, asked over IPC; so no subject is compiled for another one's shapes.
import { SUBJECTS } from './subjects.mjs';
import { WALK_FROM, distinctExpression } from './expressions.mjs';

const compile = await SUBJECTS[process.argv[2]].load();

process.on('message', (request) => {
  try {
    process.send(request.heapOf === undefined ? operationsPerSecond(request) : heapPerExpression(request.heapOf));
  } catch (error) {
    process.send({ failure: String(error.message ?? error).split('\n')[0] });
  }
});
process.send({ ready: true });

/** Fire times found in a second of this process's own CPU time. */
function operationsPerSecond({ expression, timezone, steps, cpuMs }) {
  const walk = compile(expression, timezone);
  const last = walkOnce(walk, steps);
  let operations = 0;
  let spent = 0;
  const before = process.cpuUsage();
  while (spent < cpuMs * 1000) {
    for (let left = 500; left > 0; left -= steps) {
      operations += Math.min(left, steps);
      walkOnce(walk, Math.min(left, steps));
    }
    const usage = process.cpuUsage(before);
    spent = usage.user + usage.system;
  }
  return { value: operations / (spent / 1e6), last };
}

function walkOnce(walk, steps) {
  let at = 0;
  walk.start(WALK_FROM);
  for (let step = 0; step < steps; step++) at = walk.step();
  return at;
}

/** Bytes of heap and of typed arrays that `count` different expressions take, each having been asked once. */
function heapPerExpression(count) {
  walkOnce(compile('0 0 31 12 *', 'Europe/Berlin'), 3);
  const kept = new Array(count).fill(null);
  const before = heapNow();
  for (let n = 0; n < count; n++) {
    const walk = compile(distinctExpression(n), 'Europe/Berlin');
    walkOnce(walk, 1);
    kept[n] = walk.compiled;
  }
  return { value: (heapNow() - before) / kept.length };
}

function heapNow() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
