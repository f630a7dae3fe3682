import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { packageName, packagesLoadedBy, packagesOf, violations } from './architecture/rules.js';
import { factsOf } from './architecture/source-facts.js';
import type { Sources } from './architecture/rules.js';

const root = resolve(import.meta.dirname, '..');
const lib = join(root, 'lib');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

function sourcesOf(folder: string): Sources {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name.endsWith('.ts'),
  );
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(folder, path).split(sep).join('/'), readFileSync(path, 'utf8')];
    }),
  );
}

/** What a user has after `npm install nest-carillon` and nothing else: no optional peer among it. */
const alwaysInstalled = new Set([
  ...Object.keys(manifest.dependencies),
  ...Object.keys(manifest.peerDependencies).filter((name) => !manifest.peerDependenciesMeta[name]?.optional),
]);

function notInstalled(packages: Iterable<string>, owns: readonly string[] = []): string[] {
  const there = (name: string) => name.startsWith('node:') || alwaysInstalled.has(name) || owns.includes(name);
  return [...packages].filter((name) => !there(name));
}

/** The contract suites take describe, it and expect from the running test; the package lends them its types only. */
const TYPES_OF_RUNNER = ['@jest/globals'];

/** Ways into the package, and the optional packages that one installs to use them. */
const entries = [
  { path: 'index.ts', owns: [] },
  { path: 'stores/typeorm/index.ts', owns: ['typeorm'] },
  { path: 'testing/index.ts', owns: ['@nestjs/testing'] },
  { path: 'compat/index.ts', owns: ['luxon'] },
];

describe('the house', () => {
  const sources = sourcesOf(lib);

  it('keeps the import table, room entries, the clock rule and file length, without cycles', () => {
    expect(violations(sources)).toEqual([]);
  });

  it('has a reason for each package of the manifest in docs/dependencies.md', () => {
    const reasons = readFileSync(join(root, 'docs/dependencies.md'), 'utf8');
    const named = ['dependencies', 'peerDependencies', 'devDependencies'].flatMap((kind) =>
      Object.keys(manifest[kind]),
    );
    expect(named.filter((name) => !reasons.includes(`| \`${name}\``) && !reasons.includes(`, \`${name}\``))).toEqual(
      [],
    );
  });

  it('imports no package that the manifest leaves to chance', () => {
    const named = [
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.peerDependencies),
      ...TYPES_OF_RUNNER,
    ];
    expect([...packagesOf(sources)].filter((name) => !name.startsWith('node:') && !named.includes(name))).toEqual([]);
  });

  it.each(entries)('loads no other optional package with $path than $owns', ({ path, owns }) => {
    expect(sources.has(path)).toBe(true);
    const loaded = packagesLoadedBy(path, sources);
    expect(notInstalled(loaded.keys(), owns).map((name) => loaded.get(name))).toEqual([]);
  });

  const declarations = once(() => declarationsOf(entries.map(({ path }) => join(lib, path))));

  it.each(entries)(
    'names no other optional package, nor one without types of its own, in the type declarations that $path reaches',
    ({ path, owns }) => {
      const written = path.replace(/\.ts$/, '.d.ts');
      expect(declarations().has(written)).toBe(true);
      expect(packagesNamedBy(written, declarations(), [...owns, ...TYPES_OF_RUNNER])).toEqual([]);
    },
    120_000,
  );
});

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** What declarations may not name: besides optional packages, those whose types only this repository has. */
function unknownToTypes(name: string, owns: readonly string[]): boolean {
  if (owns.includes(name)) return false;
  return notInstalled([name]).length > 0 || `@types/${name}` in manifest.devDependencies;
}

/** Type declarations as the build writes them, by path below lib. */
function declarationsOf(files: string[]): Sources {
  const config = ts.readConfigFile(join(root, 'tsconfig.build.json'), (path) => ts.sys.readFile(path)).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(files, { ...options, emitDeclarationOnly: true, noEmit: false, noCheck: true });
  const written = new Map<string, string>();
  program.emit(undefined, (path, text) => written.set(relative(join(root, 'dist'), path).split(sep).join('/'), text));
  return written;
}

/** Packages that a user need not have types of, in the declarations that `entry` reaches, as `file names package`. */
function packagesNamedBy(entry: string, declarations: Sources, owns: readonly string[] = []): string[] {
  const seen = new Set([entry]);
  const named: string[] = [];
  for (const path of seen) {
    for (const { specifier } of factsOf(path, declarations.get(path) ?? '').imports) {
      if (specifier === null) continue;
      if (specifier.startsWith('.')) seen.add(join(path, '..', specifier.replace(/\.js$/, '.d.ts')));
      else if (unknownToTypes(packageName(specifier), owns)) named.push(`${path} names ${specifier}`);
    }
  }
  return named;
}

describe('the check itself', () => {
  const core = { 'core/index.ts': `export * from './job.js';`, 'core/job.ts': 'export const job = 1;' };
  const check = (files: Record<string, string>) => violations(new Map(Object.entries({ ...core, ...files })));

  it.each<[string, Record<string, string>, RegExp]>([
    ['a file outside the rooms', { 'helpers/text.ts': '' }, /in no room/],
    ['a file beside the main entry', { 'extra.ts': '' }, /in no room/],
    ['a store outside its folder', { 'stores/rows.ts': '' }, /in no room/],
    [
      'a room that the table does not allow',
      { 'core/a.ts': `import '../nest/index.js';`, 'nest/index.ts': '' },
      /core may not/,
    ],
    [
      'a type import',
      { 'core/a.ts': `import type { A } from '../engine/index.js';`, 'engine/index.ts': '' },
      /core may not/,
    ],
    [
      'an inline type import',
      { 'core/a.ts': `type A = import('../engine/index.js').A;`, 'engine/index.ts': '' },
      /core may not/,
    ],
    [
      'an export from',
      { 'engine/a.ts': `export * from '../triggers/index.js';`, 'triggers/index.ts': '' },
      /engine may not/,
    ],
    [
      'an import() in a function',
      { 'engine/a.ts': `const f = () => import('../nest/index.js');`, 'nest/index.ts': '' },
      /engine may not/,
    ],
    [
      'a require made by createRequire',
      { 'engine/a.ts': `const load = createRequire(import.meta.url); load('typeorm');` },
      /package typeorm/,
    ],
    [
      'createRequire called at once',
      { 'engine/a.ts': `createRequire(import.meta.url)('typeorm');` },
      /package typeorm/,
    ],
    ['an import = require', { 'engine/a.ts': `import x = require('luxon');` }, /package luxon/],
    [
      'another store',
      { 'stores/typeorm/a.ts': `import '../memory/index.js';`, 'stores/memory/index.ts': '' },
      /stores\/typeorm may not/,
    ],
    ['the testing room', { 'nest/a.ts': `import '../testing/index.js';`, 'testing/index.ts': '' }, /nest may not/],
    [
      'a room by another file than its index',
      { 'engine/a.ts': `import { job } from '../core/job.js';` },
      /enters core by core\/job.ts/,
    ],
    [
      'a package that the table does not allow',
      { 'engine/a.ts': `import { DateTime } from 'luxon';` },
      /package luxon/,
    ],
    ['a type of such a package', { 'engine/a.ts': `import type { DateTime } from 'luxon';` }, /package luxon/],
    ['a node module where none is allowed', { 'engine/a.ts': `import 'node:fs';` }, /package node:fs/],
    ['a node module without its prefix', { 'tasks/a.ts': `import 'fs';` }, /package fs/],
    ['a package path', { 'engine/a.ts': `import '@nestjs/core/injector/module.js';` }, /package @nestjs\/core/],
    ['a file outside lib', { 'tasks/a.ts': `import '../../test/a.js';` }, /no file of lib/],
    ['a computed import()', { 'nest/a.ts': `const f = (name: string) => import(name);` }, /computed name/],
    [
      'a cycle of two files',
      { 'engine/a.ts': `import './b.js';`, 'engine/b.ts': `import './a.js';` },
      /^cycle: engine\/a.ts -> engine\/b.ts -> engine\/a.ts$/,
    ],
    [
      'a cycle of types and import()',
      { 'engine/a.ts': `import type { B } from './b.js';`, 'engine/b.ts': `const f = () => import('./a.js');` },
      /^cycle/,
    ],
    ['a file that imports itself', { 'engine/a.ts': `import './a.js';` }, /^cycle/],
    ['Date.now', { 'engine/a.ts': 'const now = Date.now();' }, /a.ts:1: Date.now reads time/],
    ['Date.now through globalThis', { 'engine/a.ts': 'const now = globalThis.Date.now();' }, /reads time/],
    ['Date.now in brackets', { 'engine/a.ts': `const now = Date['now']();` }, /reads time/],
    ['Date.now as a value', { 'engine/a.ts': 'const read = Date.now;' }, /reads time/],
    ['new Date without arguments', { 'engine/a.ts': 'const now = new Date();' }, /reads time/],
    ['new Date without parentheses', { 'engine/a.ts': 'const now = new Date;' }, /reads time/],
    ['Date called', { 'engine/a.ts': 'const now = Date();' }, /reads time/],
    ['setTimeout', { 'engine/a.ts': 'setTimeout(() => 1, 5);' }, /reads time/],
    ['setTimeout through globalThis', { 'engine/a.ts': 'globalThis.setTimeout(() => 1, 5);' }, /reads time/],
    ['setInterval taken out of globalThis', { 'engine/a.ts': 'const { setInterval } = globalThis;' }, /reads time/],
    ['setTimeout as an argument', { 'engine/a.ts': 'wait(setTimeout);' }, /reads time/],
    ['performance', { 'engine/a.ts': 'const at = performance.now();' }, /reads time/],
    ['timers as a module', { 'tasks/a.ts': `import { setTimeout } from 'node:timers/promises';` }, /reads time/],
    ['performance as a module', { 'tasks/a.ts': `import { performance } from 'perf_hooks';` }, /reads time/],
    ['process.hrtime', { 'tasks/a.ts': 'process.hrtime.bigint();' }, /reads time/],
    ['AbortSignal.timeout', { 'tasks/a.ts': 'AbortSignal.timeout(5);' }, /reads time/],
    ['a luxon now', { 'triggers/a.ts': 'DateTime.now();' }, /reads time/],
    ['a luxon now by another name', { 'triggers/a.ts': 'DateTime.utc();' }, /reads time/],
    ['the clock in another file of core', { 'core/a.ts': 'Date.now();' }, /reads time/],
    ['a long file', { 'core/a.ts': '\n'.repeat(401) }, /401 lines/],
    ['code in the main entry', { 'index.ts': 'export const version = 1;' }, /more than export/],
    [
      'an entry that exports a room of tests',
      { 'index.ts': `export * from './testing/index.js';`, 'testing/index.ts': '' },
      /main entry may not/,
    ],
    ['a package that the main entry exports', { 'index.ts': `export * from 'luxon';` }, /main entry may not/],
  ])('refuses %s', (_name, files, expected) => {
    expect(check(files)).toEqual([expect.stringMatching(expected)]);
  });

  it.each<[string, Record<string, string>]>([
    ['files of one room that import each other', { 'engine/a.ts': `import './b.js';`, 'engine/b.ts': '' }],
    ['a room of the table by its index', { 'engine/a.ts': `import { job } from '../core/index.js';` }],
    ['a package of the table', { 'triggers/a.ts': `import { DateTime } from 'luxon'; DateTime.utc(2026);` }],
    ['node modules where the table says node', { 'tasks/a.ts': `import { spawn } from 'node:child_process';` }],
    ['a Nest package in nest', { 'nest/a.ts': `import { Module } from '@nestjs/common';` }],
    ['an optional package in its folder', { 'stores/typeorm/a.ts': `import { DataSource } from 'typeorm';` }],
    ['a computed import() of user code', { 'cli/a.ts': 'const f = (path: string) => import(path);' }],
    ['dates from values', { 'engine/a.ts': 'new Date(5); new Date(y, m); Date.UTC(2026, 1); Date.parse(text);' }],
    ['a clock of one’s own', { 'engine/a.ts': 'clock.setTimeout(5); clock.now(); const o = { setTimeout: 1 };' }],
    ['a method named setTimeout', { 'engine/a.ts': 'class A { setTimeout() {} } interface B { performance: number }' }],
    ['a type of a timer', { 'engine/a.ts': 'let timer: ReturnType<typeof setTimeout> | undefined;' }],
    ['the system clock', { 'core/system-clock.ts': 'Date.now(); setTimeout(f, 1); performance.now(); new Date();' }],
    ['a file of 400 lines', { 'core/a.ts': '\n'.repeat(400) }],
    ['a main entry that only exports', { 'index.ts': `export { job } from './core/index.js';` }],
  ])('accepts %s', (_name, files) => {
    expect(check(files)).toEqual([]);
  });

  it('finds an optional package behind a chain of static imports, not behind import() or a type', () => {
    const sources = new Map([
      ['index.ts', `export * from './nest/index.js';`],
      ['nest/index.ts', `import './store.js'; import type { Pool } from 'pg'; const f = () => import('ioredis');`],
      ['nest/store.ts', `import { DataSource } from 'typeorm/index.js'; await import('nodemailer');`],
      ['nest/unused.ts', `import 'mysql2';`],
    ]);
    expect(Object.fromEntries(packagesLoadedBy('index.ts', sources))).toEqual({
      typeorm: 'index.ts -> nest/index.ts -> nest/store.ts -> typeorm',
      nodemailer: 'index.ts -> nest/index.ts -> nest/store.ts -> nodemailer',
    });
  });

  it('finds an optional package in declarations, however it is written', () => {
    const declarations = new Map([
      ['index.d.ts', `export * from './nest/index.js'; export * from './triggers/index.js';`],
      [
        'nest/index.d.ts',
        `import { Injectable } from '@nestjs/common'; export declare const s: import("typeorm").DataSource;`,
      ],
      ['triggers/index.d.ts', `import type { DateTime } from 'luxon'; import type { Observable } from 'rxjs';`],
    ]);
    expect(packagesNamedBy('index.d.ts', declarations)).toEqual([
      'nest/index.d.ts names typeorm',
      'triggers/index.d.ts names luxon',
    ]);
  });
});
