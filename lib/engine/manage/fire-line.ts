import type { Instant } from '../../core/index.js';

/** A fire time to come. */
export interface PreviewFire {
  readonly jobId: string;
  readonly fireTime: Instant;
  readonly dueAt: Instant;
}

/** What one job has to come: its next fire time, and those after it. */
export interface JobFires {
  next: PreviewFire;
  readonly fires: Iterator<PreviewFire, void>;
}

/** Fire times of many jobs in their order, each job's computed as it comes to the front: a binary heap of jobs. */
export class FireLine {
  /** @param jobs in any order; this is their owner from here on */
  constructor(private readonly jobs: JobFires[]) {
    for (let place = (jobs.length >> 1) - 1; place >= 0; place--) this.sink(place);
  }

  /** null: there are no more. */
  get first(): PreviewFire | null {
    return this.jobs.length === 0 ? null : this.jobs[0].next;
  }

  /** The first one; there must be one. */
  take(): PreviewFire {
    const [job] = this.jobs;
    const taken = job.next;
    const { value } = job.fires.next();
    if (value === undefined) this.dropFirst();
    else job.next = value;
    this.sink(0);
    return taken;
  }

  private dropFirst(): void {
    const last = this.jobs.pop()!;
    if (this.jobs.length > 0) this.jobs[0] = last;
  }

  private sink(from: number): void {
    const { jobs } = this;
    const job = jobs[from];
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= jobs.length) break;
      if (child + 1 < jobs.length && isBefore(jobs[child + 1], jobs[child])) child++;
      if (!isBefore(jobs[child], job)) break;
      jobs[place] = jobs[child];
      place = child;
    }
    if (jobs.length > 0) jobs[place] = job;
  }
}

function isBefore({ next: one }: JobFires, { next: other }: JobFires): boolean {
  return one.fireTime === other.fireTime ? one.jobId < other.jobId : one.fireTime < other.fireTime;
}
