import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ends every server that is noted in a run's folder, and deletes the folder. */
export async function endServers(folder) {
  if (!existsSync(folder)) return;
  const pids = readdirSync(folder).flatMap((name) => pidIn(join(folder, name)));
  for (const pid of pids) signal(pid, 'SIGQUIT');
  for (let tries = 0; tries < 100 && pids.some(isAlive); tries++) await sleep(50);
  for (const pid of pids) signal(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

export function isAlive(pid) {
  return signal(pid, 0);
}

function pidIn(folder) {
  try {
    return [Number(readFileSync(join(folder, 'server.pid'), 'utf8'))];
  } catch {
    return [];
  }
}

function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
