import { AsyncLocalStorage } from 'node:async_hooks';
import type { OutputSink } from './job-output.js';
import type { JobRecord } from './job-record.js';
import type { RunKind, RunRecord } from './run-record.js';
import type { Awaitable, JsonValue } from './time.js';

/** The logger of a run: each line names the job and the run, and becomes part of the run's output. */
export interface JobLogger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string, error?: unknown): void;
  debug(message: string): void;
}

/** What the engine gives a context to work with. */
export interface ContextParts {
  readonly job: JobRecord;
  readonly run: RunRecord;
  readonly attempt: number;
  makeLogger(context: JobContext): JobLogger;
  onProgress(context: JobContext, value: number, message: string | null): void;
  print(lines: string): Awaitable<void>;
  pipeTo(sink: OutputSink): void;
}

const storage = new AsyncLocalStorage<JobContext>();

/**
 * The run that a handler works for: its last parameter, and `JobContext.current()` anywhere inside the run.
 * Signal and logger are made on first use.
 *
 * @example async send(job: JobContext) { await fetch(url, { signal: job.signal }); }
 */
export class JobContext {
  private controller: AbortController | undefined;
  private ownLogger: JobLogger | undefined;
  private abortReason: unknown;
  private isAborted = false;

  constructor(private readonly parts: ContextParts) {}

  /** The context of the run that this code runs in; undefined outside of runs. */
  static current(): JobContext | undefined {
    return storage.getStore();
  }

  /** Runs `work` inside `context`, with what it is to be given: used by executors and the chain. */
  static enter<T, A extends unknown[]>(context: JobContext, work: (...given: A) => T, ...given: A): T {
    return storage.run(context, work, ...given);
  }

  get jobId(): string {
    return this.parts.job.id;
  }

  get jobName(): string {
    return this.parts.job.name ?? this.parts.job.id;
  }

  get runId(): string {
    return this.parts.run.id;
  }

  get task(): string {
    return this.parts.job.task;
  }

  get tags(): readonly string[] {
    return this.parts.job.tags;
  }

  get kind(): RunKind {
    return this.parts.run.kind;
  }

  /** The instant that the trigger produced; for a run asked for by hand, when it was asked for. */
  get fireTime(): Date {
    return new Date(this.parts.run.fireTime);
  }

  /** How many fire times this run stands for; more than 1 after missed ones were coalesced. */
  get count(): number {
    return this.parts.run.count;
  }

  /** Which try this is, from 1. */
  get attempt(): number {
    return this.parts.attempt;
  }

  get args(): readonly JsonValue[] {
    return this.parts.run.args ?? this.parts.job.args;
  }

  /** Zone of the job, IANA name. */
  get timezone(): string {
    return this.parts.job.timezone;
  }

  /** Aborted by `timeout`, `cancel`, a lost lease and the end of a shutdown. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.isAborted) this.controller.abort(this.abortReason);
    }
    return this.controller.signal;
  }

  get logger(): JobLogger {
    this.ownLogger ??= this.parts.makeLogger(this);
    return this.ownLogger;
  }

  /**
   * Adds to the run's output without logging: kept with the history up to 64 kB, whole in files that it is sent to.
   *
   * @param lines one or more lines; the last one's line end may be left out
   * @returns a promise when a file cannot keep up: a task that writes much waits for it
   * @example await job.print('3 of 7 done');
   */
  print(lines: string): Awaitable<void> {
    return this.parts.print(lines);
  }

  /** From here on the output goes to `sink`, too. */
  pipeTo(sink: OutputSink): void {
    this.parts.pipeTo(sink);
  }

  /**
   * Tells how far the run is: an event says it, nothing keeps it.
   *
   * @param value from 0 to 1
   */
  progress(value: number, message: string | null = null): void {
    this.parts.onProgress(this, value, message);
  }

  /** The engine's to call. */
  abort(reason: unknown): void {
    if (this.isAborted) return;
    this.isAborted = true;
    this.abortReason = reason;
    this.controller?.abort(reason);
  }
}
