import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable, Module, Scope, SetMetadata } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, MetadataScanner, ModulesContainer, REQUEST } from '@nestjs/core';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import { Cron, scheduleNotes } from '../../lib/nest/decorators/index.js';
import { decoratedMethods, hostsOf, strayPeerMethod } from '../../lib/nest/discovery/index.js';

@Injectable()
class Reports {
  @Cron('0 9 * * *') send() {
    return 'real';
  }
}

let app: TestingModule | undefined;
afterEach(() => app?.close());

async function found(builder: TestingModuleBuilder) {
  app = await builder.compile();
  const { methods, doubles } = decoratedMethods(hostsOf(app.get(DiscoveryService)), scheduleNotes);
  return {
    methods: methods.map(({ type, method, host }) => `${host.moduleName}: ${type.name}.${method}`),
    instances: methods.map(({ host }) => host.wrapper.instance as unknown),
    doubles: doubles.map(({ type, moduleNames }) => `${type.name} in ${moduleNames.join(' and ')}`),
  };
}

const moduleOf = (metadata: Parameters<typeof Module>[0]) =>
  Test.createTestingModule({ ...metadata, imports: [DiscoveryModule, ...(metadata.imports ?? [])] });

describe('discovery', () => {
  it('U16: finds providers and controllers', async () => {
    @Controller()
    class Health {
      @Cron('* * * * *') check() {}
    }
    const { methods } = await found(moduleOf({ providers: [Reports], controllers: [Health] }));
    expect(methods).toEqual(['RootTestModule: Health.check', 'RootTestModule: Reports.send']);
  });

  it('U2: finds a class once that is aliased, given by a factory, or held by another provider', async () => {
    const { methods, doubles } = await found(
      moduleOf({
        providers: [
          Reports,
          { provide: 'ALIAS', useExisting: Reports },
          { provide: 'FACTORY', useFactory: (reports: Reports) => reports, inject: [Reports] },
        ],
      }),
    );
    expect(methods).toEqual(['RootTestModule: Reports.send']);
    expect(doubles).toEqual([]);
  });

  it('U2: finds a class once that two modules provide, and names both', async () => {
    @Module({ providers: [Reports] })
    class Billing {}
    @Module({ providers: [Reports] })
    class Sales {}
    const { methods, doubles } = await found(moduleOf({ imports: [Billing, Sales] }));
    expect(methods).toEqual(['Billing: Reports.send']);
    expect(doubles).toEqual(['Reports in Billing and Sales']);
  });

  it('finds what a factory or a value provides under any token', async () => {
    const { methods } = await found(moduleOf({ providers: [{ provide: 'REPORTS', useFactory: () => new Reports() }] }));
    expect(methods).toEqual(['RootTestModule: Reports.send']);
  });

  it('survives providers without a prototype, without an object, and with nothing', async () => {
    const { methods } = await found(
      moduleOf({
        providers: [
          Reports,
          { provide: 'NULL_PROTOTYPE', useValue: Object.create(null) as object },
          { provide: 'TEXT', useValue: 'text' },
          { provide: 'FUNCTION', useValue: () => 1 },
          { provide: 'CLASS', useValue: Reports },
          { provide: 'NOTHING', useValue: null },
          { provide: 'UNDEFINED', useFactory: () => undefined },
        ],
      }),
    );
    expect(methods).toEqual(['RootTestModule: Reports.send']);
  });

  it('U5: finds request-scoped, transient and durable hosts without making them', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      constructor(@Inject(REQUEST) readonly request: unknown) {
        throw new Error('must not be made');
      }
      @Cron('* * * * *') run() {}
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {
      @Cron('* * * * *') run() {}
    }
    const { methods } = await found(moduleOf({ providers: [Scoped, Transient] }));
    expect(methods).toEqual(['RootTestModule: Scoped.run', 'RootTestModule: Transient.run']);
  });

  it('names an inherited method after the class that is provided', async () => {
    @Injectable()
    class Weekly extends Reports {}
    const { methods } = await found(moduleOf({ providers: [Reports, Weekly] }));
    expect(methods).toEqual(['RootTestModule: Reports.send', 'RootTestModule: Weekly.send']);
  });

  it.each<[string, (builder: TestingModuleBuilder) => TestingModuleBuilder]>([
    ['a plain object', (builder) => builder.overrideProvider(Reports).useValue({ send: () => 'mocked' })],
    [
      'a class of its own',
      (builder) =>
        builder.overrideProvider(Reports).useClass(
          class Fake {
            send() {
              return 'mocked';
            }
          },
        ),
    ],
    [
      'a subclass that replaces the method',
      (builder) =>
        builder.overrideProvider(Reports).useClass(
          class Fake extends Reports {
            override send() {
              return 'mocked';
            }
          },
        ),
    ],
  ])('keeps the job, under its name, of a provider that a test overrides by %s', async (_name, override) => {
    const { methods, instances } = await found(override(moduleOf({ providers: [Reports] })));
    expect(methods).toEqual(['RootTestModule: Reports.send']);
    expect((instances[0] as Reports).send()).toBe('mocked');
  });

  describe('decorators of @nestjs/schedule', () => {
    @Injectable()
    class Peer {
      @SetMetadata('SCHEDULER_TYPE', 1) tick() {}
    }
    const stray = async (builder: TestingModuleBuilder) => {
      app = await builder.compile();
      return strayPeerMethod(hostsOf(app.get(DiscoveryService)), new MetadataScanner(), app.get(ModulesContainer));
    };

    it('are noticed when nothing reads them', async () => {
      expect(await stray(moduleOf({ providers: [Reports, Peer] }))).toBe('Peer.tick');
    });

    it('are left alone when its module, or one of that name, is there', async () => {
      @Module({})
      class ScheduleModule {}
      expect(await stray(moduleOf({ imports: [ScheduleModule], providers: [Peer] }))).toBeNull();
    });
  });
});
