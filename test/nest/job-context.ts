import { JobContext } from '../../lib/core/index.js';
import type { JobRecord, JsonValue, RunRecord } from '../../lib/core/index.js';

/** A context as the engine would make it, for tests of what handlers are given. */
export function contextWith(args: readonly JsonValue[] = [], jobId = 'job'): JobContext {
  return new JobContext({
    job: { id: jobId, name: null, task: 'Task.run', tags: [], args, timezone: 'UTC' } as unknown as JobRecord,
    run: { id: 'run', kind: 'scheduled', fireTime: 0, count: 1, args: null } as unknown as RunRecord,
    attempt: 1,
    makeLogger: () => {
      throw new Error('no logger here');
    },
    onProgress: () => {},
    print: () => undefined,
    pipeTo: () => undefined,
  });
}
