// A Redis of the benchmark's own, with the server's default settings but nothing on disk.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

export async function startServer(port = 20_000 + Math.floor(Math.random() * 10_000)) {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'));
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const child = spawn('redis-server', options, { stdio: 'ignore' });
  const client = new Redis(port, { retryStrategy: () => 20 });
  client.on('error', () => undefined);
  await client.ping();
  return {
    url: `redis://127.0.0.1:${port}`,
    version: /redis_version:(\S+)/.exec(await client.info('server'))[1],
    /** CPU time so far in ms, and commands from outside. */
    async used() {
      const facts = await client.info('everything');
      const fact = (name) => Number(new RegExp(`^${name}:([0-9.]+)`, 'm').exec(facts)[1]);
      return {
        cpuMs: 1_000 * (fact('used_cpu_user') + fact('used_cpu_sys')),
        commands: fact('total_commands_processed'),
        bytes: fact('used_memory'),
      };
    },
    clear: () => client.flushall(),
    async stop() {
      client.disconnect();
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
