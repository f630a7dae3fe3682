import { transformFileSync } from '@swc/core';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** The rooms that a store needs, as JavaScript for child processes: where packages can be found, and gone afterwards. */
export class CompiledLib {
  readonly folder = join(root, 'node_modules', '.cache', `carillon-test-${process.pid}-${Date.now()}`);

  constructor(store = 'stores/typeorm') {
    for (const room of ['core', store]) this.compile(room);
    writeFileSync(join(this.folder, 'package.json'), '{"type":"module"}');
  }

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private compile(room: string): void {
    const from = join(root, 'lib', room);
    const files = readdirSync(from, { recursive: true, withFileTypes: true }).filter((it) => it.name.endsWith('.ts'));
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      const target = join(this.folder, path.slice(join(root, 'lib').length)).replace(/\.ts$/, '.js');
      mkdirSync(dirname(target), { recursive: true });
      const { code } = transformFileSync(path, {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022', transform: { useDefineForClassFields: false } },
        module: { type: 'es6' },
      });
      writeFileSync(target, code);
    }
  }
}
