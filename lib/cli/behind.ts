import { runCommandLine } from './command-line.js';
import { processTerminal } from './terminal.js';

/** A command in a process of its own, which may go on when the one in front of it has ended: see in-front.ts. */
let hasLeft = false;
const leave = (code: number): void => {
  hasLeft = true;
  if (process.connected) process.send!(code);
  // Whoever read what is printed may be gone from here on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
};
process.once('disconnect', () => {
  // Killed: what it was waiting for is asked to end in order.
  if (!hasLeft) process.kill(process.pid, 'SIGTERM');
});

const code = await runCommandLine(process.argv.slice(2), processTerminal(), leave);
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
