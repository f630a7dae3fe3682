import type { HookKind, JobDefinition, JobHooks, JobOrigin, JsonValue, Trigger } from '../../core/index.js';
import type { JobOptions } from './job-options.js';
import type { StoreOptions } from './module-options.js';
import type { OptionFault } from './options-error.js';
import { outputFaults } from './output-faults.js';
import { toPolicy } from './policy.js';
import type { ResolvedModuleOptions } from './resolve.js';
import { refuse } from './validate.js';

/** What a definition is made of beside the module's options. Options were validated before. */
export interface DefinitionParts {
  readonly id: string;
  readonly origin: JobOrigin;
  readonly task: string;
  readonly args: readonly JsonValue[];
  readonly trigger: Trigger;
  readonly options: JobOptions;
  readonly hooks: JobHooks | null;
  readonly hookNames: Partial<Record<HookKind, readonly string[]>> | null;
  /** Where it was written, for messages. */
  readonly definedAt: string;
}

const NONE: readonly never[] = Object.freeze([]);

/** The one form that every way of defining a job ends in: defaults filled in, store chosen. */
export function makeDefinition(parts: DefinitionParts, module: ResolvedModuleOptions): JobDefinition {
  const { options } = parts;
  refuse(outputFaults(options, module, parts.definedAt));
  return {
    id: parts.id,
    origin: parts.origin,
    task: parts.task,
    args: parts.args,
    trigger: parts.trigger,
    hooks: parts.hooks,
    hookNames: parts.hookNames,
    definedAt: parts.definedAt,
    aliases: options.aliases ?? NONE,
    name: options.name ?? null,
    description: options.description ?? null,
    tags: options.tags ?? NONE,
    timezone: options.timezone ?? module.timezone,
    store: storeOf(options, module, parts.definedAt),
    policy: toPolicy(options, module.jobDefaults),
    enabled: isEnabledHere(options, module.environment),
    isOffByEnvironment: options.enabled !== false && !isEnabledHere(options, module.environment),
  };
}

/** Whether a job is switched on in this environment. */
export function isEnabledHere(options: JobOptions, environment: string): boolean {
  return options.enabled !== false && (options.environments?.includes(environment) ?? true);
}

/**
 * Alias of the store that keeps a job: its own, else the defaults'; with `onOneServer` the first shared one.
 *
 * @throws {InvalidOptionsError} when `onOneServer` finds no shared store, or the job names one that is not
 */
export function storeOf(options: JobOptions, module: ResolvedModuleOptions, place: string): string {
  const named = options.store ?? module.jobDefaults.store;
  if (options.onOneServer !== true) return named ?? 'default';
  if (named !== undefined && isShared(module.stores[named])) return named;
  const shared = Object.keys(module.stores).find((alias) => isShared(module.stores[alias]));
  if (shared !== undefined && options.store === undefined) return shared;
  refuse([noSharedStore(options.store, place)]);
  return 'default';
}

function noSharedStore(store: string | undefined, place: string): OptionFault {
  const problem =
    store === undefined
      ? 'needs a shared store, and none is configured.'
      : `needs a shared store, and '${store}' lives in this process only.`;
  return {
    place,
    option: 'onOneServer',
    value: true,
    message: `${problem} Configure one: forRoot({ stores: { db: { type: 'typeorm' } } }).`,
  };
}

/** Whether other processes see the jobs of such a store. */
export function isShared(store: StoreOptions | undefined): boolean {
  if (store === undefined) return false;
  return 'type' in store ? store.type !== 'memory' : store.isShared;
}
