import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

/** Machine and Node, in two lines: figures mean nothing without them. */
export function describeMachine() {
  const processors = cpus();
  return [
    `machine: ${processors.length} x ${processors[0]?.model.trim() ?? 'unknown processor'}, ` +
      `${(totalmem() / 2 ** 30).toFixed(0)} GB, ${platform()} ${release()} ${arch()}`,
    `node:    ${process.version} (V8 ${process.versions.v8})`,
  ].join('\n');
}

/** Installed versions, as `name version`. Reads package.json files, since not every package exports its own. */
export function describeVersions(names, from = import.meta.url) {
  const resolve = createRequire(from).resolve;
  return `peers:   ${names.map((name) => `${name} ${versionOf(name, resolve)}`).join(', ')}`;
}

function versionOf(name, resolve) {
  let folder = dirname(resolve(name));
  for (; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (manifest.name === name) return manifest.version;
    } catch {
      // No package.json in this folder: look further up.
    }
  }
  return 'unknown';
}
