import { Redis } from 'ioredis';
import { findPrograms } from './programs.js';
import type { ServerEngine } from './server-engine.js';

export const redis: ServerEngine = {
  name: 'redis',
  title: 'Redis',
  variable: 'CARILLON_TEST_REDIS_URL',
  localUrls: ['redis://127.0.0.1:6379'],
  aptPackage: 'redis-server',
  programs: () => findPrograms(['redis-server']),
  command: (programs, { folder, port, settings }) => {
    const all = { save: '', appendonly: 'no', ...settings };
    const options = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
    return [programs['redis-server'], '--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, ...options];
  },
  url: (port) => `redis://127.0.0.1:${port}`,
  ping: async (url) => await ask(url, async (client) => /redis_version:(\S+)/.exec(await client.info('server'))![1]),
  // A prefix needs no making; the server stays as it was found.
  makePlace: async (url) => url,
  async dropPlace(url, name) {
    await ask(url, async (client) => {
      for await (const keys of client.scanStream({ match: `${name}*`, count: 1_000 })) {
        if (keys.length > 0) await client.unlink(keys);
      }
    });
  },
  // Redis knows no owner of a connection: cut all of them, on a server of your own only.
  async cutConnections(url) {
    return await ask(url, async (client) => {
      const cut = await Promise.all(
        ['normal', 'pubsub'].map((type) => client.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes')),
      );
      return cut.map(Number).reduce((sum, count) => sum + count, 0);
    });
  },
  signals: { stop: 'SIGTERM', crash: 'SIGKILL' },
};

/** A client that tries once and keeps nothing open. */
export async function ask<T>(url: string, question: (client: Redis) => Promise<T>): Promise<T> {
  const options = { lazyConnect: true, connectTimeout: 3_000, maxRetriesPerRequest: 0, retryStrategy: () => null };
  const client = new Redis(url, options);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await question(client);
  } finally {
    client.disconnect();
  }
}
