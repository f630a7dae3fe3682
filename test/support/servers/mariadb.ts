import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { join } from 'node:path';
import { findPrograms } from './programs.js';
import type { ServerEngine } from './server-engine.js';

/** As root the servers refuse to start at all; here they run as somebody else, and know nothing of the machine's files. */
const OWN = '--no-defaults';

export const mariadb: ServerEngine = {
  name: 'mariadb',
  title: 'MariaDB',
  variable: 'CARILLON_TEST_MARIADB_URL',
  localUrls: ['mariadb://root@127.0.0.1:3306/'],
  aptPackage: 'mariadb-server',
  programs: () => findPrograms(['mariadb-install-db', 'mariadbd']),
  initialise: (programs, folder) => [
    programs['mariadb-install-db'],
    ...[OWN, `--datadir=${join(folder, 'data')}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
  ],
  command: ({ mariadbd }, { folder, port, settings }) => {
    const options = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    const place = [`--datadir=${join(folder, 'data')}`, `--socket=${join(folder, 's')}`, `--port=${port}`];
    return [mariadbd, OWN, ...place, '--bind-address=127.0.0.1', '--skip-name-resolve', ...options];
  },
  url: (port) => `mariadb://root@127.0.0.1:${port}/`,
  ping: async (url) => await ask(url, async (client) => (await rows(client, 'SELECT VERSION() AS version'))[0].version),
  async makePlace(url, name) {
    await ask(url, async (client) => await client.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`));
    const place = new URL(url);
    place.pathname = `/${name}`;
    return place.href;
  },
  async dropPlace(url, name) {
    // A statement that waits in another connection would hold the tables.
    await this.cutConnections(url, name);
    await ask(url, async (client) => await client.query(`DROP DATABASE IF EXISTS ${name}`));
  },
  async cutConnections(url, name) {
    return await ask(url, async (client) => {
      const found = await rows(client, 'SELECT id FROM information_schema.processlist WHERE db = ?', [name]);
      // One may have gone by itself meanwhile.
      for (const { id } of found) await client.query(`KILL CONNECTION ${id}`).catch(() => undefined);
      return found.length;
    });
  },
  signals: { stop: 'SIGTERM', crash: 'SIGKILL' },
};

async function rows(client: Connection, sql: string, parameters: unknown[] = []): Promise<RowDataPacket[]> {
  const [found] = await client.query<RowDataPacket[]>(sql, parameters);
  return found;
}

async function ask<T>(url: string, question: (client: Connection) => Promise<T>): Promise<T> {
  const client = await createConnection({ uri: url, connectTimeout: 3_000 });
  client.on('error', () => undefined);
  try {
    return await question(client);
  } finally {
    client.destroy();
  }
}
