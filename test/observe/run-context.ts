import { JobContext } from '../../lib/core/index.js';
import type { HookOutcome, JobRecord, RunRecord } from '../../lib/core/index.js';

export interface ObservedContext {
  readonly job: JobContext;
  /** What the run's logger was given. */
  readonly logged: string[];
}

/** A run's context as hooks are given it. */
export function observedContext(): ObservedContext {
  const logged: string[] = [];
  const log = (message: string): void => void logged.push(message);
  const job = new JobContext({
    job: {
      id: 'backup',
      name: 'Nightly backup',
      task: 'Backup.run',
      tags: [],
      timezone: 'UTC',
    } as unknown as JobRecord,
    run: { id: 'run-7', fireTime: Date.UTC(2026, 0, 4, 2), count: 1 } as unknown as RunRecord,
    attempt: 1,
    makeLogger: () => ({ log, warn: log, error: log, debug: log }),
    onProgress: () => undefined,
    print: () => undefined,
    pipeTo: () => undefined,
  });
  return { job, logged };
}

export function outcomeOf(fields: Partial<HookOutcome>): HookOutcome {
  return { outcome: 'succeeded', error: null, result: null, output: null, ...fields };
}
