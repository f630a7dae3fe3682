import { Inject, Injectable, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { isShared } from '../options/index.js';
import { captureNestLog } from '../output/captured-log.js';
import { Assembly } from './assembly.js';
import { schedulerLog, textOf } from './nest-log.js';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { Millis, Timer } from '../../core/index.js';

/** `createApplicationContext` starts the application before its caller can enable shutdown hooks. */
const TIME_TO_ENABLE_HOOKS: Millis = 1_000;

/** Starts to claim after every other module is ready, and stops before any other module closes what jobs use. */
@Injectable()
export class SchedulerRunner implements OnApplicationBootstrap, OnModuleDestroy {
  private hint: Timer | null = null;
  private endCapture: (() => void) | null = null;

  constructor(@Inject(Assembly) private readonly assembly: Assembly) {}

  async onApplicationBootstrap(): Promise<void> {
    this.endCapture = captureNestLog();
    await this.assembly.startOrGiveUp(() => this.start());
    this.hintAtSignals();
  }

  async onModuleDestroy(): Promise<void> {
    this.hint?.cancel();
    const { scheduler, effects, gaveUp } = this.assembly;
    try {
      // Closed before it was started: nothing is open then.
      if (scheduler.state !== 'new' && !gaveUp) await scheduler.stop();
    } catch (error) {
      // It has stopped all the same: the modules that are still to be closed must not be left open for that.
      schedulerLog.error('The scheduler did not stop in order', textOf(error));
    } finally {
      this.endCapture?.();
      await effects.close();
    }
  }

  private async start(): Promise<void> {
    const started = this.assembly.scheduler.start();
    if (started instanceof Promise) await started;
  }

  private hintAtSignals(): void {
    const { clock, options } = this.assembly;
    const shared = Object.keys(options.stores).find((alias) => isShared(options.stores[alias]));
    if (!options.enabled || shared === undefined) return;
    this.hint = clock.after(TIME_TO_ENABLE_HOOKS, () => {
      if (process.listenerCount('SIGTERM') > 0) return;
      schedulerLog.log(
        `Nothing listens to SIGTERM: when this process is ended, runs of store "${shared}" wait until their lease ends. ` +
          `Call app.enableShutdownHooks() to end them in order.`,
      );
    });
  }
}

/**
 * A module of its own, for Nest orders hooks by a module's distance: the scheduler's own module is global and so comes
 * first and is closed last, this one the other way round.
 */
@Module({ providers: [SchedulerRunner] })
export class SchedulerRunnerModule {
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    placeAt(modules, SchedulerRunnerModule, -1);
  }
}

/** Sets where a module stands in the order of hooks: greater is initialised earlier and closed later. */
export function placeAt(modules: ModulesContainer, type: unknown, distance: number): void {
  for (const module of modules.values()) if (module.metatype === type) module.distance = distance;
}
