export { commandLine, taskName } from './command-line.js';
export { CommandFailedError, CommandNotStartedError } from './errors.js';
export { execHandler } from './exec-handler.js';
export { splitLine } from './split-line.js';
