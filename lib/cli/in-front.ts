import { fork } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ENDING_SIGNALS } from './signals.js';

/** Commands that do not wait for all that they start: `schedule:run --once`, and not with `--wait`. */
export function isInFront([name, ...options]: readonly string[]): boolean {
  if (name !== 'schedule:run' && name !== 'run') return false;
  return options.includes('--once') && !options.includes('--wait') && !options.includes('--help');
}

/**
 * Runs the command in a process of its own, and waits until that has done what it is waited for: what runs in the background
 * goes on there. Signals are passed on.
 *
 * @returns the exit code
 */
export function inFront(words: readonly string[]): Promise<number> {
  const child = fork(fileURLToPath(new URL('./behind.js', import.meta.url)), [...words], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  for (const name of ENDING_SIGNALS) process.on(name, () => child.kill(name));
  return new Promise((resolve, reject) => {
    child.once('message', (code) => resolve(code as number));
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
    child.once('error', reject);
  });
}
