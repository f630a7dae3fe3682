export { runCommandLine } from './command-line.js';
export { CommandLineError, EXIT } from './errors.js';
export { coloursFor } from './terminal.js';
export type { Terminal } from './terminal.js';
