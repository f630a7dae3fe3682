import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Programs } from './server-engine.js';

const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];

/** The named programs, all from one installation's folders; undefined when one is missing. */
export function findPrograms(names: readonly string[], folders: readonly string[] = []): Programs | undefined {
  const places = [...folders, ...(process.env.PATH ?? '').split(delimiter), ...FOLDERS];
  const found: Record<string, string> = {};
  for (const name of names) {
    const folder = places.find((place) => isExecutable(join(place, name)));
    if (folder === undefined) return undefined;
    found[name] = join(folder, name);
  }
  return found;
}

/** `/usr/lib/postgresql/15/bin`: Debian keeps a version's programs apart, off the path. Newest first. */
export function versionFolders(parent: string, child: string): string[] {
  try {
    const versions = readdirSync(parent).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(parent, version, child));
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
