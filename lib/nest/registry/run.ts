import type {
  JsonValue,
  Outcome,
  RunError,
  RunKind,
  RunPage,
  RunRecord,
  RunState,
  SkipReason,
} from '../../core/index.js';

const OUTCOMES: ReadonlySet<RunState> = new Set(['succeeded', 'failed', 'timedOut', 'cancelled', 'lost', 'skipped']);

/**
 * One occurrence of a job as it was when it was read: plain values that turn into JSON, so a controller may return it.
 * Instants are `Date`, lengths of time milliseconds.
 *
 * @example const [last] = (await scheduler.history('report', { limit: 1 })).runs;
 */
export class Run {
  readonly id: string;
  readonly jobId: string;
  readonly task: string;
  /** `scheduled`, `start` (runOnStart), `manual` or `backfill`. */
  readonly kind: RunKind;
  /** The latest fire time that it stands for; of a manual run, when it was asked for. */
  readonly fireTime: Date;
  /** The earliest one, when it was coalesced or skipped as a range. */
  readonly firstFireTime: Date;
  /** How many fire times it stands for. */
  readonly count: number;
  /** false: `count` is "at least". */
  readonly countIsExact: boolean;
  readonly dueAt: Date;
  /** `buffered`, `waiting`, `running`, or the outcome. */
  readonly state: RunState;
  /** null: not settled. */
  readonly outcome: Outcome | null;
  /** Why it was skipped. */
  readonly reason: SkipReason | null;
  readonly detail: string | null;
  /** Attempts begun. */
  readonly attempt: number;
  /** Id of the node that has or had it. */
  readonly node: string | null;
  /** Own arguments of a manual run; null: those of the job. */
  readonly args: readonly JsonValue[] | null;
  readonly forced: boolean;
  readonly cancelRequested: boolean;
  readonly createdAt: Date;
  /** Start of the latest attempt. */
  readonly startedAt: Date | null;
  readonly settledAt: Date | null;
  /** From the start of the latest attempt to the settle. */
  readonly durationMs: number | null;
  readonly error: RunError | null;
  readonly result: JsonValue | null;
  readonly output: string | null;

  constructor(run: RunRecord) {
    this.id = run.id;
    this.jobId = run.jobId;
    this.task = run.task;
    this.kind = run.kind;
    this.fireTime = new Date(run.fireTime);
    this.firstFireTime = new Date(run.firstFireTime);
    this.count = run.count;
    this.countIsExact = run.countIsExact;
    this.dueAt = new Date(run.dueAt);
    this.state = run.state;
    this.outcome = OUTCOMES.has(run.state) ? (run.state as Outcome) : null;
    this.reason = run.reason;
    this.detail = run.detail;
    this.attempt = run.attempt;
    this.node = run.node;
    this.args = run.args;
    this.forced = run.forced;
    this.cancelRequested = run.cancelRequested;
    this.createdAt = new Date(run.createdAt);
    this.startedAt = dateOrNull(run.startedAt);
    this.settledAt = dateOrNull(run.settledAt);
    this.durationMs = run.startedAt === null || run.settledAt === null ? null : run.settledAt - run.startedAt;
    this.error = run.error;
    this.result = run.result;
    this.output = run.output;
  }
}

/** Some runs, newest fire time first, and where the next page begins. */
export interface Runs {
  readonly runs: readonly Run[];
  /** Give it as `cursor` for the next page; null: that was the last one. */
  readonly cursor: string | null;
}

export function runsOf(page: RunPage): Runs {
  return { runs: page.runs.map((run) => new Run(run)), cursor: page.cursor };
}

export function dateOrNull(instant: number | null): Date | null {
  return instant === null ? null : new Date(instant);
}
