import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  type ArgumentMetadata,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
  ParseIntPipe,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import {
  APP_GUARD,
  type ContextId,
  ContextIdFactory,
  type HostComponentInfo,
  DiscoveryModule,
  DiscoveryService,
  ModuleRef,
  REQUEST,
} from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { EMPTY, map, of, Subject } from 'rxjs';
import { hostsOf, Providers } from '../../lib/nest/discovery/index.js';
import { EnhancedCalls, MethodCalls } from '../../lib/nest/handlers/index.js';
import { JobContext, type TaskHandler } from '../../lib/core/index.js';
import { contextWith } from './job-context.js';

let app: TestingModule | undefined;
afterEach(async () => {
  await app?.close();
  jest.restoreAllMocks();
});

type Class = new (...args: never[]) => object;

interface Setup {
  readonly providers?: Parameters<typeof Test.createTestingModule>[0]['providers'];
  readonly controllers?: Class[];
  readonly global?: boolean;
}

async function handlerOf(type: Class, method: string, setup: Setup = {}): Promise<TaskHandler> {
  const { providers = [type], controllers = [], global = false } = setup;
  app = await Test.createTestingModule({ imports: [DiscoveryModule], providers, controllers }).compile();
  await app.init();
  const moduleRef = app.get(ModuleRef);
  const container = (moduleRef as unknown as { container: ConstructorParameters<typeof EnhancedCalls>[0] }).container;
  const calls = new MethodCalls(moduleRef, new EnhancedCalls(container, global));
  const { host } = new Providers(hostsOf(app.get(DiscoveryService))).of(type)!;
  return calls.handlerOf(host, `${type.name}.${method}`, method);
}

const run = async (handler: TaskHandler, ...args: Parameters<TaskHandler>[0]) => handler(args, contextWith(args));

describe('a plain method', () => {
  @Injectable()
  class Plain {
    echo(...given: unknown[]) {
      return given;
    }
    fail() {
      throw new Error('no route');
    }
  }

  it('is called at once, with its arguments, then the context', async () => {
    const handler = await handlerOf(Plain, 'echo');
    const job = contextWith(['a', 1]);
    expect(handler(['a', 1], job)).toEqual(['a', 1, job]);
    expect(handler([], job)).toEqual([job]);
  });

  it('throws what it throws', async () => {
    const handler = await handlerOf(Plain, 'fail');
    expect(() => handler([], contextWith())).toThrow('no route');
  });

  it('may be replaced by a test while the application runs', async () => {
    const handler = await handlerOf(Plain, 'echo');
    const spy = jest.spyOn(app!.get(Plain), 'echo').mockReturnValue(['spied']);
    expect(handler([], contextWith())).toEqual(['spied']);
    expect(spy).toHaveBeenCalledTimes(1);
  });

  it('says so when what stands for its provider has no such method', async () => {
    const handler = await handlerOf(Plain, 'echo', { providers: [{ provide: Plain, useValue: {} }] });
    expect(() => handler([], contextWith())).toThrow(expect.objectContaining({ code: 'MISSING_METHOD' }));
    expect(() => handler([], contextWith())).toThrow(/Plain.echo.*RootTestModule.*no method echo/);
  });
});

describe('an Observable', () => {
  const source = new Subject<number>();
  @Injectable()
  class Streams {
    several() {
      return of(1, 2, 3);
    }
    none() {
      return EMPTY;
    }
    endless() {
      return source;
    }
  }

  it('gives its last value, undefined when it is empty', async () => {
    expect(await run(await handlerOf(Streams, 'several'))).toBe(3);
    expect(await run(await handlerOf(Streams, 'none'))).toBeUndefined();
  });

  it('is left when the run is aborted', async () => {
    const job = contextWith();
    const result = (await handlerOf(Streams, 'endless'))([], job) as Promise<unknown>;
    expect(source.observed).toBe(true);
    job.abort(new Error('stopped'));
    await expect(result).rejects.toThrow('stopped');
    expect(source.observed).toBe(false);
  });
});

describe('local enhancers', () => {
  @Injectable()
  class Policy {
    readonly isOpen: boolean = true;
  }
  const asked: unknown[] = [];
  @Injectable()
  class Open implements CanActivate {
    constructor(private readonly policy: Policy) {}
    canActivate(context: ExecutionContext) {
      const [job] = context.getArgs<[JobContext]>();
      asked.push([context.getType(), context.getClass().name, context.getHandler().name, job.jobId]);
      return this.policy.isOpen;
    }
  }

  @Injectable()
  class Guarded {
    @UseGuards(Open) work(text: string, job: JobContext) {
      return [text, job.jobId];
    }
    @UseGuards(Open) refuses() {
      throw new ForbiddenException('the bank said no');
    }
  }

  it('guards are asked, with their dependencies and a context of type schedule', async () => {
    asked.length = 0;
    const handler = await handlerOf(Guarded, 'work', { providers: [Guarded, Policy] });
    expect(await run(handler, 'a')).toEqual(['a', 'job']);
    expect(asked).toEqual([['schedule', 'Guarded', 'work', 'job']]);
  });

  it('U12: a guard that denies skips the run, reason denied, naming the guard', async () => {
    const handler = await handlerOf(Guarded, 'work', {
      providers: [Guarded, { provide: Policy, useValue: { isOpen: false } }],
    });
    await expect(run(handler, 'a')).rejects.toMatchObject({
      name: 'SkipRunSignal',
      reason: 'denied',
      detail: 'Open: Forbidden resource',
    });
  });

  it('an exception of the same kind from the method itself is a failure', async () => {
    const handler = await handlerOf(Guarded, 'refuses', { providers: [Guarded, Policy] });
    await expect(run(handler)).rejects.toBeInstanceOf(ForbiddenException);
  });

  it('interceptors surround the call', async () => {
    @Injectable()
    class Twice implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(map((value: number) => value * 2));
      }
    }
    @Injectable()
    @UseInterceptors(Twice)
    class Sums {
      add(a: number, b: number) {
        return a + b;
      }
    }
    expect(await run(await handlerOf(Sums, 'add'), 1, 2)).toBe(6);
  });

  it('filters turn an error into a result', async () => {
    @Catch(BadRequestException)
    class Ignore implements ExceptionFilter {
      catch(error: Error) {
        return `ignored: ${error.message}`;
      }
    }
    @Injectable()
    class Imports {
      @UseFilters(Ignore) read(kind: string) {
        throw kind === 'bad' ? new BadRequestException('bad file') : new Error('disk');
      }
    }
    // Nest itself logs what no filter catches.
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const handler = await handlerOf(Imports, 'read');
    expect(await run(handler, 'bad')).toBe('ignored: bad file');
    await expect(run(handler, 'other')).rejects.toThrow('disk');
  });

  it('pipes work on arguments, never on the context', async () => {
    const seen: ArgumentMetadata[] = [];
    class Note {
      transform(value: unknown, metadata: ArgumentMetadata) {
        seen.push(metadata);
        return value;
      }
    }
    @Injectable()
    class Orders {
      @UsePipes(ParseIntPipe, new Note()) ship(id: number, job: JobContext) {
        return [id, job instanceof JobContext];
      }
    }
    const handler = await handlerOf(Orders, 'ship');
    expect(await run(handler, '7')).toEqual([7, true]);
    expect(seen).toEqual([{ type: 'body', metatype: Number, data: undefined }]);
    await expect(run(handler, 'seven')).rejects.toBeInstanceOf(BadRequestException);
  });

  it('parameter decorators fill their own places, arguments and context the others in order', async () => {
    const Tenant = createParamDecorator((data: string, context: ExecutionContext) => {
      return `${data}:${context.getArgs<[JobContext]>()[0].jobId}`;
    });
    @Injectable()
    class Invoices {
      write(first: string, @Tenant('t') tenant: string, second: string, job: JobContext) {
        return [first, tenant, second, job.jobId];
      }
      alone(@Tenant('t') tenant: string, job: JobContext) {
        return [tenant, job.jobId];
      }
    }
    expect(await run(await handlerOf(Invoices, 'write'), 'a', 'b')).toEqual(['a', 't:job', 'b', 'job']);
    await app!.close();
    expect(await run(await handlerOf(Invoices, 'alone'))).toEqual(['t:job', 'job']);
  });

  it('work on controllers too, with their own dependencies', async () => {
    @Controller()
    @UseGuards(Open)
    class Health {
      check() {
        return 'fine';
      }
    }
    asked.length = 0;
    const handler = await handlerOf(Health, 'check', { providers: [Policy], controllers: [Health] });
    expect(await run(handler)).toBe('fine');
    expect(asked).toHaveLength(1);
  });
});

describe('global enhancers', () => {
  class Http implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      return context.switchToHttp().getRequest<{ headers: { authorization: string } }>().headers.authorization !== '';
    }
  }
  class Deny implements CanActivate {
    canActivate() {
      return false;
    }
  }
  @Injectable()
  class Jobs {
    run() {
      return 'ran';
    }
    @UseInterceptors({ intercept: (_: unknown, next: CallHandler) => next.handle() }) intercepted() {
      return 'ran';
    }
  }

  it.each(['run', 'intercepted'])('are left out by default: most of them expect a request (%s)', async (method) => {
    const handler = await handlerOf(Jobs, method, { providers: [Jobs, { provide: APP_GUARD, useClass: Http }] });
    expect(await run(handler)).toBe('ran');
  });

  it('are asked when the module says so', async () => {
    const providers = [Jobs, { provide: APP_GUARD, useClass: Deny }];
    const handler = await handlerOf(Jobs, 'run', { providers, global: true });
    await expect(run(handler)).rejects.toMatchObject({ reason: 'denied' });
  });
});

describe('U5: scoped hosts', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Tenant {
    static made = 0;
    readonly number = ++Tenant.made;
    constructor(@Inject(REQUEST) readonly job: JobContext) {}
  }
  @Injectable()
  class Invoices {
    constructor(private readonly tenant: Tenant) {}
    write(id: string, job: JobContext) {
      return [id, this.tenant.job === job, this.tenant.number];
    }
    @UseGuards({ canActivate: () => true }) guarded(job: JobContext) {
      return this.tenant.job === job;
    }
  }

  it('each attempt has an instance of its own, and REQUEST is its context', async () => {
    Tenant.made = 0;
    const handler = await handlerOf(Invoices, 'write', { providers: [Invoices, Tenant] });
    expect(await run(handler, 'a')).toEqual(['a', true, 1]);
    expect(await run(handler, 'b')).toEqual(['b', true, 2]);
  });

  it('enhancers work around it', async () => {
    expect(await run(await handlerOf(Invoices, 'guarded', { providers: [Invoices, Tenant] }))).toBe(true);
  });

  it('so has a transient one, and a controller', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Counter {
      private count = 0;
      next() {
        return ++this.count;
      }
    }
    const transient = await handlerOf(Counter, 'next');
    expect([await run(transient), await run(transient)]).toEqual([1, 1]);
    await app!.close();

    @Controller()
    class Api {
      constructor(private readonly tenant: Tenant) {}
      isOwn(job: JobContext) {
        return this.tenant.job === job;
      }
    }
    expect(await run(await handlerOf(Api, 'isOwn', { providers: [Tenant], controllers: [Api] }))).toBe(true);
  });

  it('a durable one is shared by runs that the strategy puts together', async () => {
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Pool {
      static made = 0;
      readonly number = ++Pool.made;
      use() {
        return this.number;
      }
    }
    const parents = new Map<string, ContextId>();
    ContextIdFactory.apply({
      attach(contextId: ContextId, job: JobContext) {
        const tenant = JSON.stringify(job.args[0]);
        const parent = parents.get(tenant) ?? ContextIdFactory.create();
        parents.set(tenant, parent);
        return { resolve: (info: HostComponentInfo) => (info.isTreeDurable ? parent : contextId), payload: { tenant } };
      },
    });
    try {
      const handler = await handlerOf(Pool, 'use');
      expect([await run(handler, 'a'), await run(handler, 'a'), await run(handler, 'b')]).toEqual([1, 1, 2]);
    } finally {
      (ContextIdFactory as unknown as { strategy: undefined }).strategy = undefined;
    }
  });
});
