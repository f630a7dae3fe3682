import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Assembly, SCHEDULER_START_MODE, SchedulerRegistry } from '../nest/index.js';
import { findApp, loadRootModule, textOf } from './app-path.js';
import { CommandLineError, EXIT } from './errors.js';
import { StderrLogger } from './stderr-logger.js';
import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import type { StartMode } from '../nest/index.js';
import type { Terminal } from './terminal.js';

/** The user's application, started for one command. */
export interface Application {
  readonly registry: SchedulerRegistry;
  readonly assembly: Assembly;
  close(): Promise<void>;
}

@Module({})
class CommandLineModule {}

@Module({})
class StartModeModule {}

/**
 * Starts the application's modules without its HTTP server.
 *
 * @param mode `observes`: nothing is claimed, no timer is armed and nothing is changed by the start
 * @throws {CommandLineError}
 */
export async function startApplication(
  app: string | undefined,
  mode: StartMode,
  terminal: Terminal,
): Promise<Application> {
  const root = await loadRootModule(findApp(app, process.cwd()));
  const context = await create({ module: CommandLineModule, imports: [root, startMode(mode)] }, terminal);
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

function startMode(mode: StartMode): DynamicModule {
  const providers = [{ provide: SCHEDULER_START_MODE, useValue: mode }];
  return { module: StartModeModule, global: true, providers, exports: [SCHEDULER_START_MODE] };
}

async function create(module: DynamicModule, terminal: Terminal): Promise<INestApplicationContext> {
  try {
    return await NestFactory.createApplicationContext(module, {
      logger: new StderrLogger(terminal),
      abortOnError: false,
    });
  } catch (cause) {
    throw new CommandLineError(`The application could not be started: ${textOf(cause)}`, EXIT.application, { cause });
  }
}
