import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import {
  canStart,
  describeOnServer,
  ENGINES,
  placeOn,
  startRedisCluster,
  startThrowAway,
  testServer,
} from './servers/index.js';
import type { EngineName } from './servers/index.js';

const NAMES = Object.keys(ENGINES) as EngineName[];
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

for (const name of NAMES) {
  const server = await testServer(name);
  describeOnServer(server, `a place on ${server.title}`, () => {
    it('is one of its own, and gone after it was dropped', async () => {
      const [one, other] = [await server.makePlace(), await server.makePlace()];
      undo.push(one.drop, other.drop);
      await write(name, one);

      expect([await read(name, one), await read(name, other)]).toEqual([1, 0]);
      await one.drop();
      expect(await read(name, one).catch(() => 'gone')).toBe(name === 'redis' ? 0 : 'gone');
    });
  });
}

describe("a server of a test's own", () => {
  it.each(NAMES.filter(canStart))(
    'cuts connections, is crashed, and starts again with its data: %s',
    async (name) => {
      const settings: Record<string, string> = name === 'redis' ? { appendonly: 'yes', appendfsync: 'always' } : {};
      const server = await startThrowAway(name, { settings });
      undo.push(async () => await server.throwAway());
      const place = await placeOn(server.engine, server.url);
      await write(name, place);
      const connection = await connect(name, place);
      undo.push(async () => await connection.end());

      expect(await server.engine.cutConnections(server.url, place.name)).toBe(1);
      await connection.cut;
      await server.end('crash');
      await expect(server.engine.ping(server.url)).rejects.toThrow();
      await server.start();
      expect(await read(name, place)).toBe(1);
    },
    60_000,
  );
});

(canStart('redis') ? describe : describe.skip)("a Redis Cluster of a test's own", () => {
  it('spreads keys over three masters', async () => {
    const cluster = await startRedisCluster();
    undo.push(async () => await cluster.throwAway());
    const client = new Redis.Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
    undo.push(async () => client.disconnect());
    const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`);
    for (const key of keys) await client.set(key, key);
    const sizes = await Promise.all(client.nodes('master').map(async (node) => await node.dbsize()));

    expect(sizes).toHaveLength(3);
    expect(sizes.every((size) => size > 0)).toBe(true);
  }, 60_000);
});

type Where = { readonly url: string; readonly name: string };

/** Leaves one thing there. */
async function write(engine: EngineName, place: Where): Promise<void> {
  await using(engine, place, async (connection) => await connection.write());
}

/** How many things are there. */
async function read(engine: EngineName, place: Where): Promise<number> {
  return await using(engine, place, async (connection) => await connection.count());
}

async function using<T>(engine: EngineName, place: Where, use: (it: Connection) => Promise<T>): Promise<T> {
  const connection = await connect(engine, place);
  try {
    return await use(connection);
  } finally {
    await connection.end();
  }
}

interface Connection {
  write(): Promise<unknown>;
  count(): Promise<number>;
  end(): Promise<unknown>;
  /** Resolves when the server ended it. */
  readonly cut: Promise<unknown>;
}

const TABLES =
  "SELECT 1 FROM information_schema.tables WHERE table_name = 'one' AND table_schema IN ('public', DATABASE())";

async function connect(engine: EngineName, place: Where): Promise<Connection> {
  if (engine === 'redis') return await connectRedis(place);
  return engine === 'postgres' ? await connectPostgres(place) : await connectMariaDb(place);
}

async function connectPostgres({ url }: Where): Promise<Connection> {
  const client = new pg.Client({ connectionString: url });
  const cut = new Promise((resolve) => client.on('error', resolve));
  await client.connect();
  return {
    write: async () => await client.query('CREATE TABLE one (id int)'),
    count: async () => (await client.query(TABLES.replace(', DATABASE()', ''))).rows.length,
    end: async () => await client.end().catch(() => undefined),
    cut,
  };
}

async function connectMariaDb({ url }: Where): Promise<Connection> {
  const client = await createConnection({ uri: url });
  const cut = new Promise((resolve) => client.on('error', resolve));
  return {
    write: async () => await client.query('CREATE TABLE one (id int)'),
    count: async () => ((await client.query(TABLES))[0] as unknown[]).length,
    end: async () => client.destroy(),
    cut,
  };
}

async function connectRedis({ url, name }: Where): Promise<Connection> {
  const client = new Redis(url, { retryStrategy: () => null });
  const cut = new Promise((resolve) => client.on('close', resolve));
  client.on('error', () => undefined);
  await client.ping();
  return {
    write: async () => await client.set(`${name}one`, '1'),
    count: async () => (await client.keys(`${name}*`)).length,
    end: async () => client.disconnect(),
    cut,
  };
}
