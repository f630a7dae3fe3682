import { Job } from '../registry/job.js';
import { Run } from '../registry/run.js';
import type { EventType, SchedulerFact } from '../../core/index.js';
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
  readonly #fact: SchedulerFact;
  readonly #parts: JobReading;

  constructor(fact: SchedulerFact, parts: JobReading) {
    this.type = fact.type;
    this.at = new Date(fact.at);
    this.node = fact.node;
    this.store = fact.store;
    this.detail = fact.detail;
    this.error = fact.error;
    this.data = fact.data;
    this.#fact = fact;
    this.#parts = parts;
  }

  /** The job as it was then. */
  get job(): Job | null {
    // Made when it is read: most listeners look at the run alone.
    const { job, store } = this.#fact;
    if (this.#job === undefined) {
      this.#job = job === null ? null : Job.ofRecord(job, { store: store ?? 'default', parts: this.#parts });
    }
    return this.#job;
  }

  /** The run as it was then. */
  get run(): Run | null {
    const { run } = this.#fact;
    if (this.#run === undefined) this.#run = run === null ? null : new Run(run);
    return this.#run;
  }
}
