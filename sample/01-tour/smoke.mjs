// Starts the tour on an empty folder and a free port, uses it over HTTP, kills it with SIGKILL, starts it again, and ends
// it in good order. Exit code 0: work was done at the right times, and nothing moved or was lost.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const DEADLINE_MS = 30_000;
/** A run is claimed about a second ahead; its job's next fire time is the one after it from then on. */
const CLAIMED_AHEAD_MS = 2_000;
const data = mkdtempSync(join(tmpdir(), 'carillon-tour-'));
const port = await freePort();
let app;

try {
  await step('starts', () => start());
  await step('refuses a reminder without a time', refusesBadReminder);
  const near = await step('takes reminders', () => remind({ text: 'tea is ready', inSeconds: 1 }));
  const far = await remind({ text: 'call Priya', at: new Date(Date.now() + 3_600_000).toISOString() });
  const unwanted = await remind({ text: 'never mind', inSeconds: 3_600 });
  await step('takes one back', () => request('DELETE', `/reminders/${unwanted.id}`, { expect: 204 }));
  await step('sends a reminder at its time', () => until(() => isSent(near)));
  await step('imports the files', () => until(isImported));
  await step('writes a report when asked', writesReport);
  await step('has no history of a job that is not there', () => request('GET', '/jobs/nope/history', { expect: 404 }));
  const missed = await remind({ text: 'came due while nobody was there', inSeconds: 1 });
  const before = await jobs();
  await step('is killed', () => stop('SIGKILL'));
  await sleep(1_500);
  await step('starts again', () => start());
  await step('has moved nothing', async () => assertNothingMoved(before, await jobs()));
  await step('says so', () => until(async () => app.output.includes('0 lost, 0 moved')));
  await step('counts no reminder that was sent before', async () => assert.ok(!cameDue().includes(near.id), cameDue()));
  await step('sends what came due meanwhile', () => until(() => isSent(missed)));
  await step('still knows what is to come', () => until(() => isWaiting(far)));
  await step('stops in good order', () => stop('SIGINT'));
  console.log('tour: ok');
} catch (error) {
  console.error(`tour: FAILED\n${error.stack}\n--- output of the application\n${app?.output}`);
  process.exitCode = 1;
} finally {
  app?.process.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
}

async function step(name, work) {
  const started = Date.now();
  const result = await work();
  console.log(`tour ${name}: ${Date.now() - started} ms`);
  return result;
}

async function start() {
  const env = { ...process.env, TOUR_DATA: data, PORT: String(port), NO_COLOR: '1' };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'dist/main.js')], { env });
  app = { process: child, output: '', exit: once(child, 'exit') };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (app.output += chunk));
  await until(async () => {
    assert.equal(child.exitCode, null, 'the application ended by itself');
    return (await request('GET', '/health')).status === 'ok';
  });
}

/** A signal that the application answers by ending; it is not ended for it. */
async function stop(signal) {
  app.process.kill(signal);
  const late = sleep(15_000, 'late', { ref: false });
  const end = await Promise.race([app.exit, late]);
  assert.notEqual(end, 'late', `it did not end within 15 s of ${signal}`);
  const [code, endSignal] = end;
  assert.ok(code === 0 || endSignal === signal, `it ended with code ${code}, signal ${endSignal}`);
}

async function request(method, path, { body, expect = 200 } = {}) {
  const response = await fetch(`http://localhost:${port}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  });
  const text = await response.text();
  assert.equal(response.status, expect, `${method} ${path}: ${text}`);
  return text === '' ? null : JSON.parse(text);
}

/** Asks again until the answer is true; the last failure is what is told at the deadline. */
async function until(question) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    let failure = new Error(`still not so after ${DEADLINE_MS / 1000} s: ${question}`);
    try {
      if (await question()) return;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > deadline || app.process.exitCode !== null) throw failure;
    await sleep(100);
  }
}

async function refusesBadReminder() {
  const answer = await request('POST', '/reminders', { body: { userId: 'ada', text: '' }, expect: 400 });
  assert.equal(answer.message.length, 2, JSON.stringify(answer));
}

function remind(reminder) {
  return request('POST', '/reminders', { body: { userId: 'ada', ...reminder }, expect: 201 });
}

async function isSent({ id }) {
  const { sent } = await request('GET', '/reminders');
  return sent.some((reminder) => reminder.id === id);
}

async function isWaiting({ id, at }) {
  const { waiting } = await request('GET', '/reminders');
  return waiting.some((reminder) => reminder.id === id && reminder.at === at);
}

/** What the application says of the time when it was away. */
function cameDue() {
  return /\d+ came due meanwhile.*/.exec(app.output)[0];
}

async function isImported() {
  const { runs } = await request('GET', '/jobs/import-orders/history');
  const names = runs.flatMap((run) => Object.keys(run.result ?? {}));
  if (names.length < 3) return false;
  assert.equal(readdirSync(join(data, 'inbox/done')).length, 2);
  assert.ok(existsSync(join(data, 'inbox/errors/orders-2026-11-02-lisbon.csv.txt')));
  return true;
}

async function writesReport() {
  const { id } = await request('POST', '/jobs/nightly-report/run', { expect: 202 });
  let run;
  await until(async () => {
    const { runs } = await request('GET', '/jobs/nightly-report/history');
    run = runs.find((it) => it.id === id);
    return run?.state === 'succeeded';
  });
  // At two in the night there is one more of them.
  assert.ok(readdirSync(join(data, 'reports')).includes(run.result));
}

function jobs() {
  return request('GET', '/jobs');
}

/** Same jobs, same triggers; fire times to come are the same, and intervals that went on are on the same grid. */
function assertNothingMoved(before, after) {
  assert.deepEqual(ids(after), ids(before));
  const claimed = new Date(Date.now() + CLAIMED_AHEAD_MS).toISOString();
  for (const old of before) {
    const { trigger, nextFireTime } = after.find(({ id }) => id === old.id);
    assert.deepEqual(trigger, old.trigger, old.id);
    if (old.nextFireTime > claimed) assert.equal(nextFireTime, old.nextFireTime, old.id);
  }
  for (const [id, seconds] of Object.entries({ 'import-orders': 5, probe: 15 })) {
    const [earlier, later] = [before, after].map((list) => list.find((job) => job.id === id).nextFireTime);
    assert.equal((Date.parse(later) - Date.parse(earlier)) % (seconds * 1000), 0, `${id}: ${earlier}, ${later}`);
  }
}

function ids(list) {
  return list.map(({ id }) => id).sort();
}

async function freePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  await once(server, 'close');
  return free;
}
