// What a simulated day costs: an application with two jobs (17 runs a day) whose store is a SQLite file, and whose time is
// a test's.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeMachine } from '../shared/machine.mjs';
import { table } from '../shared/table.mjs';

const DAYS = 10;
const rootRequire = createRequire(new URL('../../package.json', import.meta.url));
const fromRoot = (name) => import(pathToFileURL(rootRequire.resolve(name)).href);

await fromRoot('reflect-metadata');
const { Test } = await fromRoot('@nestjs/testing');
const { Cron, Interval, SchedulerModule } = await fromRoot('nest-carillon');
const { SchedulerTester, SchedulerTestingModule } = await fromRoot('nest-carillon/testing');

class Work {
  daily() {}
  often() {}
}
decorate(Cron('0 9 * * *', { id: 'daily' }), 'daily');
decorate(Interval('90m', { id: 'often' }), 'often');

const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'));
const options = { type: 'better-sqlite3', database: join(folder, 'jobs.db') };
const app = await Test.createTestingModule({
  imports: [
    SchedulerModule.forRoot({ application: 'bench', stores: { default: { type: 'typeorm', options } } }),
    SchedulerTestingModule.forRoot({ now: '2026-01-01T00:00Z' }),
  ],
  providers: [Work],
}).compile();
app.useLogger(false);
await app.init();
const tester = app.get(SchedulerTester);

await tester.travel({ days: 2 });
const startedAt = performance.now();
const cpuBefore = process.cpuUsage();
await tester.travel({ days: DAYS });
const { user, system } = process.cpuUsage(cpuBefore);
const elapsedMs = performance.now() - startedAt;
tester.expectRan('often').times(16 * (DAYS + 2));
await app.close();
rmSync(folder, { recursive: true });

console.log(`${describeMachine()}\nsettings: 2 days to warm up, ${DAYS} measured\n`);
console.log(
  table(
    ['a simulated day on SQLite', 'time', 'CPU'],
    [['17 runs', `${(elapsedMs / DAYS).toFixed(0)} ms`, `${((user + system) / 1000 / DAYS).toFixed(0)} ms`]],
  ),
);

/** Decorates a method, as the TypeScript compiler would. */
function decorate(decorator, method) {
  decorator(Work.prototype, method, Object.getOwnPropertyDescriptor(Work.prototype, method));
}
