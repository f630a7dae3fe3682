import { fork } from 'node:child_process';

/**
 * Runs a script in a process of its own and answers its one message; measurements must not share a heap or an event loop.
 * Never rejects: `{ failure }` says why there is none. With `setUpMs` the script has that long to send `{ note }`, and
 * `timeoutMs` counts from then.
 */
export function measureInChild(script, args, { setUpMs, timeoutMs, heapMb = 4096 }) {
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
    const limit = (what, lengthMs) =>
      setTimeout(() => {
        answer ??= { failure: `${what} over ${(lengthMs / 1000).toFixed(0)} s` };
        child.kill('SIGKILL');
      }, lengthMs);
    let timer = setUpMs === undefined ? limit('measuring', timeoutMs) : limit('set-up', setUpMs);
    child.on('message', (message) => {
      if (message.note !== undefined) {
        clearTimeout(timer);
        timer = limit('measuring', timeoutMs);
        return;
      }
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
