import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './redis.js';
import { startThrowAway } from './throw-away.js';
import type { ThrowAwayServer } from './throw-away.js';

const SLOTS = 16_384;
const SETTINGS = { 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000' };

/** Three masters that share the slots, without replicas. */
export interface RedisCluster {
  readonly nodes: readonly ThrowAwayServer[];
  /** Of the nodes; each of them knows the others. */
  readonly urls: readonly string[];
  throwAway(): Promise<void>;
}

/** A Redis Cluster of a test's own; needs `canStart('redis')`, and Redis 7 for its `cluster-port`. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all([0, 1, 2].map(async () => await startNode()));
  const share = Math.ceil(SLOTS / nodes.length);
  for (const [index, node] of nodes.entries()) {
    await ask(node.url, async (client) => {
      const last = Math.min(SLOTS, (index + 1) * share) - 1;
      await client.call('CLUSTER', 'ADDSLOTSRANGE', index * share, last);
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    });
  }
  await untilJoined(nodes);
  const throwAway = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.throwAway())));
  return { nodes, urls: nodes.map((node) => node.url), throwAway };
}

/** The usual distance of the bus, 10,000 upwards, would reach into the ports of outgoing connections. */
const BUS = 10_000;

/** Looks, each 50 ms and more after the one before. */
const MEET_EVERY = 20;

async function startNode(): Promise<ThrowAwayServer> {
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  return await startThrowAway('redis', { port, settings: { ...SETTINGS, 'cluster-port': `${port - BUS}` } });
}

/** A node gives up an introduction that is not answered within its time-out, as on a busy machine: it is repeated. */
async function untilJoined(nodes: readonly ThrowAwayServer[]): Promise<void> {
  const [first, ...others] = nodes;
  for (let tries = 0; tries < 300; tries++) {
    if (tries % MEET_EVERY === 0) for (const node of others) await introduce(node, first);
    const joined = await Promise.all(nodes.map(hasJoined));
    if (joined.every((it) => it)) return;
    await sleep(50);
  }
  throw new Error(`The nodes of the Redis Cluster at ${nodes.map(({ url }) => url).join(', ')} did not join.`);
}

async function introduce(node: ThrowAwayServer, { port }: ThrowAwayServer): Promise<void> {
  await ask(node.url, async (client) => await client.call('CLUSTER', 'MEET', '127.0.0.1', port, port - BUS));
}

async function hasJoined(node: ThrowAwayServer): Promise<boolean> {
  const state = await ask(node.url, async (client) => String(await client.call('CLUSTER', 'INFO')));
  return /cluster_state:ok/.test(state) && /cluster_known_nodes:3/.test(state);
}
