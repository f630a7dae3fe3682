import type { JobContext } from './job-context.js';
import type { TaskHandler } from './task.js';
import type { Awaitable, JsonValue } from './time.js';

/** One try of a run, ready to be made. */
export interface Attempt {
  readonly task: string;
  readonly handler: TaskHandler;
  readonly args: readonly JsonValue[];
  readonly context: JobContext;
}

/**
 * Where attempts run. `execute` starts the attempt before it returns and answers its result, a promise of it, or throws:
 * what the handler threw. Stopping goes through `context.signal`; an executor that can kill does so when `kill` is called.
 */
export interface Executor {
  /** Attempts at once, at most. */
  readonly concurrency: number;
  open?(): Awaitable<void>;
  execute(attempt: Attempt): unknown;
  /** Ends an attempt that ignored its signal; true: it is over and the slot is free. */
  kill?(attempt: Attempt): Awaitable<boolean>;
  close?(): Awaitable<void>;
}
