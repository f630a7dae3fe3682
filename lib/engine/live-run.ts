import { JobContext } from '../core/index.js';
import type {
  Attempt,
  Claim,
  ContextParts,
  Instant,
  JobLogger,
  JobRecord,
  JsonValue,
  Millis,
  RunRecord,
  TaskHandler,
} from '../core/index.js';
import type { Ending } from './ending.js';
import { Output } from './output.js';

/** Why an attempt is asked to stop. */
export type StopCause = 'timedOut' | 'cancelled' | 'leaseEnded' | 'leaseLost' | 'shutdown';

/** `held`: waits for its time or a slot. `closed`: settled, given back, or no longer ours. */
export type LiveState = 'held' | 'running' | 'ended' | 'closed';

/** What a live run needs of those around it. */
export interface RunSurroundings {
  makeLogger(context: JobContext): JobLogger;
  progressed(run: LiveRun, value: number, message: string | null): void;
}

/** A run that this node has claimed, from the claim to the settle. */
export class LiveRun implements Attempt, ContextParts {
  state: LiveState = 'held';
  startedAt: Instant | null = null;
  /** On the monotonic clock; Infinity where there are no leases. */
  leaseEnd: Millis = Infinity;
  stopCause: StopCause | null = null;
  stopError: Error | null = null;
  /** What the attempt threw, for listeners. */
  thrown: unknown = null;
  /** Told when the run is to stop: there while an attempt can be stopped. */
  guard: { stop(): void } | null = null;
  /** As claimed: a store may show its record as it is at any moment. */
  readonly attempt: number;
  private ownContext: JobContext | null = null;
  private captured: Output | null = null;

  constructor(
    readonly claim: Claim,
    readonly handler: TaskHandler,
    private readonly surroundings: RunSurroundings,
  ) {
    this.attempt = claim.run.attempt;
  }

  get run(): RunRecord {
    return this.claim.run;
  }

  get job(): JobRecord {
    return this.claim.job;
  }

  get task(): string {
    return this.claim.job.task;
  }

  get args(): readonly JsonValue[] {
    return this.claim.run.args ?? this.claim.job.args;
  }

  get context(): JobContext {
    if (this.ownContext === null) {
      this.ownContext = new JobContext(this);
      if (this.stopError !== null) this.ownContext.abort(this.stopError);
    }
    return this.ownContext;
  }

  get output(): string | null {
    return this.captured === null ? null : this.captured.text;
  }

  /** Counts as the first: nothing of this run was tried before. */
  get isFirstAttempt(): boolean {
    return this.attempt <= 1;
  }

  makeLogger(context: JobContext): JobLogger {
    this.captured ??= new Output();
    return this.captured.around(this.surroundings.makeLogger(context));
  }

  onProgress(_context: JobContext, value: number, message: string | null): void {
    this.surroundings.progressed(this, value, message);
  }

  /** Keeps what a handler returned as text with its output. */
  print(text: string): void {
    this.captured ??= new Output();
    this.captured.add(text);
  }

  /** Asks the attempt to stop, once; the first cause counts. */
  stop(cause: StopCause, error: Error): void {
    if (this.stopCause !== null || this.state === 'ended' || this.state === 'closed') return;
    this.stopCause = cause;
    this.stopError = error;
    this.ownContext?.abort(error);
    this.guard?.stop();
  }
}

/**
 * Makes an attempt, or a part of it, and tells once how it ended: before it returns where nothing has to be waited for.
 * Passing the end on, not promising it, keeps an asynchronous handler at one promise of ours.
 */
export type Link = (run: LiveRun, done: (ending: Ending) => void) => void;
