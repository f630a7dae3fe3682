import type { Awaitable, Instant } from '../../../../core/index.js';
import { isSameDefinition, isSameShape } from '../../codec.js';
import type { Shape, StoredJob } from '../../records.js';
import type { JobUpdate } from '../../session.js';

interface ShapeScope {
  shapeKeys(shapes: readonly Shape[], at: Instant): Awaitable<number[]>;
}

/** Jobs as they are to be written: with keys of their shapes, and the version of a definition that changed. */
export async function updatedJobs(scope: ShapeScope, updates: readonly JobUpdate[]): Promise<StoredJob[]> {
  const shapeKeys = await shapeKeysAfter(scope, updates);
  return updates.map(({ job, after }, index): StoredJob => {
    const isSame = isSameDefinition(job.record, after);
    const definitionVersion = isSame ? job.definitionVersion : after.version;
    const shapeKey = shapeKeys[index];
    return { ...job, shapeKey, definitionVersion, record: after, isDamaged: job.isDamaged && isSame };
  });
}

/** Of those, the jobs whose definitions are to be written. */
export function redefined(jobs: readonly StoredJob[], updates: readonly JobUpdate[]): StoredJob[] {
  return jobs.filter((job, index) => job.definitionVersion !== updates[index].job.definitionVersion);
}

async function shapeKeysAfter(scope: ShapeScope, updates: readonly JobUpdate[]): Promise<number[]> {
  const keys = updates.map((update) => update.job.shapeKey);
  const changed = updates.flatMap(({ job, after }, index) => (isSameShape(job.record, after) ? [] : [index]));
  if (changed.length === 0) return keys;
  const records = changed.map((index) => updates[index].after);
  const found = await scope.shapeKeys(records, records[0].updatedAt);
  changed.forEach((index, at) => (keys[index] = found[at]));
  return keys;
}
