import type { JobRecord, RunRecord, Store } from '../core/index.js';
import type { Facts } from './facts.js';
import { settled } from './settled.js';

/** States of a run that had, has or will have its turn. */
const IN_TURN = ['buffered', 'waiting', 'running', 'succeeded', 'failed', 'timedOut', 'cancelled', 'lost'] as const;

export interface JobEndsParts {
  readonly store: Store;
  readonly facts: Facts;
}

/** Made by the step that finished its job. */
export function isOfLastStep({ status, statusAt }: JobRecord, { kind, createdAt }: RunRecord): boolean {
  return status === 'finished' && kind === 'scheduled' && statusAt !== null && createdAt >= statusAt;
}

/**
 * Tells of a job's end, once: a job is finished by its last claim, long before the end of the runs which that made, so it
 * is told by the node that settles the last of them; at once where there are none.
 */
export class JobEnds {
  /** Jobs whose last plan made no run, until the claim that asked for it is through. */
  private readonly withoutRun = new Set<string>();

  constructor(private readonly of: JobEndsParts) {}

  planned(jobId: string, runs: number): void {
    if (runs === 0) this.withoutRun.add(jobId);
    else this.withoutRun.delete(jobId);
  }

  claimed(finished: readonly JobRecord[]): void {
    for (const job of finished) if (this.withoutRun.has(job.id)) this.tell(job);
    this.withoutRun.clear();
  }

  /** A run of the last step is settled. Without `coalesce` that step may have made several; they run in order. */
  settled(job: JobRecord, run: RunRecord): void {
    if (!this.of.facts.wants('job.finished')) return;
    if (job.policy.coalesce) this.tell(job);
    else this.tellBehindNewest(job, run);
  }

  tell(job: JobRecord): void {
    this.of.facts.tell('job.finished', { store: this.of.store.alias, job, detail: job.statusReason });
  }

  private tellBehindNewest(job: JobRecord, run: RunRecord): void {
    settled(
      () => this.of.store.history.page({ jobId: job.id, kind: 'scheduled', states: IN_TURN, limit: 1 }),
      ({ runs: [newest] }) => {
        if (newest === undefined || newest.fireTime <= run.fireTime) this.tell(job);
      },
      // Told too early is better than never.
      () => this.tell(job),
    );
  }
}
