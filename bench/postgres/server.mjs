// The server of a benchmark: the one that CARILLON_BENCH_POSTGRES_URL names, else a throw-away one with its defaults (fsync on).
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** @returns {Promise<{ url: string, cpu: () => number | undefined, stop: () => Promise<void> }>} `cpu` in microseconds */
export async function startServer() {
  const given = process.env.CARILLON_BENCH_POSTGRES_URL;
  if (given) return { url: given, cpu: cpuOf(process.env.CARILLON_BENCH_POSTGRES_PID), stop: async () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-pg-'));
  const [bin, asUser] = [binaries(), notAsRoot(folder)];
  const data = join(folder, 'data');
  execFileSync(...asUser(join(bin, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--locale=C']));
  const port = await freePort();
  const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${folder}`];
  const child = spawn(...asUser(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...settings]), {
    stdio: 'ignore',
  });
  const url = `postgres://bench@127.0.0.1:${port}/postgres`;
  await answers(url);
  const pid = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0];
  const stop = async () => {
    const ended = new Promise((resolve) => child.on('exit', resolve));
    process.kill(Number(pid), 'SIGINT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, cpu: cpuOf(pid), stop };
}

/** Over a connection of its own. */
export async function ask(url, text, values) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** An empty database beside that of the URL; nothing of the one before is left to be written. */
export async function freshDatabase(url) {
  const name = 'carillon_bench';
  await ask(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await ask(url, `CREATE DATABASE ${name}`);
  await ask(url, 'CHECKPOINT').catch(() => undefined);
  const fresh = new URL(url);
  fresh.pathname = `/${name}`;
  return fresh.href;
}

function binaries() {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').map(Number) : [];
  if (versions.length > 0) return `/usr/lib/postgresql/${Math.max(...versions)}/bin`;
  return execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
}

function notAsRoot(folder) {
  if (process.getuid?.() !== 0) return (program, args) => [program, args];
  execFileSync('chown', ['-R', 'postgres', folder]);
  return (program, args) => ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', program, ...args]];
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function answers(url) {
  for (let tries = 0; ; tries++) {
    try {
      await ask(url, 'SELECT 1');
      return;
    } catch (error) {
      if (tries > 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** CPU time of the server's processes, those that ended included. Linux only; the server must be on this machine. */
function cpuOf(pid) {
  return () => {
    if (pid === undefined || !existsSync('/proc')) return undefined;
    let ticks = 0;
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      const fields = statOf(entry);
      if (fields === undefined) continue;
      const [parent, user, system, endedUser, endedSystem] = [1, 11, 12, 13, 14].map((index) => Number(fields[index]));
      if (entry === String(pid)) ticks += user + system + endedUser + endedSystem;
      else if (parent === Number(pid)) ticks += user + system;
    }
    return ticks * 10_000;
  };
}

function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
