// Makes the transcripts of docs/guides/command-line.md: runs its commands against sample/03-kernel, on a screen of 100
// columns, and puts what they print between the markers. With --check nothing is written: exit code 1 when a command prints
// another shape. Times, lengths and ids differ each time, so they are compared masked.
// Needs `npm run kernel:build`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

const MINUTE_MS = 60_000;
const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/guides/command-line.md');
const folder = mkdtempSync(join(tmpdir(), 'carillon-transcripts-'));
const data = join(folder, 'data');
const env = {
  ...process.env,
  KERNEL_DATA: data,
  // No hour of the day: what a condition leaves out is shown.
  KERNEL_BUSINESS_HOURS: '24-24',
  COLUMNS: '100',
  NO_COLOR: '1',
};

try {
  mkdirSync(data);
  const app = join(root, 'sample/03-kernel/dist/app.module.js');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ carillon: { app } }));
  const before = readFileSync(page, 'utf8');
  const after = withTranscripts(before, transcripts());
  if (!process.argv.includes('--check')) writeFileSync(page, after);
  else compare(before, after);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Text by the name that its markers have. */
function transcripts() {
  carillon('schedule:run --once'); // a first start puts the jobs into the database
  const minute = makeDue('send-notification');
  const run = carillon('schedule:run --once');
  return {
    run,
    list: carillon('schedule:list'),
    why: [
      carillon(`schedule:why send-notification --at ${minute}`),
      carillon('schedule:why daily-report --at "2026-11-20 08:30"'),
    ].join('\n\n'),
    preview: [
      carillon('schedule:preview --from 2027-03-27 --to 2027-03-30 --job cleanup-files'),
      carillon('schedule:preview --from "2027-03-29 08:58" --to "2027-03-29 09:01" --load'),
    ].join('\n\n'),
    test: carillon('schedule:test --name daily-backup'),
    pause: [
      carillon('schedule:pause process-payments --reason "the bank moves"'),
      carillon('schedule:resume process-payments'),
    ].join('\n\n'),
    help: carillon('--help'),
  };
}

/** What a person sees who types it, errors too. */
function carillon(line) {
  const command = `node ${join(root, 'dist/cli/main.js')} ${line} 2>&1`;
  const { stdout, status } = spawnSync('sh', ['-c', command], { cwd: folder, env, encoding: 'utf8' });
  if (status !== 0 && status !== 1) throw new Error(`carillon ${line} ended with ${status}\n${stdout}`);
  return `$ npx carillon ${line}\n${stdout.trimEnd().replaceAll(data, '/srv/kernel/data')}`;
}

/**
 * As if the minute had come, so that nobody has to wait for it. What else is due about now, as at a full hour, is put off, so
 * that the screen is the same at each time of day.
 * @returns the minute
 */
function makeDue(id) {
  const left = MINUTE_MS - (Date.now() % MINUTE_MS);
  // A command that is started at the end of a minute would speak of the next one.
  if (left < 15_000) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, left);
  const minute = Date.now() - (Date.now() % MINUTE_MS);
  const database = new Database(join(data, 'kernel.db'));
  database
    .prepare(
      `UPDATE carillon_jobs SET fire_time = fire_time + @hour, due_at = due_at + @hour, wake_at = wake_at + @hour
         WHERE wake_at <= @soon`,
    )
    .run({ hour: 60 * MINUTE_MS, soon: minute + 2 * MINUTE_MS });
  database
    .prepare(
      `UPDATE carillon_jobs SET fire_time = @minute, due_at = @minute, wake_at = @minute
         WHERE job_key = (SELECT job_key FROM carillon_definitions WHERE id = @id)`,
    )
    .run({ minute, id });
  database.close();
  return new Date(minute).toISOString().replace(':00.000Z', 'Z');
}

function withTranscripts(text, byName) {
  return Object.entries(byName).reduce((result, [name, transcript]) => {
    const marked = new RegExp(`(<!-- transcript ${name} -->\n+)\`\`\`[^]*?\`\`\``);
    if (!marked.test(result)) throw new Error(`${page} has no transcript "${name}"`);
    return result.replace(marked, (_, marker) => `${marker}\`\`\`text\n${transcript}\n\`\`\``);
  }, text);
}

function compare(before, after) {
  // Jobs that are due together may be told in any order.
  const [kept, made] = [before, after].map((text) => masked(text).split('\n').sort());
  const at = kept.findIndex((line, index) => line !== made[index]);
  if (at === -1 && kept.length === made.length) return;
  const line = at === -1 ? kept.length : at;
  console.error(`A command prints another shape; node scripts/transcripts.mjs writes it anew.`);
  console.error(`- ${kept[line]}\n+ ${made[line]}`);
  process.exitCode = 1;
}

/** What may differ from one minute to the next: instants, lengths, ids, and the columns that are as wide as these. */
function masked(text) {
  return text
    .replaceAll(/^(\S+ +active) .* (\S+)$/gm, '$1 $2')
    .replaceAll(/\brun [0-9a-z]+-\d+/g, 'run ID')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, 'ID')
    .replaceAll(/\b([\d.]+ (ms|s|min|h|d)\b ?)+/g, 'LENGTH ')
    .replaceAll(/\d[\d:.TZ-]*/g, '#')
    .replaceAll(/[ …]+/g, ' ');
}
