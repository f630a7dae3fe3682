import type { Awaitable, NodeRecord } from '../../core/index.js';
import { then } from '../settled.js';
import type { UpkeepSite } from './upkeep-site.js';

const JOBS_A_STEP = 500;

/**
 * Resolves the tasks of jobs that were added at run time, some of them each round, so that this node's heartbeat lists
 * them: tasks without a decorator are found on demand only, and the other nodes go by what is listed.
 */
export class TaskRound {
  private after: string | undefined;

  constructor(private readonly site: UpkeepSite) {}

  step(nodes: readonly NodeRecord[]): Awaitable<void> {
    const { store, parts } = this.site;
    // Nobody else reads the list.
    if (nodes.every(({ id }) => id === parts.node.id)) return;
    const filter = { origin: 'runtime', status: ['active'], after: this.after, limit: JOBS_A_STEP } as const;
    return then(store.jobs.list(filter), (jobs) => {
      this.after = jobs.length < JOBS_A_STEP ? undefined : jobs[jobs.length - 1].id;
      for (const task of new Set(jobs.map((job) => job.task))) parts.tasks.resolve(task);
    });
  }
}
