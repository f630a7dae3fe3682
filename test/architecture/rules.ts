import { posix } from 'node:path';
import { factsOf, TIME_MODULES } from './source-facts.js';
import type { ImportFact, SourceFacts } from './source-facts.js';

/** Path below lib, with slashes, to source text. */
export type Sources = ReadonlyMap<string, string>;

interface Room {
  /** Rooms of lib that it may import. */
  readonly rooms: readonly string[];
  /** Packages that it may import; `x/*` stands for every name that starts with `x/`. */
  readonly packages: readonly string[];
}

const NODE = 'node:*';
const ABOVE_NEST = [
  'core',
  'triggers',
  'tasks',
  'executors',
  'stores/memory',
  'stores/typeorm',
  'stores/redis',
  'engine',
  'fluent',
  'observe',
];

/** The table of CONVENTIONS section 1, with the additions of docs/decisions/0001. */
export const ROOMS: Readonly<Record<string, Room>> = {
  core: { rooms: [], packages: ['node:async_hooks', 'node:crypto'] },
  triggers: { rooms: ['core'], packages: ['cron-parser', 'luxon', 'cronstrue', 'ical.js', 'node:fs'] },
  tasks: { rooms: ['core'], packages: [NODE] },
  executors: { rooms: ['core'], packages: [NODE, 'bullmq'] },
  'stores/memory': { rooms: ['core'], packages: [] },
  'stores/typeorm': { rooms: ['core'], packages: ['typeorm', 'better-sqlite3', 'pg', 'mysql2'] },
  'stores/redis': { rooms: ['core'], packages: ['ioredis'] },
  engine: { rooms: ['core'], packages: [] },
  fluent: { rooms: ['core', 'triggers', 'tasks'], packages: [] },
  observe: { rooms: ['core'], packages: [NODE, 'nodemailer', '@opentelemetry/api'] },
  nest: { rooms: ABOVE_NEST, packages: ['@nestjs/*', NODE] },
  dashboard: { rooms: ['core', 'nest'], packages: ['@nestjs/*', NODE] },
  cli: { rooms: ['core', 'nest'], packages: ['@nestjs/*', NODE] },
  compat: { rooms: ['core', 'nest'], packages: ['@nestjs/*', 'luxon', 'node:async_hooks', 'node:module'] },
  testing: {
    rooms: ['core', 'triggers', 'engine', 'stores/memory', 'nest'],
    packages: ['@jest/globals', '@nestjs/*'],
  },
};

/** lib/index.ts names the public API: it exports from these and holds nothing of its own. */
const MAIN_ENTRY = 'index.ts';
const MAIN_ENTRY_ROOMS = [...ABOVE_NEST, 'nest'];

/** Rooms that load what the user's command line or configuration names. */
const LOADS_USER_CODE = ['cli', 'executors', 'tasks'];
const CLOCK_FILE = 'core/system-clock.ts';
const MAX_LINES = 400;

interface Import extends ImportFact {
  readonly from: string;
  /** Path below lib, for a relative import of a file of lib. */
  readonly file?: string;
  /** Name of the package, without a path inside it. */
  readonly package?: string;
}

/** Everything in `sources` that breaks a rule, one sentence each. */
export function violations(sources: Sources): string[] {
  const facts = new Map([...sources].map(([path, text]) => [path, factsOf(path, text)]));
  const imports = [...facts].flatMap(([path, it]) => it.imports.map((found) => resolve(path, found, sources)));
  return [
    ...[...sources.keys()].flatMap(homeless),
    ...imports.flatMap((it) => misplaced(it, sources)),
    ...[...facts].flatMap(([path, it]) => [...tooLong(path, it), ...offClock(path, it), ...notOnlyExports(path, it)]),
    ...cycles(imports),
  ];
}

/** Packages that any file names, for its values, its types or later. */
export function packagesOf(sources: Sources): Set<string> {
  const specifiers = [...sources].flatMap(([path, text]) => factsOf(path, text).imports.map((it) => it.specifier));
  return new Set(specifiers.filter((it) => it !== null && !it.startsWith('.')).map((it) => packageName(it as string)));
}

/** Packages that loading `entry` would load at once, each with the chain of files that leads there. */
export function packagesLoadedBy(entry: string, sources: Sources): Map<string, string> {
  const found = new Map<string, string>();
  const seen = new Map<string, string>([[entry, entry]]);
  for (const [path, chain] of seen) {
    for (const fact of factsOf(path, sources.get(path) ?? '').imports) {
      if (fact.kind !== 'static') continue;
      const target = resolve(path, fact, sources);
      if (target.file && sources.has(target.file) && !seen.has(target.file)) {
        seen.set(target.file, `${chain} -> ${target.file}`);
      }
      if (target.package && !found.has(target.package)) found.set(target.package, `${chain} -> ${target.package}`);
    }
  }
  return found;
}

/** Name of the package in an import specifier: `@scope/name/inner` is `@scope/name`; a node module keeps its prefix. */
export function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function resolve(from: string, fact: ImportFact, sources: Sources): Import {
  const { specifier } = fact;
  if (specifier === null) return { ...fact, from };
  if (!specifier.startsWith('.')) return { ...fact, from, package: packageName(specifier) };
  const target = posix.join(posix.dirname(from), specifier);
  const source = target.replace(/\.js$/, '.ts');
  return { ...fact, from, file: sources.has(source) ? source : target };
}

/** `stores/memory/rows.ts` is in `stores/memory`, `core/job.ts` in `core`; null when no room of the table owns it. */
function roomOf(path: string): string | null {
  const folders = path.split('/').slice(0, -1);
  const room = folders[0] === 'stores' ? folders.slice(0, 2).join('/') : folders[0];
  return room !== undefined && room in ROOMS ? room : null;
}

function homeless(path: string): string[] {
  return path === MAIN_ENTRY || roomOf(path) ? [] : [`${path} is in no room of the table`];
}

function misplaced(it: Import, sources: Sources): string[] {
  const at = `${it.from}:${it.line}`;
  if (it.specifier === null) return computed(it, at);
  return it.file === undefined ? wrongPackage(it, at) : wrongRoom({ ...it, file: it.file }, at, sources);
}

function computed(it: Import, at: string): string[] {
  if (LOADS_USER_CODE.includes(roomOf(it.from) ?? '')) return [];
  return [`${at} imports a computed name, which no rule can check`];
}

function wrongPackage(it: Import, at: string): string[] {
  if (TIME_MODULES.test(it.specifier ?? '')) return [`${at} reads time from ${it.specifier}, not from the clock`];
  const allowed = it.from === MAIN_ENTRY ? [] : (ROOMS[roomOf(it.from) ?? '']?.packages ?? []);
  if (allowed.some((name) => matches(name, it.package ?? ''))) return [];
  return [`${at} imports the package ${it.package}, which ${roomOf(it.from) ?? 'the main entry'} may not`];
}

function matches(allowed: string, name: string): boolean {
  return allowed.endsWith('*') ? name.startsWith(allowed.slice(0, -1)) : name === allowed;
}

function wrongRoom(it: Import & { file: string }, at: string, sources: Sources): string[] {
  if (!sources.has(it.file)) return [`${at} imports ${it.specifier}, which is no file of lib`];
  const [own, other] = [roomOf(it.from), roomOf(it.file)];
  if (own !== null && own === other) return [];
  const allowed = it.from === MAIN_ENTRY ? MAIN_ENTRY_ROOMS : (ROOMS[own ?? '']?.rooms ?? []);
  if (other === null || !allowed.includes(other)) {
    return [`${at} imports ${it.file}, which ${own ?? 'the main entry'} may not`];
  }
  return it.file === `${other}/index.ts` ? [] : [`${at} enters ${other} by ${it.file}, not by its index.ts`];
}

function tooLong(path: string, facts: SourceFacts): string[] {
  return facts.lines > MAX_LINES ? [`${path} has ${facts.lines} lines; ${MAX_LINES} is the end`] : [];
}

function offClock(path: string, facts: SourceFacts): string[] {
  return path === CLOCK_FILE ? [] : facts.clockReads.map((read) => `${path}:${read} reads time without the clock`);
}

function notOnlyExports(path: string, facts: SourceFacts): string[] {
  if (path !== MAIN_ENTRY) return [];
  return facts.ownStatements.map((line) => `${path}:${line} does more than export from a room`);
}

/** One sentence for each file that an import closes a circle to, over imports of every kind. */
function cycles(imports: readonly Import[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { from, file } of imports) if (file) targets.set(from, [...(targets.get(from) ?? []), file]);
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, chain: readonly string[]): void => {
    if (chain.includes(path)) {
      found.push(`cycle: ${[...chain.slice(chain.indexOf(path)), path].join(' -> ')}`);
    } else if (!done.has(path)) {
      for (const next of targets.get(path) ?? []) walk(next, [...chain, path]);
      done.add(path);
    }
  };
  for (const path of targets.keys()) walk(path, []);
  return found;
}
