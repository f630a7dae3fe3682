// A node in a process of its own: does what its parent says, one command a message, and can die between two scripts.
import { pathToFileURL } from 'node:url';
import { serveNode } from '../node-commands.mjs';

const [lib, place, node] = process.argv.slice(2);
const [url, keyPrefix] = place.split('#');
const { SystemClock } = await import(pathToFileURL(`${lib}/core/index.js`).href);
const { createRedisStore } = await import(pathToFileURL(`${lib}/stores/redis/index.js`).href);
const { Redis } = await import('ioredis');

/** Scripts that are sent yet before this process dies, and one. */
let stepsToLive = Infinity;

const client = new Redis(url, { lazyConnect: true });
const send = client.evalsha.bind(client);
client.evalsha = async (...args) => {
  if (--stepsToLive <= 0) process.kill(process.pid, 'SIGKILL');
  return await send(...args);
};
const store = createRedisStore({ alias: 'redis', application: 'shop', clock: new SystemClock(), client, keyPrefix });

serveNode({ store, node, dieBefore: (step) => (stepsToLive = step) });
