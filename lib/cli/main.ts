#!/usr/bin/env node
import { inFront, isInFront } from './in-front.js';

const words = process.argv.slice(2);
const code = isInFront(words) ? await inFront(words) : await here(words);
// The application may leave handles open that nobody will close: what was printed is flushed first.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));

/** Loaded only where it is used: a process in front of another one is small. */
async function here(words: readonly string[]): Promise<number> {
  const [{ runCommandLine }, { processTerminal }] = await Promise.all([
    import('./command-line.js'),
    import('./terminal.js'),
  ]);
  return runCommandLine(words, processTerminal());
}
