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
      if (index > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', nodes[0].port, nodes[0].port - BUS);
    });
  }
  for (const node of nodes) await untilJoined(node);
  const throwAway = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.throwAway())));
  return { nodes, urls: nodes.map((node) => node.url), throwAway };
}

/** The usual distance of the bus, 10,000 upwards, would reach into the ports of outgoing connections. */
const BUS = 10_000;

async function startNode(): Promise<ThrowAwayServer> {
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  return await startThrowAway('redis', { port, settings: { ...SETTINGS, 'cluster-port': `${port - BUS}` } });
}

async function untilJoined(node: ThrowAwayServer): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const state = await ask(node.url, async (client) => String(await client.call('CLUSTER', 'INFO')));
    if (/cluster_state:ok/.test(state) && /cluster_known_nodes:3/.test(state)) return;
    await sleep(50);
  }
  throw new Error(`The Redis Cluster's node at ${node.url} did not join the others.`);
}
