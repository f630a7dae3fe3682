import type { JobDefinition, JobFilter } from '../../core/index.js';
import { isMethodReference } from '../options/hook-kind.js';
import { Job } from './job.js';
import { placeOf } from './checked-call.js';
import type { JobListFilter, TaskReference } from './registry-options.js';
import type { RegistryParts } from './registry-parts.js';

/** Jobs of all stores and those that are switched off, ordered by id. */
export async function listJobs(filter: JobListFilter, parts: RegistryParts): Promise<Job[]> {
  const { enabled, limit, store, ...rest } = filter;
  const wanted = engineFilter(rest, parts);
  const isOff = parts.options.enabled ? enabled === false : enabled === true;
  const stored = isOff ? [] : await parts.scheduler.list({ ...wanted, ...given({ limit, store }) });
  const off =
    enabled === true ? [] : parts.notEnabled().filter((it) => matches(it, { ...wanted, ...given({ store }) }));
  const jobs = [
    ...stored.map((it) => Job.ofRecord(it.job, { store: it.store, parts })),
    ...off.map((definition) => Job.ofDefinition(definition)),
  ];
  jobs.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return limit === undefined ? jobs : jobs.slice(0, limit);
}

function engineFilter({ status, task, ...same }: JobListFilter, parts: RegistryParts): JobFilter {
  return {
    ...(same as JobFilter),
    ...given({
      status: typeof status === 'string' ? [status] : status,
      task: task === undefined ? undefined : taskNameOf(task, parts),
    }),
  };
}

function taskNameOf(task: TaskReference, parts: RegistryParts): string {
  if (typeof task === 'string') return task;
  return isMethodReference(task) ? parts.tasks.nameOf(task, placeOf('list')) : task.name;
}

/** The filter on a job that is in no store: it has no status and no pause. */
function matches(definition: JobDefinition, filter: JobFilter & { readonly store?: string }): boolean {
  const { ids, origin, status, task, tag, paused, after, store } = filter;
  return (
    (ids === undefined || ids.includes(definition.id)) &&
    (origin === undefined || origin === definition.origin) &&
    (status === undefined || status.includes('active')) &&
    (task === undefined || task === definition.task) &&
    (tag === undefined || definition.tags.includes(tag)) &&
    paused !== true &&
    (after === undefined || definition.id > after) &&
    (store === undefined || store === definition.store)
  );
}

function given<T extends object>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
