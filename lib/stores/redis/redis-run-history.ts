import type { PruneRequest, RunFilter, RunHistory, RunPage, RunRecord } from '../../core/index.js';
import type { Committer } from './committer.js';
import { readPage } from './page-step.js';
import { PruneStep } from './prune-step.js';
import type { Rows } from './rows.js';
import { isRunId } from './run-ids.js';

/** Reading and pruning of runs. */
export class RedisRunHistory implements RunHistory {
  constructor(
    private readonly rows: Rows,
    private readonly committer: Committer,
  ) {}

  async find(runId: string): Promise<RunRecord | null> {
    return isRunId(runId) ? (await this.rows.runs([runId]))[0] : null;
  }

  async page(filter: RunFilter): Promise<RunPage> {
    return await readPage(this.rows, filter);
  }

  async prune(request: PruneRequest): Promise<number> {
    return await new PruneStep(this.rows, this.committer, request).run();
  }
}
