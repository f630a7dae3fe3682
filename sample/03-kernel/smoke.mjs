// Uses the sample by the command line on an empty folder, then starts it and ends it in good order. Exit code 0: the
// commands did what they say.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const DEADLINE_MS = 30_000;
const here = import.meta.dirname;
const data = mkdtempSync(join(tmpdir(), 'carillon-kernel-'));
const env = { ...process.env, KERNEL_DATA: data, NO_COLOR: '1', COLUMNS: '100' };

try {
  await step('lists its jobs before the first start', listsJobs);
  await step('tells what a shell task failed of', failsWithoutSource);
  await step('runs a job with hooks and output', backsUp);
  await step('runs a shell task', runsShellTask);
  await step('runs a console command', () => carillon(['schedule:test', '--name', 'daily-report']));
  await step('runs what is due in this minute', runsOnce);
  await step('starts, lives and ends in good order', startsAndEnds);
  console.log('kernel: ok');
} catch (error) {
  console.error(`kernel: FAILED\n${error.stack}`);
  process.exitCode = 1;
} finally {
  rmSync(data, { recursive: true, force: true });
}

async function step(name, work) {
  const started = Date.now();
  await work();
  console.log(`kernel ${name}: ${Date.now() - started} ms`);
}

async function listsJobs() {
  // A minute may begin before the answer is read.
  const asked = Date.now();
  const { jobs, nodes } = JSON.parse((await carillon(['schedule:list', '--json'])).out);
  assert.equal(jobs.length, 14);
  assert.deepEqual(nodes, []);
  assert.ok(jobs.every(({ nextFireTime }) => Date.parse(nextFireTime) > asked));
}

async function failsWithoutSource() {
  const { out } = await carillon(['schedule:test', '--name', 'weekly-backup'], { expect: 1 });
  assert.match(out, /"node backup\.js" ended with exit code 1/);
}

async function backsUp() {
  const { out } = await carillon(['schedule:test', '--name', 'daily-backup']);
  assert.match(out, /^starting the backup\nwritten to .*daily\.db\nthe backup succeeded\n/);
  // Hooks log for the run; the file has what the task wrote as well.
  assert.match(readFileSync(join(data, 'logs/daily-backup.log'), 'utf8'), /written to/);
}

async function runsShellTask() {
  await carillon(['schedule:test', '--name', 'weekly-backup']);
  assert.ok(existsSync(join(data, 'backups/weekly')));
  assert.match(readFileSync(join(data, 'logs/backup.log'), 'utf8'), /copied to .* bytes/);
}

async function runsOnce() {
  const { out } = await carillon(['schedule:run', '--once']);
  assert.match(out, /heartbeat {2}succeeded/);
}

async function startsAndEnds() {
  const port = await freePort();
  const app = spawn(process.execPath, [join(here, 'dist/main.js')], { env: { ...env, PORT: String(port) } });
  const exit = once(app, 'exit');
  let output = '';
  for (const stream of [app.stdout, app.stderr]) stream.on('data', (chunk) => (output += chunk));
  try {
    await until(
      () => isHealthy(port),
      () => output,
    );
    const { nodes } = JSON.parse((await carillon(['schedule:list', '--json'])).out);
    assert.deepEqual(
      nodes.map(({ pid }) => pid),
      [app.pid],
    );
    app.kill('SIGTERM');
    const [code, signal] = await Promise.race([exit, sleep(15_000, ['late'], { ref: false })]);
    assert.ok(code === 0 || signal === 'SIGTERM', `it ended with ${code ?? signal}\n${output}`);
    assert.deepEqual(JSON.parse((await carillon(['schedule:list', '--json'])).out).nodes, []);
  } finally {
    app.kill('SIGKILL');
  }
}

async function isHealthy(port) {
  const response = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(5_000) });
  return response.status === 200;
}

async function until(question, told) {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await question().catch(() => false))) {
    assert.ok(Date.now() < deadline, `still not so: ${question}\n${told()}`);
    await sleep(100);
  }
}

/** The command line as it is installed: `npx carillon …`. */
async function carillon(words, { expect = 0 } = {}) {
  const bin = join(here, '../../dist/cli/main.js');
  const child = spawn(process.execPath, [bin, ...words, '--app', join(here, 'dist/app.module.js')], { cwd: data, env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const [code] = await once(child, 'close');
  assert.equal(code, expect, `${words.join(' ')} ended with ${code}\n${out}${err}`);
  return { out, err };
}

async function freePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
