import { Job } from '../registry/job.js';
import { Run } from '../registry/run.js';
import type { EventType, Instant, JobRecord, RunRecord, SchedulerFact } from '../../core/index.js';
import type { JobReading } from '../registry/job.js';

/**
 * What happened, as listeners are told: an immutable fact. Which of job, run, error and data are there depends on the
 * type; see the reference of events.
 */
export class SchedulerEvent {
  readonly type: EventType;
  /** Id of the node that it happened on. */
  readonly node: string;
  /** Alias of the store that it is about. */
  readonly store: string | null;
  /** More in words. */
  readonly detail: string | null;
  readonly error: unknown;
  readonly data: Readonly<Record<string, unknown>> | null;
  #at: Instant | Date;
  #job: SeenJob | Job | null;
  #run: RunRecord | Run | null;
  readonly #parts: JobReading;

  constructor(fact: SchedulerFact, parts: JobReading) {
    this.type = fact.type;
    this.node = fact.node;
    this.store = fact.store;
    this.detail = fact.detail;
    this.error = fact.error;
    this.data = fact.data;
    this.#at = fact.at;
    this.#job = fact.job === null ? null : new SeenJob(fact.job);
    this.#run = fact.run === null ? null : seenRun(fact.run);
    this.#parts = parts;
  }

  // Made when they are read: most listeners look at one of them alone, and some at none.

  get at(): Date {
    if (typeof this.#at === 'number') this.#at = new Date(this.#at);
    return this.#at;
  }

  /** The job as it was then. */
  get job(): Job | null {
    if (this.#job instanceof SeenJob) {
      this.#job = Job.ofRecord(this.#job.record, { store: this.store ?? 'default', parts: this.#parts });
    }
    return this.#job;
  }

  /** The run as it was then. */
  get run(): Run | null {
    if (this.#run !== null && !(this.#run instanceof Run)) this.#run = new Run(this.#run);
    return this.#run;
  }

  /** Everything, as JSON tells it. */
  toJSON(): object {
    const { type, at, node, store, detail, error, data, job, run } = this;
    return { type, at, node, store, detail, error, data, job, run };
  }
}

/** A job's row as it was. A store in memory goes on writing in some fields of the row it shows: these are kept. */
class SeenJob {
  readonly version: number;
  readonly status: JobRecord['status'];
  readonly statusReason: string | null;
  readonly statusAt: Instant | null;
  readonly pause: JobRecord['pause'];
  readonly fireTime: Instant | null;
  readonly dueAt: Instant | null;
  readonly runCount: number;
  readonly losses: number;

  constructor(private readonly job: JobRecord) {
    this.version = job.version;
    this.status = job.status;
    this.statusReason = job.statusReason;
    this.statusAt = job.statusAt;
    this.pause = job.pause;
    this.fireTime = job.fireTime;
    this.dueAt = job.dueAt;
    this.runCount = job.runCount;
    this.losses = job.losses;
  }

  get record(): JobRecord {
    const { job, ...seen } = this;
    return { ...job, ...seen };
  }
}

/** A settled run stays as it is. */
function seenRun(run: RunRecord): RunRecord {
  return run.settledAt === null ? { ...run } : run;
}
