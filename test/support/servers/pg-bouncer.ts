import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
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
  const { pgbouncer } = findPrograms(['pgbouncer'])!;
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe'];
  const child = spawn(pgbouncer, [join(folder, 'pgbouncer.ini')], { ...owner, cwd: folder, detached: true, stdio });
  if (child.pid !== undefined) notePid(folder, child.pid);
  const through = (url: string): string => Object.assign(new URL(url), { hostname: '127.0.0.1', port: `${port}` }).href;
  await isUp(child);
  await ENGINES.postgres.ping(through(server));
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

/** Once it listens it says so in its log; from then on neither child nor log keeps this process from ending. */
async function isUp(child: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(deadline);
      reject(new Error(`PgBouncer did not start: ${why}. Its log ends:\n${log}`));
    };
    const deadline = setTimeout(() => fail(`it was not up within ${START_DEADLINE} ms`), START_DEADLINE);
    const gone = (code: number | null): void => fail(`it ended with code ${code}`);
    child.once('error', (error) => fail(error.message)).once('exit', gone);
    child.stderr!.on('data', (text: Buffer) => {
      log = (log + text.toString()).slice(-2_000);
      if (!/process up/.test(log)) return;
      clearTimeout(deadline);
      child.off('exit', gone);
      resolve();
    });
  });
  child.unref();
  (child.stderr as Socket).unref();
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
