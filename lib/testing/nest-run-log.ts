import { Inject, Injectable } from '@nestjs/common';
import type { EventType } from '../core/index.js';
import { OnSchedulerEvent } from '../nest/index.js';
import type { Run, SchedulerEvent } from '../nest/index.js';
import { KnownJobs } from './nest-known-jobs.js';

const RUN_EVENTS: readonly EventType[] = [
  'run.succeeded',
  'run.failed',
  'run.timedOut',
  'run.cancelled',
  'run.lost',
  'run.skipped',
];

/** Every run that was settled since the test began, by job, in the order of settling; also what a store keeps no more. */
@Injectable()
export class RunLog {
  private readonly byJob = new Map<string, Run[]>();

  constructor(@Inject(KnownJobs) readonly known: KnownJobs) {}

  @OnSchedulerEvent(RUN_EVENTS)
  keep({ run }: SchedulerEvent): void {
    if (run === null) return;
    this.known.add(run.jobId);
    const runs = this.byJob.get(run.jobId);
    if (runs === undefined) this.byJob.set(run.jobId, [run]);
    else runs.push(run);
  }

  of(jobId: string): readonly Run[] {
    return this.byJob.get(jobId) ?? [];
  }

  clear(): void {
    this.byJob.clear();
  }
}
