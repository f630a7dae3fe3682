import pg from 'pg';
import { join } from 'node:path';
import { findPrograms, versionFolders } from './programs.js';
import type { ServerEngine } from './server-engine.js';

export const postgres: ServerEngine = {
  name: 'postgres',
  title: 'PostgreSQL',
  variable: 'CARILLON_TEST_POSTGRES_URL',
  localUrls: ['root', 'postgres'].map((user) => `postgres://${user}@127.0.0.1:5432/postgres`),
  aptPackage: 'postgresql',
  programs: () => findPrograms(['initdb', 'postgres'], versionFolders('/usr/lib/postgresql', 'bin')),
  initialise: ({ initdb }, folder) => [
    initdb,
    ...['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
  ],
  command: ({ postgres: program }, { folder, port, settings }) => {
    const all = { listen_addresses: '127.0.0.1', unix_socket_directories: folder, fsync: 'off', ...settings };
    const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return [program, '-D', join(folder, 'data'), '-p', `${port}`, ...options];
  },
  url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  ping: async (url) =>
    await ask(url, async (client) => (await client.query('SHOW server_version')).rows[0].server_version),
  async makePlace(url, name) {
    await ask(url, async (client) => await client.query(`CREATE DATABASE ${name}`));
    const place = new URL(url);
    place.pathname = `/${name}`;
    return place.href;
  },
  async dropPlace(url, name) {
    await ask(url, async (client) => await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  },
  async cutConnections(url, name) {
    const sql = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()';
    return await ask(url, async (client) => (await client.query(sql, [name])).rows.length);
  },
  // The fast stop, and the one that leaves recovery to the next start. A killed postmaster would leave its backends.
  signals: { stop: 'SIGINT', crash: 'SIGQUIT' },
};

async function ask<T>(url: string, question: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await question(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
