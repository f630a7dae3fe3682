import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CommandLineError, EXIT } from './errors.js';

/** Where the application's root module is. */
export interface AppPath {
  readonly file: string;
  /** Null: the module's only, or its default, export. */
  readonly exportName: string | null;
}

/** Looked for when nothing says where it is. */
const USUAL = ['dist/app.module.js', 'dist/src/app.module.js'];

/**
 * `--app`, else `carillon.app` of the nearest package.json, else where the Nest CLI puts it.
 *
 * @throws {CommandLineError}
 */
export function findApp(given: string | undefined, directory: string): AppPath {
  if (given !== undefined) return checked(given, directory, `--app ${given}`);
  const home = packageHome(directory);
  const kept = home === null ? undefined : configuredApp(home);
  if (kept !== undefined) return checked(kept, home!, `"carillon": { "app": "${kept}" } of package.json`);
  const usual = USUAL.find((file) => existsSync(join(home ?? directory, file)));
  if (usual !== undefined) return { file: resolve(home ?? directory, usual), exportName: null };
  throw new CommandLineError(
    `No application was found: there is no ${USUAL.join(' and no ')}. Build it, or say where its root module is: ` +
      `--app dist/app.module.js, or "carillon": { "app": "dist/app.module.js" } in package.json.`,
    EXIT.application,
  );
}

function checked(text: string, directory: string, source: string): AppPath {
  const [path, exportName = null] = text.split('#');
  const file = resolve(directory, path);
  if (/^\.[cm]?ts$/.test(extname(file))) {
    throw new CommandLineError(
      `${source} is a TypeScript file. Name the compiled one, such as dist/app.module.js.`,
      EXIT.application,
    );
  }
  if (!existsSync(file)) {
    throw new CommandLineError(`${source}: there is no file ${file}. Build the application first.`, EXIT.application);
  }
  return { file, exportName };
}

function packageHome(directory: string): string | null {
  for (let at = resolve(directory); ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (dirname(at) === at) return null;
  }
}

function configuredApp(home: string): string | undefined {
  try {
    const { carillon } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
      carillon?: string | { app?: unknown };
    };
    const app = typeof carillon === 'object' ? carillon.app : carillon;
    return typeof app === 'string' ? app : undefined;
  } catch (cause) {
    throw new CommandLineError(`${join(home, 'package.json')} cannot be read.`, EXIT.application, { cause });
  }
}

/**
 * The root module's class.
 *
 * @throws {CommandLineError} the file throws, or exports no such class
 */
export async function loadRootModule({ file, exportName }: AppPath): Promise<new () => unknown> {
  const exports = await importFile(file);
  const found = exportName === null ? onlyModule(exports) : exports[exportName];
  if (typeof found === 'function') return found as new () => unknown;
  const names = Object.keys(exports).filter((name) => typeof exports[name] === 'function');
  const lacks = exportName === null ? 'has no export that is clearly its root module' : `exports no ${exportName}`;
  throw new CommandLineError(
    names.length === 0
      ? `${file} exports no class. Export its root module: export class ${exportName ?? 'AppModule'}.`
      : `${file} ${lacks}. Name it: --app ${file}#AppModule. Exported classes: ${names.join(', ')}.`,
    EXIT.application,
  );
}

async function importFile(file: string): Promise<Record<string, unknown>> {
  try {
    const loaded = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    // A CommonJS file: its exports are the default one.
    const inner = loaded['default'];
    return typeof inner === 'object' && inner !== null ? { ...inner, ...loaded } : loaded;
  } catch (cause) {
    throw new CommandLineError(`${file} could not be loaded: ${textOf(cause)}`, EXIT.application, { cause });
  }
}

function onlyModule(exports: Record<string, unknown>): unknown {
  const { AppModule, default: byDefault } = exports;
  if (typeof AppModule === 'function') return AppModule;
  if (typeof byDefault === 'function') return byDefault;
  const classes = Object.values(exports).filter((value) => typeof value === 'function' && isNestModule(value));
  return classes.length === 1 ? classes[0] : undefined;
}

function isNestModule(type: unknown): boolean {
  const keys = Reflect.getMetadataKeys(type as object) as unknown[];
  return ['imports', 'providers', 'controllers'].some((key) => keys.includes(key));
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
