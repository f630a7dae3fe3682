import { Inject, Injectable } from '@nestjs/common';
import type { JobRecord, RunRecord, RunState } from '../../../lib/core/index.js';
import type { Store } from '../../../lib/index.js';
import { at, getStoreToken, every, SchedulerRegistry } from '../../../lib/index.js';
import type { JobFacts, OneOffJob, RecurringJob, Results, RunFacts } from './settings.js';

const PAGE = 1_000;
const OPEN: readonly RunState[] = ['buffered', 'waiting', 'running'];

/** What the test asks a process for. */
@Injectable()
export class Client {
  constructor(
    @Inject(SchedulerRegistry) private readonly registry: SchedulerRegistry,
    @Inject(getStoreToken('db')) private readonly store: Store,
  ) {}

  async addOneOffs(jobs: readonly OneOffJob[]): Promise<number> {
    const inputs = jobs.map(({ id, at: instant }) => ({ id, trigger: at(instant), task: 'Work.quick' }));
    return (await this.registry.addMany(inputs)).length;
  }

  async addRecurring(jobs: readonly RecurringJob[]): Promise<number> {
    const inputs = jobs.map(({ id, everyMs, start, end, workMs, policy }) => ({
      ...policy,
      id,
      ...taskOf(workMs),
      trigger: every({ milliseconds: everyMs }, { start, end }),
    }));
    return (await this.registry.addMany(inputs)).length;
  }

  /** Changes each job: what was claimed of it ahead is taken back. */
  async changeAll(jobs: readonly RecurringJob[]): Promise<void> {
    for (const { id } of jobs) await this.registry.modify(id, { description: `changed at ${Date.now()}` });
  }

  /** How much is still to be done: jobs with a fire time to come, and runs that are not settled. */
  async openRuns(): Promise<{ jobs: number; runs: number; sample: readonly unknown[] }> {
    const jobs = await this.store.jobs.list({ status: ['active'], paused: false });
    const page = await this.store.history.page({ states: OPEN, limit: PAGE });
    // What a job has left that was paused after three losses stays until somebody resumes it.
    const paused = new Set((await this.store.jobs.list({ paused: true })).map((job) => job.id));
    const runs = page.runs.filter((run) => run.state === 'running' || !paused.has(run.jobId));
    return {
      jobs: jobs.length,
      runs: runs.length,
      sample: [...runs.slice(0, 5).map(runFacts), ...jobs.slice(0, 3).map(jobFacts)],
    };
  }

  /** Job ids of the runs that are held at this moment, one entry a run. */
  async liveRuns(): Promise<string[]> {
    const { runs } = await this.store.history.page({ states: ['running'], limit: 5_000 });
    const now = Date.now();
    return runs.filter((run) => run.leaseUntil !== null && run.leaseUntil > now).map((run) => run.jobId);
  }

  async results(): Promise<Results> {
    const jobs = await this.store.jobs.list();
    const runs: RunFacts[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await this.store.history.page({ limit: PAGE, ...(cursor ? { cursor } : {}) });
      runs.push(...page.runs.map(runFacts));
      cursor = page.cursor;
    } while (cursor !== null);
    return { jobs: jobs.map(jobFacts), runs };
  }
}

export function taskOf(workMs: number): { task: string; args: number[] } {
  return workMs === 0 ? { task: 'Work.quick', args: [] } : { task: 'Work.steady', args: [workMs] };
}

function runFacts(run: RunRecord): RunFacts {
  const { id, jobId, state, kind, reason, firstFireTime, fireTime, count, attempt, token, leaseUntil, settledAt } = run;
  return { id, jobId, state, kind, reason, firstFireTime, fireTime, count, attempt, token, leaseUntil, settledAt };
}

function jobFacts({ id, status, createdAt, policy, losses, pause }: JobRecord): JobFacts {
  return { id, status, createdAt, maxInstances: policy.maxInstances, losses, pausedBy: pause?.by ?? null };
}
