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

/** Who waits for a part of a run to end. */
export interface RunGuard {
  /** The run is to stop. */
  stop(): void;
  /** The node is about to go: what has not ended by now is not waited for, and no timer is left. */
  abandon(): void;
}

/** What a live run needs of those around it. */
export interface RunSurroundings {
  makeLogger(context: JobContext): JobLogger;
  progressed(run: LiveRun, value: number, message: string | null): void;
}

/** A run that this node has claimed, from the claim to the settle. */
export class LiveRun implements Attempt, ContextParts {
  state: LiveState = 'held';
  startedAt: Instant | null = null;
  /** The attempt itself has begun: its conditions, if it has any, let it. */
  hasBegun = false;
  /** On the monotonic clock; Infinity where there are no leases. */
  leaseEnd: Millis = Infinity;
  stopCause: StopCause | null = null;
  stopError: Error | null = null;
  /** What the attempt threw, for listeners. */
  thrown: unknown = null;
  /** There while the attempt, or what follows it, is waited for. */
  guard: RunGuard | null = null;
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

  /** Nothing of this run was tried before. An attempt that a stopping node aborted counts for nothing, but it had begun. */
  get isFirstAttempt(): boolean {
    return this.attempt <= 1 && this.claim.run.startedAt === null;
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
