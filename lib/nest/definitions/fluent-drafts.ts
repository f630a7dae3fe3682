import { taskName } from '../../tasks/index.js';
import { text } from '../options/kinds.js';
import { jobOptionFaults, knownAliases } from '../options/index.js';
import { functionName } from '../registry/job-functions.js';
import { collecting } from './collecting.js';
import { givenId } from './job-draft.js';
import type { JobDefinition, TaskHandler } from '../../core/index.js';
import type { FluentWork } from '../../fluent/index.js';
import type { DecoratorOptions, MethodReference, OptionFault, ResolvedModuleOptions } from '../options/index.js';
import type { PlacedJob } from '../fluent/read-schedules.js';
import type { JobDraft } from './job-draft.js';

/** What names the work of the fluent schedule. */
export interface WorkNames {
  /** @throws {UnknownProviderError} @throws {AmbiguousTaskError} */
  nameOf(method: MethodReference, place: string): string;
  /** Keeps work under the name that rows have. */
  provide(name: string, handler: TaskHandler): void;
}

/** Jobs of the fluent schedule in the form of all other jobs of the code; what is wrong with them is added to `faults`. */
export function fluentDrafts(
  jobs: readonly PlacedJob[],
  options: ResolvedModuleOptions,
  faults: OptionFault[],
): JobDraft[] {
  const known = knownAliases(options);
  return jobs.flatMap(({ place, job }): JobDraft[] => {
    const given = optionsOf(job.options, job.args, options);
    const found = jobOptionFaults(given, { place, trigger: 'other', known });
    if (given.id === undefined && given.name === undefined) found.push(...unfitLine(job.line, place));
    const trigger = collecting(found, { place }, () => job.trigger());
    faults.push(...found);
    if (trigger === null || found.length > 0) return [];
    return [{ place, task: job.line, rule: { kind: 'trigger', trigger }, options: given, work: job.work }];
  });
}

function optionsOf(
  options: DecoratorOptions,
  args: readonly unknown[],
  { jobDefaults }: ResolvedModuleOptions,
): DecoratorOptions {
  return {
    failsOnFalse: jobDefaults.failsOnFalse ?? true,
    ...options,
    ...(args.length === 0 ? {} : { args }),
  };
}

/** A line is the id of a job that is given none. */
function unfitLine(line: string, place: string): OptionFault[] {
  if (text(200).check(line, 'id').length === 0) return [];
  const message = `is missing, and the line is too long, or of several lines, to be one. Give the job a name: .name('backup').`;
  return [{ place, option: 'id', value: undefined, message }];
}

/** Task of a definition as rows keep it, and the work behind it where code alone describes that. */
export function namedWork(
  work: FluentWork,
  { id, place }: { readonly id: string; readonly place: string },
  names: WorkNames,
): Pick<JobDefinition, 'task' | 'work'> {
  switch (work.kind) {
    case 'method':
      return { task: names.nameOf([work.host, work.method], place) };
    case 'function': {
      const task = functionName(work.fn, id);
      names.provide(task, (args, job) => work.fn(...args, job));
      return { task };
    }
    case 'described':
      return { task: taskName(work.task), work: work.task };
  }
}

/** A function without a name has none that other processes, or a later start, could know. */
export function unnamedFault(draft: JobDraft): OptionFault[] {
  const { work, place } = draft;
  if (work?.kind !== 'function' || work.fn.name !== '' || givenId(draft) !== null) return [];
  const message = `is missing: a function without a name, in a shared store, needs one that stays: .name('purge-sessions').`;
  return [{ place, option: 'name', value: undefined, message }];
}
