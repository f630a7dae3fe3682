import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What an application is called when its options do not say. */
export interface PackageInfo {
  readonly packageName: string;
  readonly packageVersion: string;
}

/**
 * Name and version of the application's package.json: the nearest one above the working directory, else above the file
 * that was started (a service may be started in the root folder).
 */
export function packageInfo(starts: readonly (string | undefined)[] = defaultStarts()): PackageInfo {
  for (const start of starts) {
    const found = start === undefined ? null : nearestPackage(start);
    if (found !== null) return found;
  }
  return { packageName: 'application', packageVersion: '0.0.0' };
}

function defaultStarts(): (string | undefined)[] {
  const main = process.argv[1];
  return [process.cwd(), main === undefined ? undefined : dirname(main)];
}

function nearestPackage(folder: string): PackageInfo | null {
  for (let at = folder; ; at = dirname(at)) {
    const found = readPackage(join(at, 'package.json'));
    if (found !== null) return found;
    if (at === dirname(at)) return null;
  }
}

function readPackage(file: string): PackageInfo | null {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown };
    // Packages without a name only say how files below them are to be read.
    if (typeof name !== 'string' || name === '') return null;
    return { packageName: name, packageVersion: typeof version === 'string' && version !== '' ? version : '0.0.0' };
  } catch {
    return null;
  }
}
