import { join } from 'node:path';
import type { TypeOrmModuleOptions } from '@nestjs/typeorm';

const data = process.env.CLUSTER_DATA ?? join(import.meta.dirname, '..', 'data');
const url = process.env.DATABASE_URL;

/** What differs between the processes is their name and port; what they share is the database. */
export const settings = {
  name: process.env.NODE_NAME ?? 'node-1',
  port: Number(process.env.PORT ?? 3001),
  data,
  database: url === undefined ? sqlite() : server(url),
};

/** Without a server: all processes on one file of this machine. */
function sqlite(): TypeOrmModuleOptions {
  return { type: 'better-sqlite3', database: join(data, 'cluster.db') };
}

/** `postgres://user:password@host:5432/database`: the processes may run on as many machines as you like. */
function server(address: string): TypeOrmModuleOptions {
  const scheme = new URL(address).protocol.replace(':', '');
  return { type: scheme.startsWith('postgres') ? 'postgres' : 'mariadb', url: address };
}
