// Decorated cron jobs, all due in each second: the compat entry beside @nestjs/schedule, a process each, one after another.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describeMachine } from '../shared/machine.mjs';

const JOBS = 10_000;
const WARM_UP = 8;
const SECONDS = 10;
const SUBJECTS = ['@nestjs/schedule', process.argv[2] ?? 'nest-carillon/compat'];

console.log(describeMachine());
console.log(`${JOBS} decorated cron jobs due in each of ${SECONDS} seconds, after ${WARM_UP} seconds of warm-up\n`);
for (const subject of SUBJECTS) {
  const args = [join(import.meta.dirname, 'subject-process.mjs'), subject, JOBS, WARM_UP, SECONDS].map(String);
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${subject}: ${stderr}`);
  const { share, p50, p99, cpu } = JSON.parse(stdout);
  const figures = `fired ${(share * 100).toFixed(1)} %  p50 ${p50} ms  p99 ${p99} ms  cpu ${(cpu * 100).toFixed(0)} %`;
  console.log(`${subject.padEnd(24)} ${figures}`);
}
