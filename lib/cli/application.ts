import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Assembly, SCHEDULER_START_MODE, SchedulerRegistry } from '../nest/index.js';
import { findApp, loadRootModule, textOf } from './app-path.js';
import { CommandLineError, EXIT } from './errors.js';
import type { DynamicModule, INestApplicationContext, LoggerService } from '@nestjs/common';
import type { StartMode } from '../nest/index.js';

/** The user's application, started for one command. */
export interface Application {
  readonly registry: SchedulerRegistry;
  readonly assembly: Assembly;
  close(): Promise<void>;
}

/** How an application is started. */
export interface Start {
  /** `observes`: nothing is claimed, no timer is armed and nothing is changed by the start. */
  readonly mode: StartMode;
  readonly logger: LoggerService;
  /** Called before anything of the schedule starts. */
  readonly assembled: (assembly: Assembly) => void;
}

@Module({})
class CommandLineModule {}

@Module({})
class StartModeModule {}

const LISTENER = Symbol('nest-carillon:command-line');

/**
 * Starts the application's modules without its HTTP server.
 *
 * @throws {CommandLineError}
 */
export async function startApplication(app: string | undefined, start: Start): Promise<Application> {
  const root = await loadRootModule(findApp(app, process.cwd()));
  const context = await create({ module: CommandLineModule, imports: [root, startModule(start)] }, start.logger);
  try {
    return {
      registry: context.get(SchedulerRegistry, { strict: false }),
      assembly: context.get(Assembly, { strict: false }),
      close: () => context.close(),
    };
  } catch (cause) {
    await context.close();
    throw new CommandLineError(
      `${root.name} does not import SchedulerModule.forRoot(), so that it has no schedule.`,
      EXIT.application,
      { cause },
    );
  }
}

function startModule({ mode, assembled }: Start): DynamicModule {
  const providers = [
    { provide: SCHEDULER_START_MODE, useValue: mode },
    {
      provide: LISTENER,
      useFactory: (assembly?: Assembly) => (assembly === undefined ? null : assembled(assembly)),
      inject: [{ token: Assembly, optional: true }],
    },
  ];
  return { module: StartModeModule, global: true, providers, exports: [SCHEDULER_START_MODE] };
}

async function create(module: DynamicModule, logger: LoggerService): Promise<INestApplicationContext> {
  try {
    return await NestFactory.createApplicationContext(module, { logger, abortOnError: false });
  } catch (cause) {
    throw new CommandLineError(`The application could not be started: ${textOf(cause)}`, EXIT.application, { cause });
  }
}
