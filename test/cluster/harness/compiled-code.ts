import { transformFileSync } from '@swc/core';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** The library and the cluster's processes as JavaScript: where packages can be found, and gone afterwards. */
export class CompiledCode {
  readonly folder = join(root, 'node_modules', '.cache', `carillon-cluster-${process.pid}-${Date.now()}`);

  constructor(...folders: string[]) {
    for (const folder of ['lib', ...folders]) this.compile(join(root, folder));
    writeFileSync(join(this.folder, 'package.json'), '{"type":"module"}');
  }

  /** Where a source file of the repository is now, `test/cluster/node/main.ts`. */
  file(source: string): string {
    return join(this.folder, source.replace(/\.ts$/, '.js'));
  }

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private compile(folder: string): void {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((it) => it.name.endsWith('.ts'));
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      const target = this.file(relative(root, path));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, transformFileSync(path, AS_IN_JEST).code);
    }
  }
}

const AS_IN_JEST = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    target: 'es2022',
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
} as const;
