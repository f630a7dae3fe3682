import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where this test run keeps its throw-away servers, and what else its workers share; made on first use.
 *
 * A keeper process watches it: when the run ends, however it ends, the servers in it are stopped and it is deleted.
 */
export function runFolder(): string {
  const folder = process.env.CARILLON_TEST_RUN;
  if (folder === undefined) throw new Error('CARILLON_TEST_RUN is not set: run the tests through jest.config.js.');
  if (claimOnce(folder)) {
    // A server that does not run as root must get through.
    chmodSync(folder, 0o755);
    const keeper = join(import.meta.dirname, 'keeper.mjs');
    const args = [keeper, folder, process.env.CARILLON_TEST_RUN_PID!];
    spawn(process.execPath, args, { detached: true, stdio: 'ignore', env: {} }).unref();
  }
  return folder;
}

/** True for the first who asks for this folder, among all processes: the one who made it. */
export function claimOnce(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A folder for one server, which the user that is to run it owns. */
export function serverFolder(name: string, owner: Owner): string {
  const folder = mkdtempSync(join(runFolder(), `${name}-`));
  if (owner.uid !== undefined) execFileSync('chown', [`${owner.uid}:${owner.gid}`, folder]);
  return folder;
}

/** The keeper ends what it finds in files of this name. */
export function notePid(folder: string, pid: number): void {
  writeFileSync(join(folder, 'server.pid'), `${pid}`);
}

/** Empty: as the user of the tests. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** Who runs the servers: this user, or somebody without rights, since no database wants to run as root. */
export function serverOwner(): Owner {
  if (process.getuid?.() !== 0) return {};
  for (const user of ['postgres', 'mysql', 'nobody']) {
    try {
      const [uid, gid] = ['-u', '-g'].map((which) => Number(execFileSync('id', [which, user], { stdio: 'pipe' })));
      return { uid, gid };
    } catch {
      continue;
    }
  }
  return {};
}
