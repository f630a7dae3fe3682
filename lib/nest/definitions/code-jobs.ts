import { HOOK_KINDS } from '../../core/index.js';
import { hookList, isMethodReference, isShared, makeDefinition, refuse, storeOf } from '../options/index.js';
import { checkArguments, knownAliases } from '../options/index.js';
import { idleOptionFaults } from '../options/idle-options.js';
import { collecting } from './collecting.js';
import { mergeConfigured } from './configured-jobs.js';
import { fluentDrafts, namedWork, unnamedFault } from './fluent-drafts.js';
import { isFilterable, makeTrigger } from './make-trigger.js';
import { readNote } from './read-note.js';
import type { ModuleRef } from '@nestjs/core';
import type { Hook, HookKind, Instant, JobDefinition, JobHooks } from '../../core/index.js';
import type { ScheduleNote } from '../decorators/index.js';
import type { DecoratedMethod } from '../discovery/index.js';
import type { PlacedJob } from '../fluent/read-schedules.js';
import type { HookReference, JobOptions, OptionFault, ResolvedModuleOptions } from '../options/index.js';
import type { WorkNames } from './fluent-drafts.js';
import type { JobDraft } from './job-draft.js';
import type { NamedDraft } from './job-ids.js';
import type { Nameable } from './configured-jobs.js';
import type { TriggerSurroundings } from './make-trigger.js';

/** What the code's jobs are made with. */
export interface CodeJobParts extends TriggerSurroundings {
  readonly options: ResolvedModuleOptions;
  /** Start of this process. */
  readonly now: Instant;
  /** What functions among decorator arguments are given. */
  readonly injector: ModuleRef;
  readonly nameable: Nameable;
  /** Jobs of the fluent schedule. */
  readonly fluent: readonly PlacedJob[];
  readonly work: WorkNames;
  bindHook(reference: HookReference, place: string): Hook;
}

/**
 * Definitions of all jobs that decorators, the fluent schedule and `forRoot({ jobs })` make.
 *
 * @throws {InvalidOptionsError} with everything that is wrong, of all of them at once
 * @throws {DuplicateJobError} naming both places
 */
export function codeJobs(methods: readonly DecoratedMethod<ScheduleNote>[], parts: CodeJobParts): JobDefinition[] {
  const faults: OptionFault[] = [];
  const drafts = [
    ...methods.flatMap((method) => draftsOf(method, parts, faults)),
    ...fluentDrafts(parts.fluent, parts.options, faults),
  ];
  const { named, faults: more } = mergeConfigured(drafts, parts.options.jobs, parts.nameable, (draft) =>
    isInShared(draft, parts.options),
  );
  faults.push(...more);
  const definitions = named.flatMap((it) => collecting(faults, it.draft, () => [definitionOf(it, parts)]) ?? []);
  refuse(faults);
  return definitions;
}

function draftsOf(found: DecoratedMethod<ScheduleNote>, parts: CodeJobParts, faults: OptionFault[]): JobDraft[] {
  const task = found.task ?? `${found.type.name}.${found.method}`;
  const known = knownAliases(parts.options);
  return found.notes.flatMap((note) => {
    const place = `${task} (@${note.decorator})`;
    const reading = readNote(note, place, parts.injector, known);
    if ('rule' in reading) return [{ place, task, ...reading }];
    faults.push(...reading.faults);
    return [];
  });
}

function definitionOf({ id, draft }: NamedDraft, parts: CodeJobParts): JobDefinition {
  const { place, options } = draft;
  const { task, work } = taskOf({ id, draft }, parts);
  const made = makeDefinition(
    {
      id,
      origin: 'code',
      task,
      args: checkArguments(options.args, place),
      trigger: makeTrigger(draft.rule, options, parts),
      options,
      hooks: hooksOf(options, place, parts),
      hookNames: hookNamesOf(options),
      definedAt: place,
    },
    parts.options,
  );
  refuse([
    ...idleOptionFaults(options, made.policy, place),
    ...(isShared(parts.options.stores[made.store]) ? unnamedFault(draft) : []),
  ]);
  checkTrigger(made, parts);
  return work === undefined ? made : { ...made, work };
}

function taskOf({ id, draft }: NamedDraft, parts: CodeJobParts): Pick<JobDefinition, 'task' | 'work'> {
  const { task, work, place } = draft;
  return work === undefined ? { task } : namedWork(work, { id, place }, parts.work);
}

/** What only the whole definition shows: a trigger that can never fire, or that its store cannot keep. */
function checkTrigger({ id, trigger, timezone, store, definedAt }: JobDefinition, parts: CodeJobParts): void {
  if (isShared(parts.options.stores[store]) && isFilterable(trigger) && !trigger.isSerializable) {
    const message = `holds a function, which store '${store}' cannot keep. Register it: forRoot({ calendars }).`;
    refuse([{ place: definedAt, option: 'trigger', value: trigger.toString(), message }]);
  }
  trigger.anchor({ now: parts.now, jobId: id, timezone });
}

function hasHooks(options: JobOptions): boolean {
  return HOOK_KINDS.some((kind) => options[kind] !== undefined);
}

function hooksOf(options: JobOptions, place: string, parts: CodeJobParts): JobHooks | null {
  if (!hasHooks(options)) return null;
  const bound = HOOK_KINDS.flatMap((kind): [HookKind, Hook[]][] => {
    const list = hookList(options[kind]);
    return list.length === 0 ? [] : [[kind, list.map((reference) => parts.bindHook(reference, place))]];
  });
  return bound.length === 0 ? null : Object.fromEntries(bound);
}

/** Names of methods; functions have no name that another process could know. */
function hookNamesOf(options: JobOptions): JobDefinition['hookNames'] {
  if (!hasHooks(options)) return null;
  const named = HOOK_KINDS.flatMap((kind): [HookKind, string[]][] => {
    const methods = hookList(options[kind]).filter(isMethodReference);
    return methods.length === 0 ? [] : [[kind, methods.map(([type, method]) => `${type.name}.${method}`)]];
  });
  return named.length === 0 ? null : Object.fromEntries(named);
}

function isInShared({ options, place }: JobDraft, module: ResolvedModuleOptions): boolean {
  // A store that is not there is a fault of its own, told with the definition.
  return collecting([], { place }, () => isShared(module.stores[storeOf(options, module, place)])) ?? false;
}
