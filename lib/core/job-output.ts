import type { Awaitable } from './time.js';

/** Takes what a run writes, in whole lines, while it is written. */
export interface OutputSink {
  /**
   * @param lines one or more lines, each with its line end; a promise asks the writer to wait
   */
  write(lines: string): Awaitable<void>;
}

/** Where a job's output goes besides its history. Paths are relative to the working directory, addresses are mail addresses. */
export interface OutputOptions {
  /** Files that each run writes anew. */
  readonly sendTo?: string | readonly string[];
  /** Files that each run adds to, whole lines at a time. */
  readonly appendTo?: string | readonly string[];
  /** Addresses that get the output of each run. */
  readonly mailTo?: string | readonly string[];
  /** Addresses that get the output of runs that wrote something. */
  readonly mailWrittenTo?: string | readonly string[];
  /** Addresses that get the output of runs that failed for good. */
  readonly mailOnFailureTo?: string | readonly string[];
}

/** URLs that are called around a run, by GET. What becomes of a call never changes the run. */
export interface PingOptions {
  /** Before each attempt. */
  readonly before?: string | readonly string[];
  /** After each attempt, however it ended. */
  readonly after?: string | readonly string[];
  /** When the run succeeded. */
  readonly onSuccess?: string | readonly string[];
  /** When the run failed for good. */
  readonly onFailure?: string | readonly string[];
}
