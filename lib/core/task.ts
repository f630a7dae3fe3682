import type { JobContext } from './job-context.js';
import type { JsonValue } from './time.js';

/** How to call the work. It may answer at once, with a promise, or throw. */
export type TaskHandler = (args: readonly JsonValue[], context: JobContext) => unknown;

/** Tasks of this process by the name that rows keep. */
export interface TaskResolver {
  /** null: unknown here. */
  resolve(task: string): TaskHandler | null;
  /** All names, ordered. */
  names(): readonly string[];
}
