import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const apps = join(import.meta.dirname, 'apps');
const modules = join(root, 'node_modules');
const OFFLINE = /ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|ENOTCACHED/;
// Retries are short, so that a machine without a network learns it in seconds.
const QUIET = [
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
];

/** What `npm pack` says of the package that it made. */
export interface Packed {
  readonly tarball: string;
  readonly files: readonly string[];
}

export interface Consumer {
  readonly nest: 11 | 12;
  readonly format: 'ESM' | 'CommonJS';
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of applications that have the packed library installed, as a user would. */
export class Consumers {
  private readonly compiled = new Map<string, Promise<Ended>>();

  private constructor(
    private readonly folder: string,
    readonly packed: Packed,
  ) {}

  /** Packs the library and installs it beside Nest 11 and Nest 12. Null without a registry or a cache to install from. */
  static async install(): Promise<Consumers | null> {
    const folder = await mkdtemp(join(lonelyFolder(), 'carillon-consumers-'));
    try {
      const nests = [11, 12] as const;
      const [packed] = await Promise.all([pack(folder), ...nests.map((nest) => prepare(folder, nest))]);
      const consumers = new Consumers(folder, packed);
      await Promise.all(nests.map((nest) => consumers.installOn(nest)));
      return consumers;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (process.env.CI || !OFFLINE.test(String(error))) throw error;
      return null;
    }
  }

  /** Compiles a consumer with the TypeScript of this repository, type declarations of packages included. */
  compile(consumer: Consumer): Promise<Ended> {
    const folder = this.folderOf(consumer);
    let compiled = this.compiled.get(folder);
    if (compiled === undefined) this.compiled.set(folder, (compiled = this.compileNow(consumer)));
    return compiled;
  }

  private compileNow(consumer: Consumer): Promise<Ended> {
    return run(this.folderOf(consumer), process.execPath, [
      join(modules, 'typescript/bin/tsc'),
      '--typeRoots',
      join(modules, '@types'),
    ]);
  }

  /** Runs one of its compiled files until the process ends by itself; a minute at most. */
  start(consumer: Consumer, file: string): Promise<Ended> {
    return run(this.folderOf(consumer), process.execPath, [`dist/${file}.js`]);
  }

  /** Runs its CommonJS jest test with the two lines that the README asks for. */
  async jest(consumer: Consumer): Promise<Ended> {
    const folder = this.folderOf(consumer);
    const config = {
      testMatch: ['<rootDir>/src/in-jest.cjs'],
      transform: { '^.+\\.[tj]s$': [join(modules, '@swc/jest'), { module: { type: 'commonjs' } }] },
      transformIgnorePatterns: ['/node_modules/(?!nest-carillon/)'],
    };
    await writeFile(join(folder, 'jest.config.json'), JSON.stringify(config));
    return run(folder, process.execPath, [join(modules, 'jest/bin/jest.js'), '--config', 'jest.config.json']);
  }

  /** Adds a package at the version that this repository has. */
  async add(consumer: Consumer, name: string): Promise<void> {
    const { version } = JSON.parse(await readFile(join(modules, name, 'package.json'), 'utf8'));
    await npm(this.folderOf(consumer), ['install', '--no-save', '--prefer-offline', `${name}@${version}`]);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  private folderOf(consumer: Consumer): string {
    return folderOf(this.folder, consumer);
  }

  private async installOn(nest: Consumer['nest']): Promise<void> {
    const [esm, cjs] = [this.folderOf({ nest, format: 'ESM' }), this.folderOf({ nest, format: 'CommonJS' })];
    await npm(esm, ['install', '--prefer-offline', this.packed.tarball]);
    await cp(esm, cjs, { recursive: true, verbatimSymlinks: true });
    await declare(esm, 'module');
    await declare(cjs, 'commonjs');
  }
}

function folderOf(folder: string, { nest, format }: Consumer): string {
  return join(folder, `nest-${nest}-${format}`);
}

/** An application with what its lock file names, and without the library yet. */
async function prepare(folder: string, nest: Consumer['nest']): Promise<void> {
  const esm = folderOf(folder, { nest, format: 'ESM' });
  await cp(join(apps, `nest-${nest}`), esm, { recursive: true });
  await cp(join(apps, 'src'), join(esm, 'src'), { recursive: true });
  await cp(join(apps, 'tsconfig.json'), join(esm, 'tsconfig.json'));
  await npm(esm, ['ci', '--prefer-offline']);
}

/** A folder for temporary files with no `node_modules` above it, where a package that is missing would be found. */
function lonelyFolder(): string {
  const found = [tmpdir(), '/var/tmp', homedir()].filter(existsSync).find((folder) => !hasModulesAbove(folder));
  if (!found)
    throw new Error('Every folder for temporary files has a node_modules above it. Set TMPDIR to one that has not.');
  return found;
}

function hasModulesAbove(folder: string): boolean {
  const above = dirname(folder);
  return existsSync(join(folder, 'node_modules')) || (above !== folder && hasModulesAbove(above));
}

/** Packs a copy of the working tree, so that a build beside running tests leaves their `dist` alone. */
async function pack(folder: string): Promise<Packed> {
  const copy = join(folder, 'library');
  await mkdir(copy);
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const inputs = [
    'package.json',
    'nest-cli.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'lib',
    'README.md',
    'LICENSE',
  ];
  const documents = manifest.files.filter((name: string) => name.endsWith('.md'));
  for (const name of [...inputs, ...documents]) await cp(join(root, name), join(copy, name), { recursive: true });
  await symlink(modules, join(copy, 'node_modules'), 'junction');
  await npm(copy, ['run', 'prepack']);
  const { stdout } = await npm(copy, ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
  const [made] = JSON.parse(stdout);
  return { tarball: join(folder, made.filename), files: made.files.map((file: { path: string }) => file.path) };
}

async function declare(folder: string, type: 'module' | 'commonjs'): Promise<void> {
  const path = join(folder, 'package.json');
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), type }));
}

async function npm(cwd: string, args: readonly string[]): Promise<Ended> {
  const ended = await run(cwd, 'npm', [...args, ...QUIET], 240_000);
  if (ended.code !== 0) throw new Error(`npm ${args.join(' ')} in ${cwd}:\n${ended.stdout}\n${ended.stderr}`);
  return ended;
}

function run(cwd: string, command: string, args: readonly string[], timeout = 60_000): Promise<Ended> {
  // jest's own NODE_OPTIONS and npm's settings of this repository must not reach the applications.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_(?!config_)|NODE_OPTIONS$|JEST_|NODE_ENV$)/.test(name)),
  );
  return new Promise((done) => {
    execFile(command, args, { cwd, env, timeout, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error ? 1 : 0;
      done({ code, stdout, stderr: error?.killed ? `${stderr}\nstopped after ${timeout} ms` : stderr });
    });
  });
}
