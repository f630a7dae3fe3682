// A subject in a process of its own, on the Node that all peers can use.
import { fork } from 'node:child_process';
import { join } from 'node:path';

const NODE_22 = join(import.meta.dirname, 'node_modules', 'node', 'bin', 'node');
const SCRIPT = join(import.meta.dirname, 'subject-process.mjs');

export class Child {
  calls = 0;

  constructor(terms) {
    this.child = fork(SCRIPT, [JSON.stringify(terms)], {
      execPath: NODE_22,
      execArgv: ['--expose-gc', '--no-warnings', '--max-old-space-size=6144'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let errors = '';
    this.child.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(-4_000)));
    this.ready = new Promise((resolve) => (this.onReady = resolve));
    this.answer = new Promise((resolve) => {
      this.child.on('message', (message) => {
        if (message.called !== undefined) this.calls = message.called;
        if (message.isReady) this.onReady();
        if ('answer' in message) resolve(message.answer);
      });
      this.child.on('exit', (code) => {
        this.onReady();
        const reason = errors.split('\n').find((line) => /Error/.test(line)) ?? `ended with code ${code}`;
        resolve({ failure: reason.slice(0, 120) });
      });
    });
  }

  say(message) {
    if (this.child.connected) this.child.send(message);
  }

  async end() {
    this.child.kill('SIGKILL');
    await this.answer;
  }
}

/** One question, one answer; `{ failure }` when it takes longer than `limitMs`. */
export async function askChild(terms, { limitMs = 600_000, whenReady } = {}) {
  const child = new Child(terms);
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ failure: `over ${limitMs / 1_000} s` }), limitMs);
  });
  if (whenReady) void child.ready.then(() => whenReady(child));
  const answer = await Promise.race([child.answer, late]);
  clearTimeout(timer);
  await child.end();
  return answer;
}
