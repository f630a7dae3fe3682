import { lstat, mkdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { OutputPathError } from './errors.js';

/**
 * Where a file below `root` really is, its directories made: a path without links. Each part is looked at before the next
 * one is made, so that nothing comes to be outside of the root.
 *
 * @throws {OutputPathError} the path, or a link on its way, leads out of the root
 */
export async function confinedFile(root: string, path: string): Promise<string> {
  await mkdir(root, { recursive: true });
  const realRoot = await realpath(root);
  const place = { realRoot, refused: new OutputPathError(path, root) };
  if (!isWithin(root, path)) throw place.refused;
  const parts = relative(resolve(root), resolve(root, path)).split(sep);
  const name = parts.pop()!;
  let directory = realRoot;
  for (const part of parts)
    directory = (await found(join(directory, part), place)) ?? (await made(directory, part, place));
  const file = join(directory, name);
  return (await found(file, place)) ?? file;
}

interface ConfinedPlace {
  readonly realRoot: string;
  readonly refused: OutputPathError;
}

/** Where it really is; null: there is nothing. */
async function found(path: string, { realRoot, refused }: ConfinedPlace): Promise<string | null> {
  const real = await realpath(path).catch(nullWhenMissing);
  if (real !== null) {
    if (isWithin(realRoot, real)) return real;
    throw refused;
  }
  const entry = await lstat(path).catch(nullWhenMissing);
  // A link whose target is not there yet would be followed by whoever makes the file.
  if (entry?.isSymbolicLink() === true) throw refused;
  // Another run has made it meanwhile.
  return entry === null ? null : path;
}

async function made(directory: string, part: string, place: ConfinedPlace): Promise<string> {
  const path = join(directory, part);
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    // Another run was first.
    if (error.code !== 'EEXIST') throw error;
  });
  return (await found(path, place)) ?? path;
}

function nullWhenMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

/** Whether `path`, taken from `root`, stays in it by its words. */
export function isWithin(root: string, path: string): boolean {
  const way = relative(resolve(root), resolve(root, path));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
