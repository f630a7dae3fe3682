import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENGINES } from './engines.js';
import { findPrograms } from './programs.js';
import { notePid, serverFolder, serverOwner } from './run-folder.js';

const START_DEADLINE = 20_000;

export function hasPgBouncer(): boolean {
  return findPrograms(['pgbouncer']) !== undefined;
}

/** A PgBouncer of a test's own before a PostgreSQL server. */
export interface PgBouncer {
  /** The URL that leads to the same database through the pooler. */
  through(url: string): string;
  end(): Promise<void>;
}

/**
 * In transaction mode: a connection of the server is lent for one transaction. Few of them, so that they change hands.
 *
 * @throws {Error} it did not start; its log is in the message
 */
export async function startPgBouncer(server: string, poolSize = 3): Promise<PgBouncer> {
  const owner = serverOwner();
  const folder = serverFolder('pgbouncer', owner);
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  writeFileSync(join(folder, 'users.txt'), userList(server));
  writeFileSync(join(folder, 'pgbouncer.ini'), configuration(server, { folder, port, poolSize }));
  const log = openSync(join(folder, 'log'), 'a');
  const { pgbouncer } = findPrograms(['pgbouncer'])!;
  const child = spawn(pgbouncer, ['-q', join(folder, 'pgbouncer.ini')], {
    ...owner,
    cwd: folder,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  if (child.pid !== undefined) notePid(folder, child.pid);
  const through = (url: string): string => Object.assign(new URL(url), { hostname: '127.0.0.1', port: `${port}` }).href;
  await answers(through(server), child, folder);
  return { through, end: () => end(child, folder) };
}

function configuration(server: string, { folder, port, poolSize }: { folder: string; port: number; poolSize: number }) {
  const { hostname, port: serverPort } = new URL(server);
  return `[databases]
* = host=${hostname} port=${serverPort || 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
`;
}

function userList(server: string): string {
  const { username, password } = new URL(server);
  return `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"\n`;
}

async function answers(url: string, child: ChildProcess, folder: string): Promise<void> {
  const deadline = performance.now() + START_DEADLINE;
  for (;;) {
    try {
      await ENGINES.postgres.ping(url);
      return;
    } catch (error) {
      if (child.exitCode !== null || performance.now() > deadline) {
        const log = readFileSync(join(folder, 'log'), 'utf8').slice(-2_000);
        throw new Error(`PgBouncer did not start: ${(error as Error).message}. Its log ends:\n${log}`, {
          cause: error,
        });
      }
      await sleep(50);
    }
  }
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const isGone = new Promise((resolve) => child.once('exit', resolve));
    child.ref();
    child.kill('SIGTERM');
    await isGone;
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
