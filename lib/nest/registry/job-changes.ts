import type { JobRecord, Trigger } from '../../core/index.js';
import { checkArguments } from '../options/arguments.js';
import { isShared } from '../options/definition.js';
import { outputFaults } from '../options/output-faults.js';
import { idleOptionFaults } from '../options/idle-options.js';
import { policyChanges } from '../options/policy.js';
import { refuse } from '../options/validate.js';
import { placeOf } from './checked-call.js';
import { BroughtFunctions } from './job-functions.js';
import type { RuntimeJob } from './runtime-job.js';
import { checkedTrigger, hookNames } from './runtime-job.js';
import type { JobChanges } from './registry-options.js';
import type { RegistryParts } from './registry-parts.js';

/** What `modify` asks of the engine, and the functions that come with it. */
export interface CheckedChanges {
  readonly patch: Partial<Pick<JobRecord, 'name' | 'description' | 'tags' | 'args'>> & {
    readonly policy?: Partial<JobRecord['policy']>;
    readonly hookNames?: JobRecord['hooks'];
    readonly trigger?: Trigger;
    readonly timezone?: string;
  };
  readonly functions: RuntimeJob['functions'];
}

/** Turns checked changes of a job into what the engine takes; what is left out stays as it is. */
export function changesOf(
  changes: JobChanges,
  { store, job }: { readonly store: string; readonly job: JobRecord },
  parts: RegistryParts,
): CheckedChanges {
  const place = placeOf('modify', job.id);
  const functions = new BroughtFunctions();
  const hooks = hookNames(changes, {
    id: job.id,
    place,
    store,
    isShared: isShared(parts.options.stores[store]),
    parts,
    functions,
  });
  const triggerOf = (trigger: Trigger, zone = job.timezone) =>
    checkedTrigger({ kind: 'trigger', trigger }, {}, { id: job.id, place, store, zone, parts });
  refuse(outputFaults(changes, parts.options, place));
  const policy = policyChanges(job.policy, changes);
  refuse(idleOptionFaults(changes, { ...job.policy, ...policy }, place));
  const patch = {
    ...(changes.name === undefined ? {} : { name: changes.name }),
    ...(changes.description === undefined ? {} : { description: changes.description }),
    ...(changes.tags === undefined ? {} : { tags: changes.tags }),
    ...(changes.args === undefined ? {} : { args: checkArguments(changes.args, place) }),
    ...(Object.keys(policy).length === 0 ? {} : { policy }),
    ...(changes.timezone === undefined ? {} : { timezone: changes.timezone }),
    ...(changes.trigger === undefined ? {} : { trigger: triggerOf(changes.trigger, changes.timezone) }),
    ...(hooks === null ? {} : { hookNames: { ...job.hooks, ...hooks } }),
  };
  return { patch, functions };
}
