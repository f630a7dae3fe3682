import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  Inject,
  Injectable,
  Logger,
  Module,
  Scope,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  Cron,
  every,
  Interval,
  JobContext,
  OnSchedulerEvent,
  SchedulerEvent,
  SCHEDULER_CLOCK,
  SchedulerModule,
  Task,
  Timeout,
  type HookOutcome,
  type Store,
} from '../../lib/index.js';
import { createMemoryStore } from '../../lib/stores/memory/index.js';
import { ManualClock } from '../../lib/testing/index.js';
import { startApp, type NestApp, type NestAppOptions } from './nest-app.js';

let started: NestApp | undefined;
const start = async (given: NestAppOptions) => (started = await startApp(given));

afterEach(async () => {
  await started?.app.close();
  started = undefined;
  jest.restoreAllMocks();
});

const settledRuns = async ({ registry }: NestApp, id: string) =>
  (await registry.history(id)).runs.map((run) => [run.state, run.reason, run.detail]);

describe('a run', () => {
  it('is kept in memory as the module says, not only as the store would', async () => {
    @Injectable()
    class Reports {
      @Interval('1m') send() {}
    }
    const { clock, registry } = await start({ providers: [Reports], options: { history: { count: 40 } } });
    for (let minute = 0; minute < 50; minute++) await clock.advanceAsync({ minutes: 1 });
    expect((await registry.history('Reports.send', { limit: 100 })).runs).toHaveLength(40);
  });

  it('calls the override of a provider that a test replaced, under the same id', async () => {
    @Injectable()
    class Reports {
      @Interval('1m') send() {
        throw new Error('must not be called');
      }
    }
    const send = jest.fn();
    const { clock, registry } = await start({
      providers: [Reports],
      change: (builder) => builder.overrideProvider(Reports).useValue({ send }),
    });
    clock.advance({ minutes: 1 });
    expect(send).toHaveBeenCalledTimes(1);
    expect((await registry.list()).map((job) => job.id)).toEqual(['Reports.send']);
  });

  it('has its context anywhere inside, and a request-scoped host of its own', async () => {
    const seen: unknown[] = [];
    @Injectable({ scope: Scope.REQUEST })
    class Tenant {
      constructor(@Inject(REQUEST) readonly job: JobContext) {}
      isOpen(job: JobContext) {
        seen.push(this);
        return job === this.job;
      }
    }
    @Injectable()
    class Invoices {
      constructor(private readonly tenant: Tenant) {}
      @Interval('1m', { id: 'invoices', args: ['acme'], when: [Tenant, 'isOpen'] })
      async write(name: string, job: JobContext) {
        await Promise.resolve();
        seen.push(this.tenant, name, JobContext.current() === job, this.tenant.job === job);
      }
    }
    const app = await start({ providers: [Invoices, Tenant] });
    await app.clock.advanceAsync({ minutes: 1 });
    expect(seen).toHaveLength(5);
    expect(seen[0]).toBe(seen[1]);
    expect(seen.slice(2)).toEqual(['acme', true, true]);
  });

  it('is skipped, reason denied, when a guard says no', async () => {
    @Injectable()
    class Closed implements CanActivate {
      canActivate() {
        return false;
      }
    }
    @Controller()
    class Deploys {
      @Interval('1m', { id: 'deploy', retry: { attempts: 3 } })
      @UseGuards(Closed)
      deploy() {}
    }
    const app = await start({ controllers: [Deploys], providers: [Closed] });
    await app.clock.advanceAsync({ minutes: 1 });
    expect(await settledRuns(app, 'deploy')).toEqual([['skipped', 'denied', 'Closed: Forbidden resource']]);
  });

  it('of @Timeout is made once after each start', async () => {
    @Injectable()
    class Cache {
      warmed = 0;
      @Timeout('30s') warm() {
        this.warmed++;
      }
    }
    for (const _start of ['first', 'second']) {
      const { app, clock } = await startApp({ providers: [Cache] });
      clock.advance(29_999);
      expect(app.get(Cache).warmed).toBe(0);
      clock.advance({ minutes: 5 });
      expect(app.get(Cache).warmed).toBe(1);
      await app.close();
    }
  });
});

describe('R4, R5: conditions and hooks', () => {
  it('find their dependencies, as functions and as methods, and a false one is recorded with its name', async () => {
    @Injectable()
    class Hours {
      isOpen = false;
      isBusinessHours(job: JobContext) {
        return this.isOpen && job.jobId === 'orders';
      }
    }
    const told: unknown[] = [];
    @Injectable()
    class Orders {
      @Interval('1m', {
        id: 'orders',
        when: [Hours, 'isBusinessHours'],
        skip: (_job, ref) => ref.get(Maintenance).isOn,
        before: () => told.push('before'),
        after: (job, _ref, outcome) => told.push(`after ${job.jobId}: ${outcome?.outcome}`),
        onSuccess: [Maintenance, 'note'],
        onFailure: () => told.push('failure'),
      })
      fetch() {
        told.push('fetch');
      }
    }
    const app = await start({ providers: [Hours, Orders, Maintenance] });
    await app.clock.advanceAsync({ minutes: 1 });
    app.app.get(Hours).isOpen = true;
    app.app.get(Maintenance).isOn = true;
    await app.clock.advanceAsync({ minutes: 1 });
    app.app.get(Maintenance).isOn = false;
    await app.clock.advanceAsync({ minutes: 1 });

    const runs = await settledRuns(app, 'orders');
    expect(runs.map(([state, reason]) => [state, reason])).toEqual([
      ['succeeded', null],
      ['skipped', 'condition'],
      ['skipped', 'condition'],
    ]);
    expect(runs[2][2]).toContain('Hours.isBusinessHours');
    expect(told.slice(0, 2)).toEqual(['before', 'fetch']);
    expect(told).toContain('after orders: succeeded');
    expect(app.app.get(Maintenance).noted).toEqual(['orders succeeded']);
  });

  it('name a class that no module provides at the start', async () => {
    class Nowhere {
      ask() {}
    }
    @Injectable()
    class Orders {
      @Interval('1m', { when: [Nowhere, 'ask'] }) fetch() {}
    }
    await expect(startApp({ providers: [Orders] })).rejects.toThrow(
      /Orders.fetch.*Nowhere.ask.*no module provides Nowhere/s,
    );
  });
});

@Injectable()
class Maintenance {
  isOn = false;
  readonly noted: string[] = [];
  note(job: JobContext, outcome: HookOutcome) {
    this.noted.push(`${job.jobId} ${outcome.outcome}`);
  }
}

describe('M2: listeners', () => {
  @Injectable()
  class Orders {
    @Interval('1m', { id: 'orders' }) fetch() {
      throw new Error('no route');
    }
  }

  it('are told what they chose: one type, several, or all', async () => {
    const lines: string[] = [];
    @Injectable()
    class Alerts {
      @OnSchedulerEvent('run.failed') onFailure(event: SchedulerEvent) {
        lines.push(`${event.job!.id} failed at ${event.run!.fireTime.toISOString()}: ${event.run!.error!.message}`);
      }
      @OnSchedulerEvent(['job.paused', 'job.resumed']) onPause(event: SchedulerEvent) {
        lines.push(`${event.job!.id}: ${event.type}`);
      }
      @OnSchedulerEvent('*') onAll(event: SchedulerEvent) {
        if (event.type === 'scheduler.started') lines.push(event.type);
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      @OnSchedulerEvent('job.paused') onPause(event: SchedulerEvent) {
        lines.push(`scoped: ${event.type}`);
      }
    }
    const { clock, registry } = await start({ providers: [Alerts, Scoped, Orders] });
    await clock.advanceAsync({ minutes: 1 });
    await registry.pause('orders');
    await clock.advanceAsync(0);
    expect(lines).toEqual([
      'scheduler.started',
      'orders failed at 2026-03-01T00:01:00.000Z: no route',
      'orders: job.paused',
      'scoped: job.paused',
    ]);
  });

  it('of an event that there is not are refused, naming the place', async () => {
    @Injectable()
    class Alerts {
      @OnSchedulerEvent('run.fialed' as never) onFailure() {}
    }
    await expect(startApp({ providers: [Alerts] })).rejects.toThrow(
      /Alerts.onFailure \(@OnSchedulerEvent\).*'run.fialed'.*Did you mean 'run.failed'/,
    );
  });

  it('that throw or reject harm neither runs nor other listeners', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const heard: string[] = [];
    @Injectable()
    class Bad {
      @OnSchedulerEvent('run.started') throws() {
        throw new Error('bad listener');
      }
      @OnSchedulerEvent('run.started') async rejects() {
        await Promise.reject(new Error('bad listener'));
      }
      @OnSchedulerEvent('run.started') good(event: SchedulerEvent) {
        heard.push(event.run!.jobId);
      }
    }
    @Injectable()
    class Works {
      @Interval('1m', { id: 'works' }) run() {}
    }
    const app = await start({ providers: [Bad, Works] });
    await app.clock.advanceAsync({ minutes: 2 });
    expect(heard).toEqual(['works', 'works']);
    expect(await settledRuns(app, 'works')).toEqual([
      ['succeeded', null, null],
      ['succeeded', null, null],
    ]);
  });
});

describe('tasks', () => {
  @Injectable()
  class Mailer {
    readonly sent: unknown[] = [];
    send(...given: unknown[]) {
      this.sent.push(given.slice(0, -1));
    }
    @Task() nameable() {
      this.sent.push('nameable');
    }
  }

  it('are any method of a provider for code, by name or by class', async () => {
    const { app, clock, registry } = await start({ providers: [Mailer] });
    await registry.add({ id: 'a', task: 'Mailer.send', args: ['ada'], trigger: every('1m') });
    await registry.add({ id: 'b', task: [Mailer, 'send'], args: [{ to: 'bob' }], trigger: every('1m') });
    clock.advance({ minutes: 1 });
    expect(app.get(Mailer).sent).toEqual([['ada'], [{ to: 'bob' }]]);
  });

  it('are methods with @Task() or a scheduling decorator alone for configuration', async () => {
    const { app, clock } = await start({
      providers: [Mailer],
      options: { jobs: { mail: { task: 'Mailer.nameable', every: '1m' } } },
    });
    clock.advance({ minutes: 1 });
    expect(app.get(Mailer).sent).toEqual(['nameable']);
    const refused = startApp({
      providers: [Mailer],
      options: { jobs: { mail: { task: 'Mailer.send', every: '1m' } } },
    });
    await expect(refused).rejects.toThrow(/names no task: 'Mailer.send'/);
  });

  it('whose class name two modules share are refused, naming both', async () => {
    const sync = () => {
      @Injectable()
      class Sync {
        @Interval('1m', { id: String(Math.random()) }) run() {}
        other() {}
      }
      return Sync;
    };
    @Module({ providers: [sync()] })
    class Billing {}
    @Module({ providers: [sync()] })
    class Sales {}
    await expect(startApp({ imports: [Billing, Sales] })).rejects.toMatchObject({
      code: 'AMBIGUOUS_TASK',
      moduleNames: ['Billing', 'Sales'],
    });
  });

  it('whose class no module provides are refused', async () => {
    class Nowhere {
      run() {}
    }
    const { registry } = await start({});
    await expect(registry.add({ task: [Nowhere, 'run'], trigger: every('1m') })).rejects.toMatchObject({
      code: 'UNKNOWN_PROVIDER',
    });
    await expect(registry.add({ task: 'Nowhere.run', trigger: every('1m') })).rejects.toMatchObject({
      code: 'UNKNOWN_TASK',
    });
  });
});

describe('the start', () => {
  const warnings = async (given: NestAppOptions) => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await start(given);
    return warn.mock.calls.map(([line]) => String(line));
  };
  @Injectable()
  class Reports {
    @Interval('1m') send() {}
  }

  it('U2: warns of a class that two modules provide, naming both; its job is one', async () => {
    @Module({ providers: [Reports] })
    class Billing {}
    @Module({ providers: [Reports] })
    class Sales {}
    expect(await warnings({ imports: [Billing, Sales] })).toEqual([
      expect.stringMatching(/^Reports is provided more than once, by Billing and by Sales/),
    ]);
    expect(await started!.registry.list()).toHaveLength(1);
  });

  it('warns once of a decorator of @nestjs/schedule that nothing reads', async () => {
    @Injectable()
    class Old {
      @SetMetadata('SCHEDULER_TYPE', 1) tick() {}
      @SetMetadata('SCHEDULER_TYPE', 2) tock() {}
    }
    expect(await warnings({ providers: [Old] })).toEqual([
      expect.stringMatching(/^Old.tick has a decorator of @nestjs/),
    ]);
  });

  it('is refused with two jobs of one id, naming both places', async () => {
    @Injectable()
    class Others {
      @Cron('* * * * *', { id: 'Reports.send' }) run() {}
    }
    await expect(startApp({ providers: [Reports, Others] })).rejects.toThrow(
      /"Reports.send" is defined twice, by Reports.send \(@Interval\) and by Others.run \(@Cron\)/,
    );
  });

  it('is refused with wrong options, all faults at once', async () => {
    const options = { timeZone: 'UTC', lease: 'soon', jobDefaults: { maxInstances: '50' } } as never;
    await expect(startApp({ options })).rejects.toThrow(/^3 options are wrong/);
  });

  it('hints at signals when a shared store is used and nothing listens to them', async () => {
    const clock = new ManualClock('2026-03-01T00:00Z');
    const memory = createMemoryStore({ alias: 'shared', application: 'test', clock });
    const { jobs, history, nodes } = memory;
    const shared: Store = { alias: 'shared', isShared: true, jobs, history, nodes };
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const listeners = jest.spyOn(process, 'listenerCount').mockReturnValue(0);
    const hints = async () => {
      const app = await Test.createTestingModule({
        imports: [SchedulerModule.forRoot({ stores: { shared }, log: 'silent' })],
      })
        .overrideProvider(SCHEDULER_CLOCK)
        .useValue(clock)
        .compile();
      await app.init();
      clock.advance('1s');
      await app.close();
      const lines = log.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('SIGTERM'));
      log.mockClear();
      return lines;
    };
    expect(await hints()).toEqual([expect.stringMatching(/store "shared".*app.enableShutdownHooks\(\)/)]);
    listeners.mockReturnValue(1);
    expect(await hints()).toEqual([]);
  });
});
