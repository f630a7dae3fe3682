// One application of decorated methods, each due in every second; prints what it measured as JSON.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [, , specifier, jobs, warmUp, seconds] = process.argv;
// Nest comes from the root of the repository, where the library finds it too.
const rootRequire = createRequire(new URL('../../package.json', import.meta.url));
const fromRoot = (name) => import(pathToFileURL(rootRequire.resolve(name)).href);
await fromRoot('reflect-metadata');
const { Injectable, Module } = await fromRoot('@nestjs/common');
const { NestFactory } = await fromRoot('@nestjs/core');
const { Cron, ScheduleModule } = await fromRoot(specifier);

const lateness = [];
let isMeasuring = false;

class Ticker {}
for (let n = 0; n < Number(jobs); n++) {
  const method = `tick${n}`;
  Ticker.prototype[method] = function tick() {
    if (isMeasuring) lateness.push(Date.now() % 1_000);
  };
  Cron('* * * * * *', { name: `job-${n}` })(
    Ticker.prototype,
    method,
    Object.getOwnPropertyDescriptor(Ticker.prototype, method),
  );
}
Injectable()(Ticker);
class AppModule {}
Module({ imports: [ScheduleModule.forRoot()], providers: [Ticker] })(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
await untilEndOf(Number(warmUp));
isMeasuring = true;
const before = process.cpuUsage();
await untilEndOf(Number(seconds));
const { user, system } = process.cpuUsage(before);
isMeasuring = false;
lateness.sort((a, b) => a - b);
const at = (part) => lateness[Math.min(lateness.length - 1, Math.floor(lateness.length * part))];
const share = lateness.length / (Number(jobs) * Number(seconds));
const cpu = (user + system) / 1_000 / (Number(seconds) * 1_000);
console.log(JSON.stringify({ share, p50: at(0.5), p99: at(0.99), cpu }));
await app.close();

/** So many seconds from now, just before the next full one: every fire time lies whole on one side. */
function untilEndOf(wait) {
  const end = (Math.floor(Date.now() / 1_000) + wait) * 1_000 + 900;
  return new Promise((resolve) => setTimeout(resolve, end - Date.now()));
}
