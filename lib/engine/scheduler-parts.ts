import type {
  Clock,
  EventSink,
  Executor,
  Instant,
  JobContext,
  JobHooks,
  JobLogger,
  JobRecord,
  Millis,
  Store,
  TaskResolver,
  TriggerCodec,
} from '../core/index.js';

/** `client` manages and never claims; `worker` serves a fleet and never claims either. */
export type SchedulerRole = 'all' | 'scheduler' | 'worker' | 'client';

/** SEMANTICS section 4; lengths in milliseconds. */
export interface SchedulerOptions {
  readonly role: SchedulerRole;
  /** false: no claim and no timer; jobs stay visible. */
  readonly enabled: boolean;
  /** true: nothing that outlives the process is changed by a start; only calls of the registry write. */
  readonly observes: boolean;
  /** false: only runs that are asked for are made; neither a fire time nor a start makes one. */
  readonly plans: boolean;
  /**
   * What falls from this instant on, and is past when the scheduler starts, is due for the code's jobs in stores of this
   * process; null: what is past is past. For a process that is started once for each minute.
   */
  readonly since: Instant | null;
  /**
   * Fire times from this instant on make no run here, however long the process goes on: another one makes them. What fell before
   * it goes on: what is due later for its jitter, what was missed, retries, buffered runs; so does what is asked for, or was
   * added then to a store of this process. null: there is no such instant.
   */
  readonly before: Instant | null;
  /** How long a claim lasts unless it is renewed; it is renewed each third of it. */
  readonly lease: Millis;
  /** How far ahead runs of a shared store are claimed. */
  readonly lookAhead: Millis;
  /** A shared store is asked at least this often while it holds something. */
  readonly poll: Millis;
  /** The same of a store that has no wake-ups. */
  readonly pollWithoutWake: Millis;
  /** The same while it is empty. */
  readonly idlePoll: Millis;
  /** How long open attempts may go on after `stop` began, before they are aborted. */
  readonly shutdownTimeout: Millis;
  readonly history: { readonly age: Millis; readonly count: number };
  /** Claims in one step, at most. */
  readonly claimBatch: number;
  /** Upkeep comes so many times less often once a node has run for an hour; more than 1 under a test's clock. */
  readonly pace: number;
}

const DAY: Millis = 86_400_000;

export const DEFAULT_SCHEDULER_OPTIONS: SchedulerOptions = Object.freeze({
  role: 'all',
  enabled: true,
  observes: false,
  plans: true,
  since: null,
  before: null,
  lease: 10_000,
  lookAhead: 1_000,
  poll: 5_000,
  pollWithoutWake: 1_000,
  idlePoll: 15_000,
  shutdownTimeout: 25_000,
  history: Object.freeze({ age: 30 * DAY, count: 1_000 }),
  claimBatch: 500,
  pace: 1,
});

/** This process never claims. */
export function isPassive({ enabled, role }: SchedulerOptions): boolean {
  return !enabled || role === 'worker' || role === 'client';
}

/** This process among the schedulers of the application. */
export interface NodeIdentity {
  /** Random, new with each start. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
}

/** Everything a scheduler works with; it makes none of it itself. */
export interface SchedulerParts {
  readonly node: NodeIdentity;
  /** Version of the application, which orders deploys. */
  readonly appVersion: string;
  readonly clock: Clock;
  /** By alias; `default` is always there. */
  readonly stores: ReadonlyMap<string, Store>;
  /** By alias. */
  readonly executors: ReadonlyMap<string, Executor>;
  readonly tasks: TaskResolver;
  readonly triggers: TriggerCodec;
  readonly events: EventSink;
  /** Hooks of a job in this process; the same object for the same hooks, so that their chain is composed once. */
  readonly hooks: { of(job: JobRecord): JobHooks | null };
  /** Called on first use of a context's logger. */
  readonly logger: (context: JobContext) => JobLogger;
  readonly options: SchedulerOptions;
}
