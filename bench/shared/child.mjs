import { fork } from 'node:child_process';

/**
 * Runs a script in a process of its own and answers its one message; measurements must not share a heap or an event loop.
 * Never rejects: `{ failure }` says why there is none.
 */
export function measureInChild(script, args, { timeoutMs, heapMb = 4096 }) {
  return new Promise((resolve) => {
    const child = fork(script, args, {
      execArgv: ['--expose-gc', `--max-old-space-size=${heapMb}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let errors = '';
    let answer;
    child.stderr.on('data', (chunk) => {
      if (errors.length < 20_000) errors += chunk;
    });
    const timer = setTimeout(() => {
      answer ??= { failure: `over ${(timeoutMs / 1000).toFixed(0)} s` };
      child.kill('SIGKILL');
    }, timeoutMs);
    child.on('message', (message) => {
      // Notes say how far it has come; the result is the last word.
      if (message.note !== undefined) return;
      answer ??= message;
      child.kill('SIGKILL');
    });
    child.on('exit', () => {
      clearTimeout(timer);
      resolve(answer ?? { failure: reasonOf(errors, heapMb) });
    });
  });
}

function reasonOf(errors, heapMb) {
  if (errors.includes('heap out of memory')) return `out of memory at ${heapMb / 1024} GB`;
  return errors.split('\n').find((line) => /Error/.test(line)) ?? 'ended without a result';
}
