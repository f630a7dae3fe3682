// Ours the way an application uses it: through Nest, with an injected service, hooks around each run and a listener to
// events. Nest comes from the root of the repository, where the library finds it too.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { expressionOf } from './expressions.mjs';

const rootRequire = createRequire(new URL('../../package.json', import.meta.url));
const fromRoot = (name) => import(pathToFileURL(rootRequire.resolve(name)).href);

/** Jobs in one call of `addMany`. */
const AT_ONCE = 10_000;

/** Decorates a method of a class, as the TypeScript compiler would. */
function decorate(decorator, type, method) {
  decorator(type.prototype, method, Object.getOwnPropertyDescriptor(type.prototype, method));
}

export async function load() {
  await fromRoot('reflect-metadata');
  const [{ NestFactory }, nest, carillon] = await Promise.all([
    fromRoot('@nestjs/core'),
    fromRoot('@nestjs/common'),
    fromRoot('nest-carillon'),
  ]);
  return { setUp: (jobs, period, work) => setUp({ NestFactory, nest, carillon }, jobs, period, work) };
}

async function setUp({ NestFactory, nest, carillon }, jobs, period, work) {
  class Counter {
    count = 0;
    add() {
      this.count++;
    }
  }
  nest.Injectable()(Counter);

  class Ticker {
    constructor(counter) {
      this.counter = counter;
    }
    tick() {
      this.counter.add();
      work();
    }
    before() {
      this.counter.add();
    }
    onSuccess() {
      this.counter.add();
    }
    listen() {
      this.counter.add();
    }
  }
  Reflect.defineMetadata('design:paramtypes', [Counter], Ticker);
  nest.Injectable()(Ticker);
  decorate(carillon.Task(), Ticker, 'tick');
  decorate(carillon.OnSchedulerEvent('run.succeeded'), Ticker, 'listen');

  class AppModule {}
  nest.Module({ imports: [carillon.SchedulerModule.forRoot({ application: 'bench' })], providers: [Counter, Ticker] })(
    AppModule,
  );
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const registry = app.get(carillon.SchedulerRegistry);
  for (let from = 0; from < jobs; from += AT_ONCE) {
    await registry.addMany(
      Array.from({ length: Math.min(AT_ONCE, jobs - from) }, (_, index) => ({
        id: `job-${from + index}`,
        task: 'Ticker.tick',
        trigger: carillon.cron(expressionOf(from + index, period)),
        before: [Ticker, 'before'],
        onSuccess: [Ticker, 'onSuccess'],
      })),
    );
  }
}
