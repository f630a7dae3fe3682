import { Inject, Injectable, Optional } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { SystemClock } from '../../core/index.js';
import { codeJobs } from '../definitions/code-jobs.js';
import { consoleNotes, listenerNotes, scheduleNotes, taskNotes } from '../decorators/index.js';
import { decoratedMethods, hostsOf, Providers, strayPeerMethod } from '../discovery/index.js';
import { readSchedules, scheduleSources } from '../fluent/read-schedules.js';
import { EnhancedCalls, HookBook, MethodCalls } from '../handlers/index.js';
import { subscribe } from '../listeners/subscribe.js';
import { ConsoleCommands } from '../tasks/console-commands.js';
import { WorkHandlers } from '../tasks/work-handlers.js';
import { Assembly } from './assembly.js';
import { LateStore } from './late-store.js';
import { schedulerLog } from './nest-log.js';
import { containerOf } from './nest-container.js';
import { NO_ADDITION, SCHEDULER_EXTENSION } from './scheduler-extension.js';
import type { OnModuleInit } from '@nestjs/common';
import type { JobDefinition } from '../../core/index.js';
import type { DecoratedMethod, Double, Host } from '../discovery/index.js';
import type { PlacedJob } from '../fluent/read-schedules.js';
import type { SchedulerExtension } from './scheduler-extension.js';

/** Jobs of the fluent schedule, and classes that define some and are provided twice. */
interface ReadSchedules {
  readonly fluent: readonly PlacedJob[];
  readonly doubles: readonly Double[];
}

/**
 * Finds what the application decorated and puts its jobs into their stores, before any other module's `onModuleInit`, so
 * that those may use the registry. With memory stores alone nothing is waited for.
 */
@Injectable()
export class SchedulerStarter implements OnModuleInit {
  @Optional()
  @Inject(SCHEDULER_EXTENSION)
  private readonly extension?: SchedulerExtension;

  constructor(
    @Inject(Assembly) private readonly assembly: Assembly,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  async onModuleInit(): Promise<void> {
    const { assembly } = this;
    const hosts = hostsOf(this.discovery);
    const schedules = scheduleSources(hosts, assembly.schedules);
    const read = readSchedules(schedules.sources);
    const fluent = read instanceof Promise ? await read : read;
    const definitions = this.discover(hosts, { fluent, doubles: schedules.doubles });
    assembly.definitions = definitions;
    for (const definition of definitions) assembly.hooks?.keep(definition);
    if (assembly.options.mail !== null) await assembly.effects.open();
    const late = [...assembly.stores.values()].filter((store) => store instanceof LateStore);
    for (const store of late) await store.prepare();
    await assembly.startOrGiveUp(() => this.put(definitions));
  }

  private async put(definitions: readonly JobDefinition[]): Promise<void> {
    const { scheduler } = this.assembly;
    const opened = scheduler.open();
    if (opened instanceof Promise) await opened;
    const put = scheduler.putCode(definitions);
    const report = put instanceof Promise ? await put : put;
    for (const id of report.refused) this.tellRefused(id, definitions);
  }

  private tellRefused(id: string, definitions: readonly JobDefinition[]): void {
    const place = definitions.find((definition) => definition.id === id)?.definedAt ?? 'the code';
    schedulerLog.error(
      `Job "${id}" of ${place} is not scheduled: a job that was added at run time has its id. ` +
        `Remove that one, or give one of them another id.`,
    );
  }

  private discover(hosts: readonly Host[], { fluent, doubles }: ReadSchedules): JobDefinition[] {
    const { assembly } = this;
    const { injector, moduleRef, tasks, options } = assembly;
    const providers = new Providers(hosts);
    const scheduled = decoratedMethods(hosts, scheduleNotes);
    const marked = decoratedMethods(hosts, taskNotes);
    const listening = decoratedMethods(hosts, listenerNotes);
    const calls = new MethodCalls(moduleRef, new EnhancedCalls(containerOf(moduleRef), options.enhancers.global));
    const hooks = new HookBook(providers, assembly.functions, injector);
    assembly.hooks = hooks;
    tasks.discover(providers, calls, [...scheduled.methods, ...marked.methods] as DecoratedMethod<unknown>[]);
    const added = this.extension?.discover(hosts, scheduled.methods) ?? NO_ADDITION;
    this.warn(hosts, [...scheduled.doubles, ...listening.doubles, ...added.doubles, ...doubles]);
    subscribe(listening.methods, assembly.events, assembly);
    const commands = new ConsoleCommands(hosts, decoratedMethods(hosts, consoleNotes).methods, calls);
    const definitions = codeJobs([...scheduled.methods, ...added.methods], {
      options,
      injector,
      nameable: tasks.forConfiguration,
      fluent,
      work: tasks,
      now: assembly.clock.now(),
      calendars: assembly.calendars,
      bindHook: (reference, place) => hooks.bind(reference, place),
    });
    this.provideWork(definitions, commands);
    return definitions;
  }

  /** Commands and processes that definitions describe; a command that nobody has is told now. */
  private provideWork(definitions: readonly JobDefinition[], commands: ConsoleCommands): void {
    const { tasks, options } = this.assembly;
    // Processes keep real time under a test's clock, too.
    const handlers = new WorkHandlers(commands, options.console, new SystemClock());
    for (const definition of definitions) {
      const { work, task } = definition;
      if (work !== undefined) tasks.provide(task, handlers.handlerOf(work, definition));
    }
  }

  private warn(hosts: readonly Host[], doubles: readonly Double[]): void {
    for (const { type, moduleNames } of new Map(doubles.map((double) => [double.type, double])).values()) {
      schedulerLog.warn(
        `${type.name} is provided more than once, by ${moduleNames.join(' and by ')}; its jobs run once, on the first. ` +
          `Provide it in one module and export it there.`,
      );
    }
    const stray = strayPeerMethod(hosts, this.scanner, this.modules);
    if (stray === null) return;
    schedulerLog.warn(
      `${stray} has a decorator of @nestjs/schedule, and nothing reads it: ScheduleModule is not imported. ` +
        `Import its decorators from nest-carillon.`,
    );
  }
}
