import { JobContext } from '../core/index.js';
import type {
  Attempt,
  Awaitable,
  Claim,
  ContextParts,
  Executor,
  Instant,
  JobLogger,
  JobRecord,
  JsonValue,
  Millis,
  OutputSink,
  RunRecord,
  TaskHandler,
} from '../core/index.js';
import type { Ending } from './ending.js';
import { isOfLastStep } from './job-ends.js';
import { Output } from './output.js';

/**
 * Why an attempt is asked to stop. `leaseEnded`: the store did not renew it in time; `stoodStill`: this process did not;
 * `leaseLost`: the store says that it is no longer ours.
 */
export type StopCause = 'timedOut' | 'cancelled' | 'leaseEnded' | 'stoodStill' | 'leaseLost' | 'shutdown';

/** `held`: waits for its time or a slot. `closed`: settled, given back, or no longer ours. */
export type LiveState = 'held' | 'running' | 'ended' | 'closed';

/** Who waits for a part of a run to end. */
export interface RunGuard {
  /** The run is to stop. */
  stop(): void;
  /** The node is about to go: what has not ended by now is not waited for, and no timer is left. */
  abandon(): void;
}

/** The slots of its executor, as a run needs them. */
export interface RunSlots {
  readonly executor: Executor;
  start(run: LiveRun, begin: (run: LiveRun) => void): void;
  leave(): void;
  /** A claimed run went before it had a slot. */
  forgone(): void;
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
  /** Doubts of the node's leases up to which it is known to be ours; Infinity: it was due then, so nobody takes it back. */
  doubts = 0;
  stopCause: StopCause | null = null;
  stopError: Error | null = null;
  /** Made by the step that finished its job. */
  readonly isLast: boolean;
  /** What the attempt threw, for listeners. */
  thrown: unknown = null;
  /** There while the attempt, or what follows it, is waited for. */
  guard: RunGuard | null = null;
  /** How the attempt ended, told by one that had to be waited for before anybody waited. */
  earlyEnding: Ending | null = null;
  /** Where it is among the live runs; theirs to write. */
  place = -1;
  /** Set before it is offered one. */
  slots: RunSlots | null = null;
  /** As claimed: a store may show its record as it is at any moment. */
  readonly attempt: number;
  /** No ending of an attempt was written before this claim, unless it was a loss. */
  readonly wasUntried: boolean;
  /** Taken over from a node that was seen after the run was due. */
  mayHaveBegun = false;
  private readonly wasLostInAttempt: boolean;
  private ownContext: JobContext | null = null;
  private captured: Output | null = null;

  constructor(
    readonly claim: Claim,
    readonly handler: TaskHandler,
    private readonly surroundings: RunSurroundings,
  ) {
    this.attempt = claim.run.attempt;
    this.isLast = isOfLastStep(claim.job, claim.run);
    this.wasUntried = claim.run.startedAt === null;
    this.wasLostInAttempt = claim.run.error?.code === 'RUN_LOST';
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
    return this.captured === null || this.captured.isEmpty ? null : this.captured.text;
  }

  /**
   * Nothing of this run was tried before, as far as anybody can tell: also when a node had claimed it and died before it
   * was due. An attempt that a stopping node aborted counts for nothing, but it had begun.
   */
  get isFirstAttempt(): boolean {
    return this.wasUntried && !this.mayHaveBegun && !this.wasLostInAttempt;
  }

  /** Tries of the handler up to this one: what is kept of them counts none that was lost, and of those nothing is kept. */
  get tries(): number {
    return this.wasUntried ? 1 : this.attempt;
  }

  makeLogger(context: JobContext): JobLogger {
    this.captured ??= new Output();
    return this.captured.around(this.surroundings.makeLogger(context));
  }

  onProgress(_context: JobContext, value: number, message: string | null): void {
    this.surroundings.progressed(this, value, message);
  }

  /** Keeps text with the run's output: what a handler prints, and what it returns as text. */
  print(lines: string): Awaitable<void> {
    this.captured ??= new Output();
    return this.captured.add(lines);
  }

  pipeTo(sink: OutputSink): void {
    this.captured ??= new Output();
    this.captured.pipeTo(sink);
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

/** Told of an ending that had to be waited for. */
export type Done = (run: LiveRun, ending: Ending) => void;

/** Makes an attempt, or a part of it. Answers how it ended, or null: it has to be waited for, and `done` is told. */
export type Start = (run: LiveRun) => Ending | null;

/**
 * A part of a chain, put together once with whom to tell. A run that ends at once makes no function and no promise on its
 * way through; one that has to be waited for makes one promise of ours.
 */
export type Link = (done: Done) => Start;
