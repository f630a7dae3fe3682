import { randomUUID } from 'node:crypto';
import { HOOK_KINDS, SchedulerError } from '../../core/index.js';
import type { HookKind, JobDefinition, Trigger } from '../../core/index.js';
import { checkArguments } from '../options/arguments.js';
import { isShared, makeDefinition, storeOf } from '../options/definition.js';
import { hookList, isMethodReference } from '../options/hook-kind.js';
import type { JobOptions, TriggerOptions } from '../options/job-options.js';
import { idleOptionFaults } from '../options/idle-options.js';
import { InvalidOptionsError } from '../options/options-error.js';
import type { OptionFault } from '../options/options-error.js';
import { refuse } from '../options/validate.js';
import { makeTrigger } from '../definitions/make-trigger.js';
import type { TriggerRule } from '../definitions/trigger-rule.js';
import { BroughtFunctions, functionName } from './job-functions.js';
import { FunctionNotStorableError, UnknownTaskError } from './registry-errors.js';
import type { JobInput, TaskReference } from './registry-options.js';
import type { RegistryParts } from './registry-parts.js';
import { isSerializable } from './trigger-view.js';

/** A job of the registry, ready to be put, and the functions it brings. */
export interface RuntimeJob {
  readonly definition: JobDefinition;
  readonly functions: BroughtFunctions;
}

/** Where a job is made: for messages, and what its names are looked up in. */
interface Making {
  readonly id: string;
  readonly place: string;
  readonly store: string;
  readonly isShared: boolean;
  readonly parts: RegistryParts;
  readonly functions: RuntimeJob['functions'];
}

/** Turns checked input into a definition; everything that can be refused is refused here. */
export function makeRuntimeJob(
  input: Omit<JobInput, 'trigger'>,
  rule: TriggerRule,
  { place, parts }: { readonly place: string; readonly parts: RegistryParts },
): RuntimeJob {
  if (input.enabled === false) refuse([notKept(place)]);
  const id = input.id ?? randomUUID();
  const store = storeOf(input, parts.options, place);
  const functions = new BroughtFunctions();
  const making = { id, place, store, isShared: isShared(parts.options.stores[store]), parts, functions };
  const zone = input.timezone ?? parts.options.timezone;
  const definition = makeDefinition(
    {
      id,
      origin: 'runtime',
      task: taskName(input.task, making),
      args: checkArguments(input.args, place),
      trigger: checkedTrigger(rule, input, { id, place, store, zone, parts }),
      options: input,
      hooks: null,
      hookNames: hookNames(input, making),
      definedAt: place,
    },
    parts.options,
  );
  refuse(idleOptionFaults(input, definition.policy, place));
  return { definition, functions };
}

/** Nobody would keep it, and one of an earlier start would go on firing. */
function notKept(place: string): OptionFault {
  const message =
    'is false: a job that is added at run time would be stored nowhere. Leave the call out, or add the job and pause it.';
  return { place, option: 'enabled', value: false, message };
}

/** Name of a task for a row. */
export function taskName(
  task: TaskReference,
  making: Omit<Making, 'functions'> & Partial<Pick<Making, 'functions'>>,
): string {
  const { parts, place } = making;
  if (isMethodReference(task)) return parts.tasks.nameOf(task, place);
  if (typeof task === 'string') return knownName(task, making);
  const fn = task;
  refuseFunction(fn, 'task', making);
  const name = functionName(fn, making.id);
  making.functions?.addTask(name, fn);
  return name;
}

function knownName(task: string, { parts, place, isShared: isInShared }: Omit<Making, 'functions'>): string {
  // Another process of the application may know it.
  if (parts.tasks.has(task) || (isInShared && parts.options.role === 'client')) return task;
  throw new UnknownTaskError(place, task, parts.tasks.names());
}

function refuseFunction(fn: { readonly name: string }, option: string, making: Omit<Making, 'functions'>): void {
  if (making.isShared) throw new FunctionNotStorableError(making.place, option, fn.name, making.store);
}

/** Conditions and hooks by the names that the row keeps; null: none. */
export function hookNames(options: JobOptions, making: Making): JobDefinition['hookNames'] {
  if (latestNames !== null && areNames(latestNames, options, making)) return latestNames;
  let named: Partial<Record<HookKind, string[]>> | null = null;
  for (const kind of HOOK_KINDS) {
    const list = hookList(options[kind]);
    if (list.length === 0) continue;
    named ??= {};
    named[kind] = list.map((hook, index) => hookName(hook, kind, index, making));
  }
  // Names of functions are those of one job.
  return named === null || making.functions.hooks.size > 0 ? named : shared(named);
}

/** Names remembered; beyond that they are made anew, and shared less. */
const REMEMBERED = 1_000;
const sharedNames = new Map<string, NonNullable<JobDefinition['hookNames']>>();

/** Jobs with the same hooks share their names: there may be thousands of them. */
function shared(named: NonNullable<JobDefinition['hookNames']>): NonNullable<JobDefinition['hookNames']> {
  const key = JSON.stringify(named);
  let known = sharedNames.get(key);
  if (known === undefined) {
    if (sharedNames.size >= REMEMBERED) sharedNames.clear();
    sharedNames.set(key, (known = Object.freeze(named)));
  }
  return (latestNames = known);
}

/** Of many jobs that are added together, most have the hooks of the one before. */
let latestNames: NonNullable<JobDefinition['hookNames']> | null = null;

/** Whether a job's hooks are methods of those names. Plain loops: they make nothing that is thrown away. */
function areNames(names: NonNullable<JobDefinition['hookNames']>, options: JobOptions, making: Making): boolean {
  for (let at = 0; at < HOOK_KINDS.length; at++) {
    const kind = HOOK_KINDS[at];
    const option = options[kind];
    const own = names[kind];
    if (option === undefined && own === undefined) continue;
    if (option === undefined || own === undefined || !areMethods(hookList(option), own, making)) return false;
  }
  return true;
}

function areMethods(hooks: ReturnType<typeof hookList>, names: readonly string[], { parts, place }: Making): boolean {
  if (hooks.length !== names.length) return false;
  for (let at = 0; at < hooks.length; at++) {
    const hook = hooks[at];
    if (!isMethodReference(hook) || parts.tasks.nameOf(hook, place) !== names[at]) return false;
  }
  return true;
}

function hookName(hook: ReturnType<typeof hookList>[number], kind: HookKind, index: number, making: Making): string {
  if (isMethodReference(hook)) return making.parts.tasks.nameOf(hook, making.place);
  const fn = hook;
  const option = `${kind}[${index}]`;
  refuseFunction(fn, option, making);
  const name = functionName(fn, making.id, option);
  making.functions.addHook(name, fn);
  return name;
}

export interface TriggerSpot {
  readonly id: string;
  readonly place: string;
  readonly store: string;
  readonly zone: string;
  readonly parts: RegistryParts;
}

/**
 * The trigger of a rule. One that can never fire says so when it is anchored: that is tried here, before anything is
 * stored, so that the message names the job.
 */
export function checkedTrigger(rule: TriggerRule, options: TriggerOptions, spot: TriggerSpot): Trigger {
  const { id, place, store, zone, parts } = spot;
  const now = parts.clock.now();
  try {
    const trigger = makeTrigger(rule, options, { calendars: parts.calendars });
    if (!isSerializable(trigger) && isShared(parts.options.stores[store])) {
      throw new FunctionNotStorableError(place, 'trigger', 'of excluding()', store);
    }
    trigger.anchor({ now, jobId: id, timezone: zone });
    return trigger;
  } catch (error) {
    if (!(error instanceof SchedulerError) || error instanceof FunctionNotStorableError) throw error;
    throw new InvalidOptionsError([
      { place, option: 'trigger', value: error, message: `is refused: ${error.message}` },
    ]);
  }
}
