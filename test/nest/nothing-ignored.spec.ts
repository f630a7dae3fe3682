/** What is given either works or is refused: nothing is accepted and then ignored. */
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { At, Cron, every, Interval, Scheduled, SchedulerModule } from '../../lib/index.js';
import type { Trigger } from '../../lib/index.js';
import { startApp, type NestApp, type NestAppOptions } from './nest-app.js';

let running: NestApp | undefined;
afterEach(async () => {
  await running?.app.close();
  running = undefined;
});

async function start(given: NestAppOptions): Promise<NestApp> {
  running = await startApp(given);
  return running;
}

@Injectable()
class Mailer {
  send() {}
}

describe('what a decorator is given', () => {
  it('U3: a function that answers undefined does not make @At run at once', async () => {
    @Injectable()
    class Launch {
      @At((() => undefined) as never) go() {}
    }
    await expect(start({ providers: [Launch] })).rejects.toThrow(
      'Launch.go (@At): option "at" is undefined. Give it a value',
    );
  });

  it('a trigger of the user’s own is refused, for nothing could read it back from a row', async () => {
    const own = { next: (after: number) => after + 1, toJSON: () => ({}), anchor: () => own };
    @Injectable()
    class Own {
      @Scheduled(own as unknown as Trigger) run() {}
    }
    await expect(start({ providers: [Own] })).rejects.toThrow(/Own\.run \(@Scheduled\).*must be a trigger/);
  });
});

describe('what the registry is given', () => {
  it('modify takes runInBackground back', async () => {
    const { registry } = await start({ providers: [Mailer] });
    const added = { id: 'a', task: 'Mailer.send', trigger: every('5m'), runInBackground: true };
    expect((await registry.add(added)).executor).toBe('background');
    expect((await registry.modify('a', { runInBackground: false })).executor).toBe('default');
  });

  it.each([{ replaceExisting: true }, { manager: {} }])('addMany refuses %j in a single job', async (option) => {
    const { registry } = await start({ providers: [Mailer] });
    const job = { id: 'a', task: 'Mailer.send', trigger: every('5m'), ...option };
    const [name] = Object.keys(option);
    await expect(registry.addMany([job])).rejects.toThrow(
      new RegExp(`addMany \\(job "a"\\), entry 0: option "${name}" is no option here.*addMany\\(jobs, \\{ … \\}\\)`),
    );
    expect(await registry.list()).toEqual([]);
  });
});

describe('what the module is given', () => {
  it('shows no password, neither in the message nor where the whole error is printed', async () => {
    const secret = 'hunter2';
    const url = `postgres://ada:${secret}@db/app`;
    const db = { type: 'typeorm', url, password: secret, connection: { password: secret } };
    const error: unknown = await start({ options: { stores: { db } } as never }).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/db\.url" is unknown.*db\.password" is unknown.*db\.connection" is called/s);
    expect(inspect(error, { depth: 10 })).not.toContain(secret);
  });
});

describe('what forFeature is given', () => {
  it.each<[unknown, RegExp]>([
    [{ schedule: {} }, /forFeature: option "schedule" is \{\}; it must be a function of the schedule/],
    [{ task: {} }, /forFeature: option "task" is called 'tasks' here/],
    [{ taks: {} }, /Did you mean 'tasks'/],
    [{ tasks: ['purge'] }, /option "tasks".*an object of functions by name/],
    [undefined, /forFeature: option "\(all\)" is undefined; it must be an object/],
  ])('%j is refused', async (options, message) => {
    await expect(start({ imports: [SchedulerModule.forFeature(options as never)] })).rejects.toThrow(message);
  });
});

describe('a provider that a test overrides', () => {
  it('with nothing fails its runs, and says what to do', async () => {
    @Injectable()
    class Sync {
      @Interval('1m', { id: 'sync' }) run() {}
    }
    const { clock, registry } = await start({
      providers: [Sync],
      change: (builder) => builder.overrideProvider(Sync).useValue(null),
    });
    clock.advance('1m');
    const [run] = (await registry.history('sync')).runs;
    expect(run.error?.message).toMatch(/^Sync\.run cannot be called: .*Give the object that overrides the provider/);
  });

  it('without the method of a condition fails the run, and names condition and job', async () => {
    @Injectable()
    class Gate {
      isOpen() {
        return true;
      }
    }
    @Injectable()
    class Sync {
      @Interval('1m', { id: 'sync', when: [Gate, 'isOpen'] }) run() {}
    }
    const { clock, registry } = await start({
      providers: [Sync, Gate],
      change: (builder) => builder.overrideProvider(Gate).useValue({}),
    });
    clock.advance('1m');
    const [run] = (await registry.history('sync')).runs;
    expect(run.error?.message).toMatch(
      /^Job "sync": the condition or hook Gate\.isOpen cannot be called: .*has no method/,
    );
  });
});

describe('a module that is loaded late', () => {
  it('brings no jobs, for they are found when the application starts, and naming its methods is refused', async () => {
    @Injectable()
    class Late {
      @Cron('* * * * *', { id: 'late' }) run() {}
    }
    @Module({ providers: [Late] })
    class LateModule {}

    const { app, registry } = await start({});
    await app.get(LazyModuleLoader).load(() => LateModule);

    expect(await registry.get('late')).toBeNull();
    await expect(registry.addInterval({ task: [Late, 'run'], every: '1m' })).rejects.toThrow(/no module provides Late/);
  });
});
