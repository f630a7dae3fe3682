import type { Clock, JobDefinition, TriggerCodec } from '../../core/index.js';
import type { Scheduler } from '../../engine/index.js';
import type { CalendarRegistry } from '../../triggers/index.js';
import type { MethodReference, ResolvedModuleOptions } from '../options/index.js';
import type { JobFunctions } from './job-functions.js';

/** Token of what the registry works with; the module provides it. */
export const REGISTRY_PARTS = Symbol.for('nest-carillon:registry-parts');

/** Tasks of this process as the registry needs them. */
export interface RegistryTasks {
  /** Whether this process can resolve the name; an ambiguous one throws. */
  has(name: string): boolean;
  names(): readonly string[];
  /** Name of a provider's method, `Class.method`. Throws when no provider has that class, or two share its name. */
  nameOf(method: MethodReference, place: string): string;
}

/** What `SchedulerRegistry` stands on. Everything arrives ready; the registry converts at the edge. */
export interface RegistryParts {
  readonly scheduler: Scheduler;
  readonly options: ResolvedModuleOptions;
  readonly clock: Clock;
  readonly triggers: TriggerCodec;
  readonly calendars: CalendarRegistry;
  readonly tasks: RegistryTasks;
  /** Functions that jobs were added with: tasks and hooks of this process beside those of providers. */
  readonly functions: JobFunctions;
  /** Jobs of code that are switched off by `enabled` or `environments`. */
  readonly notEnabled: () => readonly JobDefinition[];
}
