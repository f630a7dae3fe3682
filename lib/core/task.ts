import type { JobContext } from './job-context.js';
import type { Awaitable, JsonValue } from './time.js';

/** How to call the work. It may answer at once, with a promise, or throw. */
export interface TaskHandler {
  (args: readonly JsonValue[], context: JobContext): unknown;
  /** Ends an attempt that ignored its signal, where that can be done; true: it is over. */
  readonly kill?: (context: JobContext) => Awaitable<boolean>;
}

/** A shell task: a line is run by the shell, a file with its arguments without one. */
export interface ExecTask {
  readonly exec: string | readonly [file: string, ...args: string[]];
  /** Working directory; default: that of the process. */
  readonly cwd?: string;
  /** Added to the environment of the process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Name or number of the user it runs as, with its HOME, USER and LOGNAME; the process must be allowed to change it. */
  readonly user?: string | number;
}

/** A console command of the application, with its arguments. */
export interface CommandTask {
  readonly command: string;
  readonly args: readonly string[];
}

/** Tasks of this process by the name that rows keep. */
export interface TaskResolver {
  /** null: unknown here. */
  resolve(task: string): TaskHandler | null;
  /** All names, ordered. */
  names(): readonly string[];
}
