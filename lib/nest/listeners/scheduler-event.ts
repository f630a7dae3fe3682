import { Job } from '../registry/job.js';
import { Run } from '../registry/run.js';
import type { EventType, JobRecord, RunRecord, SchedulerFact } from '../../core/index.js';
import type { JobReading } from '../registry/job.js';

/**
 * What happened, as listeners are told: an immutable fact. Which of job, run, error and data are there depends on the
 * type; see the reference of events.
 */
export class SchedulerEvent {
  readonly type: EventType;
  readonly at: Date;
  /** Id of the node that it happened on. */
  readonly node: string;
  /** Alias of the store that it is about. */
  readonly store: string | null;
  /** More in words. */
  readonly detail: string | null;
  readonly error: unknown;
  readonly data: Readonly<Record<string, unknown>> | null;
  #job: Job | null | undefined;
  #run: Run | null | undefined;
  readonly #jobRecord: JobRecord | null;
  readonly #runRecord: RunRecord | null;
  readonly #parts: JobReading;

  constructor(fact: SchedulerFact, parts: JobReading) {
    this.type = fact.type;
    this.at = new Date(fact.at);
    this.node = fact.node;
    this.store = fact.store;
    this.detail = fact.detail;
    this.error = fact.error;
    this.data = fact.data;
    // Copies: a store in memory goes on writing in the rows that it shows.
    this.#jobRecord = fact.job === null ? null : { ...fact.job };
    this.#runRecord = fact.run === null ? null : { ...fact.run };
    this.#parts = parts;
  }

  /** The job as it was then. */
  get job(): Job | null {
    // Made when it is read: most listeners look at the run alone.
    if (this.#job === undefined) {
      const record = this.#jobRecord;
      const store = this.store ?? 'default';
      this.#job = record === null ? null : Job.ofRecord(record, { store, parts: this.#parts });
    }
    return this.#job;
  }

  /** The run as it was then. */
  get run(): Run | null {
    if (this.#run === undefined) this.#run = this.#runRecord === null ? null : new Run(this.#runRecord);
    return this.#run;
  }
}
