#!/usr/bin/env node
import { runCommandLine } from './command-line.js';
import { processTerminal } from './terminal.js';

const code = await runCommandLine(process.argv.slice(2), processTerminal());
// The application may leave handles open that nobody will close: what was printed is flushed first.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
